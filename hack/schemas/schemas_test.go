// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package schemas

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"argosy.dev/argosy/apis/raw"
)

// good holds what toySchema allows.
type good struct {
	Flag  *bool             `json:"flag,omitempty"`
	Count *int64            `json:"count,omitempty"`
	Names []string          `json:"names,omitzero"`
	Map   map[string]string `json:"map,omitzero"`
	Any   *raw.JSON         `json:"any,omitempty"`
	Inner inner             `json:"inner,omitzero"`
}

type inner struct {
	Text string `json:"text"`
}

// shadow loses most of it.
type shadow struct {
	Flag  bool              `json:"flag,omitempty"`
	Names []string          `json:"names,omitempty"`
	Map   map[string]string `json:"map,omitempty"`
	Count float64           `json:"count,omitempty"`
	Any   any               `json:"any,omitempty"`
	Inner inner             `json:"inner,omitzero"`
}

const toySchema = `{"type":"object","properties":{
 "flag":{"type":"boolean"},"count":{"type":"integer","format":"int64"},"names":{"type":"array","items":{"type":"string"}},
 "map":{"type":"object","additionalProperties":{"type":"string"}},"any":{"x-kubernetes-preserve-unknown-fields":true},
 "inner":{"type":"object","required":["text"],"properties":{"text":{"type":"string"}}}}}`

func toy(t *testing.T) *Schema {
	t.Helper()
	s := &Schema{}
	if err := json.Unmarshal([]byte(toySchema), s); err != nil {
		t.Fatal(err)
	}
	return s
}

// roundTrip makes up values for a type, and returns the places at which they do not come back.
func roundTrip(t *testing.T, typ reflect.Type) (missing, differs []string) {
	t.Helper()
	for seed := range uint64(200) {
		g := NewGenerator(seed)
		in, want := g.value("Toy", toy(t), typ, place{ours: true, spec: true})
		missing = append(missing, g.Missing...)
		into := reflect.New(typ).Interface()
		if err := json.Unmarshal(mustMarshal(in), into); err != nil {
			t.Fatalf("%v\n%s", err, mustMarshal(in))
		}
		differs = append(differs, Compare("Toy", want, mustMarshal(into))...)
	}
	return missing, differs
}

func TestGoodTypesHoldEverything(t *testing.T) {
	if missing, differs := roundTrip(t, reflect.TypeFor[good]()); len(missing)+len(differs) > 0 {
		t.Errorf("missing:\n%s\ndiffers:\n%s", Digest(missing), Digest(differs))
	}
}

// What a type loses is found.
func TestLossesAreFound(t *testing.T) {
	missing, differs := roundTrip(t, reflect.TypeFor[shadow]())
	for _, want := range []string{"Toy.count: integer int64 in the peer's schema, float64 in Go", "Toy.any: no values of Go type interface {}"} {
		if !slices.ContainsFunc(missing, func(m string) bool { return strings.HasPrefix(m, want) }) {
			t.Errorf("not found: %s, only\n%s", want, Digest(missing))
		}
	}
	for _, want := range []string{"Toy.flag: false is lost", "Toy.names: a list of 0 is lost", "Toy.map: an object is lost"} {
		if !slices.Contains(differs, want) {
			t.Errorf("not found: %s, only\n%s", want, Digest(differs))
		}
	}
}

func TestCompare(t *testing.T) {
	for _, tc := range []struct {
		name string
		want any
		got  string
		same bool
	}{
		{"same", object{fields: map[string]any{"a": "x"}}, `{"a":"x"}`, true},
		{"lost", object{fields: map[string]any{"a": "x"}}, `{}`, false},
		{"added", object{fields: map[string]any{}}, `{"a":""}`, false},
		{"added by a type of Kubernetes", object{fields: map[string]any{}, lenient: true}, `{"a":{"b":null}}`, true},
		{"digits", json.Number("9007199254740993"), `9007199254740992`, false},
		{"form of digits", json.Number("1.0"), `1`, false},
		{"order of a list", []any{"a", "b"}, `["b","a"]`, false},
		{"order of keys", json.RawMessage(`{"b":1,"a":2}`), `{"a":2,"b":1}`, false},
		{"order that does not count", unordered{map[string]any{"b": nil, "a": true}}, `{"a":true}`, true},
		{"null", object{fields: map[string]any{"a": nothing}}, `{"a":null}`, true},
		{"null that is absent", object{fields: map[string]any{"a": nothing}}, `{}`, true},
		{"null that is something", object{fields: map[string]any{"a": nothing}}, `{"a":""}`, false},
		{"escapes", "<&>", `"\u003c\u0026\u003e"`, true},
	} {
		if differs := Compare("x", tc.want, json.RawMessage(tc.got)); (len(differs) == 0) != tc.same {
			t.Errorf("%s: %q", tc.name, differs)
		}
	}
}

func TestPaths(t *testing.T) {
	k := &Kind{Schema: toy(t)}
	want := []string{".any", ".count", ".flag", ".inner", ".inner.text", ".map", ".names"}
	if got := k.Paths(); !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	found := map[string]bool{}
	k.Present(map[string]any{"inner": map[string]any{"text": "x"}, "other": true}, found)
	if !found[".inner.text"] || len(found) != 2 {
		t.Errorf("got %v", found)
	}
	if got := General("Toy.a[3].b{k0}.c"); got != ".a[].b{}.c" {
		t.Errorf("got %s", got)
	}
	if k.Find(".inner.text") == nil || k.Find(".inner.nothing") != nil {
		t.Error("finds the wrong properties")
	}
}

// What is to be there is there, though little else is.
func TestToward(t *testing.T) {
	for seed := range uint64(50) {
		g := NewGenerator(seed)
		g.Toward([]string{".inner.text", ".flag"})
		in, _ := g.value("Toy", toy(t), reflect.TypeFor[good](), place{ours: true, spec: true})
		o := in.(map[string]any)
		if _, ok := o["flag"]; !ok || o["inner"] == nil {
			t.Errorf("seed %d: %v", seed, o)
		}
	}
}

// What stands beside our objects in a file is left out.
func TestOurs(t *testing.T) {
	file := filepath.Join(t.TempDir(), "example.yaml")
	text := "# first\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: rollout.argosy.dev/v1alpha1\nkind: Rollout\n---\n" +
		"apiVersion: argoproj.io/v1alpha1\nkind: AnalysisRun\n---\napiVersion: v1\nkind: ServiceAccount\n---\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ours, err := Ours(file, "rollout")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, document := range ours {
		got = append(got, string(document))
	}
	if want := []string{`{"apiVersion":"rollout.argosy.dev/v1alpha1","kind":"Rollout"}`, `{"apiVersion":"argoproj.io/v1alpha1","kind":"AnalysisRun"}`}; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}
