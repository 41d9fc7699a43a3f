// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package conditions

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestHold(t *testing.T) {
	for _, tc := range []struct {
		text  string
		names string
		// yes and no are sets of names with which the conditions hold, and do not.
		yes, no []string
	}{
		{"a", "a", []string{"a", "a b"}, []string{"", "b"}},
		{"a && b", "a b", []string{"a b"}, []string{"a", "b"}},
		{"a||b", "a b", []string{"a", "b"}, []string{""}},
		{"a || b && c", "a b c", []string{"a", "b c"}, []string{"b", "c"}},
		{" ( a || b ) && c-1 ", "a b c-1", []string{"a c-1", "b c-1"}, []string{"a b", "c-1"}},
		{"a && (b || (c && a))", "a b c", []string{"a b", "a c"}, []string{"a", "b c"}},
		{"a\n&& b\t|| a.b", "a b a.b", []string{"a b", "a.b"}, []string{"a"}},
	} {
		c, err := Parse(tc.text)
		if err != nil {
			t.Errorf("%q: %v", tc.text, err)
			continue
		}
		if got := strings.Join(c.Names(), " "); got != tc.names {
			t.Errorf("%q mentions %s, want %s", tc.text, got, tc.names)
		}
		for _, want := range []bool{true, false} {
			sets := tc.no
			if want {
				sets = tc.yes
			}
			for _, set := range sets {
				have := strings.Fields(set)
				if got := c.Hold(func(name string) bool { return slices.Contains(have, name) }); got != want {
					t.Errorf("%q with %q: %t", tc.text, set, got)
				}
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":        "the name of a dependency is expected at the end",
		"a b":     `&& or || is expected at position 3, found "b"`,
		"a &&":    "the name of a dependency is expected at the end",
		"a & b":   `&& or || is expected at position 3, found "& b"`,
		"!a":      `the name of a dependency is expected at position 1, found "!a"`,
		"(a || b": "a closing parenthesis is expected at the end",
		"(a))":    `&& or || is expected at position 4, found ")"`,
		"a || ()": `the name of a dependency is expected at position 7, found ")"`,
	} {
		if _, err := Parse(text); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
	for _, text := range []string{strings.Repeat("(", maxNesting+1) + "a" + strings.Repeat(")", maxNesting+1), strings.Repeat("a", maxLength+1)} {
		if _, err := Parse(text); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%d bytes: %v", len(text), err)
		}
	}
	if _, err := Parse(strings.Repeat("(", maxNesting) + "a" + strings.Repeat(")", maxNesting)); err != nil {
		t.Errorf("at the limit: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"a && (b || c-1)", "((", "a||", "&&", "a.b|| (c)"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(text)
		if err != nil {
			return
		}
		// There is no negation: what holds with some holds with all, and nothing holds with none.
		if !c.Hold(func(string) bool { return true }) || c.Hold(func(string) bool { return false }) {
			t.Errorf("%q", text)
		}
		again, err := Parse("(" + text + ")")
		if errors.Is(err, ErrTooLarge) {
			return
		}
		if err != nil || !slices.Equal(again.Names(), c.Names()) {
			t.Errorf("(%q): %v", text, err)
		}
	})
}
