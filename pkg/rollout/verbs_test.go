// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"argosy.dev/argosy/apis/raw"
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// paused returns a canary that waits at its first pause.
func paused(t *testing.T, steps string) *sim {
	t.Helper()
	s := newSim(t, `spec: {replicas: 4, strategy: {canary: {steps: `+steps+`}}}`)
	s.phase(rov1.RolloutPhaseHealthy)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	return s
}

const twoPauses = `[{setWeight: 25}, {pause: {}}, {setWeight: 50}, {pause: {}}]`

// patch applies a merge patch to the status, as the peer's plugin sends it.
func (s *sim) patch(patch string) {
	s.t.Helper()
	text, err := json.Marshal(s.ro.Status)
	if err != nil {
		s.t.Fatalf("%v", err)
	}
	fields, change := map[string]any{}, map[string]any{}
	for _, in := range []struct {
		text []byte
		into *map[string]any
	}{{text, &fields}, {[]byte(patch), &change}} {
		if err := json.Unmarshal(in.text, in.into); err != nil {
			s.t.Fatalf("%v", err)
		}
	}
	for key, value := range change {
		if value == nil {
			delete(fields, key)
		} else {
			fields[key] = value
		}
	}
	if text, err = json.Marshal(fields); err != nil {
		s.t.Fatalf("%v", err)
	}
	s.ro.Status = rov1.RolloutStatus{}
	if err := json.Unmarshal(text, &s.ro.Status); err != nil {
		s.t.Fatalf("%v", err)
	}
}

// TestPluginPatches: what the peer's plugin writes into the status means what the verbs mean.
func TestPluginPatches(t *testing.T) {
	t.Run("promote", func(t *testing.T) {
		s := paused(t, twoPauses)
		s.patch(`{"pauseConditions": null}`)
		s.run(time.Minute)
		if *s.ro.Status.CurrentStepIndex != 3 {
			t.Error(s.describe())
		}
	})
	t.Run("promote twice", func(t *testing.T) {
		s := paused(t, twoPauses)
		s.patch(`{"pauseConditions": null}`)
		s.patch(`{"pauseConditions": null}`)
		s.run(time.Minute)
		if *s.ro.Status.CurrentStepIndex != 3 {
			t.Error(s.describe())
		}
	})
	t.Run("promote in the middle of an analysis", func(t *testing.T) {
		s := analysed(t, `spec: {strategy: {canary: {steps: [{analysis: {templates: [{templateName: check}]}}, {pause: {}}]}}}`)
		s.phase(rov1.RolloutPhaseHealthy)
		s.image("two")
		s.until("run", func() bool { return len(s.runs) == 1 })
		s.patch(`{"pauseConditions": null, "currentStepIndex": 1}`)
		s.phase(rov1.RolloutPhasePaused)
		if !s.runs[0].Spec.GetTerminate() || s.ro.Status.Canary.CurrentStepAnalysisRunStatus != nil {
			t.Error(s.describe())
		}
	})
	t.Run("promote an inconclusive step", func(t *testing.T) {
		s := analysed(t, `spec: {strategy: {canary: {steps: [{analysis: {templates: [{templateName: check}]}}, {pause: {}}]}}}`)
		s.phase(rov1.RolloutPhaseHealthy)
		s.image("two")
		s.until("run", func() bool { return len(s.runs) == 1 })
		s.endRun("-0", rov1.AnalysisPhaseInconclusive)
		s.phase(rov1.RolloutPhasePaused)
		s.patch(`{"pauseConditions": null, "controllerPause": false, "currentStepIndex": 1}`)
		s.run(time.Minute)
		if *s.ro.Status.CurrentStepIndex != 1 || len(s.runs) != 1 || s.ro.Status.PauseConditions[0].Reason != rov1.PauseReasonCanaryPauseStep {
			t.Error(s.describe())
		}
	})
	t.Run("promote to the end", func(t *testing.T) {
		s := paused(t, twoPauses)
		s.patch(`{"promoteFull": true}`)
		s.phase(rov1.RolloutPhaseHealthy)
		s.wantPods("1:0 2:4")
	})
	t.Run("skip all steps", func(t *testing.T) {
		s := paused(t, twoPauses)
		s.patch(`{"pauseConditions": null, "currentStepIndex": 4}`)
		s.phase(rov1.RolloutPhaseHealthy)
	})
	t.Run("abort and retry", func(t *testing.T) {
		s := paused(t, twoPauses)
		s.patch(`{"abort": true}`)
		s.phase(rov1.RolloutPhaseDegraded)
		s.patch(`{"abort": false}`)
		s.phase(rov1.RolloutPhasePaused)
	})
	t.Run("abort on the way to the end", func(t *testing.T) {
		s := paused(t, twoPauses)
		s.patch(`{"promoteFull": true}`)
		s.sync()
		s.look()
		s.patch(`{"abort": true}`)
		s.phase(rov1.RolloutPhaseDegraded)
		s.run(time.Minute)
		s.wantPods("1:4 2:0")
	})
	t.Run("while paused by hand", func(t *testing.T) {
		s := paused(t, twoPauses)
		s.edit(func(spec *rov1.RolloutSpec) { spec.Paused = ptr.To(true) })
		s.run(time.Minute)
		s.patch(`{"pauseConditions": null}`)
		s.run(time.Minute)
		s.edit(func(spec *rov1.RolloutSpec) { spec.Paused = ptr.To(false) })
		s.run(time.Minute)
		if *s.ro.Status.CurrentStepIndex != 3 {
			t.Error(s.describe())
		}
	})
	t.Run("abort of what is promoted", func(t *testing.T) {
		s := newSim(t, `spec: {strategy: {canary: {}}}`)
		s.phase(rov1.RolloutPhaseHealthy)
		s.patch(`{"abort": true}`)
		s.run(time.Minute)
		if s.ro.Status.Abort || s.ro.Status.Phase != rov1.RolloutPhaseHealthy {
			t.Error(s.describe())
		}
	})
}

// TestPromoteTwiceAtOnce: of two promotes that come before the loop has looked, the second is a conflict, in whatever step they
// come; and they move one step.
func TestPromoteTwiceAtOnce(t *testing.T) {
	for name, tc := range map[string]struct {
		steps string
		until func(*sim) bool
		want  int32
	}{
		"at a pause":       {`[{setWeight: 25}, {pause: {}}, {analysis: {templates: [{templateName: check}]}}, {pause: {}}]`, func(s *sim) bool { return s.ro.Status.Phase == rov1.RolloutPhasePaused }, 2},
		"in an analysis":   {`[{analysis: {templates: [{templateName: check}]}}, {analysis: {templates: [{templateName: check}]}}, {pause: {}}]`, func(s *sim) bool { return len(s.runs) == 1 }, 1},
		"before a pause":   {`[{analysis: {templates: [{templateName: check}]}}, {pause: {}}, {pause: {}}]`, func(s *sim) bool { return len(s.runs) == 1 }, 1},
		"before its pods":  {`[{setWeight: 50}, {pause: {}}, {pause: {}}]`, func(s *sim) bool { return s.ro.Status.UpdatedReplicas > 0 }, 1},
		"of all its steps": {`[{analysis: {templates: [{templateName: check}]}}, {pause: {}}]`, func(s *sim) bool { return len(s.runs) == 1 }, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := analysed(t, `spec: {replicas: 4, strategy: {canary: {steps: `+tc.steps+`}}}`)
			s.phase(rov1.RolloutPhaseHealthy)
			s.image("two")
			s.until("the step", func() bool { return tc.until(s) })
			all := name == "of all its steps"
			before := ptr.Deref(s.ro.Status.CurrentStepIndex, 0)
			s.do(Promote(s.ro, &rov1.RolloutPromote{AllSteps: all}, s.now))
			between := s.ro.DeepCopy()
			if err := Promote(s.ro, &rov1.RolloutPromote{AllSteps: all}, s.now); !apierrors.IsConflict(err) || !reflect.DeepEqual(between, s.ro) {
				t.Errorf("the second from step %d: %v", before, err)
			}
			if all {
				s.phase(rov1.RolloutPhaseHealthy)
			} else {
				s.run(30 * time.Second)
			}
			if got := *s.ro.Status.CurrentStepIndex; got != tc.want || conditionOf(&s.ro.Status, rov1.RolloutConditionPromoting) != nil {
				t.Errorf("at step %d, want %d: %s", got, tc.want, s.describe())
			}
			if err := Promote(s.ro, &rov1.RolloutPromote{}, s.now); !all && err != nil {
				t.Errorf("after the loop has looked: %v", err)
			}
		})
	}
}

// TestVerbsRefuse: what the state forbids is a conflict, what is wrong in the request is invalid, and neither changes
// anything.
func TestVerbsRefuse(t *testing.T) {
	now := time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)
	waiting := func(t *testing.T) *rov1.Rollout { return paused(t, twoPauses).ro }
	healthy := func(t *testing.T) *rov1.Rollout {
		s := newSim(t, `spec: {strategy: {canary: {steps: `+twoPauses+`}}}`)
		s.phase(rov1.RolloutPhaseHealthy)
		return s.ro
	}
	invalid := func(t *testing.T) *rov1.Rollout {
		s := newSim(t, `spec: {strategy: {canary: {analysis: {templates: [{templateName: none}]}}}}`)
		s.phase(rov1.RolloutPhaseDegraded)
		return s.ro
	}
	aborted := func(t *testing.T) *rov1.Rollout {
		s := paused(t, twoPauses)
		s.do(Abort(s.ro, &rov1.RolloutAbort{}, s.now))
		s.phase(rov1.RolloutPhaseDegraded)
		return s.ro
	}
	promote := func(req rov1.RolloutPromote) func(*rov1.Rollout) error {
		return func(ro *rov1.Rollout) error { return Promote(ro, &req, now) }
	}
	for name, tc := range map[string]struct {
		ro      func(*testing.T) *rov1.Rollout
		verb    func(*rov1.Rollout) error
		refuses func(error) bool // nil: it is accepted
	}{
		"promote":                    {waiting, promote(rov1.RolloutPromote{}), nil},
		"promote, step holds":        {waiting, promote(rov1.RolloutPromote{Step: ptr.To(int32(1))}), nil},
		"promote, step is past":      {waiting, promote(rov1.RolloutPromote{Step: ptr.To(int32(0))}), apierrors.IsConflict},
		"promote, negative step":     {waiting, promote(rov1.RolloutPromote{Step: ptr.To(int32(-1))}), apierrors.IsInvalid},
		"promote, other hash":        {waiting, promote(rov1.RolloutPromote{PodHash: "x"}), apierrors.IsConflict},
		"promote, full and allSteps": {waiting, promote(rov1.RolloutPromote{Full: true, AllSteps: true}), apierrors.IsInvalid},
		"promote all steps":          {waiting, promote(rov1.RolloutPromote{AllSteps: true}), nil},
		"promote the promoted":       {healthy, promote(rov1.RolloutPromote{}), apierrors.IsConflict},
		"promote what never began": {invalid, promote(rov1.RolloutPromote{Full: true}), func(err error) bool {
			return apierrors.IsConflict(err) && strings.Contains(err.Error(), "nothing of it has been rolled out yet")
		}},
		"promote the aborted":       {aborted, promote(rov1.RolloutPromote{}), apierrors.IsConflict},
		"promote the aborted fully": {aborted, promote(rov1.RolloutPromote{Full: true}), apierrors.IsConflict},
		"abort the aborted":         {aborted, func(ro *rov1.Rollout) error { return Abort(ro, &rov1.RolloutAbort{}, now) }, apierrors.IsConflict},
		"abort the promoted":        {healthy, func(ro *rov1.Rollout) error { return Abort(ro, &rov1.RolloutAbort{}, now) }, apierrors.IsConflict},
		"retry what is not aborted": {waiting, func(ro *rov1.Rollout) error { return Retry(ro, &rov1.RolloutRetry{}, now) }, apierrors.IsConflict},
		"resume what a step pauses": {waiting, func(ro *rov1.Rollout) error { return Resume(ro, &rov1.RolloutResume{}, now) }, apierrors.IsConflict},
		"undo, no such revision": {waiting, func(ro *rov1.Rollout) error {
			_, err := UndoTo(ro, &rov1.RolloutUndo{ToRevision: 7}, nil)
			return err
		}, apierrors.IsConflict},
		"set an unknown image": {waiting, func(ro *rov1.Rollout) error {
			return SetImage(ro, &rov1.RolloutSetImage{Images: map[string]string{"x": "y"}}, now)
		}, apierrors.IsInvalid},
		"set an image": {waiting, func(ro *rov1.Rollout) error {
			return SetImage(ro, &rov1.RolloutSetImage{Images: map[string]string{"c": "y"}}, now)
		}, nil},
		"restart": {healthy, func(ro *rov1.Rollout) error { return Restart(ro, &rov1.RolloutRestart{}, now) }, nil},
		"restart to an earlier time": {healthy, func(ro *rov1.Rollout) error {
			ro.Spec.RestartAt = ptr.To(metav1.NewTime(now))
			return Restart(ro, &rov1.RolloutRestart{}, now.Add(-time.Hour))
		}, apierrors.IsConflict},
	} {
		t.Run(name, func(t *testing.T) {
			ro := tc.ro(t)
			before := ro.DeepCopy()
			err := tc.verb(ro)
			if tc.refuses == nil {
				if err != nil || reflect.DeepEqual(before, ro) {
					t.Errorf("%v", err)
				}
				return
			}
			before.Spec.RestartAt = ro.Spec.RestartAt
			if !tc.refuses(err) || !reflect.DeepEqual(before, ro) {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestUndo: the template of an earlier revision comes back, and its ReplicaSet with it.
func TestUndo(t *testing.T) {
	s := newSim(t, `spec: {replicas: 2, strategy: {canary: {}}}`)
	for _, image := range []string{"one", "two", "three"} {
		s.image(image)
		s.phase(rov1.RolloutPhaseHealthy)
	}
	sets := func() (list []appsv1.ReplicaSet) {
		for _, set := range s.sets {
			// What a cluster fills in comes back with the template.
			rs := set.rs.DeepCopy()
			setDefaults(&rs.Spec.Template.Spec)
			list = append(list, *rs)
		}
		return list
	}
	undo := func(req rov1.RolloutUndo) {
		set, err := UndoTo(s.ro, &req, sets())
		s.do(err)
		whole, err := raw.NewPodTemplateSpec(set.Spec.Template)
		s.do(err)
		s.do(Undo(s.ro, set, whole))
	}
	undo(rov1.RolloutUndo{})
	s.ro.Generation++
	s.phase(rov1.RolloutPhaseHealthy)
	s.wantPods("1:0 3:0 4:2")
	if got := s.byRevision(4).Spec.Template.Spec.Containers[0].Image; got != "two" {
		t.Error(got)
	}
	undo(rov1.RolloutUndo{ToRevision: 1})
	s.ro.Generation++
	s.phase(rov1.RolloutPhaseHealthy)
	s.wantPods("3:0 4:0 5:2")
	if len(s.sets) != 3 {
		t.Error(s.describe())
	}
}

// FuzzReconcile: whatever a rollout says, Reconcile neither panics nor changes it (the simulator checks that).
func FuzzReconcile(f *testing.F) {
	for _, seed := range []string{
		`{"spec":{"strategy":{"canary":{"steps":[{"setWeight":150},{"pause":{"duration":"x"}},{}]}}}}`,
		`{"spec":{"replicas":-1,"strategy":{"canary":{"maxSurge":"x","trafficRouting":{}}}}}`,
		`{"spec":{"strategy":{"blueGreen":{"activeService":""},"canary":{}}}}`,
		`{"spec":{"strategy":{"blueGreen":{"activeService":"a","previewReplicaCount":-3}}},"status":{"stableRS":"x","abort":true}}`,
		`{"spec":{"template":{"spec":{"containers":"x"}},"strategy":{"canary":{}}}}`,
		`{"spec":{"strategy":{"canary":{"steps":[{"setWeight":5}]}}},"status":{"currentStepIndex":-7,"currentPodHash":"q","stableRS":"r"}}`,
		`{"spec":{"workloadRef":{"name":"x"},"strategy":{"canary":{"dynamicStableScale":true}}},"status":{"canary":{"weights":{}}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		ro := &rov1.Rollout{}
		if json.Unmarshal(text, ro) != nil {
			return
		}
		s := newSim(t, "{}")
		ro.Name, ro.Namespace, ro.UID, ro.DeletionTimestamp = s.ro.Name, s.ro.Namespace, s.ro.UID, nil
		s.ro = ro
		for range 10 {
			before := ro.DeepCopy()
			d := Reconcile(ro, s.observe())
			if !reflect.DeepEqual(before, ro) {
				t.Fatal("Reconcile changed the rollout")
			}
			if d.Status != nil {
				ro.Status = *d.Status
			}
			for _, e := range d.Effects {
				if create, ok := e.(CreateReplicaSet); ok {
					s.apply(create)
				}
			}
		}
	})
}
