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

func (s *sim) live() string {
	for _, set := range s.sets {
		if hashOf(set.rs) == selects(s.services["active"]) {
			return set.rs.Annotations[rov1.AnnotationRevision]
		}
	}
	return "none"
}

func TestBlueGreen(t *testing.T) {
	s := newSim(t, `spec: {replicas: 3, strategy: {blueGreen: {activeService: active, previewService: preview, autoPromotionEnabled: false}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.wantTuple(3, 3, 3, 3, 3)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.wantTuple(3, 6, 3, 3, 3)
	if s.live() != "1" || selects(s.services["preview"]) != s.ro.Status.CurrentPodHash {
		t.Fatal(s.describe())
	}
	s.run(time.Hour)
	if s.live() != "1" {
		t.Fatal(s.describe())
	}
	s.promote()
	s.phase(rov1.RolloutPhaseHealthy)
	if s.live() != "2" {
		t.Fatal(s.describe())
	}
	s.wantPods("1:3 2:3")
	s.wantTuple(3, 6, 3, 3, 3)
	s.run(time.Minute)
	s.wantPods("1:0 2:3")
}

func TestBlueGreenAutomatic(t *testing.T) {
	s := newSim(t, `spec: {replicas: 2, strategy: {blueGreen: {activeService: active, autoPromotionSeconds: 20, scaleDownDelaySeconds: 0}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	if !strings.HasPrefix(s.ro.Status.Message, "BlueGreenPause") {
		t.Error(s.ro.Status.Message)
	}
	begun := s.now
	s.phase(rov1.RolloutPhaseHealthy)
	if d := s.now.Sub(begun); d < 20*time.Second || d > 25*time.Second {
		t.Errorf("after %v", d)
	}
	s.run(time.Second)
	s.wantPods("1:0 2:2")
}

func TestBlueGreenPreviewReplicaCount(t *testing.T) {
	s := newSim(t, `spec: {replicas: 2, strategy: {blueGreen: {activeService: active, autoPromotionEnabled: false, previewReplicaCount: 1}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.wantTuple(2, 3, 1, 2, 2)
	s.promote()
	s.phase(rov1.RolloutPhaseHealthy)
	s.wantTuple(2, 4, 2, 2, 2)
	if s.live() != "2" {
		t.Error(s.describe())
	}
	// Promoted to the end.
	s.image("three")
	s.phase(rov1.RolloutPhasePaused)
	s.do(Promote(s.ro, &rov1.RolloutPromote{Full: true}, s.now))
	s.phase(rov1.RolloutPhaseHealthy)
	if s.live() != "3" {
		t.Error(s.describe())
	}
}

func TestBlueGreenAbort(t *testing.T) {
	s := newSim(t, `spec: {replicas: 2, strategy: {blueGreen: {activeService: active, autoPromotionEnabled: false, abortScaleDownDelaySeconds: 10}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.do(Abort(s.ro, &rov1.RolloutAbort{}, s.now))
	s.phase(rov1.RolloutPhaseDegraded)
	s.wantPods("1:2 2:2")
	s.run(15 * time.Second)
	s.wantPods("1:2 2:0")
	if s.live() != "1" {
		t.Error(s.describe())
	}
}

// TestBlueGreenFastRollback: while the old pods are still there, one switches back at once.
func TestBlueGreenFastRollback(t *testing.T) {
	s := newSim(t, `spec: {replicas: 2, strategy: {blueGreen: {activeService: active, autoPromotionEnabled: false}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.promote()
	s.phase(rov1.RolloutPhaseHealthy)
	s.events = nil
	s.image("one")
	s.phase(rov1.RolloutPhaseHealthy)
	if slices.Contains(s.reasons(), "RolloutPaused") || s.live() != "3" {
		t.Error(s.describe())
	}
}

func TestBlueGreenDeadline(t *testing.T) {
	s := newSim(t, `spec: {replicas: 1, progressDeadlineSeconds: 5, strategy: {blueGreen: {activeService: active, autoPromotionEnabled: false}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.takes = func(*appsReplicaSet) time.Duration { return -1 }
	s.image("two")
	s.phase(rov1.RolloutPhaseDegraded)
	if s.live() != "1" {
		t.Error(s.describe())
	}
	s.edit(func(spec *rov1.RolloutSpec) { abort := true; spec.ProgressDeadlineAbort = &abort })
	s.run(2 * time.Minute)
	s.wantPods("1:1 2:0")
}

func TestBlueGreenToCanary(t *testing.T) {
	s := newSim(t, `spec: {replicas: 2, strategy: {blueGreen: {activeService: active}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.edit(func(spec *rov1.RolloutSpec) {
		spec.Strategy = rov1.RolloutStrategy{Canary: &rov1.CanaryStrategy{Steps: []rov1.CanaryStep{weight(50), {Pause: &rov1.PauseStep{}}}}}
	})
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.run(time.Minute)
	s.wantPods("1:1 2:1")
	s.wantTuple(2, 2, 1, 2, 2)
	free := ReleaseService(s.services["active"], s.ro)
	if free == nil || selects(free) != "" || len(free.Annotations) != 0 {
		t.Error(free)
	}
}

func TestBlueGreenResize(t *testing.T) {
	s := newSim(t, `spec: {replicas: 2, strategy: {blueGreen: {activeService: active, autoPromotionEnabled: false}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.resize(5)
	s.run(20 * time.Second)
	s.wantPods("1:5 2:5")
	s.promote()
	s.resize(3)
	s.run(20 * time.Second)
	s.wantPods("1:3 2:3")
	s.phase(rov1.RolloutPhaseHealthy)
}

// TestDelayLimitLowered: versions that wait go when the limit says so.
func TestDelayLimitLowered(t *testing.T) {
	s := newSim(t, `spec: {replicas: 1, strategy: {blueGreen: {activeService: active, scaleDownDelaySeconds: 900}}}`)
	for _, image := range []string{"one", "two", "three"} {
		s.image(image)
		s.phase(rov1.RolloutPhaseHealthy)
		s.run(5 * time.Second)
	}
	s.wantPods("1:1 2:1 3:1")
	s.edit(func(spec *rov1.RolloutSpec) {
		one := int32(1)
		spec.Strategy.BlueGreen.ScaleDownDelayRevisionLimit = &one
	})
	s.run(5 * time.Second)
	s.wantPods("1:0 2:1 3:1")
}

// TestBlueGreenSurge: a third version does not come beside the second, but instead of it, where no version is to wait.
func TestBlueGreenSurge(t *testing.T) {
	for name, tc := range map[string]struct{ fields, pods string }{
		"none waits":       {"scaleDownDelayRevisionLimit: 0", "1:3 2:0 3:0 4:3"},
		"no time to wait":  {"scaleDownDelaySeconds: 0", "1:3 2:0 3:0 4:3"},
		"one waits":        {"scaleDownDelayRevisionLimit: 1, scaleDownDelaySeconds: 600", "1:3 2:0 3:3 4:3"},
		"as many as there": {"scaleDownDelaySeconds: 600", "1:3 2:3 3:3 4:3"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, `spec: {replicas: 3, strategy: {blueGreen: {activeService: active, autoPromotionEnabled: false, `+tc.fields+`}}}`)
			s.phase(rov1.RolloutPhaseHealthy)
			for _, image := range []string{"two", "three", "four"} {
				s.image(image)
				s.phase(rov1.RolloutPhasePaused)
			}
			s.wantPods(tc.pods)
		})
	}
}

// TestBlueGreenPausedPreview: a pause by hand holds up the switch, not the preview: another version that comes meanwhile is
// the one to preview, and the one before goes.
func TestBlueGreenPausedPreview(t *testing.T) {
	s := newSim(t, `spec: {replicas: 2, strategy: {blueGreen: {activeService: active, previewService: preview, previewReplicaCount: 1, scaleDownDelayRevisionLimit: 0}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.do(Pause(s.ro, &rov1.RolloutPause{}, s.now))
	s.ro.Generation++
	s.image("two")
	s.run(time.Hour)
	s.wantPods("1:2 2:1")
	s.image("three")
	s.run(time.Hour)
	s.wantPods("1:2 2:0 3:1")
	if s.live() != "1" || selects(s.services["preview"]) != s.ro.Status.CurrentPodHash {
		t.Fatal(s.describe())
	}
	s.do(Resume(s.ro, &rov1.RolloutResume{}, s.now))
	s.ro.Generation++
	s.phase(rov1.RolloutPhaseHealthy)
	if s.live() != "3" {
		t.Error(s.describe())
	}
}
