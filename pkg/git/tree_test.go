// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package git_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"
	"testing"
	"time"

	"argosy.dev/argosy/hack/e2e/gitserver"
	"argosy.dev/argosy/pkg/git"
	"argosy.dev/argosy/pkg/remote"
)

// TestCommitNotAtTip: a commit that no ref leads to is fetched alone where the server allows it, else with all history.
func TestCommitNotAtTip(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{SSH: true})
	for _, allowed := range []bool{true, false} {
		for _, ssh := range []bool{true, false} {
			t.Run(fmt.Sprintf("allowed=%t ssh=%t", allowed, ssh), func(t *testing.T) {
				name := fmt.Sprintf("old-%t-%t.git", allowed, ssh)
				served := server.Repository(name)
				served.Config("uploadpack.allowReachableSHA1InWant", fmt.Sprint(allowed))
				first := served.Commit(map[string]string{"a.txt": "one"})
				second := served.Commit(map[string]string{"a.txt": "two"})
				served.Commit(map[string]string{"a.txt": "three"})
				url := server.HTTPS(name)
				if ssh {
					url = server.SSH(name)
				}
				r := open(t, store(t, git.Options{}), url, remote.Access{CA: string(server.CA), PrivateKey: server.PrivateKey, KnownHosts: server.KnownHosts})
				for revision, want := range map[string]string{first: "one", "main": "three", second: "two", strings.ToUpper(first): "one"} {
					if got := content(t, r, revision, "a.txt"); got != want {
						t.Errorf("%s: %q, want %q", revision, got, want)
					}
				}
				if full := r.Counters().Full; allowed == (full > 0) {
					t.Errorf("%d fetches of all history", full)
				}
				_, err := read(t, r, "0123456789012345678901234567890123456789", "a.txt")
				if err == nil {
					t.Error("a commit that is not there is found")
				}
			})
		}
	}
}

// TestRevisions resolves all kinds of revisions.
func TestRevisions(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{})
	served := server.Repository("app.git")
	shas := map[string]string{}
	for _, version := range []string{"1.0.0", "1.1.0", "1.2.0", "2.0.0", "2.1.0-rc.1"} {
		shas[version] = served.Commit(map[string]string{"v": version})
		message := ""
		if version == "1.2.0" || version == "2.0.0" {
			message = "release"
		}
		served.Tag("v"+version, message)
		served.Tag("web-"+version, message)
	}
	served.Tag("web-9.0.0", "annotated")
	served.Tag("stable", "")
	served.Branch("release-1.0")
	shas["branch"] = served.Commit(map[string]string{"v": "branch"})
	served.Git("push", "--quiet", "origin", "HEAD:refs/pull/7/head")
	for _, filter := range []string{"true", "false"} {
		served.Config("uploadpack.allowFilter", filter)
		r := open(t, store(t, git.Options{}), server.HTTPS("app.git"), remote.Access{CA: string(server.CA)})
		for _, c := range []struct{ revision, prefix, want, ref string }{
			{"", "", "2.1.0-rc.1", "refs/heads/main"},
			{"HEAD", "", "2.1.0-rc.1", "refs/heads/main"},
			{"main", "", "2.1.0-rc.1", "refs/heads/main"},
			{"refs/heads/main", "", "2.1.0-rc.1", "refs/heads/main"},
			{"heads/main", "", "2.1.0-rc.1", "refs/heads/main"},
			{"v1.2.0", "", "1.2.0", "refs/tags/v1.2.0"},
			{"refs/tags/v1.2.0", "", "1.2.0", "refs/tags/v1.2.0"},
			{"1.x", "", "1.2.0", "refs/tags/v1.2.0"},
			{"^1.0.0", "", "1.2.0", "refs/tags/v1.2.0"},
			{"~1.0", "", "1.0.0", "refs/tags/v1.0.0"},
			{">=1.0.0 <1.2.0", "", "1.1.0", "refs/tags/v1.1.0"},
			{"*", "", "2.0.0", "refs/tags/v2.0.0"},
			{">=2.1.0-0", "", "2.1.0-rc.1", "refs/tags/v2.1.0-rc.1"},
			{"v1", "", "1.2.0", "refs/tags/v1.2.0"},
			{"*", "web-", "2.1.0-rc.1", "refs/tags/web-9.0.0"},
			{"1.x", "web-", "1.2.0", "refs/tags/web-1.2.0"},
			{"release-1.0", "", "branch", "refs/heads/release-1.0"},
			{"refs/pull/7/head", "", "branch", "refs/pull/7/head"},
			{"stable", "", "2.1.0-rc.1", "refs/tags/stable"},
			{shas["1.1.0"], "", "1.1.0", ""},
			{shas["1.1.0"][:7], "", "1.1.0", ""},
			{strings.ToUpper(shas["1.1.0"][:12]), "", "1.1.0", ""},
		} {
			got, err := r.Resolve(t.Context(), c.revision, c.prefix, time.Minute)
			if err != nil || got.Commit != shas[c.want] || got.Ref != c.ref {
				t.Errorf("%q: %v %v, want %s %s", c.revision, got, err, shas[c.want], c.ref)
			}
			if text := content(t, r, got.Commit, "v"); text != c.want {
				t.Errorf("%q: the file says %q, want %q", c.revision, text, c.want)
			}
		}
		for _, revision := range []string{"none", "3.x", ">=5", "abcdef0", "refs/heads/none", strings.Repeat("x", 300)} {
			if _, err := r.Resolve(t.Context(), revision, "", time.Minute); !errors.Is(err, git.ErrRevision) {
				t.Errorf("%q: %v", revision, err)
			}
		}
	}
}

// TestNewBranch: what was pushed after the refs were asked for is found, however old these may be for what is known.
func TestNewBranch(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{})
	served := server.Repository("app.git")
	served.Commit(map[string]string{"a.txt": "one"})
	now := time.Now()
	r := open(t, store(t, git.Options{Now: func() time.Time { return now }}), server.HTTPS("app.git"), remote.Access{CA: string(server.CA)})
	resolve := func(revision string) (git.Revision, error) {
		return r.Resolve(t.Context(), revision, "", math.MaxInt64)
	}
	if _, err := resolve("main"); err != nil {
		t.Fatal(err)
	}
	served.Branch("new")
	if _, err := resolve("new"); !errors.Is(err, git.ErrRevision) {
		t.Errorf("refs that are seconds old are asked for again: %v", err)
	}
	now = now.Add(time.Minute)
	if _, err := resolve("main"); err != nil || r.Counters().Lists != 1 {
		t.Errorf("what is known is asked for again: %v", err)
	}
	if found, err := resolve("new"); err != nil || found.Ref != "refs/heads/new" {
		t.Errorf("the new branch: %+v, %v", found, err)
	}
	if _, err := resolve("none"); !errors.Is(err, git.ErrRevision) || r.Counters().Lists != 2 {
		t.Errorf("what is not there, after %d lists: %v", r.Counters().Lists, err)
	}
}

// TestLinks follows links within the tree only.
func TestLinks(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{})
	served := server.Repository("app.git")
	served.Commit(map[string]string{
		"base/a.txt": "a", "app/b.txt": gitserver.Link("../base/a.txt"), "app/dir": gitserver.Link("../base"), "app/self": gitserver.Link("self"),
		"app/out": gitserver.Link("../../etc/passwd"), "app/abs": gitserver.Link("/etc/passwd"), "app/none": gitserver.Link("nowhere"),
		"app/x": gitserver.Link("y"), "app/y": gitserver.Link("x"), "app/up": gitserver.Link(".."), "app/through": gitserver.Link("dir/../base/a.txt"),
	})
	r := open(t, store(t, git.Options{}), server.HTTPS("app.git"), remote.Access{CA: string(server.CA)})
	found, err := r.Resolve(t.Context(), "main", "", 0)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := r.Tree(t.Context(), found.Commit)
	if err != nil {
		t.Fatal(err)
	}
	defer tree.Close() //nolint:errcheck // It was only read.
	for _, name := range []string{"base/a.txt", "app/b.txt", "app/dir/a.txt", "app/up/app/up/base/a.txt", "app/through"} {
		if text, err := tree.ReadFile(name); string(text) != "a" {
			t.Errorf("%s: %q %v", name, text, err)
		}
	}
	for _, name := range []string{"app/out", "app/abs", "app/self", "app/x", "../etc/passwd", "app/abs/x"} {
		if _, err := tree.ReadFile(name); !errors.Is(err, git.ErrOutside) {
			t.Errorf("%s: %v", name, err)
		}
		if hash, err := tree.Hash(name); hash != git.Outside {
			t.Errorf("hash of %s: %v %v", name, hash, err)
		}
	}
	for _, name := range []string{"app/none", "none", "base/a.txt/x", "base", ""} {
		if _, err := tree.ReadFile(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	list, err := tree.ReadDir("app")
	if err != nil {
		t.Fatal(err)
	}
	// Links out of the tree, and those in a circle, are there: whoever reads one is told.
	want := "[{abs false 0 true} {b.txt false 1 true} {dir true 0 true} {out false 0 true} {self false 0 true} {through false 1 true} {up true 0 true} {x false 0 true} {y false 0 true}]"
	if got := fmt.Sprint(list); got != want {
		t.Errorf("list: %s", got)
	}
	for name, want := range map[string]string{"": "{ true 0 false}", "app": "{app true 0 false}", "app/b.txt": "{b.txt false 1 true}", "base/a.txt": "{a.txt false 1 false}", "app/dir": "{dir true 0 true}"} {
		if got, err := tree.Stat(name); fmt.Sprint(got) != want {
			t.Errorf("stat %q: %v %v, want %s", name, got, err, want)
		}
	}
	if a, _ := tree.Hash("base/a.txt"); !strings.HasPrefix(a, "blob:") {
		t.Errorf("hash of a file: %s", a)
	} else if b, _ := tree.Hash("app/b.txt"); a != b {
		t.Errorf("hash of a link: %s, of its target: %s", b, a)
	}
}

// TestSubmodules reads files of submodules through their own repositories.
func TestSubmodules(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{})
	lib := server.Repository("lib.git")
	libSHA := lib.Commit(map[string]string{"lib.txt": "lib", "back": gitserver.Link("../../top.txt")})
	lib.Commit(map[string]string{"lib.txt": "newer"})
	app := server.Repository("app.git")
	app.Commit(map[string]string{
		"top.txt": "top", "link": gitserver.Link("vendor/lib/lib.txt"),
		".gitmodules": "[submodule \"lib\"]\n\tpath = vendor/lib\n\turl = ../lib.git\n",
	})
	app.Git("update-index", "--add", "--cacheinfo", "160000,"+libSHA+",vendor/lib")
	app.Git("update-index", "--add", "--cacheinfo", "160000,"+libSHA+",vendor/unknown")
	app.Git("commit", "--quiet", "--message", "submodule")
	app.Push("HEAD")
	s := store(t, git.Options{})
	access := remote.Access{CA: string(server.CA)}
	r := open(t, s, server.HTTPS("app.git"), access)
	found, err := r.Resolve(t.Context(), "main", "", 0)
	must(t, err)
	tree, err := r.Tree(t.Context(), found.Commit)
	must(t, err)
	defer tree.Close() //nolint:errcheck // It was only read.
	if _, err := tree.ReadFile("vendor/lib/lib.txt"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without permission: %v", err)
	}
	asked := []string{}
	allowed, err := r.Tree(t.Context(), found.Commit)
	must(t, err)
	defer allowed.Close() //nolint:errcheck // It was only read.
	allowed.WithSubmodules(t.Context(), func(_ context.Context, at git.Address) (*git.Repository, error) {
		asked = append(asked, at.String())
		return s.Repository(at.String(), access)
	})
	if hash, err := allowed.Hash("vendor/lib"); hash != "module:"+libSHA || len(asked) != 0 {
		t.Errorf("hash of a submodule: %s %v, asked for %v", hash, err, asked)
	}
	for _, name := range []string{"vendor/lib/lib.txt", "link"} {
		if text, err := allowed.ReadFile(name); string(text) != "lib" {
			t.Errorf("%s: %q %v", name, text, err)
		}
	}
	if text, err := allowed.ReadFile("vendor/lib/back"); string(text) != "top" {
		t.Errorf("a link out of the submodule, into the repository: %q %v", text, err)
	}
	if _, err := allowed.ReadFile("vendor/unknown/x"); err == nil || !strings.Contains(err.Error(), ".gitmodules") {
		t.Errorf("a submodule without address: %v", err)
	}
	if len(asked) != 1 || asked[0] != server.HTTPS("lib.git") {
		t.Errorf("asked for %v", asked)
	}
}
