// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package raw_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"argosy.dev/argosy/apis/raw"
)

// Any value is kept as it is written, less the blanks and the escapes that encoding/json adds for HTML.
func TestJSON(t *testing.T) {
	for text, want := range map[string]string{
		`{"b":1,"a":2}`:           `{"b":1,"a":2}`,
		` [ 1.0 , 1e3, -0 ] `:     `[1.0,1e3,-0]`,
		`12345678901234567890.10`: `12345678901234567890.10`,
		`"\u003cb\u003E \u0026"`:  `"<b> &"`,
		`"\\u003c \\\u003c \n"`:   `"\\u003c \\< \n"`,
		`"\u2028\u00e9"`:          "\"\u2028\\u00e9\"",
		`true`:                    `true`,
		`null`:                    `null`,
		`{"a":null,"b":{}}`:       `{"a":null,"b":{}}`,
	} {
		var j raw.JSON
		if err := json.Unmarshal([]byte(text), &j); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		got, err := j.MarshalJSON()
		if err != nil || string(got) != want {
			t.Errorf("%s becomes %s (%v), want %s", text, got, err, want)
		}
	}
	if (&raw.JSON{}).UnmarshalJSON(nil) == nil || (&raw.JSON{}).UnmarshalJSON([]byte(`{`)) == nil {
		t.Error("what is no JSON is taken")
	}
}

func TestObject(t *testing.T) {
	for text, want := range map[string]string{`{"b":1.0, "a":"\u003c"}`: `{"b":1.0,"a":"<"}`, `{}`: `{}`, `null`: `null`} {
		var o raw.Object
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			t.Fatal(err)
		}
		if got, err := o.MarshalJSON(); err != nil || string(got) != want {
			t.Errorf("%s becomes %s (%v), want %s", text, got, err, want)
		}
	}
	for text, kind := range map[string]string{`[]`: "a list", `"x"`: "a string", `1`: "a number", `false`: "a boolean"} {
		var o raw.Object
		if err := json.Unmarshal([]byte(text), &o); err == nil || !strings.Contains(err.Error(), "must be an object, not "+kind) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// FuzzJSON looks for values that change in meaning, or that change once more when they are read again.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{`{"a":[1,"\u003c",null]}`, `"\\\u0026"`, `"\ud800\u2029"`, ` 1 `, `{"a":1,"a":2}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var j raw.JSON
		if err := json.Unmarshal(data, &j); err != nil {
			return
		}
		text, err := j.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var before, after any
		if json.Unmarshal(data, &before) == nil {
			if err := json.Unmarshal(text, &after); err != nil {
				t.Fatalf("%s is no JSON: %v", text, err)
			}
			b, _ := json.Marshal(before)
			a, _ := json.Marshal(after)
			if !bytes.Equal(a, b) {
				t.Errorf("%s becomes %s", b, a)
			}
		}
		outer, err := json.Marshal([]raw.JSON{j})
		if err != nil {
			t.Fatal(err)
		}
		var again []raw.JSON
		if err := json.Unmarshal(outer, &again); err != nil || !bytes.Equal(again[0].Raw, j.Raw) {
			t.Errorf("%s becomes %s: %v", j.Raw, again, err)
		}
	})
}
