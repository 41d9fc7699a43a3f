// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package etcd

import (
	"context"
	"os"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
)

func tempDir(t *testing.T) string {
	t.Helper()
	// Not t.TempDir: its name repeats the test's, and a socket path is short.
	dir, err := os.MkdirTemp("", "argosy-etcd")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestDataSurvivesRestartAndStaleSocket(t *testing.T) {
	ctx := context.Background()
	dir := tempDir(t)
	s, err := Start(ctx, Config{Dir: dir, UnsafeNoFsync: true})
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "k", "v")

	if _, err := Start(ctx, Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("second start on the same directory: got %v", err)
	}
	s.Close()

	// What kill -9 leaves behind: a socket that nobody serves.
	if err := os.WriteFile(dir+"/"+socketName, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err = Start(ctx, Config{Dir: dir, UnsafeNoFsync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := get(t, s, "k"); got != "v" {
		t.Errorf("after restart k = %q, want v", got)
	}
}

func TestStartErrors(t *testing.T) {
	if _, err := Start(context.Background(), Config{Dir: "/" + strings.Repeat("x", 200)}); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("long directory: got %v", err)
	}
	if _, err := Start(context.Background(), Config{Dir: "/proc/nowhere"}); err == nil {
		t.Error("unwritable directory: no error")
	}
}

func client(t *testing.T, s *Server) *clientv3.Client {
	t.Helper()
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{s.Endpoint()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func put(t *testing.T, s *Server, k, v string) {
	t.Helper()
	if _, err := client(t, s).Put(context.Background(), k, v); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, s *Server, k string) string {
	t.Helper()
	r, err := client(t, s).Get(context.Background(), k)
	if err != nil || len(r.Kvs) != 1 {
		t.Fatalf("get %s: %v %v", k, r, err)
	}
	return string(r.Kvs[0].Value)
}
