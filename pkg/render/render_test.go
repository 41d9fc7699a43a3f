// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

func TestMain(m *testing.M) {
	if IsChild() {
		runHook = tryEscape
		Main()
	}
	os.Exit(m.Run())
}

// renderer is one for a test.
func renderer(t testing.TB, config Config) *Renderer {
	t.Helper()
	r := New(config)
	t.Cleanup(r.Close)
	return r
}

// text is all manifests, one a line.
func text(result *Result) string {
	var lines []string
	for _, manifest := range result.Manifests {
		lines = append(lines, string(manifest))
	}
	return strings.Join(lines, "\n")
}

// kindOf is the kind of an Error, or "".
func kindOf(err error) Kind {
	if fault := (*Error)(nil); errors.As(err, &fault) {
		return fault.Kind
	}
	return ""
}

func request(path string) Request {
	return Request{
		Application: "app", Namespace: "apps", Project: "web", Destination: "prod", Revision: "0123456789abcdef",
		Source: appv1.ApplicationSource{RepoURL: "https://git.example.com/repo.git", Path: path, TargetRevision: "main"},
	}
}

const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"

func TestChildRendersDirectory(t *testing.T) {
	r := renderer(t, Config{})
	tree := Map{"app/a.yaml": configMap, "app/b.json": `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}`}
	result, err := r.Render(context.Background(), request("app"), Trees{"": tree})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}` + "\n" + `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}`
	if got := text(result); got != want || result.Type != appv1.SourceTypeDirectory {
		t.Errorf("got %s of %s", got, result.Type)
	}
}
