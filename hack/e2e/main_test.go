// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package e2e proves the product on a real cluster, through kube-apiserver,
// as users reach it: what issue lists as "must hold" is a test here. It must
// not import the product's server code, and must not wait by sleeping: what
// it waits for it watches. Tests that disturb the server for others do not
// call t.Parallel: they run before those that do.
package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"argosy.dev/argosy/hack/e2e/framework"
)

// The users of the local cluster. admin may all, alice and bob nothing until a
// test binds them.
var admin, alice, bob *framework.Client

// Where the product runs in the cluster.
const (
	systemNamespace = "argosy-system"
	serverName      = "argosy-apiserver"
)

func TestMain(m *testing.M) {
	flag.Parse()
	kubeconfig := os.Getenv("KUBECONFIG")
	if kubeconfig == "" {
		fmt.Println("SKIP: KUBECONFIG is not set; make test-e2e makes a cluster and sets it")
		os.Exit(0)
	}
	if err := connect(kubeconfig); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
	// The tests wait for pods most of the time: more at once than cores.
	if f := flag.Lookup("test.parallel"); f != nil && f.Value.String() == f.DefValue {
		if err := flag.Set("test.parallel", "8"); err != nil {
			fmt.Fprintln(os.Stderr, "e2e:", err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func connect(kubeconfig string) error {
	dir := filepath.Dir(kubeconfig)
	for file, c := range map[string]**framework.Client{
		kubeconfig:                             &admin,
		filepath.Join(dir, "alice.kubeconfig"): &alice,
		filepath.Join(dir, "bob.kubeconfig"):   &bob,
	} {
		var err error
		if *c, err = framework.Connect(file); err != nil {
			return err
		}
	}
	if _, err := admin.Kube.Discovery().ServerVersion(); err != nil {
		return fmt.Errorf("cluster does not answer: %w", err)
	}
	return nil
}

// within is a context that ends with the test or after d.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// newNamespace makes a namespace for one test and removes it afterwards.
func newNamespace(t *testing.T) string {
	t.Helper()
	ctx := within(t, time.Minute)
	ns, err := admin.Kube.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "e2e-", Labels: map[string]string{"e2e": "true"}}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			describe(t, ns.Name)
		}
		err := admin.Kube.CoreV1().Namespaces().Delete(context.Background(), ns.Name, metav1.DeleteOptions{})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
			t.Errorf("delete namespace: %v", err)
		}
	})
	accounts := corev1.SchemeGroupVersion.WithResource("serviceaccounts")
	_, err = framework.WaitFor(ctx, admin.Dynamic, accounts, ns.Name, "default", func(*unstructured.Unstructured) (bool, error) { return true, nil })
	if err != nil {
		t.Fatal(err)
	}
	return ns.Name
}

// describe logs what a failed test left in its namespace.
func describe(t *testing.T, ns string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for _, args := range [][]string{
		{"get", "workflows.workflow.argosy.dev,pods", "-o", "wide"},
		{"get", "events", "--field-selector=type!=Normal"},
	} {
		out, _, err := admin.Kubectl(ctx, "", append(args, "-n", ns)...)
		if err != nil {
			t.Log(err)
		}
		t.Logf("kubectl %v:\n%s", args, out)
	}
}

// decode reads manifests of a test.
func decode(t *testing.T, manifest string) []*unstructured.Unstructured {
	t.Helper()
	objects, err := framework.Decode([]byte(manifest))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// create creates the objects of a manifest as a user and returns the last.
func create(t *testing.T, c *framework.Client, ns, manifest string) *unstructured.Unstructured {
	t.Helper()
	var last *unstructured.Unstructured
	for _, o := range decode(t, manifest) {
		made, err := c.Create(within(t, time.Minute), ns, o, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
		if err != nil {
			t.Fatalf("create %s %s: %v", o.GetKind(), o.GetName()+o.GetGenerateName(), err)
		}
		last = made
	}
	return last
}

// createAndForget is create for cluster-scoped objects: they are deleted when
// the test ends.
func createAndForget(t *testing.T, manifest string) {
	t.Helper()
	for _, o := range decode(t, manifest) {
		r, _, err := admin.Resource(o.GroupVersionKind(), "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Create(within(t, time.Minute), o, metav1.CreateOptions{}); err != nil {
			t.Fatalf("create %s %s: %v", o.GetKind(), o.GetName(), err)
		}
		t.Cleanup(func() {
			if err := r.Delete(context.Background(), o.GetName(), metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
				t.Errorf("delete %s %s: %v", o.GetKind(), o.GetName(), err)
			}
		})
	}
}

// waitFor waits until an object satisfies done.
func waitFor(t *testing.T, d time.Duration, gvr schema.GroupVersionResource, ns, name string, done func(*unstructured.Unstructured) (bool, error)) *unstructured.Unstructured {
	t.Helper()
	o, err := framework.WaitFor(within(t, d), admin.Dynamic, gvr, ns, name, done)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// field reads a string below an object; "" where there is none.
func field(o *unstructured.Unstructured, path ...string) string {
	s, _, err := unstructured.NestedString(o.Object, path...)
	if err != nil {
		return err.Error()
	}
	return s
}

// phaseIs is a condition on status.phase.
func phaseIs(phases ...string) func(*unstructured.Unstructured) (bool, error) {
	return func(o *unstructured.Unstructured) (bool, error) {
		for _, p := range phases {
			if field(o, "status", "phase") == p {
				return true, nil
			}
		}
		return false, nil
	}
}

var completed = phaseIs("Succeeded", "Failed", "Error")

// finish submits a workflow and waits for its end.
func finish(t *testing.T, ns, manifest string) *unstructured.Unstructured {
	t.Helper()
	wf := create(t, admin, ns, manifest)
	return waitFor(t, 3*time.Minute, framework.Native("workflows"), ns, wf.GetName(), completed)
}

// node finds a node of a workflow by display name; nil if there is none.
func node(t *testing.T, wf *unstructured.Unstructured, displayName string) map[string]any {
	t.Helper()
	nodes, _, err := unstructured.NestedMap(wf.Object, "status", "nodes")
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		if m, ok := n.(map[string]any); ok && m["displayName"] == displayName {
			return m
		}
	}
	return nil
}

// phaseOf reads a workflow's phase now.
func phaseOf(t *testing.T, ns, name string) string {
	t.Helper()
	o, err := admin.Dynamic.Resource(framework.Native("workflows")).Namespace(ns).Get(within(t, 20*time.Second), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return field(o, "status", "phase")
}

// waitCompleted waits for the end of a workflow.
func waitCompleted(t *testing.T, ns, name string) *unstructured.Unstructured {
	t.Helper()
	return waitFor(t, 3*time.Minute, framework.Native("workflows"), ns, name, completed)
}

// podName is the name of the pod of a node, as the server labelled it.
func podName(t *testing.T, wf *unstructured.Unstructured, displayName string) string {
	t.Helper()
	n := node(t, wf, displayName)
	if n == nil {
		t.Fatalf("no node %s", displayName)
	}
	pods, err := admin.Kube.CoreV1().Pods(wf.GetNamespace()).List(within(t, 20*time.Second), metav1.ListOptions{LabelSelector: "workflows.argoproj.io/workflow=" + wf.GetName()})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pods.Items {
		if p.Annotations["workflows.argoproj.io/node-id"] == n["id"] {
			return p.Name
		}
	}
	t.Fatalf("node %s has no pod", displayName)
	return ""
}
