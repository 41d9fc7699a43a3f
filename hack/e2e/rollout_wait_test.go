// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"

	"argosy.dev/argosy/hack/e2e/framework"
)

// patience is how long a rollout may take for what it does by itself, on a machine that does much else.
const patience = 2 * time.Minute

// observed tells that the status is about the spec as it is now.
func observed(o *unstructured.Unstructured) bool {
	return field(o, "status", "observedGeneration") == strconv.FormatInt(o.GetGeneration(), 10)
}

// wait waits until the server has seen the spec as it is now and the rollout is in the phase. For the healthy one there
// is stable, for the next of several pauses pausedAt: both tell apart what is from what was.
func (a *app) wait(phase string) *unstructured.Unstructured {
	a.t.Helper()
	return a.waitFor("phase "+phase, func(o *unstructured.Unstructured) bool {
		return field(o, "status", "phase") == phase && observed(o)
	})
}

// isStable tells that the version that the spec asks for is the stable one and has all its pods.
func isStable(o *unstructured.Unstructured) bool {
	replicas, said, _ := unstructured.NestedInt64(o.Object, "spec", "replicas")
	if !said {
		replicas = 1
	}
	stable, c := field(o, "status", "stableRS"), countsOf(o)
	return observed(o) && field(o, "status", "phase") == "Healthy" && stable != "" && stable == field(o, "status", "currentPodHash") &&
		c[2] == replicas && c[4] >= replicas
}

// stable waits until the version that the spec asks for is the stable one and has all its pods.
func (a *app) stable() *unstructured.Unstructured {
	a.t.Helper()
	return a.waitFor("a stable version", isStable)
}

// pausedAt waits until the rollout waits at the step of this index.
func (a *app) pausedAt(step int64) *unstructured.Unstructured {
	a.t.Helper()
	return a.waitFor(fmt.Sprintf("the pause at step %d", step), func(o *unstructured.Unstructured) bool {
		index, _, _ := unstructured.NestedInt64(o.Object, "status", "currentStepIndex")
		return index == step && field(o, "status", "phase") == "Paused" && len(list(o.Object, "status", "pauseConditions")) > 0 && observed(o)
	})
}

// aborted waits until the rollout has been aborted, and the stable version gets all.
func (a *app) aborted() *unstructured.Unstructured {
	a.t.Helper()
	return a.waitFor("the abort", func(o *unstructured.Unstructured) bool {
		aborted, _, _ := unstructured.NestedBool(o.Object, "status", "abort")
		return aborted && field(o, "status", "phase") == "Degraded" && observed(o)
	})
}

// waitFor waits until the rollout satisfies a condition.
func (a *app) waitFor(what string, done func(*unstructured.Unstructured) bool) *unstructured.Unstructured {
	a.t.Helper()
	o, err := framework.WaitFor(within(a.t, patience), admin.Dynamic, compatRollouts, a.ns, a.name, func(o *unstructured.Unstructured) (bool, error) { return done(o), nil })
	if err != nil {
		a.t.Fatalf("%s: %v", what, err)
	}
	return o
}

// phases notes the phases that the rollout goes through from now on, also those that last too short a time to be waited
// for. The function that is returned ends that and tells them in their order.
func (a *app) phases() func() []string {
	a.t.Helper()
	ctx, cancel := context.WithCancel(a.t.Context())
	var seen []string
	ended, err := framework.Record(ctx, admin.Dynamic, compatRollouts, a.ns, "", func(_ watch.EventType, o *unstructured.Unstructured) {
		if phase := field(o, "status", "phase"); o.GetName() == a.name && (len(seen) == 0 || seen[len(seen)-1] != phase) {
			seen = append(seen, phase)
		}
	})
	if err != nil {
		a.t.Fatal(err)
	}
	return func() []string {
		cancel()
		<-ended
		return seen
	}
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
	defer func() {
		if a.t.Failed() {
			a.t.Logf("the last counts were %v", last)
		}
	}()
	a.waitFor(fmt.Sprintf("counts %v", want), func(o *unstructured.Unstructured) bool {
		last = countsOf(o)
		return last == want
	})
}

// lookSets returns the rollout's ReplicaSets by revision, for who asks again after an error.
func (a *app) lookSets(ctx context.Context) (map[string]*appsv1.ReplicaSet, error) {
	o, err := a.client().Get(ctx, a.name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	list, err := admin.Kube.AppsV1().ReplicaSets(a.ns).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	sets := map[string]*appsv1.ReplicaSet{}
	for i := range list.Items {
		if owner := metav1.GetControllerOf(&list.Items[i]); owner != nil && owner.UID == o.GetUID() {
			sets[list.Items[i].Annotations[annotationRevision]] = &list.Items[i]
		}
	}
	return sets, nil
}

// sets are the rollout's ReplicaSets by revision.
func (a *app) sets() map[string]*appsv1.ReplicaSet {
	a.t.Helper()
	sets, err := a.lookSets(within(a.t, time.Minute))
	if err != nil {
		a.t.Fatal(err)
	}
	return sets
}

// waitSets waits until the rollout's ReplicaSets are as check wants them.
func (a *app) waitSets(what string, check func(map[string]*appsv1.ReplicaSet) error) {
	a.t.Helper()
	eventually(a.t, patience, what, func(ctx context.Context) error {
		sets, err := a.lookSets(ctx)
		if err != nil {
			return err
		}
		return check(sets)
	})
}

// waitPods waits until the revisions have so many pods that are asked for and as many that are available, and all other
// revisions none.
func (a *app) waitPods(want map[string]int32) {
	a.t.Helper()
	a.waitSets(fmt.Sprintf("pods by revision %v", want), func(sets map[string]*appsv1.ReplicaSet) error {
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
	a.waitSets(fmt.Sprintf("pods asked for by revision %v", want), func(sets map[string]*appsv1.ReplicaSet) error {
		got := map[string]int32{}
		for revision, set := range sets {
			if _, asked := want[revision]; asked || *set.Spec.Replicas > 0 {
				got[revision] = *set.Spec.Replicas
			}
		}
		if !maps.Equal(got, want) {
			return fmt.Errorf("%v", got)
		}
		return nil
	})
}

// hash is the pod template hash of a revision, which must be there, or come.
func (a *app) hash(revision string) (hash string) {
	a.t.Helper()
	a.waitSets("revision "+revision, func(sets map[string]*appsv1.ReplicaSet) error {
		if sets[revision] == nil {
			return fmt.Errorf("there are %v", slices.Sorted(maps.Keys(sets)))
		}
		hash = sets[revision].Labels[labelHash]
		return nil
	})
	return hash
}

// letReady opens the readiness gate of all pods of a revision: of those that are there, and until the test ends of those
// that are made later. A ReplicaSet may be asked for more at any time.
func (a *app) letReady(revision string) {
	a.t.Helper()
	pods := admin.Kube.CoreV1().Pods(a.ns)
	patch := fmt.Appendf(nil, `{"status":{"conditions":[{"type":%q,"status":"True"}]}}`, readinessGate)
	ctx, cancel := context.WithCancel(a.t.Context())
	ended, err := framework.Record(ctx, admin.Dynamic, corev1.SchemeGroupVersion.WithResource("pods"), a.ns, labelHash+"="+a.hash(revision), func(event watch.EventType, o *unstructured.Unstructured) {
		if event == watch.Deleted || o.GetDeletionTimestamp() != nil || hasCondition(o, readinessGate) {
			return
		}
		// Only the end of the test stops it from trying.
		_ = wait.PollUntilContextCancel(ctx, 250*time.Millisecond, true, func(ctx context.Context) (bool, error) {
			_, err := pods.Patch(ctx, o.GetName(), types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
			return err == nil || apierrors.IsNotFound(err), nil
		})
	})
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() {
		cancel()
		<-ended
	})
}

// hasCondition tells whether an object has a condition that is true.
func hasCondition(o *unstructured.Unstructured, kind string) bool {
	return slices.ContainsFunc(list(o.Object, "status", "conditions"), func(c map[string]any) bool {
		return c["type"] == kind && c["status"] == "True"
	})
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

// waitSelects waits until a Service selects the pods of a revision, or of any if that is "".
func (a *app) waitSelects(service, revision string) {
	a.t.Helper()
	want := ""
	if revision != "" {
		want = a.hash(revision)
	}
	waitFor(a.t, patience, corev1.SchemeGroupVersion.WithResource("services"), a.ns, service, func(o *unstructured.Unstructured) (bool, error) {
		return field(o, "spec", "selector", labelHash) == want, nil
	})
}

// waitEvents waits until there are Events about the rollout for all these reasons: they are written beside the status,
// and may come after it.
func (a *app) waitEvents(reasons ...string) {
	a.t.Helper()
	eventually(a.t, time.Minute, "Events about the rollout", func(ctx context.Context) error {
		list, err := admin.Kube.CoreV1().Events(a.ns).List(ctx, metav1.ListOptions{FieldSelector: "involvedObject.kind=Rollout,involvedObject.name=" + a.name})
		if err != nil {
			return err
		}
		seen := map[string]bool{}
		for _, e := range list.Items {
			seen[e.Reason] = true
		}
		for _, reason := range reasons {
			if !seen[reason] {
				return fmt.Errorf("none %s: %v", reason, slices.Sorted(maps.Keys(seen)))
			}
		}
		return nil
	})
}
