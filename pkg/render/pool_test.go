// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

// nothing takes what is written.
type nothing struct{}

func (nothing) Write(text []byte) (int, error) { return len(text), nil }
func (nothing) Close() error                   { return nil }

func newReader(data []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(data)) }

func mustRender(t testing.TB, r *Renderer, domain string, trees Trees) *Result {
	t.Helper()
	req := request("app")
	req.Domain = domain
	result, err := r.Render(context.Background(), req, trees)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// idlePid is the process that was used last.
func idlePid(r *Renderer) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.idle) == 0 {
		return 0
	}
	return r.idle[len(r.idle)-1].cmd.Process.Pid
}

func TestProcessesAreReused(t *testing.T) {
	trees := Trees{"": Map{"app/a.yaml": configMap}}
	r := renderer(t, Config{Processes: 2, Renders: 3})
	mustRender(t, r, "a", trees)
	first := idlePid(r)
	mustRender(t, r, "a", trees)
	if idlePid(r) != first {
		t.Error("the same domain has another process")
	}
	mustRender(t, r, "b", trees)
	if idlePid(r) == first {
		t.Error("another domain has the same process")
	}
	mustRender(t, r, "c", trees)
	if n := len(r.idle); n != 2 {
		t.Errorf("%d processes, though only 2 may run", n)
	}
	for range 3 {
		mustRender(t, r, "d", trees)
	}
	last := idlePid(r)
	mustRender(t, r, "d", trees)
	if idlePid(r) == last {
		t.Error("a process is used for more renders than wanted")
	}
}

func TestIdleProcessesEnd(t *testing.T) {
	r := renderer(t, Config{Processes: 1, Idle: time.Millisecond})
	mustRender(t, r, "", Trees{"": Map{"app/a.yaml": configMap}})
	r.mu.Lock()
	var p *process
	if len(r.idle) > 0 {
		p = r.idle[0]
	}
	r.mu.Unlock()
	if p != nil {
		<-p.exited
	}
	mustRender(t, r, "", Trees{"": Map{"app/a.yaml": configMap}})
}

func TestManyAtOnce(t *testing.T) {
	r := renderer(t, Config{Processes: 2})
	var wait sync.WaitGroup
	for i := range 40 {
		wait.Go(func() {
			name := fmt.Sprintf("n%d", i)
			req := request("app")
			req.Domain = fmt.Sprint(i % 3)
			result, err := r.Render(context.Background(), req, Trees{"": Map{"app/a.yaml": cm(name)}})
			if err != nil {
				t.Error(err)
			} else if !bytes.Contains(result.Manifests[0], []byte(`"`+name+`"`)) {
				t.Errorf("%s: got the manifests of another: %s", name, text(result))
			}
		})
	}
	wait.Wait()
}

func TestClosed(t *testing.T) {
	r := New(Config{Processes: 1})
	mustRender(t, r, "", Trees{"": Map{"app/a.yaml": configMap}})
	r.Close()
	if _, err := r.Render(context.Background(), request("app"), Trees{"": Map{"app/a.yaml": configMap}}); !errors.Is(err, errClosed) {
		t.Errorf("got %v", err)
	}
}

// One kustomization that brings an OpenAPI schema of its own leaves nothing behind for the next in the same process.
func TestSchemaOfKustomizeIsReset(t *testing.T) {
	r := renderer(t, Config{Processes: 1})
	patched := func(openapi string) Map {
		return Map{
			"app/kustomization.yaml": "resources: [r.yaml]\npatches: [{path: p.yaml}]\n" + openapi,
			"app/r.yaml":             "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: t}\nspec: {items: [{name: a, x: 1}, {name: b, x: 1}]}\n",
			"app/p.yaml":             "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: t}\nspec: {items: [{name: b, x: 2}]}\n",
			"app/schema.json":        `{"definitions":{"com.example.v1.Thing":{"type":"object","x-kubernetes-group-version-kind":[{"group":"example.com","kind":"Thing","version":"v1"}],"properties":{"spec":{"type":"object","properties":{"items":{"type":"array","items":{"type":"object"},"x-kubernetes-patch-merge-key":"name","x-kubernetes-patch-strategy":"merge"}}}}}}}`,
		}
	}
	want := text(mustRender(t, r, "", Trees{"": patched("")}))
	with := text(mustRender(t, r, "", Trees{"": patched("openapi: {path: schema.json}\n")}))
	if with == want {
		t.Fatal("the schema changes nothing: this test cannot fail")
	}
	if got := text(mustRender(t, r, "", Trees{"": patched("")})); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// benchTrees are the sources that are measured.
func benchTrees() map[string]Trees {
	plain, chart := Map{}, Map{"app/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "app/values.yaml": "a: b\n"}
	kustomization := "resources:\n"
	base := Map{}
	for i := range 10 {
		name := fmt.Sprintf("cm-%d", i)
		plain["app/"+name+".yaml"] = cm(name) + "data: {a: b}\n"
		chart["app/templates/"+name+".yaml"] = cm(name) + "data: {a: '{{ .Values.a }}'}\n"
		base["app/"+name+".yaml"] = cm(name) + "data: {a: b}\n"
		kustomization += "- " + name + ".yaml\n"
	}
	base["app/kustomization.yaml"] = kustomization + "namePrefix: x-\n"
	return map[string]Trees{"directory": {"": plain}, "helm": {"": chart}, "kustomize": {"": base}}
}

func BenchmarkRender(b *testing.B) {
	for name, trees := range benchTrees() {
		b.Run(name+"/warm", func(b *testing.B) {
			r := renderer(b, Config{Processes: 1, Renders: 1 << 30})
			mustRender(b, r, "", trees)
			for b.Loop() {
				mustRender(b, r, "", trees)
			}
		})
		b.Run(name+"/cold", func(b *testing.B) {
			r := renderer(b, Config{Processes: 1, Renders: 1})
			for b.Loop() {
				mustRender(b, r, "", trees)
			}
		})
	}
}

// TestOthersMakeRoom: the process that makes room for one of another domain ends, and none is forgotten.
func TestOthersMakeRoom(t *testing.T) {
	trees := Trees{"": Map{"app/a.yaml": configMap}}
	r := renderer(t, Config{Processes: 2})
	var all []*process
	for _, domain := range []string{"a", "b", "c", "d", "e"} {
		mustRender(t, r, domain, trees)
		r.mu.Lock()
		all = append(all, r.idle[len(r.idle)-1])
		r.mu.Unlock()
	}
	for i, p := range all {
		ended := false
		select {
		case <-p.exited:
			ended = true
		default:
		}
		if want := i < len(all)-2; ended != want {
			t.Errorf("process %d of %d has ended: %t", i+1, len(all), ended)
		}
	}
}
