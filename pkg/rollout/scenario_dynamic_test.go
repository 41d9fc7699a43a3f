// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"slices"
	"testing"
	"time"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// TestDynamicAbortDelay: with a time of its own, the new pods of an aborted canary stay for it beside all stable ones,
// though the stable pods are elsewhere as few as their part of the traffic. It begins when the stable pods suffice.
func TestDynamicAbortDelay(t *testing.T) {
	s := routed(t, 4, `dynamicStableScale: true, abortScaleDownDelaySeconds: 20, steps: [{setWeight: 25}, {setWeight: 75}, {pause: {}}]`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.pausedAt(2)
	s.run(10 * time.Second)
	s.wantPods("1:1 2:3")
	s.abort()
	s.until("all stable pods", func() bool { return s.nginxWeight() == "0" && s.ro.Status.AvailableReplicas == 7 })
	s.run(15 * time.Second)
	s.wantPods("1:4 2:3")
	s.run(20 * time.Second)
	s.wantPods("1:4 2:0")
	s.do(Retry(s.ro, &rov1.RolloutRetry{}, s.now))
	s.pausedAt(2)
	s.run(10 * time.Second)
	s.wantPods("1:1 2:3")
	s.promote()
	s.phase(rov1.RolloutPhaseHealthy)
	s.run(time.Minute)
	s.wantPods("1:0 2:4")
}

// TestDynamicPausedByHand: who pauses a rollout in the middle keeps both versions at their parts, also at another size, and
// the way back to the stable version leads to all its pods.
func TestDynamicPausedByHand(t *testing.T) {
	s := routed(t, 4, `dynamicStableScale: true, steps: [{setWeight: 25}, {pause: {duration: 60}}, {setWeight: 75}, {pause: {}}]`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.pausedAt(1)
	s.do(Pause(s.ro, &rov1.RolloutPause{}, s.now))
	s.ro.Generation++
	s.run(time.Hour)
	s.wantPods("1:3 2:1")
	s.wantWeight("25")
	s.resize(8)
	s.run(time.Hour)
	s.wantPods("1:6 2:2")
	s.wantWeight("25")
	s.do(Resume(s.ro, &rov1.RolloutResume{}, s.now))
	s.ro.Generation++
	s.pausedAt(3)
	s.run(10 * time.Second)
	s.wantPods("1:2 2:6")
	s.image("one")
	s.phase(rov1.RolloutPhaseHealthy)
	s.run(time.Minute)
	s.wantPods("2:0 3:8")
	s.wantWeight("0")
}

// TestBlueGreenInconclusive: an analysis that finds nothing stops the switch, or what follows it, until somebody decides.
func TestBlueGreenInconclusive(t *testing.T) {
	for suffix, live := range map[string]string{"-pre": "1", "-post": "2"} {
		t.Run(suffix, func(t *testing.T) {
			s := analysed(t, `spec: {replicas: 2, strategy: {blueGreen: {activeService: active, scaleDownDelaySeconds: 1,
				prePromotionAnalysis: {templates: [{templateName: check}]}, postPromotionAnalysis: {templates: [{templateName: check}]}}}}`)
			s.phase(rov1.RolloutPhaseHealthy)
			s.image("two")
			s.untilRuns(1)
			if suffix == "-post" {
				s.endRun("-pre", rov1.AnalysisPhaseSuccessful)
				s.untilRuns(2)
			}
			s.endRun(suffix, rov1.AnalysisPhaseInconclusive)
			s.run(time.Hour)
			s.wantPods("1:2 2:2")
			if s.ro.Status.Phase != rov1.RolloutPhasePaused || s.live() != live {
				t.Fatal(s.describe())
			}
			s.promoteFull()
			s.phase(rov1.RolloutPhaseHealthy)
			s.run(time.Minute)
			s.wantPods("1:0 2:2")
		})
	}
}

// TestCanaryInconclusiveThenFull: who promotes a canary to its end overrules an analysis that finds nothing.
func TestCanaryInconclusiveThenFull(t *testing.T) {
	for _, routing := range []string{"", "stableService: stable, canaryService: canary, trafficRouting: {nginx: {stableIngress: main}}, "} {
		s := analysed(t, `spec: {replicas: 4, strategy: {canary: {`+routing+`analysis: {templates: [{templateName: check}]}, steps: [{setWeight: 50}, {pause: {}}]}}}`)
		s.ingress()
		s.phase(rov1.RolloutPhaseHealthy)
		s.image("two")
		s.pausedAt(1)
		s.endRun("-2", rov1.AnalysisPhaseInconclusive)
		s.run(time.Minute)
		s.promoteFull()
		s.phase(rov1.RolloutPhaseHealthy)
		s.run(time.Minute)
		s.wantPods("1:0 2:4")
	}
}

// TestAnalysisAndRollbackWindow: the way back to a version in the window runs no analysis, the way further back does.
func TestAnalysisAndRollbackWindow(t *testing.T) {
	s := analysed(t, `spec: {replicas: 1, rollbackWindow: {revisions: 1}, analysis: {successfulRunHistoryLimit: 20}, strategy: {canary: {
		analysis: {templates: [{templateName: check}]}, steps: [{setWeight: 50}, {analysis: {templates: [{templateName: check}]}}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	judged := func(image string, runs int) {
		t.Helper()
		before := len(s.runs)
		s.image(image)
		if runs > 0 {
			s.untilRuns(before + runs)
			s.endRun("-1", rov1.AnalysisPhaseSuccessful)
		}
		s.phase(rov1.RolloutPhaseHealthy)
		if got := len(s.runs) - before; got != runs {
			t.Fatalf("%d runs for %s, want %d: %v", got, image, runs, s.runNames())
		}
	}
	judged("two", 2)
	judged("three", 2)
	judged("two", 0)
	judged("four", 2)
	judged("one", 2)
	if slices.Contains(s.reasons(), "RolloutAborted") {
		t.Error(s.reasons())
	}
}
