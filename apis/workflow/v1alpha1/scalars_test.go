// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"pgregory.net/rapid"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"argosy.dev/argosy/apis/raw"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

func TestAnyString(t *testing.T) {
	for _, tc := range []struct{ in, want, err string }{
		{in: `"text"`, want: "text"},
		{in: `""`, want: ""},
		{in: `"<\u00e9&\n>"`, want: "<é&\n>"},
		{in: `1`, want: "1"},
		{in: `1.0`, want: "1.0"},
		{in: `1e3`, want: "1e3"},
		{in: `-0`, want: "-0"},
		{in: `12345678901234567890`, want: "12345678901234567890"},
		{in: `1E+400`, want: "1E+400"},
		{in: ` true `, want: "true"},
		{in: `false`, want: "false"},
		{in: `null`, want: ""},
		{in: `{"a":1}`, err: "must be a string, a number or a boolean, not an object"},
		{in: `[]`, err: "must be a string, a number or a boolean, not a list"},
		{in: `1 2`, err: "invalid character '2' after top-level value"},
		{in: `tru`, err: "invalid character ' ' in literal true (expecting 'e')"},
		{in: ``, err: "unexpected end of JSON input"},
	} {
		t.Run(tc.in, func(t *testing.T) {
			s := wfv1.AnyString{Text: "before"}
			err := s.UnmarshalJSON([]byte(tc.in))
			if tc.err != "" {
				if err == nil || err.Error() != tc.err {
					t.Errorf("got %v, want %s", err, tc.err)
				}
				return
			}
			if err != nil || s.Text != tc.want {
				t.Errorf("got %q, %v; want %q", s.Text, err, tc.want)
			}
		})
	}
	if got := (*wfv1.AnyString)(nil).String(); got != "" {
		t.Errorf("nil is %q", got)
	}
}

// A pointer keeps nothing, null and the empty string as Kubernetes does: null is nothing.
func TestAnyStringInParameter(t *testing.T) {
	for in, want := range map[string]string{
		`{"name":"a"}`:              `{"name":"a"}`,
		`{"name":"a","value":null}`: `{"name":"a"}`,
		`{"name":"a","value":""}`:   `{"name":"a","value":""}`,
		`{"name":"a","value":0.10}`: `{"name":"a","value":"0.10"}`,
		`{"name":"a","enum":[]}`:    `{"name":"a","enum":[]}`,
	} {
		var p wfv1.Parameter
		if err := kjson.UnmarshalCaseSensitivePreserveInts([]byte(in), &p); err != nil {
			t.Fatal(err)
		}
		if got := string(marshal(t, p)); got != want {
			t.Errorf("%s became %s", in, got)
		}
	}
}

func TestItem(t *testing.T) {
	for _, in := range []string{
		`null`, `"text"`, `true`, `1.0`, `12345678901234567890`, `-0`, `[3,2,1]`, `{"b":1.50,"a":{"z":[],"y":null}}`, `"<&>"`,
	} {
		var items []raw.JSON
		if err := json.Unmarshal([]byte(`[`+in+`]`), &items); err != nil {
			t.Fatal(err)
		}
		encoder := bytes.Buffer{}
		e := json.NewEncoder(&encoder)
		e.SetEscapeHTML(false)
		if err := e.Encode(items); err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(encoder.String()); got != "["+in+"]" {
			t.Errorf("%s became %s", in, got)
		}
	}
	if err := new(raw.JSON).UnmarshalJSON([]byte(`{`)); err == nil {
		t.Error("half an object was taken")
	}
}

func TestPlugin(t *testing.T) {
	for in, want := range map[string]string{
		`{"hello": {"b": 1.0, "a": 2}}`: "",
		`null`:                          "",
		`[]`:                            "must be an object, not a list",
		`"x"`:                           "must be an object, not a string",
		`true`:                          "must be an object, not a boolean",
		`1`:                             "must be an object, not a number",
	} {
		var p raw.Object
		err := p.UnmarshalJSON([]byte(in))
		if (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("%s: got %v, want %s", in, err, want)
		}
		if want == "" {
			if got := string(marshal(t, p)); got != strings.ReplaceAll(in, " ", "") {
				t.Errorf("%s became %s", in, got)
			}
		}
	}
}

func TestAmount(t *testing.T) {
	for _, in := range []string{`0`, `1.0`, `-2.5e-3`, `12345678901234567890`} {
		var a wfv1.Amount
		if err := a.UnmarshalJSON([]byte(in)); err != nil {
			t.Fatal(err)
		}
		if got := string(marshal(t, a)); got != in {
			t.Errorf("%s became %s", in, got)
		}
	}
	var a wfv1.Amount
	if f, err := a.Float64(); f != 0 || err != nil || string(marshal(t, a)) != "0" {
		t.Errorf("the zero value is %v, %v", f, err)
	}
	a.Number = "2.5"
	if f, err := a.Float64(); f != 2.5 || err != nil {
		t.Errorf("got %v, %v", f, err)
	}
	if err := a.UnmarshalJSON([]byte(`"1"`)); err == nil || err.Error() != "must be a number, not a string" {
		t.Errorf("got %v", err)
	}
}

// Text comes back as it is, by JSON, by YAML and by maps. YAML has no control characters.
func TestAnyStringKeepsText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := &wfv1.Parameter{Name: "a", Value: wfv1.ToAnyString(rapid.StringMatching(`[\pL\pN\pP\pS \n]*`).Draw(t, "text"))}
		data := marshal(t, p)
		var byJSON, byYAML, byMap wfv1.Parameter
		if err := json.Unmarshal(data, &byJSON); err != nil {
			t.Fatal(err)
		}
		text, err := yaml.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.UnmarshalStrict(text, &byYAML); err != nil {
			t.Fatal(err)
		}
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(p)
		if err != nil {
			t.Fatal(err)
		}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content, &byMap); err != nil {
			t.Fatal(err)
		}
		for name, got := range map[string]wfv1.Parameter{"JSON": byJSON, "YAML": byYAML, "maps": byMap} {
			if diff := cmp.Diff(*p, got); diff != "" {
				t.Errorf("by %s: %s", name, diff)
			}
		}
	})
}

// Numbers that are whole survive maps with all their digits; others may not be more precise than 64 bits.
func TestNumbersThroughMaps(t *testing.T) {
	var p wfv1.Parameter
	content := map[string]any{"name": "a", "value": int64(9007199254740993), "default": 0.5, "enum": []any{true, "x", int64(-1)}}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content, &p); err != nil {
		t.Fatal(err)
	}
	want := wfv1.Parameter{
		Name: "a", Value: wfv1.ToAnyString("9007199254740993"), Default: wfv1.ToAnyString("0.5"),
		Enum: []wfv1.AnyString{{Text: "true"}, {Text: "x"}, {Text: "-1"}},
	}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
}

func FuzzAnyString(f *testing.F) {
	for _, s := range []string{`"a"`, `1.0`, `-0`, `1e999`, `true`, `null`, `{}`, `[`, "\"\xff\"", ` 1 `} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var s wfv1.AnyString
		if err := s.UnmarshalJSON(data); err != nil {
			return
		}
		if !json.Valid(data) {
			t.Fatalf("took %q, which is not JSON", data)
		}
		var again wfv1.AnyString
		if err := json.Unmarshal(marshal(t, s), &again); err != nil || again != s {
			t.Fatalf("%q became %q, then %q: %v", data, s.Text, again.Text, err)
		}
		if c := bytes.TrimSpace(data)[0]; c != '"' && c != 'n' && s.Text != string(bytes.TrimSpace(data)) {
			t.Fatalf("%q lost its digits: %q", data, s.Text)
		}
	})
}

func FuzzItem(f *testing.F) {
	for _, s := range []string{`"a"`, `1.0`, `{"b": 1, "a": [null, -0]}`, `null`, `[`, "\"\u2028\"", ` {} `} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var item raw.JSON
		if err := item.UnmarshalJSON(data); err != nil {
			if json.Valid(data) {
				t.Fatalf("refused %q: %v", data, err)
			}
			return
		}
		first := marshal(t, item)
		var again raw.JSON
		if err := json.Unmarshal(first, &again); err != nil {
			t.Fatal(err)
		}
		if second := marshal(t, again); !bytes.Equal(first, second) {
			t.Fatalf("not stable: %q, %q", first, second)
		}
		var a, b bytes.Buffer
		if err := json.Compact(&a, data); err != nil {
			t.Fatal(err)
		}
		json.HTMLEscape(&b, a.Bytes())
		if !bytes.Equal(first, b.Bytes()) {
			t.Fatalf("%q became %q", data, first)
		}
	})
}
