// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package template

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	_ "argosy.dev/argosy/hack/seed"
	"argosy.dev/argosy/pkg/expression"
)

// vars are flat variables; "absent" is Absent.
type vars map[string]string

func (v vars) Lookup(name string) (string, State) {
	if name == "absent" {
		return "", Absent
	}
	s, ok := v[name]
	if !ok {
		return "", Unknown
	}
	return s, Found
}

func (v vars) Env(refs []expression.Ref) (map[string]any, bool) {
	env := map[string]any{}
	for _, r := range refs {
		s, ok := v[r.Path[0]]
		if !ok {
			return nil, false
		}
		env[r.Path[0]] = s
	}
	return env, true
}

func TestString(t *testing.T) {
	v := vars{"a": "1", "b.c": `q"\`, "d-e": "x\ny", "l": `["p"]`, "tag": "{{a}}"}
	for in, want := range map[string]string{
		"plain":                       "plain",
		"{{a}}":                       "1",
		"{{ a }}{{a}}":                "11",
		"{{b.c}}!":                    `q"\!`,
		"{{d-e}}":                     "x\ny",
		"{{unknown}} {{a}}":           "{{unknown}} 1",
		"{{absent}}":                  "{{absent}}",
		"{{=asInt(a) + 1}}":           "2",
		`{{=a == "1" ? 'y' : "n"}}`:   "y",
		"{{= {'k': {'m': a}}.k.m }}":  "1",
		"{{=[a, 2]}}":                 `["1",2]`,
		"{{=missing}}":                "{{=missing}}",
		"{{=missing {{a}}":            "{{=missing {{a}}",
		"{{=(a":                       "{{=(a",
		"{{=nil}}":                    "{{=nil}}",
		"{{= ( }}":                    "{{= ( }}",
		"{{":                          "{{",
		"}}":                          "}}",
		"{{}}":                        "{{}}",
		"{{a":                         "{{a",
		"{{{a}}}":                     "{1}",
		"{{x {{a}}":                   "{{x 1",
		"{{tag}}":                     "{{a}}",
		"{{l}}":                       `["p"]`,
		"{{=1.0 / 4}}":                "0.25",
		"{{=len(fromJSON(l))}} items": "1 items",
		"{{=duration('1h')}}":         "3600000000000",
	} {
		got, _, err := String(in, v)
		if err != nil || got != want {
			t.Errorf("%q = %q, %v; want %q", in, got, err, want)
		}
	}
}

// TestLongText: text that looks like many unfinished tags is scanned once, not once for each.
func TestLongText(t *testing.T) {
	for _, unit := range []string{"{{", "{{=a {b ", "{{=", "{{a", "{{a}"} {
		text := strings.Repeat(unit, 200_000)
		start := time.Now()
		if got, _, err := String(text, vars{}); err != nil || got != text {
			t.Errorf("%q: changed, %v", unit, err)
		}
		Tags(text)
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("%q: took %v", unit, d)
		}
	}
}

func TestUnresolved(t *testing.T) {
	_, u, err := String("{{x}} {{absent}} {{=y}} {{a}}", vars{"a": "1"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range u {
		got = append(got, e.Error())
	}
	want := []string{
		"failed to resolve {{x}}",
		"failed to resolve {{absent}}: it has no value, since what should provide it was skipped or omitted",
		`failed to resolve {{=y}}: a variable that "y" needs is not known here`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTags(t *testing.T) {
	got := Tags("a {{ b }} {{=c + {'d': 1}.d}} {{e {{f}} }} {{")
	want := []Tag{{Text: "b"}, {Text: "c + {'d': 1}.d", Expression: true}, {Text: "f"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestQuoting: whatever the value, the object around it keeps its shape and the value arrives as it was.
func TestQuoting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := strings.ToValidUTF8(rapid.String().Draw(t, "value"), "?")
		before, after := rapid.StringMatching(`[a-z"\\ <>&]*`).Draw(t, "before"), rapid.StringMatching(`[a-z"\\ ]*`).Draw(t, "after")
		in := map[string]any{"k": []any{before + "{{v}}" + after, 1.0}, "other": "{{w}}"}
		out, u, err := Object(&in, vars{"v": value})
		if err != nil {
			t.Fatal(err)
		}
		if len(u) != 1 || u[0].Tag != "w" {
			t.Fatalf("unresolved: %v", u)
		}
		want := map[string]any{"k": []any{before + value + after, 1.0}, "other": "{{w}}"}
		if diff := cmp.Diff(want, *out); diff != "" {
			t.Fatal(diff)
		}
	})
}

// FuzzReplace: any JSON stays JSON, and nothing panics.
func FuzzReplace(f *testing.F) {
	for _, s := range []string{"{{a}}", "{{=a}}", "{{a {{b}}", `{{"}}`, "{{={{a}}}}", "}}{{", "{{=\"}}\"}}", "{{= {'a': 1} }}"} {
		f.Add(s, "v")
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		in := map[string]string{"x": text, text: "y"}
		b, err := json.Marshal(in)
		if err != nil {
			return
		}
		out, _ := Replace(b, vars{"a": value, text: value})
		if !json.Valid(out) {
			t.Fatalf("%s became %s", b, out)
		}
		Tags(text)
	})
}
