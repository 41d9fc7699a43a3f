// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package images

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSetsNameEachImageOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, set := range Sets("/busybox", "/pause", "localhost/pause:1") {
		for _, ref := range set.Refs {
			if seen[ref] {
				t.Errorf("%s is made twice", ref)
			}
			seen[ref] = true
			// As the runtime normalises what a pod says; another spelling would never be found.
			if host, rest, ok := strings.Cut(ref, "/"); !ok || (host != "docker.io" && host != "localhost") || !strings.Contains(rest, ":") {
				t.Errorf("%s is no full reference", ref)
			}
		}
	}
}

func TestKeyFollowsInputs(t *testing.T) {
	input := filepath.Join(t.TempDir(), "pause")
	key := func(content, name string) string {
		t.Helper()
		if err := os.WriteFile(input, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		k, err := Set{Name: name, inputs: []string{input}}.Key()
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	first := key("a", "small")
	if key("a", "small") != first {
		t.Error("the same input gives another key")
	}
	if key("b", "small") == first || key("a", "debian") == first {
		t.Error("another input gives the same key")
	}
	if _, err := (Set{inputs: []string{input + "absent"}}).Key(); err == nil {
		t.Error("a missing input was accepted")
	}
}
