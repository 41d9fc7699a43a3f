// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package tree

import "testing"

// The selector that an autoscaler gets of blue-green is that of the live version; tree and undo are about all of them.
func TestSelectorOfAllVersions(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       "rollouts-pod-template-hash",
		"app=web":                                "app=web,rollouts-pod-template-hash",
		"app in (a,b),!x":                        "app in (a,b),rollouts-pod-template-hash,!x",
		"app=web,rollouts-pod-template-hash=abc": "app=web,rollouts-pod-template-hash",
	} {
		if got, err := Selector(text); err != nil || got != want {
			t.Errorf("%q becomes %q, %v; want %q", text, got, err, want)
		}
	}
	if _, err := Selector("a in b"); err == nil {
		t.Error("no error for what is no selector")
	}
}
