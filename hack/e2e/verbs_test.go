// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"

	"argosy.dev/argosy/hack/e2e/framework"
)

// gated waits for a person and runs no pod until then.
const gated = `
apiVersion: workflow.argosy.dev/v1alpha1
kind: Workflow
metadata: {generateName: gated-}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: approve, template: approve}
    - - {name: after, template: hello}
  - name: approve
    suspend: {}
  - name: hello
    container: {image: busybox, command: [echo, hello]}
`

// verb posts a verb of a workflow through a group, as a user.
func verb(ctx context.Context, c *framework.Client, gvr schema.GroupVersionResource, ns, name, subresource string, body map[string]any, opts metav1.CreateOptions) (*unstructured.Unstructured, error) {
	kind := "Workflow" + strings.ToUpper(subresource[:1]) + subresource[1:]
	o := &unstructured.Unstructured{Object: map[string]any{}}
	for k, v := range body {
		o.Object[k] = v
	}
	o.SetAPIVersion(gvr.GroupVersion().String())
	o.SetKind(kind)
	o.SetName(name)
	return c.Dynamic.Resource(gvr).Namespace(ns).Create(ctx, o, opts, subresource)
}

func waiting(o *unstructured.Unstructured) (bool, error) {
	nodes, _, err := unstructured.NestedMap(o.Object, "status", "nodes")
	for _, n := range nodes {
		if m, ok := n.(map[string]any); ok && m["type"] == "Suspend" && m["phase"] == "Running" {
			return true, err
		}
	}
	return false, err
}

// startGated submits gated and waits until it waits.
func startGated(t *testing.T, ns string) *unstructured.Unstructured {
	t.Helper()
	wf := create(t, admin, ns, gated)
	return waitFor(t, time.Minute, framework.Native("workflows"), ns, wf.GetName(), waiting)
}

func TestVerbs(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	for _, gvr := range []schema.GroupVersionResource{framework.Native("workflows"), framework.Compat("workflows")} {
		t.Run("resume "+gvr.Group, func(t *testing.T) {
			t.Parallel()
			wf := startGated(t, ns)
			if _, err := verb(t.Context(), admin, gvr, ns, wf.GetName(), "resume", nil, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			wf = waitFor(t, time.Minute, gvr, ns, wf.GetName(), completed)
			if got := field(wf, "status", "phase"); got != "Succeeded" {
				t.Errorf("phase %s: %s", got, field(wf, "status", "message"))
			}
			if after := node(t, wf, "after"); after == nil || after["phase"] != "Succeeded" {
				t.Errorf("the step after the gate: %v", after)
			}
		})
		for verbName, message := range map[string]string{"stop": "Stopped with strategy 'Stop'", "terminate": "Stopped with strategy 'Terminate'"} {
			t.Run(verbName+" "+gvr.Group, func(t *testing.T) {
				t.Parallel()
				wf := startGated(t, ns)
				if _, err := verb(t.Context(), admin, gvr, ns, wf.GetName(), verbName, map[string]any{"message": "enough"}, metav1.CreateOptions{}); err != nil {
					t.Fatal(err)
				}
				wf = waitFor(t, time.Minute, gvr, ns, wf.GetName(), completed)
				if phase, got := field(wf, "status", "phase"), field(wf, "status", "message"); phase != "Failed" || !strings.Contains(got, message) {
					t.Errorf("phase %s, message %q; want Failed, %q", phase, got, message)
				}
				if after := node(t, wf, "after"); after != nil && after["phase"] == "Succeeded" {
					t.Error("the step after the gate ran")
				}
			})
		}
	}
	t.Run("suspend", func(t *testing.T) {
		t.Parallel()
		gvr := framework.Native("workflows")
		wf := startGated(t, ns)
		if _, err := verb(t.Context(), admin, gvr, ns, wf.GetName(), "suspend", nil, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		got := waitFor(t, time.Minute, gvr, ns, wf.GetName(), func(o *unstructured.Unstructured) (bool, error) {
			on, _, err := unstructured.NestedBool(o.Object, "spec", "suspend")
			return on, err
		})
		if got.GetGeneration() != wf.GetGeneration()+1 {
			t.Errorf("generation %d after suspend, was %d", got.GetGeneration(), wf.GetGeneration())
		}
	})
	t.Run("stop runs the exit handler, terminate does not", func(t *testing.T) {
		t.Parallel()
		gvr := framework.Native("workflows")
		manifest := strings.Replace(gated, "entrypoint: main", "entrypoint: main\n  onExit: hello", 1)
		for verbName, want := range map[string]bool{"stop": true, "terminate": false} {
			wf := create(t, admin, ns, manifest)
			waitFor(t, time.Minute, gvr, ns, wf.GetName(), waiting)
			if _, err := verb(t.Context(), admin, gvr, ns, wf.GetName(), verbName, nil, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
			wf = waitFor(t, time.Minute, gvr, ns, wf.GetName(), completed)
			if ran := node(t, wf, wf.GetName()+".onExit") != nil; ran != want {
				t.Errorf("%s: exit handler ran: %t, want %t", verbName, ran, want)
			}
		}
	})
}

func TestVerbsRefuse(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	gvr := framework.Native("workflows")
	wf := startGated(t, ns)
	ctx := within(t, time.Minute)
	table := []struct {
		name, verb string
		body       map[string]any
		refused    func(error) bool
	}{
		{"wrong uid", "stop", map[string]any{"preconditions": map[string]any{"uid": "00000000-0000-0000-0000-000000000000"}}, apierrors.IsConflict},
		{"stale resourceVersion", "terminate", map[string]any{"preconditions": map[string]any{"resourceVersion": "1"}}, apierrors.IsConflict},
		{"bad selector", "stop", map[string]any{"nodeFieldSelector": "noSuchField===x"}, apierrors.IsInvalid},
	}
	for _, c := range table {
		if _, err := verb(ctx, admin, gvr, ns, wf.GetName(), c.verb, c.body, metav1.CreateOptions{}); err == nil || !c.refused(err) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
	if _, err := verb(ctx, admin, gvr, ns, "no-such", "stop", nil, metav1.CreateOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("stop of nothing: %v", err)
	}
	// A dry run says yes and changes nothing.
	if _, err := verb(ctx, admin, gvr, ns, wf.GetName(), "stop", nil, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}); err != nil {
		t.Errorf("dry run: %v", err)
	}
	now, err := admin.Dynamic.Resource(gvr).Namespace(ns).Get(ctx, wf.GetName(), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if s := field(now, "spec", "shutdown"); s != "" || field(now, "status", "phase") != "Running" {
		t.Errorf("after refused verbs and a dry run: shutdown %q, phase %q", s, field(now, "status", "phase"))
	}
	if _, err := verb(ctx, admin, gvr, ns, wf.GetName(), "stop", nil, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	waitFor(t, time.Minute, gvr, ns, wf.GetName(), completed)
	for _, v := range []string{"stop", "terminate", "suspend", "resume"} {
		if _, err := verb(ctx, admin, gvr, ns, wf.GetName(), v, nil, metav1.CreateOptions{}); !apierrors.IsConflict(err) {
			t.Errorf("%s of a completed workflow: want 409, got %v", v, err)
		}
	}
}

// The verb leaves a trace of who did it.
func TestVerbEvent(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	gvr := framework.Native("workflows")
	wf := startGated(t, ns)
	if _, err := verb(t.Context(), admin, gvr, ns, wf.GetName(), "stop", map[string]any{"message": "lunch break"}, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	waitEvent(t, ns, wf.GetName(), func(reason, message string) bool {
		return strings.Contains(message, "lunch break") && strings.Contains(message, "admin")
	}, "an event that names admin and his message")
}

// waitEvent waits for an Event about an object.
func waitEvent(t *testing.T, ns, about string, match func(reason, message string) bool, what string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	found := make(chan struct{}, 1)
	var seen []string
	ended, err := framework.Record(ctx, admin.Dynamic, schema.GroupVersionResource{Version: "v1", Resource: "events"}, ns, "", func(_ watch.EventType, o *unstructured.Unstructured) {
		if field(o, "involvedObject", "name") != about {
			return
		}
		seen = append(seen, fmt.Sprintf("%s: %s", field(o, "reason"), field(o, "message")))
		if match(field(o, "reason"), field(o, "message")) {
			select {
			case found <- struct{}{}:
			default:
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-found:
	case <-ctx.Done():
		cancel()
		<-ended
		t.Errorf("no event that is %s; seen: %q", what, seen)
	}
}
