// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"argosy.dev/argosy/hack/e2e/framework"
)

// hello runs one short plain pod.
const hello = `
apiVersion: workflow.argosy.dev/v1alpha1
kind: Workflow
metadata: {generateName: hello-}
spec:
  entrypoint: main
  templates:
  - name: main
    container: {image: busybox, command: [echo, hello]}
`

// sleeper runs one long plain pod.
const sleeper = `
apiVersion: workflow.argosy.dev/v1alpha1
kind: Workflow
metadata: {generateName: sleeper-}
spec:
  entrypoint: main
  templates:
  - name: main
    container: {image: busybox, command: [sleep, "600"]}
`

// Deleting a namespace must not hang, whether it holds our objects or not.
func TestNamespaceDeletion(t *testing.T) {
	t.Parallel()
	empty, full := newNamespace(t), newNamespace(t)
	startGated(t, full)
	finish(t, full, hello)
	for _, ns := range []string{empty, full} {
		if err := admin.Kube.CoreV1().Namespaces().Delete(t.Context(), ns, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, ns := range []string{empty, full} {
		if err := framework.WaitGone(within(t, 90*time.Second), admin.Dynamic, corev1.SchemeGroupVersion.WithResource("namespaces"), "", ns); err != nil {
			o, gerr := admin.Kube.CoreV1().Namespaces().Get(context.Background(), ns, metav1.GetOptions{})
			t.Errorf("%v: %v %v", err, o.Status.Conditions, gerr)
		}
	}
	list, err := admin.Dynamic.Resource(framework.Native("workflows")).Namespace(full).List(t.Context(), metav1.ListOptions{})
	if err != nil || len(list.Items) != 0 {
		t.Errorf("after the namespace is gone: %v, %v", list, err)
	}
}

// The garbage collector follows owner references to either group.
func TestGarbageCollection(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	configMaps := corev1.SchemeGroupVersion.WithResource("configmaps")
	for _, policy := range []metav1.DeletionPropagation{metav1.DeletePropagationBackground, metav1.DeletePropagationForeground} {
		wf := startGated(t, ns)
		for _, gvr := range []schema.GroupVersionResource{framework.Native("workflows"), framework.Compat("workflows")} {
			_, err := admin.Kube.CoreV1().ConfigMaps(ns).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{
				Name:            "child-" + gvr.Group,
				OwnerReferences: []metav1.OwnerReference{{APIVersion: gvr.GroupVersion().String(), Kind: "Workflow", Name: wf.GetName(), UID: wf.GetUID()}},
			}}, metav1.CreateOptions{})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := admin.Dynamic.Resource(framework.Compat("workflows")).Namespace(ns).Delete(t.Context(), wf.GetName(), metav1.DeleteOptions{PropagationPolicy: &policy}); err != nil {
			t.Fatal(err)
		}
		ctx := within(t, time.Minute)
		for _, group := range []string{framework.NativeGroup, framework.CompatGroup} {
			if err := framework.WaitGone(ctx, admin.Dynamic, configMaps, ns, "child-"+group); err != nil {
				t.Errorf("%s: child of the owner by %s: %v", policy, group, err)
			}
		}
		if err := framework.WaitGone(ctx, admin.Dynamic, framework.Native("workflows"), ns, wf.GetName()); err != nil {
			t.Errorf("%s: %v", policy, err)
		}
	}
	// A child of a living owner stays.
	wf := startGated(t, ns)
	for _, gvr := range []schema.GroupVersionResource{framework.Native("workflows"), framework.Compat("workflows")} {
		owner := []metav1.OwnerReference{{APIVersion: gvr.GroupVersion().String(), Kind: "Workflow", Name: wf.GetName(), UID: wf.GetUID()}}
		stale := []metav1.OwnerReference{{APIVersion: gvr.GroupVersion().String(), Kind: "Workflow", Name: wf.GetName(), UID: "00000000-0000-0000-0000-000000000000"}}
		for name, refs := range map[string][]metav1.OwnerReference{"kept-" + gvr.Group: owner, "stale-" + gvr.Group: stale} {
			if _, err := admin.Kube.CoreV1().ConfigMaps(ns).Create(t.Context(), &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, OwnerReferences: refs}}, metav1.CreateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		// That the collector has come by is known from the stale one.
		if err := framework.WaitGone(within(t, time.Minute), admin.Dynamic, configMaps, ns, "stale-"+gvr.Group); err != nil {
			t.Error(err)
		}
		if _, err := admin.Kube.CoreV1().ConfigMaps(ns).Get(t.Context(), "kept-"+gvr.Group, metav1.GetOptions{}); err != nil {
			t.Errorf("child of a living owner by %s: %v", gvr.Group, err)
		}
	}
}

// Deleting a workflow removes its pods.
func TestDeletionRemovesPods(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	pods := corev1.SchemeGroupVersion.WithResource("pods")
	wf := create(t, admin, ns, sleeper)
	// The pod of a workflow of one pod has the workflow's name.
	waitFor(t, 2*time.Minute, pods, ns, wf.GetName(), phaseIs("Running"))
	if err := admin.Dynamic.Resource(framework.Native("workflows")).Namespace(ns).Delete(t.Context(), wf.GetName(), metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := framework.WaitGone(within(t, 90*time.Second), admin.Dynamic, pods, ns, wf.GetName()); err != nil {
		t.Error(err)
	}
	if _, err := admin.Dynamic.Resource(framework.Native("workflows")).Namespace(ns).Get(t.Context(), wf.GetName(), metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		t.Errorf("the workflow: %v", err)
	}
}
