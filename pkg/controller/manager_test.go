// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/sets"
)

func TestWanted(t *testing.T) {
	all := sets.New(Names()...)
	for _, test := range []struct {
		name string
		list []string
		want sets.Set[string]
		err  string
	}{
		{name: "all", list: []string{"*"}, want: all},
		{name: "none", list: nil, want: sets.New[string]()},
		{name: "one", list: []string{"workflow"}, want: sets.New("workflow")},
		{name: "all but one", list: []string{"*", "-workflow"}, want: all.Clone().Delete("workflow")},
		{name: "the order of all and not does not matter", list: []string{"-workflow", "*"}, want: all.Clone().Delete("workflow")},
		{name: "a misspelt name", list: []string{"workflows"}, err: `"workflows" is not a control loop`},
		{name: "a misspelt name to leave out", list: []string{"*", "-workflows"}, err: `"workflows" is not a control loop`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := Wanted(test.list)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("error %v, want one with %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if !got.Equal(test.want) {
				t.Errorf("got %v, want %v", sets.List(got), sets.List(test.want))
			}
		})
	}
}
