// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package remote

import (
	"strings"
	"testing"
)

// FuzzClean: no text keeps userinfo before a host, a control character, or much length.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"get https://u:p@h/x: no", "a://b@c://d@e", "https://a@b@c/d", "://", "x\x00y", strings.Repeat("é", 500)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		clean := Clean(text)
		if len(clean) > maxMessage+3 {
			t.Fatalf("%d bytes", len(clean))
		}
		for _, part := range strings.Split(clean, "://")[1:] {
			authority := part
			if end := strings.IndexAny(part, "/?# \t\r\n\"'<>"); end >= 0 {
				authority = part[:end]
			}
			if strings.Contains(authority, "@") {
				t.Fatalf("%q keeps userinfo: %q", text, clean)
			}
		}
	})
}

// TestScrub takes secrets out, also as they stand in URLs.
func TestScrub(t *testing.T) {
	a := Access{Username: "ada", Password: "pa ss/w", BearerToken: "t0ken", Proxy: "http://u:pr0xy@host"}
	got := a.Scrub("pa ss/w pa+ss%2Fw pa%20ss%2Fw t0ken pr0xy https://ada:x@h/y")
	if want := "*** *** *** *** *** https://h/y"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
