// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package glob

import (
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	for _, tc := range []struct {
		pattern, text string
		separators    string
		want          bool
	}{
		{"*", "", "", true}, {"*", "a/b", "", true}, {"a*", "a/b", "", true}, {"a*", "a/b", "/", false}, {"a**", "a/b", "/", true}, {"a/*", "a/b", "/", true},
		{"", "", "", true}, {"", "a", "", false}, {"a?c", "abc", "", true}, {"{a,b}c", "bc", "", true}, {"[ab]c", "bc", "", true}, {"[", "[", "", true}, {"[", "a", "", false},
		{strings.Repeat("*", 2000), "a", "", false}, {"ab", "abc", "", false},
		{"[!ab]c", "xc", "", true}, {"[!ab]c", "ac", "", false}, {"[a-c]*", "bx", "", true}, {"{a*,{b,c}d}", "cd", "", true}, {"{a*,{b,c}d}", "c", "", false}, {`a\*`, "a*", "", true}, {`a\*`, "ab", "", false},
		{"a.c*", "abcd", "", false}, {"a?c", "a/c", "/", false}, {"{a", "{a", "", true}, {"{a", "a", "", false}, {"a,b*", "a,bc", "", true}, {"*\nb", "a\nb", "", true}, {"x|y*", "x", "", false},
	} {
		if got := Match(tc.pattern, tc.text, []rune(tc.separators)...); got != tc.want {
			t.Errorf("%.20q of %q with %q: %v", tc.text, tc.pattern, tc.separators, got)
		}
	}
}

func TestAny(t *testing.T) {
	for _, tc := range []struct {
		patterns []string
		want     bool
	}{{nil, false}, {[]string{"a"}, true}, {[]string{"*", "!a"}, false}, {[]string{"!a", "*"}, false}, {[]string{"!b"}, false}, {[]string{"!b", "*"}, true}} {
		if got := Any(tc.patterns, "a"); got != tc.want {
			t.Errorf("%q: %v", tc.patterns, got)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("{a,[b-c]?}**", "abc")
	f.Add(strings.Repeat("*a", 100)+"b", strings.Repeat("a", 200))
	f.Add(strings.Repeat("{a,", 100), "a")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		Match(pattern, text, '/')
		if !Match(text, text) {
			t.Errorf("%q does not match itself", text)
		}
	})
}
