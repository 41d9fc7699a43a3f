// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// neverReady lets the pods of these revisions never get ready.
func (s *sim) neverReady(revisions ...int64) {
	s.takes = func(rs *appsReplicaSet) time.Duration {
		if slices.Contains(revisions, revisionOf(rs)) {
			return -1
		}
		return 2 * time.Second
	}
}

// allReady lets all pods get ready, those too that so far never did.
func (s *sim) allReady() {
	s.neverReady()
	for _, set := range s.sets {
		for _, p := range set.pods {
			if p.ready.IsZero() {
				p.ready = s.now.Add(time.Second)
			}
		}
	}
}

// pausedAt runs the cluster until the rollout waits at the step of an index.
func (s *sim) pausedAt(step int32) {
	s.t.Helper()
	s.until(fmt.Sprintf("the pause at step %d", step), func() bool {
		return s.ro.Status.Phase == rov1.RolloutPhasePaused && *s.ro.Status.CurrentStepIndex == step && len(s.ro.Status.PauseConditions) > 0
	})
}

func (s *sim) abort() {
	s.t.Helper()
	s.do(Abort(s.ro, &rov1.RolloutAbort{}, s.now))
	s.phase(rov1.RolloutPhaseDegraded)
}

func (s *sim) promoteFull() {
	s.t.Helper()
	s.do(Promote(s.ro, &rov1.RolloutPromote{Full: true}, s.now))
}

// TestBadVersions: what never gets ready gives way to what comes next, good or bad, and takes no good pod.
func TestBadVersions(t *testing.T) {
	for name, tc := range map[string]struct{ steps, bad, worse, good, end string }{
		"no steps": {"", "1:4 2:1", "1:4 2:0 3:1", "1:0 2:0 3:0 4:4", "1:0 2:0 3:0 4:4"},
		"weights":  {", steps: [{setWeight: 50}, {pause: {}}]", "1:4 2:1", "1:4 2:0 3:1", "1:2 2:0 3:0 4:2", "1:0 2:0 3:0 4:4"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, `spec: {replicas: 4, strategy: {canary: {maxSurge: 1, maxUnavailable: 0`+tc.steps+`}}}`)
			s.phase(rov1.RolloutPhaseHealthy)
			s.neverReady(2, 3)
			s.image("bad")
			s.run(time.Minute)
			s.wantPods(tc.bad)
			s.image("worse")
			s.run(time.Minute)
			s.wantPods(tc.worse)
			s.wantTuple(4, 5, 1, 4, 4)
			s.image("good")
			s.run(time.Minute)
			s.wantPods(tc.good)
			if tc.steps != "" {
				s.pausedAt(1)
				s.promote()
			}
			s.phase(rov1.RolloutPhaseHealthy)
			s.wantPods(tc.end)
		})
	}
}

// TestSpecAndReplicasAtOnce: a new template and another number of pods in one write, for each strategy, up and down.
func TestSpecAndReplicasAtOnce(t *testing.T) {
	for name, strategy := range map[string]string{
		"canary":             `{canary: {maxSurge: 1, maxUnavailable: 0}}`,
		"canary with steps":  `{canary: {maxSurge: 1, maxUnavailable: 0, steps: [{setWeight: 50}, {pause: {duration: 5}}]}}`,
		"blue-green":         `{blueGreen: {activeService: active}}`,
		"blue-green preview": `{blueGreen: {activeService: active, previewReplicaCount: 1, autoPromotionSeconds: 5}}`,
	} {
		for _, to := range []int32{0, 1, 3, 4, 9} {
			t.Run(fmt.Sprintf("%s to %d", name, to), func(t *testing.T) {
				s := newSim(t, `spec: {replicas: 4, strategy: `+strategy+`}`)
				s.phase(rov1.RolloutPhaseHealthy)
				s.image("two")
				s.resize(to)
				s.phase(rov1.RolloutPhaseHealthy)
				s.run(2 * time.Minute)
				s.wantPods(fmt.Sprintf("1:0 2:%d", to))
				s.wantTuple(to, to, to, to, to)
			})
		}
	}
}

// TestLessWeightKeepsAvailability: a step to a smaller weight, and an abort, take new pods only as stable ones come to be
// available in their place.
func TestLessWeightKeepsAvailability(t *testing.T) {
	for name, back := range map[string]func(*sim){
		"step":  func(s *sim) { s.promote() },
		"abort": func(s *sim) { s.do(Abort(s.ro, &rov1.RolloutAbort{}, s.now)) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, `spec: {replicas: 3, strategy: {canary: {maxSurge: 2, maxUnavailable: 0, steps: [{setWeight: 100}, {pause: {}}, {setWeight: 33}, {pause: {}}]}}}`)
			s.phase(rov1.RolloutPhaseHealthy)
			s.image("two")
			s.pausedAt(1)
			s.wantPods("1:0 2:3")
			s.neverReady(1)
			back(s)
			s.run(time.Minute)
			s.wantPods("1:2 2:3")
			s.allReady()
			s.run(time.Minute)
			s.wantPods(map[string]string{"step": "1:2 2:1", "abort": "1:3 2:0"}[name])
		})
	}
}

// TestMaxSurgeScalingDuringUpdate: numbers of new and stable pods while the number that is wanted changes in the middle
// of an update whose pods do not get ready.
func TestMaxSurgeScalingDuringUpdate(t *testing.T) {
	for name, tc := range map[string]struct{ fences, start, up, again string }{
		"surge and unavailable": {"maxSurge: 3, maxUnavailable: 1", "1:3 2:4", "1:3 2:8", "1:3 2:4"},
		"surge alone":           {"maxSurge: 2, maxUnavailable: 0", "1:4 2:2", "1:4 2:6", "1:4 2:2"},
		"unavailable alone":     {"maxSurge: 0, maxUnavailable: 2", "1:2 2:2", "1:2 2:6", "1:2 2:2"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, `spec: {replicas: 4, strategy: {canary: {`+tc.fences+`}}}`)
			s.phase(rov1.RolloutPhaseHealthy)
			s.neverReady(2)
			s.image("two")
			s.run(time.Minute)
			s.wantPods(tc.start)
			s.resize(8)
			s.run(time.Minute)
			s.wantPods(tc.up)
			s.resize(4)
			s.run(time.Minute)
			s.wantPods(tc.again)
			s.allReady()
			s.phase(rov1.RolloutPhaseHealthy)
			s.wantPods("1:0 2:4")
		})
	}
}

// TestRestartInTheMiddle: a restart while a canary waits replaces the pods of both versions, two at a time, and the canary
// waits where it was.
func TestRestartInTheMiddle(t *testing.T) {
	s := newSim(t, `spec: {replicas: 4, strategy: {canary: {maxSurge: 1, maxUnavailable: 2, steps: [{setWeight: 25}, {pause: {}}]}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.pausedAt(1)
	s.run(time.Minute)
	s.wantTuple(4, 4, 1, 4, 4)
	s.do(Restart(s.ro, &rov1.RolloutRestart{}, s.now))
	s.ro.Generation++
	begun, least := s.now, int32(4)
	for s.ro.Status.RestartedAt == nil {
		s.run(500 * time.Millisecond)
		least = min(least, s.availableNow())
	}
	if least != 2 {
		t.Errorf("at the least moment %d pods were available, want 2", least)
	}
	s.run(10 * time.Second)
	s.wantPods("1:3 2:1")
	s.wantTuple(4, 4, 1, 4, 4)
	s.pausedAt(1)
	for _, set := range s.sets {
		for _, p := range set.pods {
			if p.created.Before(begun) {
				t.Errorf("pod %s is old", p.name)
			}
		}
	}
}

// TestCompletedAfterRestart: a restart of what is complete leaves it so.
func TestCompletedAfterRestart(t *testing.T) {
	for name, strategy := range map[string]string{"canary": `{canary: {steps: [{setWeight: 50}, {pause: {}}]}}`, "blue-green": `{blueGreen: {activeService: active}}`} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, `spec: {replicas: 2, strategy: `+strategy+`}`)
			s.phase(rov1.RolloutPhaseHealthy)
			s.run(time.Minute)
			s.do(Restart(s.ro, &rov1.RolloutRestart{}, s.now))
			s.ro.Generation++
			for s.ro.Status.RestartedAt == nil {
				s.run(500 * time.Millisecond)
				if c := conditionOf(&s.ro.Status, rov1.RolloutConditionCompleted); c == nil || c.Status != "True" {
					t.Fatal(s.describe())
				}
			}
			s.phase(rov1.RolloutPhaseHealthy)
			s.wantPods("1:2")
		})
	}
}

// TestDeadlineWithPause: what is late stays so whatever pause comes; an abort by the deadline takes the new pods away, and
// a retry brings them again.
func TestDeadlineWithPause(t *testing.T) {
	for name, tc := range map[string]struct{ strategy, before, after string }{
		"canary":     {`{canary: {maxSurge: 1, maxUnavailable: 0, steps: [{setWeight: 100}, {pause: {}}]}}`, "1:2 2:1", "1:2 2:0"},
		"blue-green": {`{blueGreen: {activeService: active, autoPromotionEnabled: false, abortScaleDownDelaySeconds: 1}}`, "1:2 2:2", "1:2 2:0"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, `spec: {replicas: 2, progressDeadlineSeconds: 10, strategy: `+tc.strategy+`}`)
			s.phase(rov1.RolloutPhaseHealthy)
			s.neverReady(2)
			s.image("two")
			s.phase(rov1.RolloutPhaseDegraded)
			s.wantPods(tc.before)
			// A pause by hand does not make it any better, and its end no worse.
			s.do(Pause(s.ro, &rov1.RolloutPause{}, s.now))
			s.ro.Generation++
			s.run(time.Minute)
			s.do(Resume(s.ro, &rov1.RolloutResume{}, s.now))
			s.ro.Generation++
			s.phase(rov1.RolloutPhaseDegraded)
			s.wantPods(tc.before)
			s.edit(func(spec *rov1.RolloutSpec) { spec.ProgressDeadlineAbort = ptr.To(true) })
			s.until("the abort", func() bool { return s.ro.Status.Abort })
			s.run(time.Minute)
			s.wantPods(tc.after)
			s.allReady()
			s.do(Retry(s.ro, &rov1.RolloutRetry{}, s.now))
			s.phase(rov1.RolloutPhasePaused)
			s.promote()
			s.phase(rov1.RolloutPhaseHealthy)
		})
	}
}

// TestBlueGreenPromoteFullNumbers: with fewer pods in the preview, a full promotion scales them up before the switch.
func TestBlueGreenPromoteFullNumbers(t *testing.T) {
	s := newSim(t, `spec: {replicas: 2, strategy: {blueGreen: {activeService: active, autoPromotionEnabled: false, previewReplicaCount: 1}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.wantTuple(2, 3, 1, 2, 2)
	s.promoteFull()
	s.until("the switch", func() bool { return s.live() == "2" })
	if n := s.availableOf(hashOf(s.byRevision(2))); n != 2 {
		t.Errorf("switched to %d pods", n)
	}
	s.phase(rov1.RolloutPhaseHealthy)
	s.wantTuple(2, 4, 2, 2, 2)
	s.run(time.Minute)
	s.wantPods("1:0 2:2")
}

// TestBlueGreenEphemeralMetadata: pods of the preview and of what is live are told apart, and change as they do.
func TestBlueGreenEphemeralMetadata(t *testing.T) {
	s := newSim(t, `spec: {replicas: 2, strategy: {blueGreen: {activeService: active, previewService: preview, autoPromotionEnabled: false,
		activeMetadata: {labels: {role: active}}, previewMetadata: {labels: {role: preview, only: "1"}}}}}`)
	roles := func(revision int64, want string) {
		t.Helper()
		for _, p := range s.sets[s.byRevision(revision).Name].pods {
			if got := p.labels["role"] + p.labels["only"]; got != want {
				t.Fatalf("pod %s of revision %d is %q, want %q\n%s", p.name, revision, got, want, s.describe())
			}
		}
	}
	s.phase(rov1.RolloutPhaseHealthy)
	s.run(time.Second)
	roles(1, "active")
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	s.run(time.Second)
	roles(1, "active")
	roles(2, "preview1")
	s.promote()
	s.phase(rov1.RolloutPhaseHealthy)
	s.run(time.Second)
	roles(2, "active")
	s.image("three")
	s.phase(rov1.RolloutPhasePaused)
	s.run(time.Second)
	roles(2, "active")
	roles(3, "preview1")
	s.abort()
	s.run(time.Second)
	roles(2, "active")
}

// TestWorkloadRefBlueGreen: the pods of a workload go when those of the rollout serve, or one after the other, or never.
func TestWorkloadRefBlueGreen(t *testing.T) {
	for how, want := range map[rov1.ScaleDownPolicy]int32{rov1.ScaleDownNever: 3, rov1.ScaleDownOnSuccess: 0, rov1.ScaleDownProgressively: 0} {
		t.Run(string(how), func(t *testing.T) {
			s := newSim(t, fmt.Sprintf(`spec: {replicas: 3, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: d, scaleDown: %q}, strategy: {blueGreen: {activeService: active}}}`, how))
			s.workload(3)
			for s.ro.Status.Phase != rov1.RolloutPhaseHealthy {
				s.run(500 * time.Millisecond)
				if own := *s.world.Workload.Replicas; own+s.availableNow() < 3 {
					t.Fatalf("%d of the workload and %d of the rollout\n%s", own, s.availableNow(), s.describe())
				}
			}
			s.run(time.Minute)
			if got := *s.world.Workload.Replicas; got != want {
				t.Errorf("%d pods of the workload are left, want %d\n%s", got, want, s.describe())
			}
			s.wantTuple(3, 3, 3, 3, 3)
		})
	}
}

// container gives the only container of the pods further fields.
func (s *sim) container(fields string) {
	s.t.Helper()
	container := map[string]any{}
	if err := yaml.Unmarshal([]byte(fields), &container); err != nil {
		s.t.Fatalf("%v", err)
	}
	container["name"], container["image"] = "c", "i"
	text, err := json.Marshal(map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": "ro"}}, "spec": map[string]any{"containers": []any{container}}})
	if err == nil {
		err = s.ro.Spec.Template.UnmarshalJSON(text)
	}
	if err != nil {
		s.t.Fatalf("%v", err)
	}
	s.ro.Generation++
}

// TestSameTemplateWrittenAnew: what means the same to Kubernetes is no new version.
func TestSameTemplateWrittenAnew(t *testing.T) {
	for name, tc := range map[string]struct{ one, other string }{
		"quantities":      {`{resources: {limits: {cpu: 1000m, memory: 1024Mi}}}`, `{resources: {limits: {cpu: "1", memory: 1Gi}}}`},
		"number for text": {`{resources: {requests: {cpu: "0.5"}}}`, `{resources: {requests: {cpu: 0.5}}}`},
		"defaults":        {`{}`, `{terminationMessagePath: /dev/termination-log, imagePullPolicy: Always}`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, `spec: {replicas: 2, strategy: {canary: {steps: [{setWeight: 50}, {pause: {}}]}}}`)
			s.container(tc.one)
			s.phase(rov1.RolloutPhaseHealthy)
			s.container(tc.other)
			s.run(time.Minute)
			s.phase(rov1.RolloutPhaseHealthy)
			s.wantPods("1:2")
		})
	}
}
