// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"slices"
	"testing"
	"time"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// untilRuns waits until there have been so many analysis runs.
func (s *sim) untilRuns(n int) {
	s.t.Helper()
	s.until("the analysis run", func() bool { return len(s.runs) == n })
}

// ended tells that a run was told to end.
func (s *sim) ended(i int) bool { return s.runs[i].Spec.GetTerminate() }

// TestBlueGreenPromoteFullInAnalysis: a full promotion does not wait for the analysis before the switch, and ends it; nor
// does it begin the one after.
func TestBlueGreenPromoteFullInAnalysis(t *testing.T) {
	s := analysed(t, `spec: {replicas: 2, strategy: {blueGreen: {activeService: active, previewService: preview, autoPromotionEnabled: false,
		prePromotionAnalysis: {templates: [{templateName: check}]}, postPromotionAnalysis: {templates: [{templateName: check}]}}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.untilRuns(1)
	s.run(time.Minute)
	if s.live() != "1" {
		t.Fatal(s.describe())
	}
	s.promoteFull()
	s.phase(rov1.RolloutPhaseHealthy)
	if s.live() != "2" || len(s.runs) != 1 || !s.ended(0) {
		t.Error(s.describe())
	}
}

// TestAbortAndUpdate: an abort ends the analysis; the next version is judged by a run of its own.
func TestAbortAndUpdate(t *testing.T) {
	for name, tc := range map[string]struct {
		spec  string
		names []string
	}{
		"step":       {`{canary: {steps: [{setWeight: 50}, {analysis: {templates: [{templateName: check}]}}]}}`, []string{"ro-HASH-2-1", "ro-HASH-3-1"}},
		"background": {`{canary: {analysis: {templates: [{templateName: check}]}, steps: [{setWeight: 50}, {pause: {}}]}}`, []string{"ro-HASH-2", "ro-HASH-3"}},
		"blue-green": {`{blueGreen: {activeService: active, prePromotionAnalysis: {templates: [{templateName: check}]}}}`, []string{"ro-HASH-2-pre", "ro-HASH-3-pre"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := analysed(t, `spec: {replicas: 2, strategy: `+tc.spec+`}`)
			s.phase(rov1.RolloutPhaseHealthy)
			s.image("two")
			s.untilRuns(1)
			s.abort()
			s.run(2 * time.Minute)
			s.wantPods("1:2 2:0")
			if !s.ended(0) {
				t.Error(s.describe())
			}
			s.image("three")
			s.untilRuns(2)
			if s.ro.Status.Abort || s.ro.Status.Phase == rov1.RolloutPhaseDegraded {
				t.Error(s.describe())
			}
			s.editRun(s.runs[1].Name, func(run *rov1.AnalysisRun) { run.Status.Phase = rov1.AnalysisPhaseSuccessful })
			s.run(time.Minute)
			if name == "background" {
				s.pausedAt(1)
				s.promote()
			}
			s.phase(rov1.RolloutPhaseHealthy)
			s.run(time.Minute)
			s.wantPods("1:0 2:0 3:2")
			if got := s.runNames(); !slices.Equal(got, tc.names) {
				t.Errorf("runs %v, want %v", got, tc.names)
			}
		})
	}
}

// TestBlueGreenKitchenSink: preview pods, analyses before and after the switch, and a time after which it comes by itself.
func TestBlueGreenKitchenSink(t *testing.T) {
	s := analysed(t, `spec: {replicas: 2, strategy: {blueGreen: {activeService: active, previewService: preview, previewReplicaCount: 1, autoPromotionSeconds: 30,
		scaleDownDelaySeconds: 20, prePromotionAnalysis: {templates: [{templateName: check}]}, postPromotionAnalysis: {templates: [{templateName: check}]}}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.untilRuns(1)
	s.run(2 * time.Second)
	s.wantTuple(2, 3, 1, 2, 2)
	if s.live() != "1" {
		t.Fatal(s.describe())
	}
	begun := s.now
	s.endRun("-pre", rov1.AnalysisPhaseSuccessful)
	s.until("the switch", func() bool { return s.live() == "2" })
	if d := s.now.Sub(begun); d < 25*time.Second || d > 40*time.Second {
		t.Errorf("switched after %v", d)
	}
	s.untilRuns(2)
	s.run(time.Minute)
	// As long as it is judged, one can go back.
	s.wantTuple(2, 4, 2, 2, 2)
	s.endRun("-post", rov1.AnalysisPhaseSuccessful)
	s.phase(rov1.RolloutPhaseHealthy)
	s.wantTuple(2, 4, 2, 2, 2)
	s.run(time.Minute)
	s.wantPods("1:0 2:2")
}

// TestInconclusiveInBackground: nothing goes on until somebody decides, whatever the pause of the step.
func TestInconclusiveInBackground(t *testing.T) {
	s := analysed(t, `spec: {replicas: 2, strategy: {canary: {maxSurge: 1, maxUnavailable: 0, analysis: {templates: [{templateName: check}]}, steps: [{setWeight: 50}, {pause: {duration: 60}}, {setWeight: 100}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.pausedAt(1)
	s.endRun("-2", rov1.AnalysisPhaseInconclusive)
	s.run(time.Hour)
	s.wantPods("1:1 2:1")
	if s.ro.Status.Phase != rov1.RolloutPhasePaused || !slices.ContainsFunc(s.ro.Status.PauseConditions, func(c rov1.PauseCondition) bool {
		return c.Reason == rov1.PauseReasonInconclusiveAnalysis
	}) {
		t.Fatal(s.describe())
	}
	s.abort()
	s.run(time.Minute)
	s.wantPods("1:2 2:0")
}

// TestTwoTemplatesAtOneStep: they are one run, of the metrics of both, and it decides.
func TestTwoTemplatesAtOneStep(t *testing.T) {
	s := analysed(t, `spec: {replicas: 1, strategy: {canary: {steps: [{analysis: {templates: [{templateName: check}, {templateName: other}]}}]}}}`)
	other := s.world.AnalysisTemplates["check"].DeepCopy()
	other.Name, other.Spec.Metrics[0].Name = "other", "n"
	s.world.AnalysisTemplates["other"] = other
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.untilRuns(1)
	if metrics := s.runs[0].Spec.Metrics; len(metrics) != 2 || metrics[0].Name == metrics[1].Name {
		t.Errorf("metrics %+v", metrics)
	}
	s.endRun("-0", rov1.AnalysisPhaseFailed)
	s.phase(rov1.RolloutPhaseDegraded)
}
