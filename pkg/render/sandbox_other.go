// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package render

import "errors"

// enterSandbox refuses: only Linux has what it takes. For developing, a Config can do without.
func enterSandbox(s setup) error {
	if s.Unguarded {
		return nil
	}
	return errors.New("only Linux can confine the renderer")
}

func limitCPU(int, uint64) error { return nil }

func awaitExit(int) {}
