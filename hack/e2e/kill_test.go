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

// load is a kind of workflow that runs while the server is killed. Where its spec
// says PAUSE it waits some seconds, different for each workflow, so that there is
// something to do all the time.
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
    - - {name: pause, template: pause}
    - - {name: b, template: t}
  - name: t
    container: {image: busybox, command: [sleep, "0.2"]}
  - name: pause
    suspend: {duration: "PAUSE"}
`},
	{phase: "Failed", pods: 3, spec: `
  entrypoint: main
  templates:
  - name: main
    dag:
      failFast: false
      tasks:
      - {name: a, template: t, arguments: {parameters: [{name: code, value: 0}]}}
      - {name: pause, template: pause, depends: a}
      - {name: b, template: t, depends: pause, arguments: {parameters: [{name: code, value: 1}]}}
      - {name: c, template: t, depends: a, arguments: {parameters: [{name: code, value: 0}]}}
      - {name: d, template: t, depends: b && c, arguments: {parameters: [{name: code, value: 0}]}}
  - name: t
    inputs: {parameters: [{name: code}]}
    container: {image: busybox, command: [sh, -c, "exit {{inputs.parameters.code}}"]}
  - name: pause
    suspend: {duration: "PAUSE"}
`},
	{phase: "Succeeded", pods: 3, spec: `
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: flip, template: flip}
    - - {name: gone, template: flip, when: "1 == 2"}
    - - {name: pause, template: pause}
    - - {name: retried, template: once}
  - name: flip
    container: {image: busybox, command: ["true"]}
  - name: once
    retryStrategy: {limit: 1}
    container: {image: busybox, command: [sh, -c, "exit $((1 - {{retries}}))"]}
  - name: pause
    suspend: {duration: "PAUSE"}
`},
}

// The server may be killed at any moment. The kills here come in turns right
// after a pod was created, that is before the status that records it, and right
// after a pod ended, that is while the server draws its conclusions. Both are
// known from kube-apiserver, which stays.
func TestKillServer(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes")
	}
	const workflows, kills = 50, 10
	ns := newNamespace(t)
	gvr := framework.Native("workflows")
	create(t, admin, ns, "apiVersion: workflow.argosy.dev/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: kept}\nspec:"+strings.Replace(loads[0].spec, "PAUSE", "1", 1))

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
	for i := range workflows {
		name := fmt.Sprintf("load-%02d", i)
		create(t, admin, ns, "apiVersion: workflow.argosy.dev/v1alpha1\nkind: Workflow\nmetadata: {name: "+name+"}\nspec:"+strings.Replace(want[name].spec, "PAUSE", fmt.Sprint(2*i), 1))
	}
	for k := range kills {
		moment, what := book.created, "a pod was created"
		if k%2 == 1 {
			moment, what = book.ended, "a pod ended"
		}
		select {
		case <-moment:
		case <-idle:
			t.Fatalf("all workflows were done after %d of %d kills: more load is needed", k, kills)
		case <-ctx.Done():
			t.Fatalf("after %d kills no longer %s", k, what)
		}
		began := time.Now()
		pod, restarts := killServer(t)
		waitServer(t, pod, restarts)
		took := time.Since(began)
		t.Logf("kill %d when %s; back after %s with %d workflows to go", k+1, what, took.Round(100*time.Millisecond), unfinished(t, ns))
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

// unfinished counts workflows that have not ended. A watch would be behind: it
// backs off after each kill.
func unfinished(t *testing.T, ns string) int {
	t.Helper()
	list, err := admin.Dynamic.Resource(framework.Native("workflows")).Namespace(ns).List(within(t, time.Minute), metav1.ListOptions{LabelSelector: "workflows.argoproj.io/completed!=true"})
	if err != nil {
		t.Fatal(err)
	}
	return len(list.Items)
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
