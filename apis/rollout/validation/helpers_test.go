// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"encoding/json"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// rule is a change of a valid object, and what must be said of it. Nothing must be said where want is empty.
type rule struct {
	name, change, want string
}

// read decodes YAML strictly.
func read(t testing.TB, text string, into any) {
	t.Helper()
	if err := yaml.UnmarshalStrict([]byte(text), into); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
}

// changed returns the YAML of a base with a change merged into it, where null removes a key.
func changed(t testing.TB, base, change string) string {
	t.Helper()
	var b, c map[string]any
	read(t, base, &b)
	read(t, change, &c)
	data, err := json.Marshal(merge(b, c))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func merge(base, change map[string]any) map[string]any {
	for k, v := range change {
		inner, ok := v.(map[string]any)
		before, had := base[k].(map[string]any)
		switch {
		case v == nil:
			delete(base, k)
		case ok && had:
			base[k] = merge(before, inner)
		default:
			base[k] = v
		}
	}
	return base
}

// check compares what is said with what is wanted: the errors of a rule are separated by line breaks, and there are no others.
func check(t *testing.T, want string, got field.ErrorList) {
	t.Helper()
	var said []string
	for _, err := range got {
		said = append(said, err.Error())
	}
	wanted := strings.Split(want, "\n")
	if want == "" {
		wanted = nil
	}
	if len(said) != len(wanted) {
		t.Errorf("said:\n%s\nwanted:\n%s", strings.Join(said, "\n"), want)
		return
	}
	for i, w := range wanted {
		if !strings.HasPrefix(said[i], w) {
			t.Errorf("said:\n%s\nwanted:\n%s", said[i], w)
		}
	}
}
