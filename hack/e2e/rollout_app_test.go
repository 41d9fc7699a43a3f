// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"argosy.dev/argosy/hack/e2e/framework"
)

// Labels and annotations of rollouts, as users' tools know them.
const (
	labelHash          = "rollouts-pod-template-hash"
	annotationRevision = "rollout.argoproj.io/revision"
	// readinessGate lets a test say when a pod is ready.
	readinessGate = "argoproj.io/e2e-readiness"
)

// nativeRollouts and compatRollouts are the rollouts of the two groups.
var (
	nativeRollouts     = schema.GroupVersionResource{Group: "rollout.argosy.dev", Version: "v1alpha1", Resource: "rollouts"}
	compatRollouts     = framework.Compat("rollouts")
	replicaSetResource = appsv1.SchemeGroupVersion.WithResource("replicasets")
)

// app is a rollout under test.
type app struct {
	t        *testing.T
	ns, name string
}

// newApp creates a rollout in a namespace of its own and waits until its first version is stable.
func newApp(t *testing.T, gated bool, spec string) *app {
	t.Helper()
	a := prepareApp(t)
	a.create(gated, spec)
	return a
}

// prepareApp is newApp without the rollout, for tests that need other objects first.
func prepareApp(t *testing.T) *app {
	t.Helper()
	a := &app{t: t, ns: newNamespace(t), name: "web"}
	t.Cleanup(func() {
		if t.Failed() {
			a.dump()
		}
	})
	return a
}

// create creates the rollout and waits until its first version is stable: what is changed before is part of the first
// version, for which no step is taken. spec is YAML of the fields beside selector and template. Pods whose readiness the
// test decides about are gated; those of the first version get ready all the same.
func (a *app) create(gated bool, spec string) {
	a.t.Helper()
	a.submit(gated, spec)
	if gated {
		a.letReady("1")
	}
	a.stable()
}

// submit is create for who does not want to wait, or waits for something else.
func (a *app) submit(gated bool, spec string) {
	a.t.Helper()
	create(a.t, admin, a.ns, a.manifest("argoproj.io/v1alpha1", gated, spec))
}

// manifest is the rollout as YAML. Its pods do nothing and end quickly.
func (a *app) manifest(apiVersion string, gated bool, spec string) string {
	return "apiVersion: " + apiVersion + "\nkind: Rollout\nmetadata: {name: " + a.name + "}\nspec:\n" + indent(strings.TrimSpace(spec)) +
		"\n  selector: {matchLabels: {app: " + a.name + "}}\n  template:\n" + indent(indent(a.template(gated)))
}

func (a *app) template(gated bool) string {
	gates := "[]"
	if gated {
		gates = "[{conditionType: " + readinessGate + "}]"
	}
	return `metadata: {labels: {app: ` + a.name + `}, annotations: {version: "1"}}
spec:
  terminationGracePeriodSeconds: 1
  readinessGates: ` + gates + `
  containers:
  - {name: main, image: busybox, command: [sleep, "100000"]}
`
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(text, "\n", "\n  ")
}

func (a *app) client() interface {
	Get(context.Context, string, metav1.GetOptions, ...string) (*unstructured.Unstructured, error)
	Patch(context.Context, string, types.PatchType, []byte, metav1.PatchOptions, ...string) (*unstructured.Unstructured, error)
	Delete(context.Context, string, metav1.DeleteOptions, ...string) error
} {
	return admin.Dynamic.Resource(compatRollouts).Namespace(a.ns)
}

// get reads the rollout.
func (a *app) get() *unstructured.Unstructured {
	a.t.Helper()
	o, err := a.client().Get(within(a.t, time.Minute), a.name, metav1.GetOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	return o
}

// patch merges JSON into the rollout, or into its status, as the peer's plugin does.
func (a *app) patch(patch string, subresource ...string) {
	a.t.Helper()
	if _, err := a.client().Patch(within(a.t, time.Minute), a.name, types.MergePatchType, []byte(patch), metav1.PatchOptions{}, subresource...); err != nil {
		a.t.Fatalf("patch %s %v: %v", patch, subresource, err)
	}
}

// update asks for pods of another version.
func (a *app) update(version string) {
	a.t.Helper()
	a.patch(fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{"version":%q}}}}}`, version))
}

// The verbs, as the peer's plugin sends them.
func (a *app) promote()     { a.t.Helper(); a.patch(`{"status":{"pauseConditions":null}}`, "status") }
func (a *app) promoteFull() { a.t.Helper(); a.patch(`{"status":{"promoteFull":true}}`, "status") }
func (a *app) abort()       { a.t.Helper(); a.patch(`{"status":{"abort":true}}`, "status") }
func (a *app) retry()       { a.t.Helper(); a.patch(`{"status":{"abort":false}}`, "status") }

// services creates Services that select the rollout's pods.
func (a *app) services(names ...string) {
	a.t.Helper()
	for _, name := range names {
		create(a.t, admin, a.ns, "apiVersion: v1\nkind: Service\nmetadata: {name: "+name+"}\nspec: {ports: [{port: 80}], selector: {app: "+a.name+"}}")
	}
}

// read unmarshals a part of the rollout.
func (a *app) read(into any, path ...string) {
	a.t.Helper()
	value, _, err := unstructured.NestedFieldCopy(a.get().Object, path...)
	if err != nil {
		a.t.Fatal(err)
	}
	data, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		a.t.Fatal(err)
	}
}

// dump logs what a failed test left.
func (a *app) dump() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for _, args := range [][]string{
		{"get", "rollouts.argoproj.io", "-o", "yaml"},
		{"get", "replicasets,pods,services", "-o", "wide", "--show-labels"},
		{"get", "events", "--sort-by=.lastTimestamp"},
	} {
		out, _, err := admin.Kubectl(ctx, "", append(args, "-n", a.ns)...)
		if err != nil {
			a.t.Log(err)
		}
		a.t.Logf("kubectl %v:\n%s", args, out)
	}
}
