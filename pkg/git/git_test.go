// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package git_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"argosy.dev/argosy/hack/e2e/gitserver"
	"argosy.dev/argosy/pkg/git"
	"argosy.dev/argosy/pkg/remote"
)

func store(t testing.TB, o git.Options) *git.Store {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	o.AllowLocal = true
	s, err := git.NewStore(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func open(t testing.TB, s *git.Store, url string, access remote.Access) *git.Repository {
	t.Helper()
	r, err := s.Repository(url, access)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// content resolves a revision and reads a file of it.
func content(t testing.TB, r *git.Repository, revision, file string) string {
	t.Helper()
	text, err := read(t, r, revision, file)
	if err != nil {
		t.Fatalf("%s at %q: %v", file, revision, err)
	}
	return text
}

func read(t testing.TB, r *git.Repository, revision, file string) (string, error) {
	t.Helper()
	found, err := r.Resolve(t.Context(), revision, "", 0)
	if err != nil {
		return "", err
	}
	tree, err := r.Tree(t.Context(), found.Commit)
	if err != nil {
		return "", err
	}
	defer tree.Close() //nolint:errcheck // It is checked by the test of Close.
	text, err := tree.ReadFile(file)
	return string(text), err
}

// TestTransports reads by each way there is, a second commit after a first.
func TestTransports(t *testing.T) {
	basic := gitserver.Start(t, gitserver.Options{Username: "ada", Password: "s3cret", SSH: true})
	bearer := gitserver.Start(t, gitserver.Options{Token: "t0ken"})
	clientCA := gitserver.NewCA(t)
	mutual := gitserver.Start(t, gitserver.Options{ClientCA: clientCA.PEM})
	plain := gitserver.Start(t, gitserver.Options{Plain: true})
	azure := gitserver.Start(t, gitserver.Options{Token: "t0ken", MultiACK: true})
	cert, key := clientCA.Client(t, "ada")
	for _, c := range []struct {
		name   string
		server *gitserver.Server
		url    func(string) string
		access remote.Access
	}{
		{"https with password", basic, basic.HTTPS, remote.Access{Username: "ada", Password: "s3cret", CA: string(basic.CA)}},
		{"https with a redirect", basic, basic.Moved, remote.Access{Username: "ada", Password: "s3cret", CA: string(basic.CA)}},
		{"https with bearer", bearer, bearer.HTTPS, remote.Access{BearerToken: "t0ken", CA: string(bearer.CA)}},
		{"https with a client certificate", mutual, mutual.HTTPS, remote.Access{ClientCert: cert, ClientKey: key, CA: string(mutual.CA)}},
		{"https, any certificate", bearer, bearer.HTTPS, remote.Access{BearerToken: "t0ken", Insecure: true}},
		{"https, password in the URL", basic, func(name string) string { return strings.Replace(basic.HTTPS(name), "://", "://ada:s3cret@", 1) }, remote.Access{CA: string(basic.CA)}},
		{"https of Azure DevOps", azure, azure.HTTPS, remote.Access{BearerToken: "t0ken", CA: string(azure.CA)}},
		{"http", plain, plain.HTTPS, remote.Access{}},
		{"ssh", basic, basic.SSH, remote.Access{PrivateKey: basic.PrivateKey, KnownHosts: basic.KnownHosts}},
		{"ssh, any host key", basic, basic.SSH, remote.Access{PrivateKey: basic.PrivateKey, Insecure: true}},
		{"file", basic, basic.File, remote.Access{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := strings.ReplaceAll(strings.ReplaceAll(c.name, " ", "-"), ",", "") + ".git"
			served := c.server.Repository(name)
			served.Commit(map[string]string{"a.txt": "one", "deep/b.txt": strings.Repeat("long ", 10000)})
			r := open(t, store(t, git.Options{FileDirs: []string{c.server.Root}}), c.url(name), c.access)
			if got := content(t, r, "", "a.txt"); got != "one" {
				t.Errorf("first commit: %q", got)
			}
			before := r.Counters().Bytes
			served.Commit(map[string]string{"a.txt": "two"})
			if got := content(t, r, "main", "a.txt"); got != "two" {
				t.Errorf("second commit: %q", got)
			}
			if got := content(t, r, "main", "deep/b.txt"); len(got) != 50000 {
				t.Errorf("a file of the first commit has %d bytes in the second", len(got))
			}
			if more := r.Counters().Bytes - before; c.name != "file" && more > 600 {
				t.Errorf("the second fetch took %d bytes, also what was there", more)
			}
			if n := r.Counters().Fetches; n != 2 {
				t.Errorf("%d fetches", n)
			}
		})
	}
}

// TestRefusals has what must not work, and looks for secrets in the errors.
func TestRefusals(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{Username: "ada", Password: "s3cret", SSH: true})
	served := server.Repository("app.git")
	served.Commit(map[string]string{"a.txt": "one"})
	other := gitserver.Start(t, gitserver.Options{SSH: true})
	ca := string(server.CA)
	for _, c := range []struct {
		name, url string
		access    remote.Access
		want      string
	}{
		{"no credentials", server.HTTPS("app.git"), remote.Access{CA: ca}, "authentication required"},
		{"wrong password", server.HTTPS("app.git"), remote.Access{CA: ca, Username: "ada", Password: "Wr0ngWord"}, "authentication required"},
		{"wrong password in the URL", strings.Replace(server.HTTPS("app.git"), "://", "://ada:Wr0ngWord@", 1), remote.Access{CA: ca}, "authentication required"},
		{"unknown CA", server.HTTPS("app.git"), remote.Access{Username: "ada", Password: "s3cret"}, "certificate signed by unknown authority"},
		{"another CA", server.HTTPS("app.git"), remote.Access{Username: "ada", Password: "s3cret", CA: string(other.CA)}, "certificate signed by unknown authority"},
		{"no such repository", server.HTTPS("none.git"), remote.Access{CA: ca, Username: "ada", Password: "s3cret"}, "repository not found"},
		{"no such repository by ssh", server.SSH("none.git"), remote.Access{PrivateKey: server.PrivateKey, KnownHosts: server.KnownHosts}, "repository not found"},
		{"unknown host key", server.SSH("app.git"), remote.Access{PrivateKey: server.PrivateKey}, "no SSH host key"},
		{"changed host key", server.SSH("app.git"), remote.Access{PrivateKey: server.PrivateKey, KnownHosts: sameHost(server.KnownHosts, other.KnownHosts)}, "is not the known one"},
		{"another key", server.SSH("app.git"), remote.Access{PrivateKey: other.PrivateKey, KnownHosts: server.KnownHosts}, "unable to authenticate"},
		{"no key", server.SSH("app.git"), remote.Access{PrivateKey: "-----BEGIN s3cret", KnownHosts: server.KnownHosts}, "is not a private key"},
		{"a bad client certificate", server.HTTPS("app.git"), remote.Access{ClientCert: "s3cret", ClientKey: "s3cret"}, "are not a certificate and its key"},
		{"a proxy that does not answer", "https://git.invalid/app.git", remote.Access{CA: ca, Proxy: "http://u:s3cret@127.0.0.1:1"}, "127.0.0.1:1"},
		{"a proxy that cannot be", server.HTTPS("app.git"), remote.Access{CA: ca, Proxy: "ftp://u:s3cret@x"}, "proxy: must be a URL"},
		{"ssh by an http proxy", server.SSH("app.git"), remote.Access{PrivateKey: server.PrivateKey, KnownHosts: server.KnownHosts, Proxy: "http://u:s3cret@127.0.0.1:1"}, "socks5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := open(t, store(t, git.Options{}), c.url, c.access)
			t.Setenv("TMPDIR", "/nowhere") // A server's file system may be read-only but for the store.
			_, err := r.Resolve(t.Context(), "main", "", 0)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			for _, secret := range []string{"s3cret", "Wr0ngWord", "BEGIN"} {
				if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, secret) {
					t.Errorf("a secret is in the error: %s", text)
				}
			}
		})
	}
	for _, url := range []string{server.File("app.git"), "/etc", "ext::sh -c id", "git://host/x", "ftp://host/x", "oci://host/x", "https://host", "ssh://-oProxyCommand=x/y", "host:-x", "https://h/a\nb"} {
		if _, err := store(t, git.Options{}).Repository(url, remote.Access{}); err == nil {
			t.Errorf("%q is taken", url)
		}
	}
}

func sameHost(known, other string) string {
	return strings.Fields(known)[0] + " " + strings.Join(strings.Fields(other)[1:], " ")
}

// TestFiles: repositories are files of the server in folders only that the administrator names.
func TestFiles(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{})
	served := server.Repository("team/app.git")
	served.Commit(map[string]string{"a.txt": "one"})
	elsewhere := gitserver.Start(t, gitserver.Options{})
	elsewhere.Repository("secret.git").Commit(map[string]string{"a.txt": "secret"})
	must(t, os.Symlink(filepath.Join(elsewhere.Root, "secret.git"), filepath.Join(server.Root, "out.git")))
	must(t, os.Mkdir(filepath.Join(server.Root, "tree"), 0o755))
	must(t, os.Symlink(filepath.Join(elsewhere.Root, "secret.git"), filepath.Join(server.Root, "tree", ".git")))
	alias := filepath.Join(t.TempDir(), "alias")
	must(t, os.Symlink(server.Root, alias))
	for _, c := range []struct {
		name, url string
		dirs      []string
		want      string // of the error, "" for none
	}{
		{"nothing is allowed", server.File("team/app.git"), nil, "--application-repository-dirs"},
		{"the folder", server.File("team/app.git"), []string{"/nowhere", server.Root}, ""},
		{"the repository itself", server.File("team/app.git"), []string{filepath.Join(server.Root, "team/app.git")}, ""},
		{"a link to the folder is allowed", "file://" + alias + "/team/app.git", []string{alias}, ""},
		{"another folder", server.File("team/app.git"), []string{elsewhere.Root}, "--application-repository-dirs"},
		{"the beginning of its name", server.File("team/app.git"), []string{strings.TrimSuffix(server.Root, filepath.Base(server.Root)) + "0"}, "--application-repository-dirs"},
		{"nothing there", server.File("none.git"), []string{server.Root}, "repository not found"},
		{"a link out of it", server.File("out.git"), []string{server.Root}, "--application-repository-dirs"},
		{"a working tree whose .git is a link out of it", server.File("tree"), []string{server.Root}, "--application-repository-dirs"},
		{"dots", server.File("team/../../secret.git"), []string{server.Root}, "--application-repository-dirs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := store(t, git.Options{FileDirs: c.dirs}).Repository(c.url, remote.Access{})
			text := ""
			if err == nil {
				text, err = read(t, r, "main", "a.txt")
			}
			if c.want == "" && (err != nil || text != "one") || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %q, %v, want %q", text, err, c.want)
			}
		})
	}
}

// TestLocalAddresses: what is the server's own is not reached unless it is allowed.
func TestLocalAddresses(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{SSH: true})
	server.Repository("app.git").Commit(map[string]string{"a.txt": "one"})
	s, err := git.NewStore(git.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // Nothing was opened.
	for _, url := range []string{server.HTTPS("app.git"), server.SSH("app.git")} {
		r := open(t, s, url, remote.Access{CA: string(server.CA), PrivateKey: server.PrivateKey, Insecure: true})
		if _, err := r.Resolve(t.Context(), "main", "", 0); err == nil || !strings.Contains(err.Error(), "the server's own") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// TestShared: many callers at once cost one list and one fetch, and those who want news get them.
func TestShared(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{})
	served := server.Repository("app.git")
	served.Commit(map[string]string{"a.txt": "one"})
	r := open(t, store(t, git.Options{}), server.HTTPS("app.git"), remote.Access{CA: string(server.CA)})
	together := func(age time.Duration, want string) {
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() {
				found, err := r.Resolve(t.Context(), "main", "", age)
				if err != nil {
					t.Error(err)
					return
				}
				tree, err := r.Tree(t.Context(), found.Commit)
				if err != nil {
					t.Error(err)
					return
				}
				defer tree.Close() //nolint:errcheck // It was only read.
				if text, err := tree.ReadFile("a.txt"); string(text) != want {
					t.Errorf("%q %v", text, err)
				}
			})
		}
		all.Wait()
	}
	together(time.Hour, "one")
	if c := r.Counters(); c.Lists != 1 || c.Fetches != 1 {
		t.Errorf("after the first: %+v", c)
	}
	served.Commit(map[string]string{"a.txt": "two"})
	together(time.Hour, "one")
	if c := r.Counters(); c.Lists != 1 || c.Fetches != 1 {
		t.Errorf("with old refs: %+v", c)
	}
	together(0, "two")
	if c := r.Counters(); c.Lists > 12 || c.Fetches != 2 {
		t.Errorf("with new refs: %+v", c)
	}
}

// TestRestart: a store that is opened again has what it had, one that was damaged is built anew.
func TestRestart(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{})
	served := server.Repository("app.git")
	sha := served.Commit(map[string]string{"a.txt": "one"})
	dir := t.TempDir()
	access := remote.Access{CA: string(server.CA)}
	visit := func(damage func(pack string)) git.Counters {
		t.Helper()
		s, err := git.NewStore(git.Options{Dir: dir, AllowLocal: true})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close() //nolint:errcheck // What is on disk is what counts.
		if damage != nil {
			packs, err := filepath.Glob(filepath.Join(dir, "*", "*", "objects", "pack", "*.pack"))
			if err != nil || len(packs) == 0 {
				t.Fatal("no packs", err)
			}
			for _, pack := range packs {
				damage(pack)
			}
		}
		r := open(t, s, server.HTTPS("app.git"), access)
		text, err := read(t, r, sha, "a.txt")
		if errors.Is(err, git.ErrCorrupt) {
			text, err = read(t, r, sha, "a.txt")
		}
		if text != "one" || err != nil {
			t.Fatalf("%q %v", text, err)
		}
		return r.Counters()
	}
	if c := visit(nil); c.Fetches != 1 {
		t.Errorf("first: %+v", c)
	}
	if c := visit(nil); c.Fetches != 0 {
		t.Errorf("second: %+v", c)
	}
	for name, damage := range map[string]func(string){
		"removed": func(pack string) { must(t, os.Remove(pack)) },
		"cut":     func(pack string) { must(t, os.Truncate(pack, 40)) },
		"zeroed":  func(pack string) { must(t, os.WriteFile(pack, make([]byte, 500), 0o600)) },
		"no index": func(pack string) {
			must(t, os.WriteFile(strings.TrimSuffix(pack, ".pack")+".idx", []byte("nothing"), 0o600))
		},
		"no state": func(pack string) {
			must(t, os.WriteFile(filepath.Join(filepath.Dir(pack), "..", "..", "state.json"), []byte("{"), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			damaged := func(pack string) {
				must(t, os.Chmod(pack, 0o600))
				_ = os.Chmod(strings.TrimSuffix(pack, ".pack")+".idx", 0o600)
				damage(pack)
			}
			if c := visit(damaged); c.Fetches != 1 {
				t.Errorf("%+v", c)
			}
			if c := visit(nil); c.Fetches != 0 {
				t.Errorf("afterwards: %+v", c)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestGenerations: after so many fetches a store begins anew, and what is being read stays readable.
func TestGenerations(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{})
	served := server.Repository("app.git")
	dir := t.TempDir()
	r := open(t, store(t, git.Options{Dir: dir, Limits: git.Limits{Packs: 3}}), server.HTTPS("app.git"), remote.Access{CA: string(server.CA)})
	first := served.Commit(map[string]string{"a.txt": "0", "b.txt": "b"})
	tree, err := r.Tree(t.Context(), first)
	must(t, err)
	if _, err := tree.ReadFile("b.txt"); err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		served.Commit(map[string]string{"a.txt": fmt.Sprint(i)})
		if got := content(t, r, "main", "a.txt"); got != fmt.Sprint(i) {
			t.Errorf("commit %d: %q", i, got)
		}
		if text, err := tree.ReadFile("a.txt"); string(text) != "0" {
			t.Fatalf("the first commit, after %d others: %q %v", i, text, err)
		}
	}
	must(t, tree.Close())
	kept, err := filepath.Glob(filepath.Join(dir, "*", "[0-9]*"))
	if err != nil || len(kept) != 1 {
		t.Errorf("generations on disk: %v %v", kept, err)
	}
	if got := content(t, r, first, "a.txt"); got != "0" {
		t.Errorf("the first commit, fetched again: %q", got)
	}
}

// TestLimits: what is too large is refused before it takes memory or disk.
func TestLimits(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{SSH: true})
	served := server.Repository("app.git")
	served.Commit(map[string]string{"zeros": strings.Repeat("\x00", 8<<20), "a.txt": "one"})
	access := remote.Access{CA: string(server.CA), PrivateKey: server.PrivateKey, KnownHosts: server.KnownHosts}
	for name, limits := range map[string]git.Limits{
		"object": {Object: 1 << 20}, "inflated": {Inflated: 4 << 20}, "objects": {Objects: 2}, "pack": {Pack: 300}, "refs": {Refs: 100},
	} {
		for _, url := range []string{server.HTTPS("app.git"), server.SSH("app.git")} {
			if name == "refs" && strings.HasPrefix(url, "ssh") {
				continue // Over SSH the two limits are one.
			}
			r := open(t, store(t, git.Options{Limits: limits}), url, access)
			if _, err := read(t, r, "main", "a.txt"); !errors.Is(err, git.ErrTooLarge) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	r := open(t, store(t, git.Options{Limits: git.Limits{RefsTime: time.Nanosecond}}), server.HTTPS("app.git"), access)
	if _, err := read(t, r, "main", "a.txt"); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("time: %v", err)
	}
}

// TestSweep removes what nobody uses, and only that.
func TestSweep(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{})
	for _, name := range []string{"a.git", "b.git"} {
		server.Repository(name).Commit(map[string]string{"a.txt": name})
	}
	now := time.Now()
	dir := t.TempDir()
	s := store(t, git.Options{Dir: dir, Now: func() time.Time { return now }})
	access := remote.Access{CA: string(server.CA)}
	content(t, open(t, s, server.HTTPS("a.git"), access), "main", "a.txt")
	content(t, open(t, s, server.HTTPS("b.git"), access), "main", "a.txt")
	now = now.Add(6 * 24 * time.Hour)
	b := open(t, s, server.HTTPS("b.git"), access)
	now = now.Add(6 * 24 * time.Hour)
	must(t, s.Sweep())
	kept, err := filepath.Glob(filepath.Join(dir, "*", "1"))
	if err != nil || len(kept) != 1 {
		t.Errorf("kept: %v %v", kept, err)
	}
	content(t, b, "main", "a.txt")
	if n := b.Counters().Fetches; n != 1 {
		t.Errorf("%d fetches of what is in use", n)
	}
}
