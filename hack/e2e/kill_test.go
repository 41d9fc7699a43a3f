// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"

	"argosy.dev/argosy/hack/e2e/framework"
)

// load is a kind of workflow that runs while the server is killed.
type load struct {
	spec  string
	phase string
	// pods is how many pods one such workflow has.
	pods int
}

var loads = []load{
	{phase: "Succeeded", pods: 2, spec: `
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: a, template: t}
    - - {name: b, template: t}
  - name: t
    container: {image: busybox, command: [sleep, "0.2"]}
`},
	{phase: "Failed", pods: 3, spec: `
  entrypoint: main
  templates:
  - name: main
    dag:
      failFast: false
      tasks:
      - {name: a, template: t, arguments: {parameters: [{name: code, value: 0}]}}
      - {name: b, template: t, depends: a, arguments: {parameters: [{name: code, value: 1}]}}
      - {name: c, template: t, depends: a, arguments: {parameters: [{name: code, value: 0}]}}
      - {name: d, template: t, depends: b && c, arguments: {parameters: [{name: code, value: 0}]}}
  - name: t
    inputs: {parameters: [{name: code}]}
    container: {image: busybox, command: [sh, -c, "exit {{inputs.parameters.code}}"]}
`},
	{phase: "Succeeded", pods: 3, spec: `
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: flip, template: flip}
    - - {name: gone, template: flip, when: "1 == 2"}
    - - {name: retried, template: once}
  - name: flip
    container: {image: busybox, command: ["true"]}
  - name: once
    retryStrategy: {limit: 1}
    container: {image: busybox, command: [sh, -c, "exit $((1 - {{retries}}))"]}
`},
}

// The server may be killed at any moment. Each kill here comes right after a
// pod was created: that is between the effect and the status that records it.
func TestKillServer(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes")
	}
	const workflows, kills = 50, 10
	ns := newNamespace(t)
	gvr := framework.Native("workflows")
	create(t, admin, ns, "apiVersion: workflow.argosy.dev/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: kept}\nspec:"+loads[0].spec)

	var mu sync.Mutex
	running := map[string]bool{}
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	idle := make(chan struct{})
	closed := false
	want := map[string]load{}
	for i := range workflows {
		want[fmt.Sprintf("load-%02d", i)] = loads[i%len(loads)]
		running[fmt.Sprintf("load-%02d", i)] = true
	}
	book := keepBook(t, ns)
	ended, err := framework.Record(ctx, admin.Dynamic, gvr, ns, "", func(_ watch.EventType, o *unstructured.Unstructured) {
		if done, err := completed(o); err != nil || !done {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		delete(running, o.GetName())
		if len(running) == 0 && !closed {
			closed = true
			close(idle)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, l := range want {
		create(t, admin, ns, "apiVersion: workflow.argosy.dev/v1alpha1\nkind: Workflow\nmetadata: {name: "+name+"}\nspec:"+l.spec)
	}
	for k := range kills {
		select {
		case <-book.created:
		case <-idle:
			t.Fatalf("all workflows were done after %d of %d kills: more load is needed", k, kills)
		case <-ctx.Done():
			t.Fatalf("no new pod after %d kills", k)
		}
		mu.Lock()
		left := len(running)
		mu.Unlock()
		began := time.Now()
		pod, restarts := killServer(t)
		waitServer(t, pod, restarts)
		t.Logf("kill %d with %d workflows to go; back after %s", k+1, left, time.Since(began).Round(100*time.Millisecond))
	}
	select {
	case <-idle:
	case <-ctx.Done():
		mu.Lock()
		t.Errorf("stuck: %v", running)
		mu.Unlock()
	}
	cancel()
	<-ended
	assertLoads(t, ns, want)
	twice, total := book.twice()
	if len(twice) > 0 {
		t.Errorf("nodes with more than one pod: %s", strings.Join(twice, "; "))
	}
	pods := 0
	for _, l := range want {
		pods += l.pods
	}
	if total != pods {
		t.Errorf("%d pods, want %d", total, pods)
	}
	if _, err := admin.Dynamic.Resource(framework.Compat("workflowtemplates")).Namespace(ns).Get(t.Context(), "kept", metav1.GetOptions{}); err != nil {
		t.Errorf("what was stored before the kills: %v", err)
	}
	if _, err := admin.Dynamic.Resource(framework.Compat("workflowtemplates")).Namespace(ns).Get(t.Context(), "never", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("what was never stored: %v", err)
	}
}

// assertLoads compares how the workflows of a namespace ended.
func assertLoads(t *testing.T, ns string, want map[string]load) {
	t.Helper()
	list, err := admin.Dynamic.Resource(framework.Native("workflows")).Namespace(ns).List(within(t, time.Minute), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != len(want) {
		t.Errorf("%d workflows, want %d", len(list.Items), len(want))
	}
	for i := range list.Items {
		o := &list.Items[i]
		if got := field(o, "status", "phase"); got != want[o.GetName()].phase {
			t.Errorf("%s: %s, want %s: %s", o.GetName(), got, want[o.GetName()].phase, field(o, "status", "message"))
		}
		nodes, _, err := unstructured.NestedMap(o.Object, "status", "nodes")
		if err != nil {
			t.Fatal(err)
		}
		for id, n := range nodes {
			m, _ := n.(map[string]any)
			if m["type"] == "Pod" && m["phase"] == "Error" {
				t.Errorf("%s: node %s: %v", o.GetName(), id, m["message"])
			}
		}
	}
}
