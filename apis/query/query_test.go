// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package query_test

import (
	"net/url"
	"testing"

	"argosy.dev/argosy/apis/query"
)

func TestBool(t *testing.T) {
	for text, want := range map[string]string{"": "absent", "x": "true", "x=": "true", "x=1": "true", "x=false": "false", "x=false&x=true": "false",
		"x=maybe": `query parameter x: "maybe" is neither true nor false`} {
		values, err := url.ParseQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := query.Bool(values, "x")
		switch {
		case err != nil:
			if err.Error() != want {
				t.Errorf("%q: error %v, want %s", text, err, want)
			}
		case got == nil:
			if want != "absent" {
				t.Errorf("%q: absent, want %s", text, want)
			}
		case *got != (want == "true"):
			t.Errorf("%q: %t, want %s", text, *got, want)
		}
	}
}

func TestCount(t *testing.T) {
	for text, want := range map[string]int64{"": -1, "x=0": 0, "x=7": 7, "x=-1": -2, "x=": -2, "x=1h": -2} {
		values, err := url.ParseQuery(text)
		if err != nil {
			t.Fatal(err)
		}
		got, err := query.Count(values, "x")
		if (err != nil) != (want == -2) || err == nil && (got == nil) != (want == -1) || got != nil && *got != want {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
}
