// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/hack/e2e/gitserver"
	"argosy.dev/argosy/pkg/git"
	"argosy.dev/argosy/pkg/manifests"
	"argosy.dev/argosy/pkg/remote"
	"argosy.dev/argosy/pkg/render"
)

// TestMain lets the renderer start this binary as its child.
func TestMain(m *testing.M) {
	if render.IsChild() {
		render.Main()
	}
	os.Exit(m.Run())
}

// world are the Secrets and ConfigMaps of a test.
type world struct {
	mu      sync.Mutex
	secrets map[string][]*corev1.Secret
	maps    map[string]map[string]string
}

func (w *world) Secrets(namespace string) ([]*corev1.Secret, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.secrets[namespace], nil
}

func (w *world) ConfigMap(namespace, name string) (map[string]string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.maps[namespace+"/"+name], nil
}

// add adds a Secret of a repository.
func (w *world) add(namespace, kind string, data map[string]string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: fmt.Sprintf("s%d", len(w.secrets[namespace])), Labels: map[string]string{appv1.LabelSecretType: kind}}, Data: map[string][]byte{}}
	for k, v := range data {
		s.Data[k] = []byte(v)
	}
	w.secrets[namespace] = append(w.secrets[namespace], s)
}

// set sets a key of a ConfigMap.
func (w *world) set(namespace, name, key, value string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.maps[namespace+"/"+name] == nil {
		w.maps[namespace+"/"+name] = map[string]string{}
	}
	w.maps[namespace+"/"+name][key] = value
}

// trust makes a namespace trust a server.
func (w *world) trust(namespace string, s *gitserver.Server) {
	host, _, _ := strings.Cut(s.Address(), ":")
	w.set(namespace, "argocd-tls-certs-cm", host, string(s.CA))
	w.set(namespace, "argocd-ssh-known-hosts-cm", "ssh_known_hosts", s.KnownHosts)
}

func generator(t testing.TB) (*manifests.Generator, *world) {
	t.Helper()
	tokens := remote.NewTokens(true, nil)
	store, err := git.NewStore(git.Options{Dir: t.TempDir(), AllowLocal: true, Tokens: tokens})
	if err != nil {
		t.Fatal(err)
	}
	renderer := render.New(render.Config{})
	t.Cleanup(func() {
		renderer.Close()
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	w := &world{secrets: map[string][]*corev1.Secret{}, maps: map[string]map[string]string{}}
	return manifests.New(manifests.Config{Store: store, Renderer: renderer, Credentials: w, Tokens: tokens, AllowLocal: true}), w
}

// app is an application in the namespace apps.
func app(name string, sources ...appv1.ApplicationSource) manifests.Request {
	return manifests.Request{
		Application: &appv1.Application{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "apps"}},
		Sources:     sources, Destination: "default", KubeVersion: "1.37.0", Refresh: manifests.Latest,
	}
}

func inProject(r manifests.Request, project string) manifests.Request {
	r.Application.Spec.Project = &project
	return r
}

// config is a ConfigMap as YAML.
func config(name string, data string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\ndata:\n  key: %q\n", name, data)
}

func generate(t testing.TB, g *manifests.Generator, req manifests.Request) *manifests.Result {
	t.Helper()
	result, err := g.Generate(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// names are the names and data of objects.
func names(r *manifests.Result) string {
	var list []string
	for _, o := range r.Objects {
		value, _, _ := unstructured.NestedString(o.Object, "data", "key")
		list = append(list, o.GetName()+"="+value)
	}
	return strings.Join(list, " ")
}

func source(repo, path string) appv1.ApplicationSource {
	return appv1.ApplicationSource{RepoURL: repo, Path: path}
}

// TestGenerate renders directories of several sources, in order.
func TestGenerate(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{})
	served := server.Repository("app.git")
	sha := served.Commit(map[string]string{"a/1.yaml": config("one", "1"), "a/2.yaml": config("two", "2"), "b/1.yaml": config("one", "other")})
	g, w := generator(t)
	w.trust("apps", server)
	repo := server.HTTPS("app.git")
	result := generate(t, g, app("x", source(repo, "b"), source(repo, "a")))
	if got := names(result); got != "one=other one=1 two=2" {
		t.Errorf("objects: %s", got)
	}
	if fmt.Sprint(result.Revisions, result.Types) != fmt.Sprintf("[%s %s] [Directory Directory]", sha, sha) {
		t.Errorf("revisions and types: %v %v", result.Revisions, result.Types)
	}
	resolved, err := g.Resolve(t.Context(), app("x", source(repo, "b")))
	if err != nil || len(resolved) != 1 || resolved[0] != sha {
		t.Errorf("resolve: %v %v", resolved, err)
	}
}

// TestCache: what was not read does not matter, what was read does.
func TestCache(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{})
	served := server.Repository("app.git")
	first := served.Commit(map[string]string{"a/1.yaml": config("one", "1"), "a/README": "text", "b/1.yaml": config("b", "1")})
	g, w := generator(t)
	w.trust("apps", server)
	req := app("x", source(server.HTTPS("app.git"), "a"))
	was := generate(t, g, req)
	step := func(name string, files map[string]string, rendered, differs bool) {
		t.Helper()
		served.Commit(files)
		before := g.Counters()
		now := generate(t, g, req)
		if after := g.Counters(); (after.Renders > before.Renders) != rendered || now.Cached == rendered {
			t.Errorf("%s: rendered %d times, cached %t", name, after.Renders-before.Renders, now.Cached)
		}
		if (now.Digest != was.Digest) != differs {
			t.Errorf("%s: digest %s, was %s", name, now.Digest, was.Digest)
		}
		if now.Revisions[0] == was.Revisions[0] {
			t.Errorf("%s: the revision is still the same", name)
		}
		was = now
	}
	step("another application", map[string]string{"b/1.yaml": config("b", "2")}, false, false)
	step("a file that is not read", map[string]string{"a/README": "more text"}, false, false)
	step("a file that is read", map[string]string{"a/1.yaml": config("one", "2")}, true, true)
	step("a new file", map[string]string{"a/2.yaml": config("two", "2")}, true, true)
	step("a removed file, so that all is as before", map[string]string{"a/2.yaml": gitserver.Deleted}, false, true)
	step("a file that was not there when it was looked for", map[string]string{"a/.argocd-source.yaml": "directory:\n  recurse: true\n"}, true, false)
	step("an option that fits", map[string]string{"a/sub/3.yaml": config("three", "3")}, true, true)
	// Going back finds what is still kept.
	back := req
	back.Revisions = []string{first}
	before := g.Counters().Renders
	if got := generate(t, g, back); names(got) != "one=1" || g.Counters().Renders > before+1 {
		t.Errorf("back: %s, %d renders", names(got), g.Counters().Renders-before)
	}
	hard := req
	hard.Refresh = manifests.Hard
	before = g.Counters().Renders
	if got := generate(t, g, hard); got.Cached || g.Counters().Renders != before+1 || got.Digest != was.Digest {
		t.Errorf("hard: cached %t", got.Cached)
	}
	// Anything in the request counts.
	for name, change := range map[string]func(*manifests.Request){
		"destination": func(r *manifests.Request) { r.Destination = "other" }, "version": func(r *manifests.Request) { r.KubeVersion = "1.30.0" },
		"options": func(r *manifests.Request) {
			r.Sources = []appv1.ApplicationSource{source(r.Sources[0].RepoURL, "a")}
			r.Sources[0].Directory = &appv1.ApplicationSourceDirectory{Exclude: "none"}
		},
		"name":    func(r *manifests.Request) { *r = app("y", r.Sources...) },
		"project": func(r *manifests.Request) { *r = inProject(app("x", r.Sources...), "other") },
	} {
		changed := req
		change(&changed)
		if got := generate(t, g, changed); got.Cached {
			t.Errorf("%s: does not count", name)
		}
		if got := generate(t, g, changed); !got.Cached {
			t.Errorf("%s: is not kept", name)
		}
	}
}

// TestKinds: a new kind in the cluster has only those rendered anew that ask what it serves.
func TestKinds(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{})
	server.Repository("app.git").Commit(map[string]string{
		"plain/1.yaml": config("one", "1"), "deaf/Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.0.0\n", "deaf/templates/c.yaml": config("one", "1"),
		"asks/Chart.yaml": "apiVersion: v2\nname: b\nversion: 1.0.0\n", "asks/templates/c.yaml": config("one", "{{ .Capabilities.APIVersions.Has `x/v1` }}"),
	})
	g, w := generator(t)
	w.trust("apps", server)
	for path, asks := range map[string]bool{"plain": false, "deaf": false, "asks": true} {
		req := app("x", source(server.HTTPS("app.git"), path))
		req.APIVersions = []string{"v1"}
		first := generate(t, g, req)
		req.APIVersions = []string{"v1", "x/v1"}
		if now := generate(t, g, req); now.AsksKinds != asks || now.Cached == asks || (now.Digest != first.Digest) != asks {
			t.Errorf("%s: cached %t, %s", path, now.Cached, names(now))
		}
		if again := generate(t, g, req); !again.Cached {
			t.Errorf("%s: rendered again with the same kinds", path)
		}
	}
}

// TestRevisionVariable: what depends on the revision itself is rendered with each.
func TestRevisionVariable(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{})
	served := server.Repository("app.git")
	served.Commit(map[string]string{
		"a/Chart.yaml": "apiVersion: v2\nname: a\nversion: 1.0.0\n", "a/templates/c.yaml": config("one", "{{ .Values.revision }}"), "a/values.yaml": "revision: none\n",
		"b/Chart.yaml": "apiVersion: v2\nname: b\nversion: 1.0.0\n", "b/templates/c.yaml": config("one", "{{ .Values.revision }}"),
		"b/.argocd-source.yaml": "helm:\n  parameters:\n  - name: revision\n    value: $ARGOCD_APP_REVISION\n",
	})
	g, w := generator(t)
	w.trust("apps", server)
	inline := source(server.HTTPS("app.git"), "a")
	inline.Helm = &appv1.ApplicationSourceHelm{Parameters: []appv1.HelmParameter{{Name: "revision", Value: "${ARGOCD_APP_REVISION}"}}}
	for range 2 {
		sha := served.Commit(map[string]string{"other": served.Git("rev-parse", "HEAD")})
		for _, s := range []appv1.ApplicationSource{inline, source(server.HTTPS("app.git"), "b")} {
			if got := names(generate(t, g, app("x", s))); got != "one="+sha {
				t.Errorf("%s: %s, want %s", s.Path, got, sha)
			}
		}
	}
}

// TestCredentials: each way in, by the Secret that fits.
func TestCredentials(t *testing.T) {
	clientCA := gitserver.NewCA(t)
	cert, key := clientCA.Client(t, "ada")
	basic := gitserver.Start(t, gitserver.Options{Username: "ada", Password: "s3cret", SSH: true})
	bearer := gitserver.Start(t, gitserver.Options{Token: "t0ken"})
	mutual := gitserver.Start(t, gitserver.Options{ClientCA: clientCA.PEM})
	for _, s := range []*gitserver.Server{basic, bearer, mutual} {
		s.Repository("org/app.git").Commit(map[string]string{"a.yaml": config("one", "1")})
	}
	password := map[string]string{"username": "ada", "password": "s3cret"}
	with := func(data map[string]string, more ...string) map[string]string {
		all := map[string]string{}
		for k, v := range data {
			all[k] = v
		}
		for i := 0; i < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	repo := basic.HTTPS("org/app.git")
	for _, c := range []struct {
		name   string
		server *gitserver.Server
		url    string
		kind   string
		data   map[string]string
		want   string // of the error, "" for none
	}{
		{"repository", basic, repo, "repository", with(password, "url", repo), ""},
		{"repository without .git", basic, repo, "repository", with(password, "url", strings.TrimSuffix(repo, ".git")), ""},
		{"repo-creds", basic, repo, "repo-creds", with(password, "url", basic.URL()+"/git/org"), ""},
		{"repo-creds of the host", basic, repo, "repo-creds", with(password, "url", basic.URL()), ""},
		{"repo-creds of another folder", basic, repo, "repo-creds", with(password, "url", basic.URL()+"/git/other"), "authentication required"},
		{"repo-creds of the beginning of the host", basic, repo, "repo-creds", with(password, "url", basic.URL()[:len(basic.URL())-1]), "authentication required"},
		{"another repository", basic, repo, "repository", with(password, "url", repo+"x"), "authentication required"},
		{"another label", basic, repo, "cluster", with(password, "url", repo), "authentication required"},
		{"its project", basic, repo, "repository", with(password, "url", repo, "project", "default"), ""},
		{"another project", basic, repo, "repository", with(password, "url", repo, "project", "other"), "authentication required"},
		{"wrong", basic, repo, "repository", map[string]string{"url": repo, "username": "ada", "password": "wrong"}, "authentication required"},
		{"bearer", bearer, bearer.HTTPS("org/app.git"), "repository", map[string]string{"url": bearer.HTTPS("org/app.git"), "bearerToken": "t0ken"}, ""},
		{"client certificate", mutual, mutual.HTTPS("org/app.git"), "repo-creds", map[string]string{"url": mutual.URL(), "tlsClientCertData": cert, "tlsClientCertKey": key}, ""},
		{"ssh", basic, basic.SSH("org/app.git"), "repository", map[string]string{"url": basic.SSH("org/app.git"), "sshPrivateKey": basic.PrivateKey}, ""},
		{"ssh by repo-creds", basic, basic.SSH("org/app.git"), "repo-creds", map[string]string{"url": basic.SSH("org"), "sshPrivateKey": basic.PrivateKey}, ""},
		{"lfs", basic, repo, "repository", with(password, "url", repo, "enableLfs", "true"), "enableLfs is not supported"},
		{"no lfs", basic, repo, "repository", with(password, "url", repo, "enableLfs", "false"), ""},
		{"azure", basic, repo, "repo-creds", map[string]string{"url": basic.URL(), "useAzureWorkloadIdentity": "true"}, "useAzureWorkloadIdentity is not supported"},
		{"oci", basic, repo, "repository", map[string]string{"url": repo, "type": "oci"}, "type is not supported"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, w := generator(t)
			w.trust("apps", c.server)
			w.add("apps", c.kind, c.data)
			w.add("elsewhere", "repository", with(password, "url", repo))
			_, err := g.Generate(t.Context(), app("x", source(c.url, ".")))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			if err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "wrong\"")) {
				t.Errorf("a secret is in the error: %v", err)
			}
		})
	}
	t.Run("the longest prefix, the project first", func(t *testing.T) {
		g, w := generator(t)
		w.trust("apps", basic)
		w.add("apps", "repo-creds", map[string]string{"url": basic.URL(), "username": "ada", "password": "wrong"})
		w.add("apps", "repo-creds", map[string]string{"url": basic.URL() + "/git/org", "username": "ada", "password": "wrong"})
		w.add("apps", "repo-creds", with(password, "url", basic.URL()+"/git/org", "project", "p"))
		w.add("apps", "repository", map[string]string{"url": repo})
		if _, err := g.Generate(t.Context(), inProject(app("x", source(repo, ".")), "p")); err != nil {
			t.Error(err)
		}
		if _, err := g.Generate(t.Context(), inProject(app("x", source(repo, ".")), "q")); err == nil {
			t.Error("another project uses the credentials")
		}
	})
	t.Run("without the certificate", func(t *testing.T) {
		g, w := generator(t)
		w.add("apps", "repository", with(password, "url", repo))
		if _, err := g.Generate(t.Context(), app("x", source(repo, "."))); err == nil || !strings.Contains(err.Error(), "unknown authority") {
			t.Errorf("%v", err)
		}
		w.add("apps", "repository", with(password, "url", bearer.HTTPS("org/app.git"), "bearerToken", "t0ken", "insecure", "true"))
		if _, err := g.Generate(t.Context(), app("x", source(bearer.HTTPS("org/app.git"), "."))); err != nil {
			t.Errorf("insecure: %v", err)
		}
	})
}

// TestRefused: what is not supported is refused by the name of its field.
func TestRefused(t *testing.T) {
	g, _ := generator(t)
	for want, sources := range map[string][]appv1.ApplicationSource{
		"no source":                  {},
		"source: repoURL":            {{RepoURL: "oci://host/x"}},
		"source: plugin":             {{RepoURL: "https://host/x", Plugin: &appv1.ApplicationSourcePlugin{}}},
		"sources[1]: ref":            {{RepoURL: "https://host/x", Ref: "a"}, {RepoURL: "https://host/x", Ref: "a"}},
		"sources[0]: ref: must":      {{RepoURL: "https://host/x", Ref: "../a"}, {RepoURL: "https://host/x", Ref: "a"}},
		"source: ref: a chart":       {{RepoURL: "https://host/x", Ref: "a", Chart: "c"}},
		"file:// repositories":       {{RepoURL: "file:///etc", Path: "."}},
		"has no scheme":              {{RepoURL: "/etc", Path: "."}},
		"the scheme \"file\" is not": {{RepoURL: "file:///etc", Chart: "c"}},
	} {
		if _, err := g.Generate(t.Context(), app("x", sources...)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", want, err)
		}
	}
}

// TestPermits: what an operation brings instead of the application's own sources is asked about, too.
func TestPermits(t *testing.T) {
	g, _ := generator(t)
	req := app("x", source("https://ada:s3cret@host.invalid/x.git", "."))
	req.Permits = func(repo string) bool { return !strings.Contains(repo, "host.invalid") }
	const want = `source: the repository https://host.invalid/x.git is not permitted in project "default"`
	if _, err := g.Generate(t.Context(), req); err == nil || err.Error() != want {
		t.Errorf("generate: %v", err)
	}
	if _, err := g.Resolve(t.Context(), req); err == nil || err.Error() != want {
		t.Errorf("resolve: %v", err)
	}
}

// TestRenderErrors: the renderer's errors arrive as they are, and are not kept.
func TestRenderErrors(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{})
	served := server.Repository("app.git")
	served.Commit(map[string]string{"1.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: [\n", "out.yaml": gitserver.Link("../../etc/passwd")})
	g, w := generator(t)
	w.trust("apps", server)
	_, err := g.Generate(t.Context(), app("x", source(server.HTTPS("app.git"), ".")))
	var wrong *render.Error
	if !errors.As(err, &wrong) {
		t.Errorf("%v", err)
	}
	served.Commit(map[string]string{"1.yaml": config("one", "1")})
	if _, err := g.Generate(t.Context(), app("x", source(server.HTTPS("app.git"), "."))); err == nil || !strings.Contains(err.Error(), "out.yaml: the symbolic link leads out of the repository") {
		t.Errorf("a link out of the repository: %v", err)
	}
	served.Commit(map[string]string{"out.yaml": gitserver.Deleted})
	if got := names(generate(t, g, app("x", source(server.HTTPS("app.git"), ".")))); got != "one=1" {
		t.Errorf("mended: %s", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Generate(ctx, app("x", source(server.HTTPS("app.git"), "."))); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	u, _ := url.Parse(server.URL())
	if _, err := g.Generate(t.Context(), app("x", source("https://ada:s3cret@"+u.Host+"/git/none.git", "."))); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a password in the URL: %v", err)
	}
}
