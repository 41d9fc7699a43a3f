// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
)

// deadlines waits until the revisions that wait for the end of their pods are these.
func (a *app) deadlines(want ...string) {
	a.t.Helper()
	a.waitSets(fmt.Sprintf("deadlines of revisions %v", want), func(sets map[string]*appsv1.ReplicaSet) error {
		for revision, set := range sets {
			if has := set.Annotations["scale-down-deadline"] != ""; has != slices.Contains(want, revision) {
				return fmt.Errorf("revision %s has a deadline: %t", revision, has)
			}
		}
		return nil
	})
}

// The old pods of a canary with a router stay for a time, of so many versions as are said, and go then.
func TestRolloutScaleDownDelay(t *testing.T) {
	t.Parallel()
	a := routedApp(t, 1, "scaleDownDelaySeconds: 600\nscaleDownDelayRevisionLimit: 1\nsteps: [{setWeight: 50}]")
	a.update("2")
	a.stable()
	a.waitPods(map[string]int32{"1": 1, "2": 1})
	a.deadlines("1")
	a.update("3")
	a.stable()
	a.waitPods(map[string]int32{"2": 1, "3": 1})
	a.deadlines("2")
	// A shorter delay holds for what comes after.
	a.patch(`{"spec":{"strategy":{"canary":{"scaleDownDelaySeconds":3,"scaleDownDelayRevisionLimit":null}}}}`)
	a.update("4")
	a.stable()
	a.waitPods(map[string]int32{"2": 1, "4": 1})
}

// After an abort the new pods stay for a time. A retry before its end keeps them, and the same pods serve.
func TestRolloutAbortScaleDownDelay(t *testing.T) {
	t.Parallel()
	a := routedApp(t, 2, "abortScaleDownDelaySeconds: 600\nsteps: [{setWeight: 50}, {pause: {}}]")
	a.update("2")
	a.pausedAt(1)
	a.waitPods(map[string]int32{"1": 2, "2": 1})
	a.abort()
	a.aborted()
	a.waitPods(map[string]int32{"1": 2, "2": 1})
	a.deadlines("2")
	a.retry()
	a.pausedAt(1)
	a.waitPods(map[string]int32{"1": 2, "2": 1})
	a.deadlines()
	a.patch(`{"spec":{"strategy":{"canary":{"abortScaleDownDelaySeconds":2}}}}`)
	a.pausedAt(1)
	a.abort()
	a.aborted()
	a.waitPods(map[string]int32{"1": 2})
	// 0 keeps them for good: there is no deadline.
	a.patch(`{"spec":{"strategy":{"canary":{"abortScaleDownDelaySeconds":0}}}}`)
	a.retry()
	a.pausedAt(1)
	a.waitPods(map[string]int32{"1": 2, "2": 1})
	a.abort()
	a.aborted()
	a.waitPods(map[string]int32{"1": 2, "2": 1})
	a.deadlines()
}

// A limit that is lowered takes away the pods of versions that wait for their end.
func TestRolloutBlueGreenDelayLimit(t *testing.T) {
	t.Parallel()
	a := prepareApp(t)
	a.services("active")
	a.create(false, "replicas: 1\nstrategy: {blueGreen: {activeService: active, scaleDownDelaySeconds: 600, scaleDownDelayRevisionLimit: 2}}")
	for _, c := range []struct {
		version string
		want    map[string]int32
	}{{"2", map[string]int32{"1": 1, "2": 1}}, {"3", map[string]int32{"1": 1, "2": 1, "3": 1}}, {"4", map[string]int32{"2": 1, "3": 1, "4": 1}}} {
		a.update(c.version)
		a.stable()
		a.waitSelects("active", c.version)
		a.waitPods(c.want)
	}
	a.patch(`{"spec":{"strategy":{"blueGreen":{"scaleDownDelayRevisionLimit":1}}}}`)
	a.waitPods(map[string]int32{"3": 1, "4": 1})
	a.patch(`{"spec":{"strategy":{"blueGreen":{"scaleDownDelayRevisionLimit":0}}}}`)
	a.waitPods(map[string]int32{"4": 1})
	a.stable()
}

// The pods of a version that was given up for a third go when that comes, without any delay, though it is paused.
func TestRolloutGivenUpVersion(t *testing.T) {
	t.Parallel()
	a := routedApp(t, 2, "scaleDownDelaySeconds: 600\nsteps: [{setWeight: 50}, {pause: {}}]")
	a.update("2")
	a.pausedAt(1)
	a.waitPods(map[string]int32{"1": 2, "2": 1})
	a.update("3")
	a.pausedAt(1)
	a.waitPods(map[string]int32{"1": 2, "3": 1})
	// Back to what is stable: nothing else is made, and the third, which had traffic until now, waits.
	a.update("1")
	a.stable()
	a.waitPods(map[string]int32{"3": 1, "4": 2})
	a.deadlines("3")
	if n := len(a.sets()); n != 3 {
		t.Errorf("%d ReplicaSets, want 3", n)
	}
}

// A ReplicaSet of a canary with a router has no fewer pods than are said, if the weight asks for any.
func TestRolloutMinPods(t *testing.T) {
	t.Parallel()
	a := routedApp(t, 4, "minPodsPerReplicaSet: 2\nsteps: [{setWeight: 0}, {pause: {}}, {setWeight: 5}, {pause: {}}, {setWeight: 75}, {pause: {}}]")
	a.update("2")
	for _, c := range []struct {
		step   int64
		canary int32
	}{{1, 0}, {3, 2}, {5, 3}} {
		a.pausedAt(c.step)
		a.waitPods(map[string]int32{"1": 4, "2": c.canary})
		a.promote()
	}
	a.stable()
}

// The number of pods changes while new ones come up: old and new together are no more than a surge allows.
func TestRolloutScalingDuringUpdate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fences           string
		start, up, again map[string]int32
	}{
		"unavailable alone": {"maxSurge: 0, maxUnavailable: 2", map[string]int32{"1": 2, "2": 2}, map[string]int32{"1": 2, "2": 6}, map[string]int32{"1": 2, "2": 2}},
		"surge alone":       {"maxSurge: 2, maxUnavailable: 0", map[string]int32{"1": 4, "2": 2}, map[string]int32{"1": 4, "2": 6}, map[string]int32{"1": 4, "2": 2}},
		"both":              {"maxSurge: 3, maxUnavailable: 1", map[string]int32{"1": 3, "2": 4}, map[string]int32{"1": 3, "2": 8}, map[string]int32{"1": 3, "2": 4}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// The new pods never get ready.
			a := newApp(t, true, "replicas: 4\nstrategy: {canary: {"+c.fences+"}}")
			a.update("2")
			a.waitScale(c.start)
			a.patch(`{"spec":{"replicas":8}}`)
			a.waitScale(c.up)
			a.patch(`{"spec":{"replicas":4}}`)
			a.waitScale(c.again)
			a.wait("Progressing")
		})
	}
}

// The deadline of progress is not counted while somebody is waited for.
func TestRolloutPauseBeyondDeadline(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, "replicas: 1\nprogressDeadlineSeconds: 15\nprogressDeadlineAbort: true\nstrategy: {canary: {steps: [{setWeight: 50}, {pause: {duration: 20s}}, {setWeight: 60}]}}")
	phases := a.phases()
	a.update("2")
	a.stable()
	if seen := phases(); slices.Contains(seen, "Degraded") || !slices.Contains(seen, "Paused") {
		t.Errorf("it went through %v", seen)
	}
	a.waitPods(map[string]int32{"2": 1})
}
