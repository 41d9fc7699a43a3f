// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"slices"
	"testing"
	"time"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// TestUnScaleDownOnAbort: a retry before the end of the delay keeps the pods, and they never go.
func TestUnScaleDownOnAbort(t *testing.T) {
	s := routed(t, 2, `abortScaleDownDelaySeconds: 60, steps: [{setWeight: 50}, {pause: {}}]`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.pausedAt(1)
	s.wantPods("1:2 2:1")
	s.abort()
	s.run(30 * time.Second)
	s.wantPods("1:2 2:1")
	if _, set := deadline(s.byRevision(2)); !set {
		t.Fatal(s.describe())
	}
	s.do(Retry(s.ro, &rov1.RolloutRetry{}, s.now))
	s.phase(rov1.RolloutPhasePaused)
	if _, set := deadline(s.byRevision(2)); set {
		t.Fatal(s.describe())
	}
	s.run(5 * time.Minute)
	s.wantPods("1:2 2:1")
	s.wantWeight("50")
}

// TestGivenUpWhilePaused: the pods of a version that waited go when the next one comes, at once; those that were stable
// are kept.
func TestGivenUpWhilePaused(t *testing.T) {
	s := routed(t, 5, `scaleDownDelaySeconds: 600, steps: [{setWeight: 20}, {pause: {}}, {setWeight: 60}, {pause: {}}]`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.pausedAt(1)
	s.wantPods("1:5 2:1")
	s.promote()
	s.pausedAt(3)
	s.wantPods("1:5 2:3")
	s.image("three")
	s.run(time.Minute)
	s.pausedAt(1)
	s.wantPods("1:5 2:0 3:1")
	s.promoteFull()
	s.phase(rov1.RolloutPhaseHealthy)
	s.run(time.Minute)
	s.wantPods("1:5 2:0 3:5")
	s.run(11 * time.Minute)
	s.wantPods("1:0 2:0 3:5")
}

// TestDelayAndDeadline: old pods that wait are no lack of progress, and the update after them is late when its own pods
// are.
func TestDelayAndDeadline(t *testing.T) {
	s := newSim(t, `spec: {replicas: 2, progressDeadlineSeconds: 20, progressDeadlineAbort: true, strategy: {canary: {stableService: stable, canaryService: canary,
		trafficRouting: {nginx: {stableIngress: main}}, scaleDownDelaySeconds: 60, steps: [{setWeight: 50}]}}}`)
	s.ingress()
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhaseHealthy)
	for range 40 {
		s.run(time.Second)
		if s.ro.Status.Phase != rov1.RolloutPhaseHealthy || s.ro.Status.Abort {
			t.Fatal(s.describe())
		}
	}
	s.wantPods("1:2 2:2")
	s.run(time.Minute)
	s.wantPods("1:0 2:2")
	s.neverReady(3)
	s.image("three")
	s.until("the abort", func() bool { return s.ro.Status.Abort })
	s.run(time.Minute)
	s.wantPods("1:0 2:2 3:0")
	s.wantWeight("0")
	if slices.Contains(s.reasons(), "RolloutPaused") {
		t.Error(s.reasons())
	}
}

// TestAbortBeforeReady: whatever the number of new pods is set to, an abort before they are ready sends nothing to them.
func TestAbortBeforeReady(t *testing.T) {
	s := routed(t, 3, `abortScaleDownDelaySeconds: 5, steps: [{setCanaryScale: {replicas: 2}}, {setWeight: 30}, {pause: {}}]`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.neverReady(2)
	s.image("two")
	s.run(time.Minute)
	s.wantPods("1:3 2:2")
	s.wantWeight("0")
	s.abort()
	s.run(time.Minute)
	s.wantPods("1:3 2:0")
	s.wantWeight("0")
}
