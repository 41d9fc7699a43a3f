// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"slices"
	"strings"
	"testing"
	"time"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

func TestInitialDeploy(t *testing.T) {
	s := newSim(t, `spec: {replicas: 3, strategy: {canary: {steps: [{setWeight: 50}, {pause: {}}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.wantPods("1:3")
	s.wantTuple(3, 3, 3, 3, 3)
	want := []string{"RolloutAddedToInformer", "RolloutUpdated", "NewReplicaSetCreated", "RolloutNotCompleted", "ScalingReplicaSet", "RolloutCompleted"}
	if got := s.reasons(); !slices.Equal(got, want) {
		t.Errorf("events %v, want %v", got, want)
	}
	if s.ro.Annotations[rov1.AnnotationRevision] != "1" || *s.ro.Status.CurrentStepIndex != 2 || s.ro.Status.Message != "" {
		t.Error(s.describe())
	}
}

// TestAbortRetryPromote is the scenario of that name, with all its Events.
func TestAbortRetryPromote(t *testing.T) {
	s := newSim(t, `spec: {strategy: {canary: {steps: [{setWeight: 50}, {pause: {duration: 3s}}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.events = nil
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.wantPods("1:1 2:1")
	s.do(Abort(s.ro, &rov1.RolloutAbort{}, s.now))
	s.phase(rov1.RolloutPhaseDegraded)
	s.until("end of the new pods", func() bool { return s.pods() == "1:1 2:0" })
	s.do(Retry(s.ro, &rov1.RolloutRetry{}, s.now))
	s.phase(rov1.RolloutPhasePaused)
	s.wantPods("1:1 2:1")
	s.phase(rov1.RolloutPhaseHealthy)
	s.wantPods("1:0 2:1")
	want := []string{
		"RolloutUpdated", "NewReplicaSetCreated", "RolloutNotCompleted", "ScalingReplicaSet", "RolloutStepCompleted", "RolloutPaused",
		"ScalingReplicaSet", "RolloutAborted", "ScalingReplicaSet", "RolloutStepCompleted", "RolloutPaused", "RolloutStepCompleted",
		"RolloutResumed", "ScalingReplicaSet", "RolloutCompleted",
	}
	if got := s.reasons(); !slices.Equal(got, want) {
		t.Errorf("events\n%v, want\n%v", got, want)
	}
}

func TestScalingWhenPaused(t *testing.T) {
	s := newSim(t, `spec: {replicas: 1, strategy: {canary: {maxSurge: 1, maxUnavailable: 0, steps: [{setWeight: 25}, {pause: {}}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.wantPods("1:1 2:1")
	s.resize(8)
	s.until("8 pods", func() bool { return s.pods() == "1:6 2:2" })
	s.run(time.Minute)
	s.wantPods("1:6 2:2")
	s.resize(4)
	s.run(time.Minute)
	s.wantPods("1:3 2:1")
	if s.ro.Status.Phase != rov1.RolloutPhasePaused {
		t.Error(s.describe())
	}
}

// TestGoodToBad: pods that never become ready take no more than the surge, and none of the good ones.
func TestGoodToBad(t *testing.T) {
	s := newSim(t, `spec: {replicas: 4, progressDeadlineSeconds: 60, strategy: {canary: {maxSurge: 1, maxUnavailable: 0}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	good := s.takes
	s.takes = func(rs *appsReplicaSet) time.Duration {
		if revisionOf(rs) == 1 || revisionOf(rs) == 4 {
			return good(rs)
		}
		return -1
	}
	s.image("two")
	s.phase(rov1.RolloutPhaseDegraded)
	s.wantPods("1:4 2:1")
	s.image("three")
	s.run(time.Minute)
	s.wantPods("1:4 2:0 3:1")
	s.image("four")
	s.phase(rov1.RolloutPhaseHealthy)
	s.wantPods("1:0 2:0 3:0 4:4")
}

func TestSpecPauseHoldsSteps(t *testing.T) {
	s := newSim(t, `spec: {replicas: 2, strategy: {canary: {steps: [{setWeight: 50}, {pause: {}}, {setWeight: 100}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.do(Pause(s.ro, &rov1.RolloutPause{}, s.now))
	s.ro.Generation++
	s.image("two")
	s.run(time.Minute)
	s.wantPods("1:2 2:0")
	if s.ro.Status.Phase != rov1.RolloutPhasePaused {
		t.Error(s.describe())
	}
	s.do(Resume(s.ro, &rov1.RolloutResume{}, s.now))
	s.ro.Generation++
	s.phase(rov1.RolloutPhasePaused)
	s.wantPods("1:1 2:1")
	s.do(Promote(s.ro, &rov1.RolloutPromote{}, s.now))
	s.phase(rov1.RolloutPhaseHealthy)
	s.wantPods("1:0 2:2")
}

// TestResizeWhilePausedByHand: the pods that there are follow the wanted number, and nothing else happens.
func TestResizeWhilePausedByHand(t *testing.T) {
	s := newSim(t, `spec: {replicas: 2, strategy: {canary: {steps: [{setWeight: 50}, {pause: {}}, {setWeight: 100}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.do(Pause(s.ro, &rov1.RolloutPause{}, s.now))
	s.ro.Generation++
	s.resize(4)
	s.run(time.Minute)
	s.wantPods("1:4")
	s.image("two")
	s.resize(6)
	s.run(time.Minute)
	s.wantPods("1:6 2:0")
	s.do(Resume(s.ro, &rov1.RolloutResume{}, s.now))
	s.ro.Generation++
	s.until("pause", func() bool { return len(s.ro.Status.PauseConditions) > 0 })
	s.wantPods("1:3 2:3")
	s.do(Pause(s.ro, &rov1.RolloutPause{}, s.now))
	s.ro.Generation++
	s.resize(4)
	s.run(time.Minute)
	s.wantPods("1:2 2:2")
}

// TestResizeWhilePausedAfterWayBack: pods of a version that was given up just before the pause count as well.
func TestResizeWhilePausedAfterWayBack(t *testing.T) {
	s := newSim(t, `spec: {replicas: 4, strategy: {canary: {maxSurge: 0, maxUnavailable: 1, steps: [{setWeight: 25}, {pause: {}}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.wantPods("1:3 2:1")
	s.do(Pause(s.ro, &rov1.RolloutPause{}, s.now))
	s.image("one")
	s.resize(6)
	s.run(time.Minute)
	s.wantPods("2:1 3:5")
	s.do(Resume(s.ro, &rov1.RolloutResume{}, s.now))
	s.ro.Generation++
	s.phase(rov1.RolloutPhaseHealthy)
	s.wantPods("2:0 3:6")
}

func TestPromoteFull(t *testing.T) {
	s := newSim(t, `spec: {replicas: 3, strategy: {canary: {steps: [{setWeight: 20}, {pause: {}}, {setWeight: 40}, {pause: {}}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.do(Promote(s.ro, &rov1.RolloutPromote{Full: true}, s.now))
	s.phase(rov1.RolloutPhaseHealthy)
	s.wantPods("1:0 2:3")
	if s.ro.Status.PromoteFull || s.ro.Status.Duration.CompletionStatus != rov1.CompletionFastPromoted {
		t.Error(s.describe())
	}
	// Aborted, then promoted to the end all the same.
	s.image("three")
	s.phase(rov1.RolloutPhasePaused)
	s.do(Abort(s.ro, &rov1.RolloutAbort{}, s.now))
	s.phase(rov1.RolloutPhaseDegraded)
	s.ro.Status.PromoteFull = true
	s.phase(rov1.RolloutPhaseHealthy)
	s.wantPods("1:0 2:0 3:3")
}

// TestPromoteTwice: of two promotions at once one moves the rollout.
func TestPromoteTwice(t *testing.T) {
	s := newSim(t, `spec: {replicas: 4, strategy: {canary: {steps: [{setWeight: 25}, {pause: {}}, {setWeight: 50}, {pause: {}}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.do(Promote(s.ro, &rov1.RolloutPromote{}, s.now))
	if err := Promote(s.ro, &rov1.RolloutPromote{}, s.now); err == nil {
		t.Fatal("the second promotion is no conflict")
	}
	s.run(time.Minute)
	if *s.ro.Status.CurrentStepIndex != 3 || s.ro.Status.Phase != rov1.RolloutPhasePaused {
		t.Error(s.describe())
	}
	s.wantPods("1:2 2:2")
}

func TestRollbackToStable(t *testing.T) {
	s := newSim(t, `spec: {replicas: 4, strategy: {canary: {steps: [{setWeight: 50}, {pause: {}}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.events = nil
	s.image("one")
	s.phase(rov1.RolloutPhaseHealthy)
	s.wantPods("2:0 3:4")
	if !slices.Contains(s.reasons(), "SkipSteps") {
		t.Error(s.describe())
	}
	rs := s.byRevision(3)
	if rs.Annotations[rov1.AnnotationRevisionHistory] != "1" {
		t.Error(rs.Annotations)
	}
}

func TestStepsChanged(t *testing.T) {
	s := newSim(t, `spec: {replicas: 4, strategy: {canary: {steps: [{setWeight: 25}, {pause: {}}, {setWeight: 50}, {pause: {}}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.do(Promote(s.ro, &rov1.RolloutPromote{}, s.now))
	s.run(time.Minute)
	s.wantPods("1:2 2:2")
	s.edit(func(spec *rov1.RolloutSpec) {
		spec.Strategy.Canary.Steps = append(spec.Strategy.Canary.Steps, weight(75))
	})
	s.run(time.Minute)
	s.wantPods("1:3 2:1")
	if *s.ro.Status.CurrentStepIndex != 1 {
		t.Error(s.describe())
	}
}

func TestRollbackWindow(t *testing.T) {
	s := newSim(t, `spec: {replicas: 2, rollbackWindow: {revisions: 2}, strategy: {canary: {steps: [{setWeight: 50}, {pause: {duration: 10}}]}}}`)
	for _, image := range []string{"one", "two", "three", "four"} {
		s.image(image)
		s.phase(rov1.RolloutPhaseHealthy)
	}
	s.events = nil
	s.image("two")
	s.phase(rov1.RolloutPhaseHealthy)
	if slices.Contains(s.reasons(), "RolloutPaused") {
		t.Errorf("within the window, but: %v", s.reasons())
	}
	s.image("four")
	s.phase(rov1.RolloutPhaseHealthy)
	s.events = nil
	s.image("one")
	s.phase(rov1.RolloutPhaseHealthy)
	if !slices.Contains(s.reasons(), "RolloutPaused") {
		t.Errorf("outside the window, but: %v", s.reasons())
	}
	if got := s.ro.Status.Duration.CompletionStatus; got != rov1.CompletionRolledBack {
		t.Error(got)
	}
}

func TestHistoryLimit(t *testing.T) {
	s := newSim(t, `spec: {replicas: 1, revisionHistoryLimit: 1, strategy: {canary: {}}}`)
	for _, image := range []string{"one", "two", "three", "four"} {
		s.image(image)
		s.phase(rov1.RolloutPhaseHealthy)
	}
	s.run(time.Minute)
	s.wantPods("3:0 4:1")
}

func TestRestart(t *testing.T) {
	s := newSim(t, `spec: {replicas: 4, strategy: {canary: {}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.run(time.Minute)
	s.do(Restart(s.ro, &rov1.RolloutRestart{}, s.now))
	s.ro.Generation++
	begun := s.now
	for s.ro.Status.RestartedAt == nil {
		s.run(time.Second)
		if n := s.availableNow(); n < 3 {
			t.Fatalf("%d pods available", n)
		}
	}
	for _, p := range s.sets[s.byRevision(1).Name].pods {
		if p.created.Before(begun) {
			t.Errorf("pod %s is old", p.name)
		}
	}
	s.phase(rov1.RolloutPhaseHealthy)
}

// TestRestartAgainstBudget: a pod that cannot be evicted is tried again.
func TestRestartAgainstBudget(t *testing.T) {
	s := newSim(t, `spec: {replicas: 1, strategy: {canary: {}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.run(time.Minute)
	s.refused[s.sets[s.byRevision(1).Name].pods[0].name] = true
	s.do(Restart(s.ro, &rov1.RolloutRestart{}, s.now))
	s.ro.Generation++
	s.sync()
	s.look()
	if s.wake.Sub(s.now) != 30*time.Second || s.ro.Status.RestartedAt != nil {
		t.Error(s.wake.Sub(s.now), s.describe())
	}
}

func TestProgressDeadlineAbort(t *testing.T) {
	s := newSim(t, `spec: {replicas: 2, progressDeadlineSeconds: 5, progressDeadlineAbort: true, strategy: {canary: {maxSurge: 1, maxUnavailable: 0}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.takes = func(*appsReplicaSet) time.Duration { return -1 }
	s.image("two")
	s.until("abort", func() bool { return s.ro.Status.Abort })
	s.run(time.Minute)
	s.wantPods("1:2 2:0")
	if s.ro.Status.Phase != rov1.RolloutPhaseDegraded {
		t.Error(s.describe())
	}
}

func TestPauseLongerThanDeadline(t *testing.T) {
	s := newSim(t, `spec: {replicas: 2, progressDeadlineSeconds: 5, progressDeadlineAbort: true, strategy: {canary: {steps: [{setWeight: 50}, {pause: {duration: 60}}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhaseHealthy)
	s.wantPods("1:0 2:2")
	if slices.Contains(s.reasons(), "RolloutAborted") {
		t.Error(s.reasons())
	}
}

// TestBadToBad: a version none of whose pods gets ready follows another such. Enough pods of the stable one stay, what is
// given up goes, and a good version goes through.
func TestBadToBad(t *testing.T) {
	for name, tc := range map[string]struct{ strategy, bad, worse string }{
		"no steps":         {`{canary: {}}`, "1:3 2:2", "1:3 2:0 3:2"},
		"no surge":         {`{canary: {maxSurge: 0, maxUnavailable: 1}}`, "1:3 2:1", "1:3 2:0 3:1"},
		"none unavailable": {`{canary: {maxSurge: 1, maxUnavailable: 0}}`, "1:4 2:1", "1:4 2:0 3:1"},
		"steps":            {`{canary: {steps: [{setWeight: 50}, {pause: {}}]}}`, "1:3 2:2", "1:3 2:0 3:2"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, `spec: {replicas: 4, progressDeadlineSeconds: 60, strategy: `+tc.strategy+`}`)
			s.phase(rov1.RolloutPhaseHealthy)
			good := s.takes
			s.takes = func(*appsReplicaSet) time.Duration { return -1 }
			s.image("bad")
			s.phase(rov1.RolloutPhaseDegraded)
			s.wantPods(tc.bad)
			s.image("worse")
			s.phase(rov1.RolloutPhaseProgressing)
			s.phase(rov1.RolloutPhaseDegraded)
			s.wantPods(tc.worse)
			s.takes = good
			s.image("better")
			s.until("the end of the given up versions", func() bool {
				return strings.HasPrefix(s.pods(), "1:3 2:0 3:0 ") || strings.HasPrefix(s.pods(), "1:4 2:0 3:0 ")
			})
			if strings.Contains(tc.strategy, "pause") {
				s.phase(rov1.RolloutPhasePaused)
				s.promote()
			}
			s.phase(rov1.RolloutPhaseHealthy)
			s.wantPods("1:0 2:0 3:0 4:4")
		})
	}
}
