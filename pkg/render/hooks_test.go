// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

func tryEscape(string) string { return "" }
