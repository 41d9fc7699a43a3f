// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

// Step decides what happens next in an operation. It changes nothing of its input.
func Step(in Input) Decision {
	return Decision{State: in.State}
}
