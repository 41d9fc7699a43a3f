// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package tree

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

func owned(meta metav1.ObjectMeta, uid types.UID) metav1.ObjectMeta {
	meta.OwnerReferences = []metav1.OwnerReference{{UID: uid, Controller: ptr.To(true)}}
	return meta
}

func set(name, hash, revision string, replicas, available int32) appsv1.ReplicaSet {
	return appsv1.ReplicaSet{
		ObjectMeta: owned(metav1.ObjectMeta{Name: name, UID: types.UID(name), Labels: map[string]string{rov1.LabelPodTemplateHash: hash},
			Annotations: map[string]string{rov1.AnnotationRevision: revision}}, "ro"),
		Spec:   appsv1.ReplicaSetSpec{Replicas: &replicas, Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Image: "i:" + hash}}}}},
		Status: appsv1.ReplicaSetStatus{Replicas: available, AvailableReplicas: available},
	}
}

func canaryRollout() *rov1.Rollout {
	ro := &rov1.Rollout{ObjectMeta: metav1.ObjectMeta{Name: "web", UID: "ro", Generation: 3}}
	ro.Spec.Strategy.Canary = &rov1.CanaryStrategy{Steps: []rov1.CanaryStep{{SetWeight: ptr.To[int32](20)}, {Pause: &rov1.PauseStep{}}, {SetWeight: ptr.To[int32](60)}}}
	ro.Status = rov1.RolloutStatus{ObservedGeneration: "3", Phase: rov1.RolloutPhasePaused, StableRS: "a", CurrentPodHash: "b", CurrentStepIndex: ptr.To[int32](1)}
	return ro
}

func TestBuild(t *testing.T) {
	deadline := time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)
	a, b, old := set("web-a", "a", "1", 4, 3), set("web-b", "b", "2", 1, 1), set("web-o", "o", "0", 0, 0)
	a.Annotations[rov1.AnnotationScaleDownDeadline] = deadline.Format(time.RFC3339)
	stranger := set("other", "x", "9", 1, 1)
	stranger.OwnerReferences[0].UID = "another rollout"
	pod := corev1.Pod{
		ObjectMeta: owned(metav1.ObjectMeta{Name: "web-b-1"}, "web-b"),
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{}, {}}},
		Status: corev1.PodStatus{Phase: corev1.PodRunning, ContainerStatuses: []corev1.ContainerStatus{
			{Ready: true, RestartCount: 1}, {RestartCount: 2, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}},
		}},
	}
	run := rov1.AnalysisRun{ObjectMeta: owned(metav1.ObjectMeta{Name: "web-b-2", Annotations: map[string]string{rov1.AnnotationRevision: "2"},
		Labels: map[string]string{rov1.LabelRolloutType: rov1.RolloutTypeBackground}}, "ro")}
	run.Status = rov1.AnalysisRunStatus{Phase: rov1.AnalysisPhaseRunning, MetricResults: []rov1.MetricResult{{Successful: 2, Failed: 1}, {Successful: 1, Error: 1}}}

	got := Build(canaryRollout(), Parts{ReplicaSets: []appsv1.ReplicaSet{a, stranger, old, b}, Pods: []corev1.Pod{pod}, AnalysisRuns: []rov1.AnalysisRun{run}})
	want := []rov1.RolloutTreeRevision{
		{
			Revision: 2,
			ReplicaSets: []rov1.RolloutTreeReplicaSet{{Name: "web-b", Status: "Healthy", Roles: []string{"canary"}, Images: []string{"i:b"}, Replicas: 1, Available: 1,
				Pods: []rov1.RolloutTreePod{{Name: "web-b-1", Status: "CrashLoopBackOff", Ready: 1, Containers: 2, Restarts: 3}}}},
			AnalysisRuns: []rov1.RolloutTreeAnalysisRun{{Name: "web-b-2", Type: "Background", Status: "Running", Successful: 3, Failed: 1, Error: 1}},
		},
		{Revision: 1, ReplicaSets: []rov1.RolloutTreeReplicaSet{{Name: "web-a", Status: "Progressing", Roles: []string{"stable"}, Images: []string{"i:a"}, Replicas: 4, Available: 3,
			ScaleDownAt: &metav1.Time{Time: deadline}}}},
		{Revision: 0, ReplicaSets: []rov1.RolloutTreeReplicaSet{{Name: "web-o", Status: "ScaledDown", Images: []string{"i:o"}}}},
	}
	if diff := cmp.Diff(want, got.Revisions); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]rov1.RolloutTreeImage{{Image: "i:a", Roles: []string{"stable"}}, {Image: "i:b", Roles: []string{"canary"}}}, got.Images); diff != "" {
		t.Error(diff)
	}
}

func TestProgress(t *testing.T) {
	for _, tc := range []struct {
		name           string
		change         func(*rov1.Rollout)
		step           string
		wanted, actual int32
	}{
		{"at the first pause", func(*rov1.Rollout) {}, "1/3", 20, 25},
		{"at the last weight", func(ro *rov1.Rollout) { ro.Status.CurrentStepIndex = ptr.To[int32](2) }, "2/3", 60, 25},
		{"past the steps", func(ro *rov1.Rollout) { ro.Status.CurrentStepIndex = ptr.To[int32](3) }, "3/3", 100, 25},
		{"more steps done than there are", func(ro *rov1.Rollout) { ro.Status.CurrentStepIndex = ptr.To[int32](9) }, "3/3", 100, 25},
		{"aborted", func(ro *rov1.Rollout) { ro.Status.Abort, ro.Status.CurrentStepIndex = true, ptr.To[int32](0) }, "0/3", 0, 25},
		{"stable", func(ro *rov1.Rollout) { ro.Status.StableRS = "b" }, "1/3", 100, 25},
		{"weights of the routes", func(ro *rov1.Rollout) {
			ro.Status.Canary.Weights = &rov1.TrafficWeights{Canary: rov1.WeightDestination{Weight: 17}}
		}, "1/3", 20, 17},
	} {
		t.Run(tc.name, func(t *testing.T) {
			ro := canaryRollout()
			tc.change(ro)
			got := Build(ro, Parts{ReplicaSets: []appsv1.ReplicaSet{set("web-a", "a", "1", 3, 3), set("web-b", "b", "2", 1, 1)}})
			if got.Step != tc.step || *got.SetWeight != tc.wanted || *got.ActualWeight != tc.actual {
				t.Errorf("got step %s, weight %d of %d; want %s, %d of %d", got.Step, *got.ActualWeight, *got.SetWeight, tc.step, tc.actual, tc.wanted)
			}
		})
	}
}

// The tree never calls a rollout healthy whose latest spec nobody has looked at.
func TestUnobserved(t *testing.T) {
	ro := canaryRollout()
	ro.Generation, ro.Status.Phase = 4, rov1.RolloutPhaseHealthy
	if got := Build(ro, Parts{}); got.Phase != rov1.RolloutPhaseProgressing || got.Message != "waiting for rollout spec update to be observed" {
		t.Errorf("%s %q", got.Phase, got.Message)
	}
}

func TestBlueGreenRoles(t *testing.T) {
	ro := canaryRollout()
	ro.Spec.Strategy = rov1.RolloutStrategy{BlueGreen: &rov1.BlueGreenStrategy{}}
	ro.Status.BlueGreen = rov1.BlueGreenStatus{ActiveSelector: "a", PreviewSelector: "b"}
	got := Build(ro, Parts{ReplicaSets: []appsv1.ReplicaSet{set("web-a", "a", "1", 3, 3), set("web-b", "b", "2", 1, 1)}})
	if got.Strategy != "BlueGreen" || got.Step != "" || got.SetWeight != nil {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff([]string{"preview"}, got.Revisions[0].ReplicaSets[0].Roles); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"stable", "active"}, got.Revisions[1].ReplicaSets[0].Roles); diff != "" {
		t.Error(diff)
	}
}
