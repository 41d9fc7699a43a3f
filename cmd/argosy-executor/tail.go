// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import "strings"

// maxResult is how many bytes of standard output a result keeps, from the end (the peer's limit).
const maxResult = 256 << 10

// tail keeps the last bytes written to it, in memory bounded by a small multiple of maxResult.
type tail struct{ buf []byte }

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	// One byte more than the limit, because a trailing newline is trimmed before the limit applies.
	const keep = maxResult + 1
	n := len(p)
	if len(p) > keep {
		p = p[len(p)-keep:]
	}
	if len(t.buf)+len(p) > 2*keep {
		t.buf = append(t.buf[:0], t.buf[len(t.buf)-keep:]...)
	}
	t.buf = append(t.buf, p...)
	return n, nil
}

// String returns what was written without one trailing newline, cut from the front to maxResult bytes.
func (t *tail) String() string {
	s := strings.TrimSuffix(string(t.buf), "\n")
	if len(s) > maxResult {
		s = s[len(s)-maxResult:]
	}
	return s
}
