// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package gitserver

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	deleted = "\x00deleted"
	linkTo  = "\x00link:"
)

// Deleted is the content of a file that a commit removes.
const Deleted = deleted

// Link is the content of a symbolic link.
func Link(target string) string { return linkTo + target }

// Repository is a bare repository on the server, with a working tree beside it to commit from.
type Repository struct {
	// Name is the path on the server.
	Name string

	t    testing.TB
	bare string
	work string
}

// Repository makes an empty repository whose HEAD is the branch main. Its name is part of its URLs, such as team/app.git.
func (s *Server) Repository(name string) *Repository {
	s.t.Helper()
	r := &Repository{Name: name, t: s.t, bare: filepath.Join(s.Root, name), work: s.t.TempDir()}
	run(s.t, s.Root, "git", "init", "--quiet", "--bare", "--initial-branch=main", r.bare)
	run(s.t, r.work, "git", "init", "--quiet", "--initial-branch=main")
	run(s.t, r.work, "git", "remote", "add", "origin", r.bare)
	r.Config("uploadpack.allowReachableSHA1InWant", "true")
	r.Config("uploadpack.allowFilter", "true")
	r.Config("receive.denyDeletes", "false")
	return r
}

// Config sets what git config sets. At first, any commit can be fetched by its SHA, and filters are allowed.
func (r *Repository) Config(key, value string) {
	r.t.Helper()
	run(r.t, r.bare, "git", "config", key, value)
}

// Git runs git in the working tree.
func (r *Repository) Git(args ...string) string {
	r.t.Helper()
	return run(r.t, r.work, "git", args...)
}

// Commit commits files to the branch that the working tree is on, pushes it, and returns the SHA.
func (r *Repository) Commit(files map[string]string) string {
	r.t.Helper()
	for name, content := range files {
		r.write(name, content)
	}
	r.Git("add", "--all")
	r.Git("commit", "--quiet", "--allow-empty", "--message", "change")
	r.Push("HEAD")
	return r.Git("rev-parse", "HEAD")
}

func (r *Repository) write(name, content string) {
	r.t.Helper()
	at := filepath.Join(r.work, name)
	err := os.RemoveAll(at)
	if err == nil && content != deleted {
		if err = os.MkdirAll(filepath.Dir(at), 0o755); err == nil {
			if target, link := strings.CutPrefix(content, linkTo); link {
				err = os.Symlink(target, at)
			} else {
				err = os.WriteFile(at, []byte(content), 0o644)
			}
		}
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// Branch goes to a branch, which it makes of where the working tree is if there is none, and pushes it.
func (r *Repository) Branch(name string) {
	r.t.Helper()
	r.Git("checkout", "--quiet", "-B", name)
	r.Push("HEAD")
}

// Tag makes a tag where the working tree is, an annotated one if it has a message, and pushes it.
func (r *Repository) Tag(name, message string) {
	r.t.Helper()
	args := []string{"tag", "--force", name}
	if message != "" {
		args = append(args, "--annotate", "--message", message)
	}
	r.Git(args...)
	r.Push("refs/tags/" + name)
}

// Push pushes a ref, also if it is no descendant of what is there.
func (r *Repository) Push(ref string) {
	r.t.Helper()
	r.Git("push", "--quiet", "--force", "origin", ref)
}
