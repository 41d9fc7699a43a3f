// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// nodeAddress is where pods of the local cluster reach this machine.
const nodeAddress = "10.25.0.1"

// monorepo is a Git repository with a folder for each application, served by Git's own HTTP backend.
type monorepo struct {
	dir, url, head string
	server         *http.Server
	done           chan struct{}
}

func folder(i int) string { return fmt.Sprintf("apps/%d", i) }

func objectName(i, k int) string { return fmt.Sprintf("cm-%d-%d", i, k) }

// newMonorepo makes the repository and serves it.
func newMonorepo(ctx context.Context, n int) (*monorepo, error) {
	dir, err := os.MkdirTemp("", "argosy-bench-")
	if err != nil {
		return nil, err
	}
	r := &monorepo{dir: dir, done: make(chan struct{})}
	fail := func(err error) (*monorepo, error) { return nil, errors.Join(err, os.RemoveAll(dir)) }
	for i := range n {
		for k := range objectsOf {
			if err := r.write(i, k, "first"); err != nil {
				return fail(err)
			}
		}
	}
	for _, args := range [][]string{
		{"init", "-q", "-b", "main", "."}, {"add", "."}, {"-c", "user.name=bench", "-c", "user.email=bench@example.com", "commit", "-q", "-m", "first"},
		{"config", "uploadpack.allowAnySHA1InWant", "true"},
	} {
		if _, err := r.git(ctx, args...); err != nil {
			return fail(err)
		}
	}
	if r.head, err = r.git(ctx, "rev-parse", "HEAD"); err != nil {
		return fail(err)
	}
	backend, err := exec.CommandContext(ctx, "git", "--exec-path").Output()
	if err != nil {
		return fail(fmt.Errorf("find git's programs: %w", err))
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(nodeAddress, "0"))
	if err != nil {
		return fail(err)
	}
	r.url = "http://" + listener.Addr().String() + "/.git"
	r.server = &http.Server{ReadHeaderTimeout: time.Minute, Handler: &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(backend)), "git-http-backend"),
		Env: []string{"GIT_PROJECT_ROOT=" + dir, "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_GLOBAL=/dev/null",
			"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"},
	}}
	go func() {
		defer close(r.done)
		_ = r.server.Serve(listener) // which ends when it is closed
	}()
	return r, nil
}

func (r *monorepo) close() {
	_ = r.server.Close()
	<-r.done
	_ = os.RemoveAll(r.dir)
}

func (r *monorepo) write(i, k int, value string) error {
	dir := filepath.Join(r.dir, folder(i))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	manifest := fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {value: %s}\n", objectName(i, k), value)
	return os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.yaml", k)), []byte(manifest), 0o644)
}

// change commits another value of one object, and returns the commit.
func (r *monorepo) change(ctx context.Context, i int, value string) (string, error) {
	if err := r.write(i, 0, value); err != nil {
		return "", err
	}
	if _, err := r.git(ctx, "-c", "user.name=bench", "-c", "user.email=bench@example.com", "commit", "-q", "-a", "-m", value); err != nil {
		return "", err
	}
	return r.git(ctx, "rev-parse", "HEAD")
}

func (r *monorepo) git(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = r.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, out)
	}
	return strings.TrimSpace(string(out)), nil
}
