// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

const plain = "replicas: 1\nstrategy: {canary: {steps: [{setWeight: 50}, {pause: {}}]}}"

// Undo is to write the template of an old ReplicaSet back, as the peer's plugin does: no third set of pods is made.
func TestRolloutUndo(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, plain)
	a.update("2")
	a.pausedAt(1)
	a.promote()
	a.stable()
	template := a.sets()["1"].Spec.Template
	delete(template.Labels, labelHash)
	patch, err := json.Marshal([]map[string]any{{"op": "replace", "path": "/spec/template", "value": template}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.client().Patch(within(t, time.Minute), a.name, types.JSONPatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	a.pausedAt(1)
	sets := a.sets()
	if len(sets) != 2 || sets["3"] == nil {
		t.Errorf("%d ReplicaSets, want the old one with revision 3 and the second: %v", len(sets), sets)
	}
	a.promote()
	a.stable()
	a.waitPods(map[string]int32{"3": 1})
}

// kubectl wait knows when a rollout is paused, healthy and completed.
func TestRolloutKubectlWait(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	a.submit(false, plain)
	wait := func(condition string) {
		t.Helper()
		if _, _, err := admin.Kubectl(within(t, patience), "", "wait", "--for=condition="+condition, "rollouts.argoproj.io/"+a.name, "-n", a.ns, "--timeout=110s"); err != nil {
			t.Fatal(err)
		}
	}
	wait("Healthy")
	a.update("2")
	wait("Paused")
	a.promote()
	wait("Completed")
	wait("Healthy")
}

// Scale is a subresource, with the numbers that an autoscaler reads.
func TestRolloutScale(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, plain)
	if _, _, err := admin.Kubectl(within(t, time.Minute), "", "scale", "rollouts.rollout.argosy.dev", a.name, "-n", a.ns, "--replicas=3"); err != nil {
		t.Fatal(err)
	}
	a.stable()
	a.waitPods(map[string]int32{"1": 3})
	a.waitFor("HPAReplicas", func(o *unstructured.Unstructured) bool {
		n, _, _ := unstructured.NestedInt64(o.Object, "status", "HPAReplicas")
		return n == 3
	})
	o, err := a.client().Get(within(t, time.Minute), a.name, metav1.GetOptions{}, "scale")
	if err != nil {
		t.Fatal(err)
	}
	spec, _, _ := unstructured.NestedInt64(o.Object, "spec", "replicas")
	status, _, _ := unstructured.NestedInt64(o.Object, "status", "replicas")
	if selector := field(o, "status", "selector"); spec != 3 || status != 3 || selector != "app="+a.name {
		t.Errorf("scale says %d wanted, %d there, selected by %q", spec, status, selector)
	}
}

// Pod templates that Kubernetes' own types cannot hold, or write in another way, are kept as they are, and their pods run:
// no version comes after the first.
func TestRolloutTemplates(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ more, container, kept string }{
		"no quantity":            {"", "resources: {requests: {memory: invalid}},", "memory:invalid"},
		"no quantity to debug":   {"ephemeralContainers: [{name: debug, image: busybox, resources: {requests: {memory: invalid}}}]", "", "memory:invalid"},
		"quantities as numbers":  {"", "resources: {requests: {cpu: 0.001, memory: 1048576}, limits: {cpu: 1000m}},", "cpu:1000m"},
		"a volume of some items": {"volumes: [{name: files, configMap: {name: files, items: [{key: a, path: one/a}]}}]", "volumeMounts: [{name: files, mountPath: /files}],", "path:one/a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := prepareApp(t)
			create(t, admin, a.ns, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: files}\ndata: {a: one, b: two}")
			manifest := a.manifest("argoproj.io/v1alpha1", false, plain)
			manifest = strings.Replace(manifest, "image: busybox,", "image: busybox, "+c.container, 1)
			manifest = strings.Replace(manifest, "      readinessGates:", "      "+c.more+"\n      readinessGates:", 1)
			for range 2 {
				if _, _, err := admin.Kubectl(within(t, time.Minute), manifest, "apply", "-n", a.ns, "-f", "-"); err != nil {
					t.Fatal(err)
				}
				a.stable()
			}
			a.waitPods(map[string]int32{"1": 1})
			template, _, err := unstructured.NestedMap(a.get().Object, "spec", "template", "spec")
			if err != nil || !strings.Contains(fmt.Sprint(template), c.kept) {
				t.Errorf("template %v (%v)", template, err)
			}
		})
	}
}

// A restart replaces the pods of all versions, in the middle of an update too, which stays where it is.
func TestRolloutRestart(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, "replicas: 4\nstrategy: {canary: {maxSurge: 1, maxUnavailable: 2, steps: [{setWeight: 25}, {pause: {}}]}}")
	a.update("2")
	a.pausedAt(1)
	a.waitPods(map[string]int32{"1": 3, "2": 1})
	names := func() map[string]bool {
		pods, err := admin.Kube.CoreV1().Pods(a.ns).List(within(t, time.Minute), metav1.ListOptions{LabelSelector: labelHash})
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		for _, pod := range pods.Items {
			if pod.DeletionTimestamp == nil {
				found[pod.Name] = true
			}
		}
		return found
	}
	before := names()
	a.restart()
	a.waitPods(map[string]int32{"1": 3, "2": 1})
	for name := range names() {
		if before[name] {
			t.Errorf("pod %s was not restarted", name)
		}
	}
	a.pausedAt(1)
	a.waitCounts(counts{4, 4, 1, 4, 4})
	if sets := a.sets(); len(sets) != 2 {
		t.Errorf("ReplicaSets %v", sets)
	}
}

// What the rollout made goes with it.
func TestRolloutDelete(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	a.services("active")
	a.create(false, "replicas: 1\nstrategy: {blueGreen: {activeService: active}}")
	if err := a.client().Delete(within(t, time.Minute), a.name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "nothing is left", func(ctx context.Context) error {
		sets, err := admin.Kube.AppsV1().ReplicaSets(a.ns).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		pods, err := admin.Kube.CoreV1().Pods(a.ns).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		if hash := a.selects("active"); len(sets.Items)+len(pods.Items) > 0 || hash != "" {
			return fmt.Errorf("%d ReplicaSets, %d pods, the Service selects %q", len(sets.Items), len(pods.Items), hash)
		}
		return nil
	})
}

// ReplicaSets that were left behind are taken over, with their pods.
func TestRolloutAdopts(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, plain)
	before := a.sets()["1"]
	orphan := metav1.DeletePropagationOrphan
	if err := a.client().Delete(within(t, time.Minute), a.name, metav1.DeleteOptions{PropagationPolicy: &orphan}); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, "the rollout is gone, its ReplicaSet is not", func(ctx context.Context) error {
		if _, err := a.client().Get(ctx, a.name, metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			return fmt.Errorf("the rollout: %w", err)
		}
		set, err := admin.Kube.AppsV1().ReplicaSets(a.ns).Get(ctx, before.Name, metav1.GetOptions{})
		if err == nil && metav1.GetControllerOf(set) != nil {
			err = fmt.Errorf("it has an owner yet")
		}
		return err
	})
	a.create(false, plain)
	after := a.sets()
	if len(after) != 1 || after["1"] == nil || after["1"].UID != before.UID {
		t.Errorf("ReplicaSets %v, want %s", after, before.Name)
	}
}

// Invalid rollouts are refused, with the path of what is wrong.
func TestRolloutInvalid(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	manifest := a.manifest("rollout.argosy.dev/v1alpha1", false, "replicas: 1\nstrategy: {canary: {maxSurge: 0, maxUnavailable: 0}}")
	_, _, err := admin.Kubectl(within(t, time.Minute), manifest, "create", "-n", a.ns, "-f", "-")
	if err == nil || !strings.Contains(err.Error(), "spec.strategy") {
		t.Errorf("got %v", err)
	}
}

// A Service that is missing is told, and healed when it appears.
func TestRolloutMissingService(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	a.submit(false, "replicas: 1\nstrategy: {blueGreen: {activeService: active}}")
	o := a.wait("Degraded")
	if message := field(o, "status", "message"); !strings.Contains(message, "active") {
		t.Errorf("message %q", message)
	}
	a.services("active")
	a.stable()
	a.waitSelects("active", "1")
}

// The template may be that of a Deployment, whose own pods go as told.
func TestRolloutWorkloadRef(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"never", "onsuccess", "progressively"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			a := prepareApp(t)
			create(t, admin, a.ns, "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: legacy}\nspec:\n  replicas: 2\n  selector: {matchLabels: {app: web}}\n  template:\n"+indent(indent(a.template(false))))
			deployment := appsv1.SchemeGroupVersion.WithResource("deployments")
			replicas := func(want int64) {
				t.Helper()
				waitFor(t, patience, deployment, a.ns, "legacy", func(o *unstructured.Unstructured) (bool, error) {
					n, _, err := unstructured.NestedInt64(o.Object, "spec", "replicas")
					return n == want, err
				})
			}
			waitFor(t, time.Minute, deployment, a.ns, "legacy", func(o *unstructured.Unstructured) (bool, error) {
				n, _, err := unstructured.NestedInt64(o.Object, "status", "availableReplicas")
				return n == 2, err
			})
			create(t, admin, a.ns, "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web}\nspec:\n  replicas: 2\n  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: legacy, scaleDown: "+mode+"}\n  strategy: {canary: {maxSurge: 1, maxUnavailable: 0, steps: [{setWeight: 50}, {pause: {}}]}}\n")
			o := a.stable()
			if _, kept := o.Object["spec"].(map[string]any)["template"]; kept {
				t.Error("the template of the workload was written into the rollout")
			}
			a.waitPods(map[string]int32{"1": 2})
			replicas(map[string]int64{"never": 2, "onsuccess": 0, "progressively": 0}[mode])
			// The generation of the Deployment is what the rollout says that it has seen.
			patched, err := admin.Kube.AppsV1().Deployments(a.ns).Patch(within(t, time.Minute), "legacy", types.MergePatchType, []byte(`{"spec":{"template":{"metadata":{"annotations":{"version":"2"}}}}}`), metav1.PatchOptions{})
			if err != nil {
				t.Fatal(err)
			}
			a.waitFor("the workload's generation", func(o *unstructured.Unstructured) bool {
				n, _ := strconv.ParseInt(field(o, "status", "workloadObservedGeneration"), 10, 64)
				return n >= patched.Generation && field(o, "status", "phase") == "Paused"
			})
			a.waitPods(map[string]int32{"1": 1, "2": 1})
			a.promote()
			a.stable()
			a.waitPods(map[string]int32{"2": 2})
		})
	}
}

// Labels and annotations that pods have for the time being follow the version, in pods that run.
func TestRolloutEphemeralMetadata(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, "replicas: 2\nstrategy: {canary: {maxSurge: 1, maxUnavailable: 0, canaryMetadata: {labels: {role: canary}}, stableMetadata: {labels: {role: stable}}, steps: [{setWeight: 50}, {pause: {}}]}}")
	roles := func(want map[string]string) {
		t.Helper()
		eventually(t, time.Minute, fmt.Sprintf("roles of pods %v", want), func(ctx context.Context) error {
			for revision, role := range want {
				pods, err := admin.Kube.CoreV1().Pods(a.ns).List(ctx, metav1.ListOptions{LabelSelector: labelHash + "=" + a.hash(revision)})
				if err != nil {
					return err
				}
				for _, pod := range pods.Items {
					if got := pod.Labels["role"]; pod.Status.Phase == corev1.PodRunning && pod.DeletionTimestamp == nil && got != role {
						return fmt.Errorf("pod %s of revision %s is %q", pod.Name, revision, got)
					}
				}
			}
			return nil
		})
	}
	roles(map[string]string{"1": "stable"})
	a.update("2")
	a.pausedAt(1)
	a.waitPods(map[string]int32{"1": 1, "2": 1})
	roles(map[string]string{"1": "stable", "2": "canary"})
	a.promote()
	a.stable()
	a.waitPods(map[string]int32{"2": 2})
	roles(map[string]string{"2": "stable"})
}

// The verbs of the native group mean what the plugin's patches mean, and refuse what the state forbids.
func TestRolloutVerbs(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, plain)
	post := func(verb string, body map[string]any) error {
		return a.ask(within(t, time.Minute), admin, nativeRollouts, verb, body, metav1.CreateOptions{})
	}
	must := func(verb string, body map[string]any) {
		t.Helper()
		if err := post(verb, body); err != nil {
			t.Fatalf("%s: %v", verb, err)
		}
	}
	a.stable()
	a.update("2")
	a.pausedAt(1)
	must("abort", nil)
	a.aborted()
	if err := post("promote", nil); !apierrors.IsConflict(err) {
		t.Errorf("promote of an aborted rollout: %v", err)
	}
	must("retry", nil)
	a.pausedAt(1)
	step := map[string]any{"step": int64(1)}
	must("promote", step)
	if err := post("promote", step); !apierrors.IsConflict(err) {
		t.Errorf("the second promote of a step: %v", err)
	}
	a.stable()
	must("undo", nil)
	a.pausedAt(1)
	must("promote", map[string]any{"full": true})
	a.stable()
	a.waitPods(map[string]int32{"3": 1})
	must("pause", nil)
	a.wait("Paused")
	must("resume", nil)
	a.stable()
	must("restart", nil)
	a.waitFor("the restart", func(o *unstructured.Unstructured) bool { return field(o, "status", "restartedAt") != "" })
}

// Both groups show the same rollout.
func TestRolloutGroups(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, plain)
	eventually(t, time.Minute, "the same of both", func(ctx context.Context) error {
		one, err := admin.Dynamic.Resource(nativeRollouts).Namespace(a.ns).Get(ctx, a.name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		other, err := a.client().Get(ctx, a.name, metav1.GetOptions{})
		// It may be written between the two.
		if err == nil && (one.GetUID() != other.GetUID() || one.GetResourceVersion() != other.GetResourceVersion()) {
			err = fmt.Errorf("%s %s and %s %s", one.GetUID(), one.GetResourceVersion(), other.GetUID(), other.GetResourceVersion())
		}
		return err
	})
}
