// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
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
	a.waitPods(map[string]int32{"1": 4})
	a.waitCounts(counts{4, 4, 4, 4, 4})
	a.update("2")
	a.pausedAt(1)
	a.waitPods(map[string]int32{"1": 3, "2": 1})
	a.waitCounts(counts{4, 4, 1, 4, 4})
	a.promote()
	a.pausedAt(3)
	a.waitPods(map[string]int32{"1": 2, "2": 2})
	a.waitCounts(counts{4, 4, 2, 4, 4})
	a.promote()
	o := a.stable()
	a.waitPods(map[string]int32{"2": 4})
	if stable := field(o, "status", "stableRS"); stable != a.hash("2") {
		t.Errorf("stable is %s, want %s", stable, a.hash("2"))
	}
}

// A pause with a duration ends by itself.
func TestRolloutTimedPause(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, "replicas: 1\nstrategy: {canary: {steps: [{setWeight: 50}, {pause: {duration: 5s}}]}}")
	phases := a.phases()
	began := time.Now()
	a.update("2")
	a.stable()
	// The time at which a pause began is noted in whole seconds.
	if took := time.Since(began); took < 4*time.Second {
		t.Errorf("it was done after %s", took)
	}
	if seen := phases(); !slices.Contains(seen, "Paused") {
		t.Errorf("it went through %v", seen)
	}
	a.waitPods(map[string]int32{"2": 1})
}

// Abort goes back, retry begins anew, promote goes on.
func TestRolloutAbortRetryPromote(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, "replicas: 1\nstrategy: {canary: {steps: [{setWeight: 50}, {pause: {}}]}}")
	a.update("2")
	a.pausedAt(1)
	a.waitPods(map[string]int32{"1": 1, "2": 1})
	a.abort()
	o := a.aborted()
	if message := field(o, "status", "message"); !strings.Contains(message, "abort") {
		t.Errorf("message %q", message)
	}
	a.waitPods(map[string]int32{"1": 1})
	a.retry()
	a.pausedAt(1)
	a.waitPods(map[string]int32{"1": 1, "2": 1})
	a.promote()
	a.stable()
	a.waitPods(map[string]int32{"2": 1})
	a.waitEvents("RolloutUpdated", "NewReplicaSetCreated", "ScalingReplicaSet", "RolloutCompleted", "RolloutNotCompleted", "RolloutStepCompleted", "RolloutPaused", "RolloutAborted")
}

// Full promotion passes over all steps that are left.
func TestRolloutPromoteFull(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, half)
	a.update("2")
	a.pausedAt(1)
	a.promoteFull()
	a.stable()
	a.waitPods(map[string]int32{"2": 4})
}

// A version that never gets ready takes no pod of the good one. It gives way to the next, whether that is as bad, or good,
// or the one before; and going back to what is stable skips the steps.
func TestRolloutBadVersions(t *testing.T) {
	t.Parallel()
	for name, steps := range map[string]string{"weights": ", steps: [{setWeight: 50}, {pause: {}}]", "no steps": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, true, "replicas: 2\nstrategy: {canary: {maxSurge: 1, maxUnavailable: 0"+steps+"}}")
			a.update("bad")
			a.waitScale(map[string]int32{"1": 2, "2": 1})
			a.wait("Progressing")
			a.update("worse")
			a.waitScale(map[string]int32{"1": 2, "3": 1})
			a.waitCounts(counts{2, 3, 1, 2, 2})
			a.update("1")
			a.stable()
			a.waitPods(map[string]int32{"4": 2})
			a.update("bad")
			a.waitScale(map[string]int32{"4": 2, "5": 1})
			a.update("good")
			a.waitScale(map[string]int32{"4": 2, "6": 1})
			a.letReady("6")
			if steps != "" {
				a.pausedAt(1)
				a.waitPods(map[string]int32{"4": 1, "6": 1})
				a.promote()
			}
			a.stable()
			a.waitPods(map[string]int32{"6": 2})
		})
	}
}

// The number of pods may change in the middle of an update.
func TestRolloutScalingWhilePaused(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, "replicas: 4\nstrategy: {canary: {maxSurge: 1, maxUnavailable: 0, steps: [{setWeight: 25}, {pause: {}}]}}")
	a.update("2")
	a.pausedAt(1)
	a.waitPods(map[string]int32{"1": 3, "2": 1})
	for _, c := range []struct {
		replicas int
		want     map[string]int32
	}{{8, map[string]int32{"1": 6, "2": 2}}, {4, map[string]int32{"1": 3, "2": 1}}} {
		if _, _, err := admin.Kubectl(within(t, time.Minute), "", "scale", "rollouts.argoproj.io", a.name, "-n", a.ns, fmt.Sprintf("--replicas=%d", c.replicas)); err != nil {
			t.Fatal(err)
		}
		a.waitPods(c.want)
		a.pausedAt(1)
	}
}

// A change of the template and of the number of pods at once.
func TestRolloutSpecAndReplicas(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, "replicas: 2\nstrategy: {canary: {maxSurge: 1, maxUnavailable: 0, steps: [{setWeight: 50}, {pause: {}}]}}")
	a.patch(`{"spec":{"replicas":4,"template":{"metadata":{"annotations":{"version":"2"}}}}}`)
	a.pausedAt(1)
	a.waitPods(map[string]int32{"1": 2, "2": 2})
	a.promote()
	a.stable()
	a.waitPods(map[string]int32{"2": 4})
}

// An update that comes in the middle of another takes the place of the one before.
func TestRolloutThirdVersion(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, half)
	a.update("2")
	a.pausedAt(1)
	a.waitPods(map[string]int32{"1": 3, "2": 1})
	a.update("3")
	a.pausedAt(1)
	a.waitPods(map[string]int32{"1": 3, "3": 1})
	a.abort()
	a.aborted()
	a.waitPods(map[string]int32{"1": 4})
}

// Without enough pods that are ready the rollout is degraded once its time is over, and aborts if it is told to.
func TestRolloutProgressDeadline(t *testing.T) {
	t.Parallel()
	a := newApp(t, true, "replicas: 1\nprogressDeadlineSeconds: 5\nprogressDeadlineAbort: true\nstrategy: {canary: {maxSurge: 1, maxUnavailable: 0, steps: [{setWeight: 100}, {pause: {duration: 1s}}]}}")
	a.update("2")
	a.aborted()
	a.waitPods(map[string]int32{"1": 1})
}
