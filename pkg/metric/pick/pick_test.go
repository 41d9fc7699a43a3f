// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package pick

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestValue(t *testing.T) {
	var document any
	if err := json.Unmarshal([]byte(`{"data":{"value":0.97,"ok":true,"list":[{"n":"a","v":1},{"n":"b","v":2}]},
		"metadata":{"labels":{"app.kubernetes.io/name":"shop","a'b":"q"}},"null":null}`), &document); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ path, text, err string }{
		{path: "{$.data.value}", text: "0.97"},
		{path: "{.data.value}", text: "0.97"},
		{path: "{ .data.value }", text: "0.97"},
		{path: "$.data.value", text: "0.97"},
		{path: ".data.value", text: "0.97"},
		{path: "data.value", text: "0.97"},
		{path: "{@.data.ok}", text: "true"},
		{path: "{$.data.list[1].v}", text: "2"},
		{path: "{$.data.list[-1:].v}", text: "2"},
		{path: "{$.data.list[*].v}", text: "1"},
		{path: `{$.data.list[?(@.n=="b")].v}`, text: "2"},
		{path: "{$..v}", text: "1"},
		{path: "{$.data['value']}", text: "0.97"},
		{path: `{.metadata.labels.app\.kubernetes\.io/name}`, text: `"shop"`},
		{path: `{.metadata.labels['app.kubernetes.io/name']}`, text: `"shop"`},
		{path: `{.metadata.labels.a\'b}`, text: `"q"`},
		{path: "{.null}", text: "null"},
		{path: "{$.data.list[0]}", text: `{"n":"a","v":1}`},
		{path: "{$.none}", err: "nothing at jsonPath {$.none}"},
		{path: "{range .data.list[*]}{.v}{end}", err: "one expression in braces"},
		{path: "{$.data[}", err: "jsonPath {$.data[}"},
		{path: "{.data.list]}", err: "jsonPath"},
	} {
		_, text, err := Value(document, test.path)
		if text != test.text || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %s, %v; want %s, %s", test.path, text, err, test.text, test.err)
		}
	}
	for _, path := range []string{"", "{$}", "{.}", "$"} {
		if _, text, err := Value(document, path); err != nil || !strings.HasPrefix(text, `{"data"`) {
			t.Errorf("%q: %s, %v; want all", path, text, err)
		}
	}
}

// Paths come from users, and documents from whom they ask.
func TestHostile(t *testing.T) {
	var deep any = map[string]any{"a": 1.0}
	for range 5000 {
		deep = map[string]any{"a": deep}
	}
	list := make([]any, 1000)
	for i := range list {
		list[i] = 1.0
	}
	for _, path := range []string{"{$" + strings.Repeat("..a", 20) + "}", "{$" + strings.Repeat("..*", 20) + "}", "{$.l" + strings.Repeat("[0,0,0]", 100) + "}"} {
		began := time.Now()
		for _, document := range []any{deep, map[string]any{"l": list}} {
			_, _, err := Value(document, path)
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("%.30s: took %s (%v)", path, took, err)
			}
		}
	}
}

func FuzzValue(f *testing.F) {
	for _, path := range []string{"{$.a.b}", `{.a\.b['c']}`, "{$..x[?(@.y>1)]}", "$[0,1:2]", "{"} {
		f.Add(path, `{"a":{"b":[1,{"c":"x"}]}}`)
	}
	f.Fuzz(func(t *testing.T, path, text string) {
		var document any
		if json.Unmarshal([]byte(text), &document) != nil {
			return
		}
		if _, out, err := Value(document, path); err == nil && !json.Valid([]byte(out)) {
			t.Errorf("%q of %q is no JSON: %q", path, text, out)
		}
	})
}
