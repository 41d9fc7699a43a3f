// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"fmt"
	"strings"
	"testing"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/hack/e2e/gitserver"
	"argosy.dev/argosy/pkg/manifests"
)

// TestSubmodulesAndRefs reads other repositories: those of submodules, and $ref values.
func TestSubmodulesAndRefs(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{Username: "ada", Password: "s3cret"})
	lib := server.Repository("lib.git")
	libSHA := lib.Commit(map[string]string{"1.yaml": config("lib", "1")})
	top := server.Repository("top.git")
	top.Commit(map[string]string{".gitmodules": "[submodule \"l\"]\n\tpath = lib\n\turl = " + server.HTTPS("lib.git") + "\n"})
	top.Git("update-index", "--add", "--cacheinfo", "160000,"+libSHA+",lib")
	top.Git("commit", "--quiet", "--message", "submodule")
	top.Push("HEAD")
	values := server.Repository("values.git")
	values.Commit(map[string]string{"env/prod.yaml": "who: prod\n"})
	chart := server.Repository("chart.git")
	chart.Commit(map[string]string{"Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "templates/c.yaml": config("one", "{{ .Values.who }}")})
	g, w := generator(t)
	w.trust("apps", server)
	w.add("apps", "repo-creds", map[string]string{"url": server.URL(), "username": "ada", "password": "s3cret"})
	if got := names(generate(t, g, app("x", source(server.HTTPS("top.git"), "lib")))); got != "lib=1" {
		t.Errorf("submodule: %s", got)
	}
	helm := source(server.HTTPS("chart.git"), ".")
	helm.Helm = &appv1.ApplicationSourceHelm{ValueFiles: []string{"$vals/env/prod.yaml"}}
	req := app("y", helm, appv1.ApplicationSource{RepoURL: server.HTTPS("values.git"), Ref: "vals"})
	result := generate(t, g, req)
	if got := names(result); got != "one=prod" || len(result.Revisions) != 2 || fmt.Sprint(result.Types) != "[Helm ]" {
		t.Errorf("ref: %s %v %v", got, result.Revisions, result.Types)
	}
	values.Commit(map[string]string{"env/other.yaml": "who: other\n"})
	if result := generate(t, g, req); !result.Cached {
		t.Error("other values made it render again")
	}
	values.Commit(map[string]string{"env/prod.yaml": "who: prod2\n"})
	if got := names(generate(t, g, req)); got != "one=prod2" {
		t.Errorf("new values: %s", got)
	}
}

// TestCharts: charts of a repository, by version, constraint and alias, with dependencies and values at a URL.
func TestCharts(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{Username: "ada", Password: "s3cret"})
	charts, other := server.Charts("main"), server.Charts("other")
	template := map[string]string{"templates/c.yaml": config("{{ .Chart.Name }}", "{{ .Chart.Version }} {{ .Values.who }}"), "values.yaml": "who: me\n"}
	for _, version := range []string{"1.0.0", "1.1.0", "2.0.0", "2.1.0-rc.1"} {
		charts.Add("web", version, template)
	}
	other.Add("base", "0.1.0", template)
	other.Add("base", "0.2.0", template)
	other.Set("values.yaml", []byte("who: url\n"))
	g, w := generator(t)
	w.trust("apps", server)
	w.add("apps", "repository", map[string]string{"type": "helm", "name": "main", "url": charts.URL, "username": "ada", "password": "s3cret"})
	w.add("apps", "repository", map[string]string{"type": "helm", "name": "other", "url": other.URL, "username": "ada", "password": "s3cret"})
	web := func(version string) manifests.Request {
		return app("x", appv1.ApplicationSource{RepoURL: charts.URL, Chart: "web", TargetRevision: version})
	}
	for version, want := range map[string]string{"1.0.0": "1.0.0", "1.x": "1.1.0", "": "2.0.0", "*": "2.0.0", ">=1 <2": "1.1.0", ">=2.1.0-0": "2.1.0-rc.1", "2.1.0-rc.1": "2.1.0-rc.1"} {
		result := generate(t, g, web(version))
		if got := names(result); got != "web="+want+" me" || result.Revisions[0] != want || result.Types[0] != appv1.SourceTypeHelm {
			t.Errorf("%q: %s %v %v", version, got, result.Revisions, result.Types)
		}
	}
	for version, want := range map[string]string{"3.x": "no version that satisfies", "1.0.5": "no version that satisfies", "nonsense": "no constraint"} {
		if _, err := g.Generate(t.Context(), web(version)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", version, err)
		}
	}
	pinned := web("1.x")
	pinned.Revisions = []string{"1.0.0"}
	if got := names(generate(t, g, pinned)); got != "web=1.0.0 me" {
		t.Errorf("pinned: %s", got)
	}
	before := server.Requests()
	cached := web("1.x")
	cached.Refresh = manifests.Cached
	if result := generate(t, g, cached); !result.Cached {
		t.Error("a cached request renders")
	}
	if after := server.Requests(); after["GET /charts/main/index.yaml"] != before["GET /charts/main/index.yaml"] {
		t.Error("a cached request asks for the index")
	}
	if n := before["GET /charts/main/web-1.1.0.tgz"]; n != 1 {
		t.Errorf("a chart was downloaded %d times", n)
	}
	charts.Add("web", "1.2.0", template)
	if got := names(generate(t, g, web("1.x"))); got != "web=1.2.0 me" {
		t.Errorf("a new version: %s", got)
	}

	// A chart in Git that depends on one of a repository.
	umbrella := server.Repository("umbrella.git")
	w.add("apps", "repo-creds", map[string]string{"url": server.URL() + "/git", "username": "ada", "password": "s3cret"})
	umbrella.Commit(map[string]string{"Chart.yaml": "apiVersion: v2\nname: u\nversion: 1.0.0\ndependencies:\n- {name: base, version: 0.x.x, repository: '@other'}\n", "templates/u.yaml": config("u", "u")})
	req := app("u", source(server.HTTPS("umbrella.git"), "."))
	asked := ""
	req.Permits = func(repo string) bool { asked = repo; return true }
	if got := names(generate(t, g, req)); got != "base=0.2.0 me u=u" && got != "u=u base=0.2.0 me" {
		t.Errorf("dependency: %s", got)
	}
	if strings.TrimSuffix(asked, "/") != other.URL {
		t.Errorf("the project was asked about %q", asked)
	}
	if !generate(t, g, req).Cached {
		t.Error("the same again renders")
	}
	other.Add("base", "0.3.0", template)
	if got := names(generate(t, g, req)); !strings.Contains(got, "base=0.3.0 me") {
		t.Errorf("a new version of a dependency: %s", got)
	}
	req.Permits = func(repo string) bool { return strings.Contains(repo, "umbrella") }
	if _, err := g.Generate(t.Context(), req); err == nil || !strings.Contains(err.Error(), "is not permitted in project \"default\"") {
		t.Errorf("a dependency that is not permitted: %v", err)
	}
	oci := server.Repository("oci.git")
	oci.Commit(map[string]string{"Chart.yaml": "apiVersion: v2\nname: u\nversion: 1.0.0\ndependencies:\n- {name: base, version: 0.1.0, repository: 'oci://host/x'}\n"})
	if _, err := g.Generate(t.Context(), app("o", source(server.HTTPS("oci.git"), "."))); err == nil || !strings.Contains(err.Error(), "oci") {
		t.Errorf("an oci dependency: %v", err)
	}
}

// TestValuesAtURL reads values of a server without credentials, and sends none to it.
func TestValuesAtURL(t *testing.T) {
	private := gitserver.Start(t, gitserver.Options{Username: "ada", Password: "s3cret"})
	public := gitserver.Start(t, gitserver.Options{Plain: true})
	public.Charts("v").Set("values.yaml", []byte("who: url\n"))
	private.Repository("c.git").Commit(map[string]string{"Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "templates/c.yaml": config("one", "{{ .Values.who }}")})
	g, w := generator(t)
	w.trust("apps", private)
	w.add("apps", "repo-creds", map[string]string{"url": private.URL(), "username": "ada", "password": "s3cret"})
	s := source(private.HTTPS("c.git"), ".")
	s.Helm = &appv1.ApplicationSourceHelm{ValueFiles: []string{public.URL() + "/charts/v/values.yaml"}}
	req := app("x", s)
	if got := names(generate(t, g, req)); got != "one=url" {
		t.Errorf("values: %s", got)
	}
	public.Charts("v").Set("values.yaml", []byte("who: new\n"))
	cached := req
	cached.Refresh = manifests.Cached
	if got := names(generate(t, g, cached)); got != "one=url" {
		t.Errorf("cached: %s", got)
	}
	if got := names(generate(t, g, req)); got != "one=new" {
		t.Errorf("latest: %s", got)
	}
	s.Helm.ValueFiles = []string{private.URL() + "/charts/none/values.yaml"}
	if _, err := g.Generate(t.Context(), app("x", s)); err == nil || !strings.Contains(err.Error(), "authentication required") {
		t.Errorf("the credentials of repositories went out for values: %v", err)
	}
}

// TestHostileCharts: archives and indexes that try something.
func TestHostileCharts(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{Plain: true})
	ok := map[string]string{"c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n"}
	with := func(name, content string) map[string]string {
		return map[string]string{"c/Chart.yaml": ok["c/Chart.yaml"], name: content}
	}
	g, _ := generator(t)
	for name, c := range map[string]struct {
		archive []byte
		want    string
	}{
		"out":      {gitserver.Archive(t, with("c/../../etc/passwd", "x")), "leads out of it"},
		"absolute": {gitserver.Archive(t, with("/etc/passwd", "x")), "leads out of it"},
		"link":     {gitserver.Archive(t, with("c/values.yaml", gitserver.Link("/etc/passwd"))), "a link or device"},
		"no tgz":   {[]byte("hello"), "no tgz"},
		"cut":      {gitserver.Archive(t, with("c/x", strings.Repeat("random", 5000)))[:200], "damaged"},
		"bomb":     {gitserver.Archive(t, with("c/x", strings.Repeat("\x00", 140<<20))), "more than"},
		"empty":    {gitserver.Archive(t, nil), "empty"},
	} {
		charts := server.Charts(strings.ReplaceAll(name, " ", "-"))
		charts.AddArchive("c", "1.0.0", c.archive)
		if _, err := g.Generate(t.Context(), app("x", appv1.ApplicationSource{RepoURL: charts.URL, Chart: "c", TargetRevision: "1.0.0"})); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct{ index, want string }{
		"no index":     {"hello", "index.yaml"},
		"digest":       {"entries: {c: [{version: 1.0.0, urls: [c-1.0.0.tgz], digest: " + strings.Repeat("0", 64) + "}]}", "digests differ"},
		"file":         {"entries: {c: [{version: 1.0.0, urls: ['file:///etc/passwd']}]}", "is not supported here"},
		"aliases":      {"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nentries: {c: *g}\n", "index.yaml"},
		"no such file": {"entries: {c: [{version: 1.0.0, urls: [none.tgz]}]}", "not found"},
	} {
		charts := server.Charts("index-" + strings.ReplaceAll(name, " ", "-"))
		charts.AddArchive("c", "1.0.0", gitserver.Archive(t, ok))
		charts.Set("index.yaml", []byte(c.index))
		if _, err := g.Generate(t.Context(), app("x", appv1.ApplicationSource{RepoURL: charts.URL, Chart: "c", TargetRevision: "1.0.0"})); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestChartsElsewhere: credentials go to another host only if they are to be passed on.
func TestChartsElsewhere(t *testing.T) {
	home := gitserver.Start(t, gitserver.Options{Username: "ada", Password: "s3cret", Plain: true})
	away := gitserver.Start(t, gitserver.Options{Username: "ada", Password: "s3cret", Plain: true})
	files := away.Charts("files")
	files.Add("c", "1.0.0", map[string]string{"templates/c.yaml": config("one", "1")})
	charts := home.Charts("main")
	charts.Set("index.yaml", []byte("entries: {c: [{version: 1.0.0, urls: ["+files.URL+"/c-1.0.0.tgz]}]}"))
	g, w := generator(t)
	w.add("apps", "repository", map[string]string{"type": "helm", "url": charts.URL, "username": "ada", "password": "s3cret"})
	s := appv1.ApplicationSource{RepoURL: charts.URL, Chart: "c", TargetRevision: "1.0.0"}
	if _, err := g.Generate(t.Context(), app("x", s)); err == nil || !strings.Contains(err.Error(), "authentication required") {
		t.Errorf("the credentials went to another host: %v", err)
	}
	yes := true
	s.Helm = &appv1.ApplicationSourceHelm{PassCredentials: &yes}
	if got := names(generate(t, g, app("x", s))); got != "one=1" {
		t.Errorf("passed on: %s", got)
	}
}
