// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
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

// newApp creates a rollout in a namespace of its own. spec is YAML of the fields beside selector and template; pods
// whose readiness the test decides about are gated.
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

func (a *app) create(gated bool, spec string) {
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

// wait waits until the server has seen the spec as it is now and the rollout is in the phase.
func (a *app) wait(phase string) *unstructured.Unstructured {
	a.t.Helper()
	return a.waitFor("phase "+phase, func(o *unstructured.Unstructured) bool {
		return field(o, "status", "phase") == phase && field(o, "status", "observedGeneration") == strconv.FormatInt(o.GetGeneration(), 10)
	})
}

// waitFor waits until the rollout satisfies a condition.
func (a *app) waitFor(what string, done func(*unstructured.Unstructured) bool) *unstructured.Unstructured {
	a.t.Helper()
	o, err := framework.WaitFor(within(a.t, 2*time.Minute), admin.Dynamic, compatRollouts, a.ns, a.name, func(o *unstructured.Unstructured) (bool, error) { return done(o), nil })
	if err != nil {
		a.t.Fatalf("%s: %v", what, err)
	}
	return o
}

// counts are the numbers of pods of a rollout: desired, current, updated, ready, available.
type counts [5]int64

func countsOf(o *unstructured.Unstructured) (c counts) {
	for i, path := range [][]string{{"spec", "replicas"}, {"status", "replicas"}, {"status", "updatedReplicas"}, {"status", "readyReplicas"}, {"status", "availableReplicas"}} {
		c[i], _, _ = unstructured.NestedInt64(o.Object, path...)
	}
	return c
}

func (a *app) waitCounts(want counts) {
	a.t.Helper()
	var last counts
	a.t.Logf("waiting for counts %v", want)
	a.waitFor(fmt.Sprintf("counts %v", want), func(o *unstructured.Unstructured) bool {
		last = countsOf(o)
		return last == want
	})
}

// sets are the rollout's ReplicaSets by revision.
func (a *app) sets() map[string]*appsv1.ReplicaSet {
	a.t.Helper()
	uid := a.get().GetUID()
	list, err := admin.Kube.AppsV1().ReplicaSets(a.ns).List(within(a.t, time.Minute), metav1.ListOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	sets := map[string]*appsv1.ReplicaSet{}
	for i := range list.Items {
		if owner := metav1.GetControllerOf(&list.Items[i]); owner != nil && owner.UID == uid {
			sets[list.Items[i].Annotations[annotationRevision]] = &list.Items[i]
		}
	}
	return sets
}

// waitPods waits until the revisions have so many pods that are asked for and as many that are available, and all other
// revisions none.
func (a *app) waitPods(want map[string]int32) {
	a.t.Helper()
	eventually(a.t, 90*time.Second, fmt.Sprintf("pods by revision %v", want), func(context.Context) error {
		sets := a.sets()
		for revision := range want {
			if sets[revision] == nil {
				return fmt.Errorf("there is no revision %s: %v", revision, slices.Sorted(maps.Keys(sets)))
			}
		}
		for revision, set := range sets {
			if *set.Spec.Replicas != want[revision] || set.Status.AvailableReplicas != want[revision] || set.Status.Replicas != want[revision] {
				return fmt.Errorf("revision %s: %d wanted, %d there, %d available", revision, *set.Spec.Replicas, set.Status.Replicas, set.Status.AvailableReplicas)
			}
		}
		return nil
	})
}

// waitScale is waitPods for numbers that are asked for, whether the pods are available or not.
func (a *app) waitScale(want map[string]int32) {
	a.t.Helper()
	eventually(a.t, 90*time.Second, fmt.Sprintf("pods asked for by revision %v", want), func(context.Context) error {
		sets := a.sets()
		got := map[string]int32{}
		for revision, set := range sets {
			if *set.Spec.Replicas > 0 || want[revision] == 0 && slices.Contains(slices.Collect(maps.Keys(want)), revision) {
				got[revision] = *set.Spec.Replicas
			}
		}
		if !maps.Equal(got, want) {
			return fmt.Errorf("%v", got)
		}
		return nil
	})
}

// hash is the pod template hash of a revision.
func (a *app) hash(revision string) string {
	a.t.Helper()
	set := a.sets()[revision]
	if set == nil {
		a.t.Fatalf("there is no revision %s", revision)
	}
	return set.Labels[labelHash]
}

// markReady opens the readiness gate of all pods of a revision, or closes it.
func (a *app) markReady(revision string, ready bool) {
	a.t.Helper()
	status := map[bool]string{true: "True", false: "False"}[ready]
	eventually(a.t, time.Minute, "marking the pods of revision "+revision+" ready: "+status, func(ctx context.Context) error {
		set := a.sets()[revision]
		if set == nil {
			return fmt.Errorf("there is no such revision")
		}
		pods, err := admin.Kube.CoreV1().Pods(a.ns).List(ctx, metav1.ListOptions{LabelSelector: labelHash + "=" + set.Labels[labelHash]})
		if err != nil {
			return err
		}
		if n := int32(len(pods.Items)); n == 0 || n < *set.Spec.Replicas {
			return fmt.Errorf("%d of %d pods are there", n, *set.Spec.Replicas)
		}
		for _, pod := range pods.Items {
			patch := fmt.Sprintf(`{"status":{"conditions":[{"type":%q,"status":%q}]}}`, readinessGate, status)
			if _, err := admin.Kube.CoreV1().Pods(a.ns).Patch(ctx, pod.Name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{}, "status"); err != nil {
				return err
			}
		}
		return nil
	})
}

// services creates Services that select the rollout's pods.
func (a *app) services(names ...string) {
	a.t.Helper()
	for _, name := range names {
		create(a.t, admin, a.ns, "apiVersion: v1\nkind: Service\nmetadata: {name: "+name+"}\nspec: {ports: [{port: 80}], selector: {app: "+a.name+"}}")
	}
}

// selects is the hash that a Service selects, "" for any.
func (a *app) selects(service string) string {
	a.t.Helper()
	s, err := admin.Kube.CoreV1().Services(a.ns).Get(within(a.t, time.Minute), service, metav1.GetOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	return s.Spec.Selector[labelHash]
}

func (a *app) waitSelects(service, revision string) {
	a.t.Helper()
	eventually(a.t, time.Minute, "Service "+service+" selects revision "+revision, func(context.Context) error {
		if got, want := a.selects(service), a.hash(revision); got != want {
			return fmt.Errorf("it selects %q, which is not %q", got, want)
		}
		return nil
	})
}

// events are the reasons of the Events about the rollout, in their order.
func (a *app) events() []string {
	a.t.Helper()
	list, err := admin.Kube.CoreV1().Events(a.ns).List(within(a.t, time.Minute), metav1.ListOptions{FieldSelector: "involvedObject.kind=Rollout,involvedObject.name=" + a.name})
	if err != nil {
		a.t.Fatal(err)
	}
	slices.SortStableFunc(list.Items, func(x, y corev1.Event) int {
		return strings.Compare(x.Name, y.Name) // the name ends with the time of the Event
	})
	var reasons []string
	for _, e := range list.Items {
		reasons = append(reasons, e.Reason)
	}
	return reasons
}

// status unmarshals a part of the rollout.
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
