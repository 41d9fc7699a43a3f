// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"testing"
	"time"

	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// TestSecondPauseIsItsOwn: however the rollout comes from one timed pause to the next, that one lasts as long as it says.
func TestSecondPauseIsItsOwn(t *testing.T) {
	for name, skip := range map[string]func(s *sim){
		"promoted":                func(s *sim) { s.do(Promote(s.ro, &rov1.RolloutPromote{}, s.now)) },
		"the pause is taken away": func(s *sim) { s.ro.Status.PauseConditions = nil },
		"moved by the index alone": func(s *sim) {
			old := s.ro.DeepCopy()
			s.ro.Status.CurrentStepIndex = ptr.To(int32(2))
			Moved(s.ro, old)
		},
		"moved by both": func(s *sim) {
			old := s.ro.DeepCopy()
			s.ro.Status.CurrentStepIndex, s.ro.Status.PauseConditions, s.ro.Status.ControllerPause = ptr.To(int32(2)), nil, false
			Moved(s.ro, old)
		},
		"it passes": func(s *sim) { s.run(10 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, `spec: {replicas: 2, strategy: {canary: {steps: [{setWeight: 50}, {pause: {duration: 15m}}, {pause: {duration: 10m}}]}}}`)
			s.phase(rov1.RolloutPhaseHealthy)
			s.image("two")
			s.phase(rov1.RolloutPhasePaused)
			s.run(5 * time.Minute)
			skip(s)
			s.until("the second pause", func() bool { return *s.ro.Status.CurrentStepIndex == 2 && len(s.ro.Status.PauseConditions) == 1 })
			begun := s.ro.Status.PauseConditions[0].StartTime.Time
			if s.now.Sub(begun) > time.Second {
				t.Fatalf("it is %s, the pause began at %s", s.now, begun)
			}
			s.run(9 * time.Minute)
			if *s.ro.Status.CurrentStepIndex != 2 || s.ro.Status.Phase != rov1.RolloutPhasePaused {
				t.Fatal(s.describe())
			}
			s.phase(rov1.RolloutPhaseHealthy)
			if d := s.now.Sub(begun); d < 10*time.Minute || d > 11*time.Minute {
				t.Errorf("the pause lasted %s", d)
			}
		})
	}
}

// TestPromotedWhileOldPodsGo: a promotion is not lost in a look that takes the pods of an older version away.
func TestPromotedWhileOldPodsGo(t *testing.T) {
	s := routed(t, 2, `scaleDownDelaySeconds: 60, steps: [{setWeight: 50}, {pause: {}}]`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.promote()
	s.phase(rov1.RolloutPhaseHealthy)
	s.run(2 * time.Second)
	at, set := deadline(s.byRevision(1))
	if !set {
		t.Fatal(s.describe())
	}
	s.image("three")
	s.phase(rov1.RolloutPhasePaused)
	s.run(time.Second)
	s.wantPods("1:2 2:2 3:1")
	s.now = at.Add(time.Second)
	s.do(Promote(s.ro, &rov1.RolloutPromote{}, s.now))
	s.phase(rov1.RolloutPhaseHealthy)
	s.run(time.Minute + time.Second)
	s.wantPods("1:0 2:0 3:2")
}

// TestAnalysisThatCannotBeRun: it is told once, and gives the version up.
func TestAnalysisThatCannotBeRun(t *testing.T) {
	s := analysed(t, `spec: {replicas: 1, strategy: {canary: {steps: [{pause: {}}, {analysis: {templates: [{templateName: check}]}}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	r := newRun(s.ro, s.observe())
	if err := r.resolve(); err != nil {
		t.Fatal(err)
	}
	r.findSets()
	r.findRuns()
	delete(r.world.AnalysisTemplates, "check")
	r.prev.CurrentStepIndex = ptr.To(int32(1))
	r.at = advancing
	r.analyses()
	if len(r.decision.Events) != 1 || r.decision.Events[0].Reason != "AnalysisRunError" || !r.status.Abort {
		t.Fatalf("%+v", r.decision.Events)
	}
	r.at = r.findCourse()
	if r.at = r.findCourse(); r.at != retreating {
		t.Fatalf("course %v", r.at)
	}
	r.analyses()
	if len(r.decision.Events) != 1 {
		t.Errorf("told again: %+v", r.decision.Events)
	}
}

// TestSubsetAfterAbort: once nothing is sent to the new pods any more, the canary's subset leads to the stable ones as its
// Service does; and to the new ones again after a retry, before anything is sent there.
func TestSubsetAfterAbort(t *testing.T) {
	for _, dynamic := range []string{"", "dynamicStableScale: true, "} {
		s := subsets(t, dynamic+`steps: [{setWeight: 25}, {pause: {}}, {setWeight: 75}, {pause: {}}]`)
		s.phase(rov1.RolloutPhaseHealthy)
		s.image("two")
		s.phase(rov1.RolloutPhasePaused)
		s.promote()
		s.phase(rov1.RolloutPhasePaused)
		s.run(20 * time.Second)
		stable, fresh := s.ro.Status.StableRS, s.ro.Status.CurrentPodHash
		s.wantSubsets(stable, fresh)
		s.do(Abort(s.ro, &rov1.RolloutAbort{}, s.now))
		s.phase(rov1.RolloutPhaseDegraded)
		s.run(5 * time.Minute)
		s.wantSubsets(stable, stable)
		s.do(Retry(s.ro, &rov1.RolloutRetry{}, s.now))
		s.phase(rov1.RolloutPhasePaused)
		s.run(20 * time.Second)
		s.wantSubsets(stable, fresh)
		s.do(Promote(s.ro, &rov1.RolloutPromote{Full: true}, s.now))
		s.phase(rov1.RolloutPhaseHealthy)
		s.run(5 * time.Minute)
		s.wantSubsets(fresh, fresh)
	}
}
