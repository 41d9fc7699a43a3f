// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"
	"pgregory.net/rapid"

	_ "argosy.dev/argosy/hack/seed"
)

func TestLabelValue(t *testing.T) {
	for in, want := range map[string]string{
		"":                               "",
		"alice":                          "alice",
		"alice@example.org":              "alice-example.org",
		"system:serviceaccount:ns:name":  "system-serviceaccount-ns-name",
		"-.äöü":                          "",
		strings.Repeat("a", 60) + ":bcd": strings.Repeat("a", 59) + "-bcd",
	} {
		if got := labelValue(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		if errs := validation.IsValidLabelValue(labelValue(rapid.String().Draw(t, "name"))); len(errs) > 0 {
			t.Fatal(errs)
		}
	})
}
