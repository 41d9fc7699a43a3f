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

	"argosy.dev/argosy/hack/e2e/framework"
)

const plain = "replicas: 1\nstrategy: {canary: {steps: [{setWeight: 50}, {pause: {}}]}}"

// Undo is to write the template of an old ReplicaSet back, as the peer's plugin does: no third set of pods is made.
func TestRolloutUndo(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, plain)
	a.wait("Healthy")
	a.update("2")
	a.wait("Paused")
	a.promote()
	a.wait("Healthy")
	template := a.sets()["1"].Spec.Template
	delete(template.Labels, labelHash)
	patch, err := json.Marshal([]map[string]any{{"op": "replace", "path": "/spec/template", "value": template}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.client().Patch(within(t, time.Minute), a.name, types.JSONPatchType, patch, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	a.wait("Paused")
	sets := a.sets()
	if len(sets) != 2 || sets["3"] == nil {
		t.Errorf("%d ReplicaSets, want the old one with revision 3 and the second: %v", len(sets), sets)
	}
	a.promote()
	a.wait("Healthy")
	a.waitPods(map[string]int32{"3": 1})
}

// kubectl wait knows when a rollout is paused, healthy and completed.
func TestRolloutKubectlWait(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, plain)
	wait := func(condition string) {
		t.Helper()
		if _, _, err := admin.Kubectl(within(t, 90*time.Second), "", "wait", "--for=condition="+condition, "rollouts.argoproj.io/"+a.name, "-n", a.ns, "--timeout=80s"); err != nil {
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
	a.wait("Healthy")
	if _, _, err := admin.Kubectl(within(t, time.Minute), "", "scale", "rollouts.rollout.argosy.dev", a.name, "-n", a.ns, "--replicas=3"); err != nil {
		t.Fatal(err)
	}
	a.wait("Healthy")
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

// A pod template with a quantity that is none is kept as it is, and its pods run.
func TestRolloutMalformedQuantity(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	manifest := strings.Replace(a.manifest("argoproj.io/v1alpha1", false, plain), "image: busybox,", "image: busybox, resources: {requests: {memory: invalid}},", 1)
	if _, _, err := admin.Kubectl(within(t, time.Minute), manifest, "apply", "-n", a.ns, "-f", "-"); err != nil {
		t.Fatal(err)
	}
	a.wait("Healthy")
	a.waitPods(map[string]int32{"1": 1})
	containers, _, err := unstructured.NestedSlice(a.get().Object, "spec", "template", "spec", "containers")
	if err != nil || !strings.Contains(fmt.Sprint(containers), "memory:invalid") {
		t.Errorf("containers %v (%v)", containers, err)
	}
}

// A restart replaces the pods, one after the other, as far as a disruption budget lets it.
func TestRolloutRestart(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, "replicas: 2\nstrategy: {canary: {maxUnavailable: 1}}")
	a.wait("Healthy")
	a.waitPods(map[string]int32{"1": 2})
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
	a.patch(fmt.Sprintf(`{"spec":{"restartAt":%q}}`, time.Now().Add(time.Second).UTC().Format(time.RFC3339)))
	a.waitFor("the restart", func(o *unstructured.Unstructured) bool {
		return field(o, "status", "restartedAt") != "" && field(o, "status", "restartedAt") == field(o, "spec", "restartAt")
	})
	a.wait("Healthy")
	for name := range names() {
		if before[name] {
			t.Errorf("pod %s was not restarted", name)
		}
	}
	if len(a.sets()) != 1 {
		t.Errorf("ReplicaSets %v", a.sets())
	}
}

// What the rollout made goes with it.
func TestRolloutDelete(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	a.services("active")
	a.create(false, "replicas: 1\nstrategy: {blueGreen: {activeService: active}}")
	a.wait("Healthy")
	if err := a.client().Delete(within(t, time.Minute), a.name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, 90*time.Second, "nothing is left", func(ctx context.Context) error {
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
	a.wait("Healthy")
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
	a.wait("Healthy")
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
	a := newApp(t, false, "replicas: 1\nstrategy: {blueGreen: {activeService: active}}")
	o := a.wait("Degraded")
	if message := field(o, "status", "message"); !strings.Contains(message, "active") {
		t.Errorf("message %q", message)
	}
	a.services("active")
	a.wait("Healthy")
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
				waitFor(t, 90*time.Second, deployment, a.ns, "legacy", func(o *unstructured.Unstructured) (bool, error) {
					n, _, err := unstructured.NestedInt64(o.Object, "spec", "replicas")
					return n == want, err
				})
			}
			waitFor(t, time.Minute, deployment, a.ns, "legacy", func(o *unstructured.Unstructured) (bool, error) {
				n, _, err := unstructured.NestedInt64(o.Object, "status", "availableReplicas")
				return n == 2, err
			})
			create(t, admin, a.ns, "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: web}\nspec:\n  replicas: 2\n  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: legacy, scaleDown: "+mode+"}\n  strategy: {canary: {maxSurge: 1, maxUnavailable: 0, steps: [{setWeight: 50}, {pause: {}}]}}\n")
			o := a.wait("Healthy")
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
			a.wait("Healthy")
			a.waitPods(map[string]int32{"2": 2})
		})
	}
}

// Labels and annotations that pods have for the time being follow the version, in pods that run.
func TestRolloutEphemeralMetadata(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, "replicas: 2\nstrategy: {canary: {maxSurge: 1, maxUnavailable: 0, canaryMetadata: {labels: {role: canary}}, stableMetadata: {labels: {role: stable}}, steps: [{setWeight: 50}, {pause: {}}]}}")
	a.wait("Healthy")
	roles := func(want map[string]string) {
		t.Helper()
		eventually(t, time.Minute, fmt.Sprintf("roles of pods %v", want), func(ctx context.Context) error {
			for revision, role := range want {
				pods, err := admin.Kube.CoreV1().Pods(a.ns).List(ctx, metav1.ListOptions{LabelSelector: labelHash + "=" + a.hash(revision)})
				if err != nil {
					return err
				}
				for _, pod := range pods.Items {
					if got := pod.Labels["role"]; pod.Status.Phase == corev1.PodRunning && got != role {
						return fmt.Errorf("pod %s of revision %s is %q", pod.Name, revision, got)
					}
				}
			}
			return nil
		})
	}
	roles(map[string]string{"1": "stable"})
	a.update("2")
	a.wait("Paused")
	a.waitPods(map[string]int32{"1": 1, "2": 1})
	roles(map[string]string{"1": "stable", "2": "canary"})
	a.promote()
	a.wait("Healthy")
	a.waitPods(map[string]int32{"2": 2})
	roles(map[string]string{"2": "stable"})
}

// The verbs of the native group mean what the plugin's patches mean, and refuse what the state forbids.
func TestRolloutVerbs(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, plain)
	post := func(verb string, body map[string]any) error {
		o := &unstructured.Unstructured{Object: map[string]any{}}
		for key, value := range body {
			o.Object[key] = value
		}
		o.SetAPIVersion(nativeRollouts.GroupVersion().String())
		o.SetKind("Rollout" + strings.ToUpper(verb[:1]) + verb[1:])
		o.SetName(a.name)
		_, err := admin.Dynamic.Resource(nativeRollouts).Namespace(a.ns).Create(within(t, time.Minute), o, metav1.CreateOptions{}, verb)
		return err
	}
	must := func(verb string, body map[string]any) {
		t.Helper()
		if err := post(verb, body); err != nil {
			t.Fatalf("%s: %v", verb, err)
		}
	}
	a.wait("Healthy")
	a.update("2")
	a.wait("Paused")
	must("abort", nil)
	a.wait("Degraded")
	if err := post("promote", nil); !apierrors.IsConflict(err) {
		t.Errorf("promote of an aborted rollout: %v", err)
	}
	must("retry", nil)
	a.wait("Paused")
	step := map[string]any{"step": int64(1)}
	must("promote", step)
	if err := post("promote", step); !apierrors.IsConflict(err) {
		t.Errorf("the second promote of a step: %v", err)
	}
	a.wait("Healthy")
	must("undo", nil)
	a.wait("Paused")
	must("promote", map[string]any{"full": true})
	a.wait("Healthy")
	a.waitPods(map[string]int32{"3": 1})
	must("pause", nil)
	a.wait("Paused")
	must("resume", nil)
	a.wait("Healthy")
	must("restart", nil)
	a.waitFor("the restart", func(o *unstructured.Unstructured) bool { return field(o, "status", "restartedAt") != "" })
}

// Both groups show the same rollout.
func TestRolloutGroups(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, plain)
	a.wait("Healthy")
	o, err := framework.WaitFor(within(t, time.Minute), admin.Dynamic, nativeRollouts, a.ns, a.name, func(o *unstructured.Unstructured) (bool, error) { return field(o, "status", "phase") == "Healthy", nil })
	if err != nil {
		t.Fatal(err)
	}
	if other := a.get(); o.GetUID() != other.GetUID() || o.GetResourceVersion() != other.GetResourceVersion() {
		t.Errorf("%s %s and %s %s", o.GetUID(), o.GetResourceVersion(), other.GetUID(), other.GetResourceVersion())
	}
}
