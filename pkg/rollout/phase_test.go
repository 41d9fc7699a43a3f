// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// TestPhaseAndMessage: phase and message by the rest of the status, in the order of the peer's rules: what comes first in
// this table wins over what comes later.
func TestPhaseAndMessage(t *testing.T) {
	const canary = `{replicas: 4, strategy: {canary: {steps: [{setWeight: 25}, {pause: {duration: 1h}}, {pause: {}}]}}}`
	const routed = `{replicas: 4, strategy: {canary: {trafficRouting: {nginx: {stableIngress: x}}, steps: [{setWeight: 25}]}}}`
	const blueGreen = `{replicas: 4, strategy: {blueGreen: {activeService: active, postPromotionAnalysis: {templates: [{templateName: x}]}}}}`
	at := metav1.NewTime(time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC))
	earlier := metav1.NewTime(at.Add(-time.Minute))
	condition := func(of rov1.RolloutConditionType, status metav1.ConditionStatus, reason, message string) rov1.RolloutCondition {
		return rov1.RolloutCondition{Type: of, Status: status, Reason: reason, Message: message, LastTransitionTime: at, LastUpdateTime: at}
	}
	progressing := condition(rov1.RolloutConditionProgressing, "True", reasonUpdated, "")
	failed := func(reason, message string) []rov1.RolloutCondition {
		return []rov1.RolloutCondition{condition(rov1.RolloutConditionProgressing, "False", reason, message)}
	}
	paused := func(reason rov1.PauseReason) []rov1.PauseCondition {
		return []rov1.PauseCondition{{Reason: reason, StartTime: at}}
	}
	// done is a status of which nothing is missing.
	done := func(change func(*rov1.RolloutStatus)) rov1.RolloutStatus {
		s := rov1.RolloutStatus{Replicas: 4, UpdatedReplicas: 4, ReadyReplicas: 4, AvailableReplicas: 4, StableRS: "new", CurrentPodHash: "new",
			Conditions: []rov1.RolloutCondition{progressing}}
		s.BlueGreen.ActiveSelector = "new"
		change(&s)
		return s
	}
	manually := condition(rov1.RolloutConditionPaused, "True", reasonPaused, "")
	for name, tc := range map[string]struct {
		spec    string
		status  rov1.RolloutStatus
		change  func(*rov1.RolloutSpec)
		phase   rov1.RolloutPhase
		message string
	}{
		"invalid, and aborted before": {canary, done(func(s *rov1.RolloutStatus) {
			s.Conditions = append(failed(reasonAborted, "x"), condition(rov1.RolloutConditionInvalidSpec, "True", "InvalidSpec", "why"))
		}), nil, "Degraded", "InvalidSpec: why"},
		"aborted": {canary, done(func(s *rov1.RolloutStatus) {
			s.Conditions, s.AbortedAt = failed(reasonAborted, "Rollout aborted update to revision 2"), &earlier
		}), nil, "Degraded", "RolloutAborted: Rollout aborted update to revision 2, since 2026-11-24T02:59:00Z"},
		"aborted by the peer, which notes no time": {canary, done(func(s *rov1.RolloutStatus) {
			s.Conditions = failed(reasonAborted, "Rollout aborted update to revision 2")
		}), nil, "Degraded", "RolloutAborted: Rollout aborted update to revision 2, since 2026-11-24T03:00:00Z"},
		"aborted, and paused": {canary, done(func(s *rov1.RolloutStatus) {
			s.Conditions, s.PauseConditions = failed(reasonAborted, "x"), paused(rov1.PauseReasonCanaryPauseStep)
		}), func(s *rov1.RolloutSpec) { s.Paused = ptr.To(true) }, "Degraded", "RolloutAborted: x, since 2026-11-24T03:00:00Z"},
		"late": {canary, done(func(s *rov1.RolloutStatus) {
			s.Conditions = failed(reasonTimedOut, "no progress since then")
		}), nil, "Degraded", "ProgressDeadlineExceeded: no progress since then"},
		"no ReplicaSet": {canary, done(func(s *rov1.RolloutStatus) { s.Conditions = failed(reasonCreateError, "quota") }), nil,
			"Degraded", "ReplicaSetCreateError: quota, since 2026-11-24T03:00:00Z"},
		"by hand, and by a step": {canary, done(func(s *rov1.RolloutStatus) {
			s.Conditions, s.PauseConditions = []rov1.RolloutCondition{manually}, paused(rov1.PauseReasonCanaryPauseStep)
		}), func(s *rov1.RolloutSpec) { s.Paused = ptr.To(true) }, "Paused", "manually paused, since 2026-11-24T03:00:00Z"},
		"by a timed step": {canary, done(func(s *rov1.RolloutStatus) {
			s.CurrentStepIndex, s.PauseConditions = ptr.To[int32](1), paused(rov1.PauseReasonCanaryPauseStep)
		}), nil, "Paused", "CanaryPauseStep: step 2 of 3, until 2026-11-24T04:00:00Z, since 2026-11-24T03:00:00Z"},
		"by a step, and restarting": {canary, done(func(s *rov1.RolloutStatus) {
			s.CurrentStepIndex, s.PauseConditions = ptr.To[int32](2), paused(rov1.PauseReasonCanaryPauseStep)
		}), func(s *rov1.RolloutSpec) { s.RestartAt = &at }, "Paused", "CanaryPauseStep: step 3 of 3, until it is promoted, since 2026-11-24T03:00:00Z"},
		"before the switch": {blueGreen, done(func(s *rov1.RolloutStatus) { s.PauseConditions = paused(rov1.PauseReasonBlueGreenPause) }), nil,
			"Paused", "BlueGreenPause: until it is promoted, since 2026-11-24T03:00:00Z"},
		"inconclusive: the peer's very word": {canary, done(func(s *rov1.RolloutStatus) {
			s.PauseConditions = paused(rov1.PauseReasonInconclusiveAnalysis)
		}), nil, "Paused", "InconclusiveAnalysisRun"},
		"restarting, with pods missing": {canary, done(func(s *rov1.RolloutStatus) { s.UpdatedReplicas = 1 }),
			func(s *rov1.RolloutSpec) { s.RestartAt = &at }, "Progressing", "rollout is restarting, since 2026-11-24T03:00:00Z"},
		"restarted": {canary, done(func(s *rov1.RolloutStatus) { s.RestartedAt = &at }),
			func(s *rov1.RolloutSpec) { s.RestartAt = &at }, "Healthy", ""},
		"to be updated": {canary, done(func(s *rov1.RolloutStatus) { s.UpdatedReplicas, s.AvailableReplicas = 2, 1 }), nil,
			"Progressing", "more replicas need to be updated: 2 of 4, since 2026-11-24T03:00:00Z"},
		"not available": {canary, done(func(s *rov1.RolloutStatus) { s.AvailableReplicas, s.Replicas = 3, 5 }), nil,
			"Progressing", "updated replicas are still becoming available: 3 of 4, since 2026-11-24T03:00:00Z"},
		"before the cutover": {blueGreen, done(func(s *rov1.RolloutStatus) { s.BlueGreen.ActiveSelector, s.StableRS = "old", "old" }), nil,
			"Progressing", "active service cutover pending, since 2026-11-24T03:00:00Z"},
		"judged before the cutover": {blueGreen, done(func(s *rov1.RolloutStatus) {
			s.BlueGreen.ActiveSelector, s.StableRS = "old", "old"
			s.BlueGreen.PrePromotionAnalysisRunStatus = &rov1.RolloutAnalysisRunStatus{Name: "ro-x-2-pre"}
		}), nil, "Progressing", "active service cutover pending: analysis run ro-x-2-pre is pending, since 2026-11-24T03:00:00Z"},
		"judged after it": {blueGreen, done(func(s *rov1.RolloutStatus) {
			s.StableRS = "old"
			s.BlueGreen.PostPromotionAnalysisRunStatus = &rov1.RolloutAnalysisRunStatus{Name: "ro-x-2-post", Status: rov1.AnalysisPhaseRunning}
		}), nil, "Progressing", "waiting for analysis to complete: analysis run ro-x-2-post is running, since 2026-11-24T03:00:00Z"},
		"no cutover ever": {blueGreen, done(func(s *rov1.RolloutStatus) { s.BlueGreen.ActiveSelector = "" }), nil,
			"Progressing", "active service cutover pending, since 2026-11-24T03:00:00Z"},
		"analysis runs": {blueGreen, done(func(s *rov1.RolloutStatus) {
			s.StableRS = "old"
			s.BlueGreen.PostPromotionAnalysisRunStatus = &rov1.RolloutAnalysisRunStatus{Status: rov1.AnalysisPhaseRunning}
		}), nil, "Progressing", "waiting for analysis to complete, since 2026-11-24T03:00:00Z"},
		"analysis is done": {blueGreen, done(func(s *rov1.RolloutStatus) {
			s.StableRS = "old"
			s.BlueGreen.PostPromotionAnalysisRunStatus = &rov1.RolloutAnalysisRunStatus{Status: rov1.AnalysisPhaseSuccessful}
		}), nil, "Progressing", "waiting for post-promotion verification to complete, since 2026-11-24T03:00:00Z"},
		"blue-green keeps old pods": {blueGreen, done(func(s *rov1.RolloutStatus) { s.Replicas = 8 }), nil, "Healthy", ""},
		"old pods, steps done": {canary, done(func(s *rov1.RolloutStatus) { s.Replicas, s.StableRS = 6, "old" }), nil,
			"Progressing", "old replicas are pending termination: 2, since 2026-11-24T03:00:00Z"},
		"old pods of a routed one wait": {routed, done(func(s *rov1.RolloutStatus) { s.Replicas = 8 }), nil, "Healthy", ""},
		"steps": {routed, done(func(s *rov1.RolloutStatus) { s.StableRS, s.CurrentStepIndex = "old", ptr.To[int32](0) }), nil,
			"Progressing", "waiting for all steps to complete: step 1 of 1 (setWeight: 25), since 2026-11-24T03:00:00Z"},
		"past the steps": {routed, done(func(s *rov1.RolloutStatus) { s.StableRS, s.CurrentStepIndex = "old", ptr.To[int32](1) }), nil,
			"Progressing", "waiting for all steps to complete, since 2026-11-24T03:00:00Z"},
		"nothing is missing": {canary, done(func(*rov1.RolloutStatus) {}), nil, "Healthy", ""},
	} {
		t.Run(name, func(t *testing.T) {
			ro := &rov1.Rollout{}
			if err := yaml.UnmarshalStrict([]byte("spec: "+tc.spec), ro); err != nil {
				t.Fatal(err)
			}
			rov1.SetDefaultsRollout(ro)
			if tc.change != nil {
				tc.change(&ro.Spec)
			}
			ro.Status = tc.status
			r := newRun(ro, World{Now: at.Time})
			r.phase()
			if r.status.Phase != tc.phase || r.status.Message != tc.message {
				t.Errorf("%s %q, want %s %q", r.status.Phase, r.status.Message, tc.phase, tc.message)
			}
		})
	}
}
