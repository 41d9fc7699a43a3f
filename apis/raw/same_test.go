// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package raw_test

import (
	"testing"

	"argosy.dev/argosy/apis/raw"
)

func TestSame(t *testing.T) {
	object := func(text string) raw.Object { return raw.Object{Raw: []byte(text)} }
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{`{"a":1,"b":{"c":[1,2]}}`, `{"b":{"c":[1,2]},"a":1}`, true},
		{`{"a":1}`, `{"a":2}`, false},
		{`{"a":[1,2]}`, `{"a":[2,1]}`, false},
		{`{"a":9007199254740993}`, `{"a":9007199254740992}`, false},
	} {
		if got := raw.Same(object(tc.a), object(tc.b)); got != tc.want {
			t.Errorf("%s and %s: %t", tc.a, tc.b, got)
		}
	}
	if raw.Same(func() {}, func() {}) {
		t.Error("what is no JSON is the same")
	}
}
