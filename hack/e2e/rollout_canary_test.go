// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// half waits with half of the pods new, until somebody promotes it.
const half = `
replicas: 4
strategy:
  canary:
    maxSurge: 1
    maxUnavailable: 0
    steps: [{setWeight: 25}, {pause: {}}, {setWeight: 50}, {pause: {}}]
`

// A canary takes its steps one after the other, as somebody promotes it, with the numbers of pods that they ask for.
func TestRolloutCanarySteps(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, half)
	a.wait("Healthy")
	a.waitPods(map[string]int32{"1": 4})
	a.waitCounts(counts{4, 4, 4, 4, 4})
	a.update("2")
	a.wait("Paused")
	a.waitPods(map[string]int32{"1": 3, "2": 1})
	a.waitCounts(counts{4, 4, 1, 4, 4})
	a.promote()
	a.waitFor("the second pause", func(o *unstructured.Unstructured) bool {
		index, _, _ := unstructured.NestedInt64(o.Object, "status", "currentStepIndex")
		return index == 3 && field(o, "status", "phase") == "Paused"
	})
	a.waitPods(map[string]int32{"1": 2, "2": 2})
	a.promote()
	a.wait("Healthy")
	a.waitPods(map[string]int32{"2": 4})
	if stable := field(a.get(), "status", "stableRS"); stable != a.hash("2") {
		t.Errorf("stable is %s, want %s", stable, a.hash("2"))
	}
}

// A pause with a duration ends by itself.
func TestRolloutTimedPause(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, "replicas: 1\nstrategy: {canary: {steps: [{setWeight: 50}, {pause: {duration: 5s}}]}}")
	a.wait("Healthy")
	began := time.Now()
	a.update("2")
	a.wait("Paused")
	a.wait("Healthy")
	if took := time.Since(began); took < 5*time.Second {
		t.Errorf("it was done after %s", took)
	}
	a.waitPods(map[string]int32{"2": 1})
}

// Abort goes back, retry begins anew, promote goes on.
func TestRolloutAbortRetryPromote(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, "replicas: 1\nstrategy: {canary: {steps: [{setWeight: 50}, {pause: {}}]}}")
	a.wait("Healthy")
	a.update("2")
	a.wait("Paused")
	a.waitPods(map[string]int32{"1": 1, "2": 1})
	a.abort()
	o := a.wait("Degraded")
	if message := field(o, "status", "message"); !strings.Contains(message, "abort") {
		t.Errorf("message %q", message)
	}
	a.waitPods(map[string]int32{"1": 1})
	a.retry()
	a.wait("Paused")
	a.waitPods(map[string]int32{"1": 1, "2": 1})
	a.promote()
	a.wait("Healthy")
	a.waitPods(map[string]int32{"2": 1})
	seen := strings.Join(a.events(), " ")
	for _, reason := range []string{"RolloutUpdated", "NewReplicaSetCreated", "ScalingReplicaSet", "RolloutCompleted", "RolloutNotCompleted", "RolloutStepCompleted", "RolloutPaused", "RolloutAborted"} {
		if !strings.Contains(seen, reason) {
			t.Errorf("no Event %s: %s", reason, seen)
		}
	}
}

// Full promotion passes over all steps that are left.
func TestRolloutPromoteFull(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, half)
	a.wait("Healthy")
	a.update("2")
	a.wait("Paused")
	a.promoteFull()
	a.wait("Healthy")
	a.waitPods(map[string]int32{"2": 4})
}

// Going back to the stable version skips the steps, whether the new one ever got ready or not.
func TestRolloutGoodToBadToGood(t *testing.T) {
	t.Parallel()
	a := newApp(t, true, "replicas: 2\nstrategy: {canary: {maxSurge: 1, maxUnavailable: 0, steps: [{setWeight: 50}, {pause: {}}]}}")
	a.markReady("1", true)
	a.wait("Healthy")
	a.update("2")
	a.waitScale(map[string]int32{"1": 2, "2": 1})
	a.wait("Progressing")
	a.update("1")
	a.wait("Healthy")
	a.waitPods(map[string]int32{"3": 2})
	// The other way round: a version that is not ready gives way to one that is.
	a.update("bad")
	a.waitScale(map[string]int32{"3": 2, "4": 1})
	a.update("good")
	a.waitScale(map[string]int32{"3": 2, "5": 1})
	a.markReady("5", true)
	a.wait("Paused")
	a.waitPods(map[string]int32{"3": 1, "5": 1})
}

// The number of pods may change in the middle of an update.
func TestRolloutScalingWhilePaused(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, "replicas: 4\nstrategy: {canary: {maxSurge: 1, maxUnavailable: 0, steps: [{setWeight: 25}, {pause: {}}]}}")
	a.wait("Healthy")
	a.update("2")
	a.wait("Paused")
	a.waitPods(map[string]int32{"1": 3, "2": 1})
	for _, c := range []struct {
		replicas int
		want     map[string]int32
	}{{8, map[string]int32{"1": 6, "2": 2}}, {4, map[string]int32{"1": 3, "2": 1}}} {
		if _, _, err := admin.Kubectl(within(t, time.Minute), "", "scale", "rollouts.argoproj.io", a.name, "-n", a.ns, fmt.Sprintf("--replicas=%d", c.replicas)); err != nil {
			t.Fatal(err)
		}
		a.waitPods(c.want)
		a.wait("Paused")
	}
}

// A change of the template and of the number of pods at once.
func TestRolloutSpecAndReplicas(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, "replicas: 2\nstrategy: {canary: {maxSurge: 1, maxUnavailable: 0, steps: [{setWeight: 50}, {pause: {}}]}}")
	a.wait("Healthy")
	a.patch(`{"spec":{"replicas":4,"template":{"metadata":{"annotations":{"version":"2"}}}}}`)
	a.wait("Paused")
	a.waitPods(map[string]int32{"1": 2, "2": 2})
	a.promote()
	a.wait("Healthy")
	a.waitPods(map[string]int32{"2": 4})
}

// An update that comes in the middle of another takes the place of the one before.
func TestRolloutThirdVersion(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, half)
	a.wait("Healthy")
	a.update("2")
	a.wait("Paused")
	a.waitPods(map[string]int32{"1": 3, "2": 1})
	a.update("3")
	a.wait("Paused")
	a.waitPods(map[string]int32{"1": 3, "3": 1})
	a.abort()
	a.wait("Degraded")
	a.waitPods(map[string]int32{"1": 4})
}

// Without enough pods that are ready the rollout is degraded once its time is over, and aborts if it is told to.
func TestRolloutProgressDeadline(t *testing.T) {
	t.Parallel()
	a := newApp(t, true, "replicas: 1\nprogressDeadlineSeconds: 5\nprogressDeadlineAbort: true\nstrategy: {canary: {maxSurge: 1, maxUnavailable: 0, steps: [{setWeight: 100}, {pause: {duration: 1s}}]}}")
	a.markReady("1", true)
	a.wait("Healthy")
	a.update("2")
	a.wait("Degraded")
	a.waitFor("the abort", func(o *unstructured.Unstructured) bool {
		aborted, _, _ := unstructured.NestedBool(o.Object, "status", "abort")
		return aborted
	})
	a.waitPods(map[string]int32{"1": 1})
}
