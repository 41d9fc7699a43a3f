// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tree builds what rollouts/tree returns: a rollout with all that it has made. It reads nothing by itself, and
// decides nothing.
package tree

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/rollout"
)

// Parts are the objects that may belong to a rollout; those that do not are left out.
type Parts struct {
	ReplicaSets  []appsv1.ReplicaSet
	Pods         []corev1.Pod
	AnalysisRuns []rov1.AnalysisRun
}

// Strategies, as the tree names them.
const (
	canary    = "Canary"
	blueGreen = "BlueGreen"
)

// Build returns the tree of a rollout.
func Build(ro *rov1.Rollout, parts Parts) *rov1.RolloutTree {
	t := &rov1.RolloutTree{
		ObjectMeta: metav1.ObjectMeta{
			Name: ro.Name, Namespace: ro.Namespace, UID: ro.UID, ResourceVersion: ro.ResourceVersion, Generation: ro.Generation,
			CreationTimestamp: ro.CreationTimestamp,
		},
		Phase: ro.Status.Phase, Message: ro.Status.Message,
		Replicas: rov1.RolloutTreeReplicas{
			Desired: ro.Spec.GetReplicas(), Current: ro.Status.Replicas, Updated: ro.Status.UpdatedReplicas,
			Ready: ro.Status.ReadyReplicas, Available: ro.Status.AvailableReplicas,
		},
	}
	if ro.Status.ObservedGeneration != strconv.FormatInt(ro.Generation, 10) {
		t.Phase, t.Message = rov1.RolloutPhaseProgressing, "waiting for rollout spec update to be observed"
	}
	sets := replicaSets(ro, parts)
	t.Revisions = revisions(ro, sets, parts)
	t.Images = images(sets)
	switch {
	case ro.Spec.Strategy.BlueGreen != nil:
		t.Strategy = blueGreen
	case ro.Spec.Strategy.Canary != nil:
		t.Strategy = canary
		t.Step, t.SetWeight, t.ActualWeight = progress(ro, sets)
	}
	return t
}

// replicaSet is a ReplicaSet of the rollout as the tree shows it, with what places it there.
type replicaSet struct {
	rov1.RolloutTreeReplicaSet
	revision int64
	hash     string
}

func replicaSets(ro *rov1.Rollout, parts Parts) []replicaSet {
	pods := map[types.UID][]rov1.RolloutTreePod{}
	for i := range parts.Pods {
		p := &parts.Pods[i]
		if owner := metav1.GetControllerOfNoCopy(p); owner != nil {
			pods[owner.UID] = append(pods[owner.UID], pod(p))
		}
	}
	var out []replicaSet
	for i := range parts.ReplicaSets {
		rs := &parts.ReplicaSets[i]
		if !metav1.IsControlledBy(rs, ro) {
			continue
		}
		s := replicaSet{
			RolloutTreeReplicaSet: rov1.RolloutTreeReplicaSet{
				Name: rs.Name, CreationTimestamp: rs.CreationTimestamp, Replicas: 1, Available: rs.Status.AvailableReplicas,
				Pods: pods[rs.UID],
			},
			revision: rollout.Revision(rs.Annotations),
			hash:     rs.Labels[rov1.LabelPodTemplateHash],
		}
		if rs.Spec.Replicas != nil {
			s.Replicas = *rs.Spec.Replicas
		}
		for _, c := range rs.Spec.Template.Spec.Containers {
			s.Images = append(s.Images, c.Image)
		}
		slices.SortFunc(s.Pods, func(a, b rov1.RolloutTreePod) int {
			return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
		})
		s.Roles = roles(ro, s.hash)
		s.Status = status(rs, s.Replicas)
		if text := rs.Annotations[rov1.AnnotationScaleDownDeadline]; text != "" && s.Replicas > 0 {
			if at, err := time.Parse(time.RFC3339, text); err == nil {
				s.ScaleDownAt = &metav1.Time{Time: at}
			}
		}
		out = append(out, s)
	}
	return out
}

// roles are the parts that the ReplicaSet of a hash plays.
func roles(ro *rov1.Rollout, hash string) []string {
	var out []string
	if hash == "" {
		return nil
	}
	status := &ro.Status
	switch {
	case ro.Spec.Strategy.BlueGreen != nil:
		if hash == status.StableRS {
			out = append(out, "stable")
		}
		if hash == status.BlueGreen.ActiveSelector {
			out = append(out, "active")
		} else if hash == status.BlueGreen.PreviewSelector {
			out = append(out, "preview")
		}
	case hash == status.StableRS:
		out = append(out, "stable")
	case hash == status.CurrentPodHash:
		out = append(out, "canary")
	}
	return out
}

func status(rs *appsv1.ReplicaSet, wanted int32) string {
	for _, c := range rs.Status.Conditions {
		if c.Type == appsv1.ReplicaSetReplicaFailure && c.Status == corev1.ConditionTrue {
			return "Degraded"
		}
	}
	switch {
	case wanted == 0 && rs.Status.Replicas == 0:
		return "ScaledDown"
	case rs.Status.ObservedGeneration < rs.Generation, rs.Status.AvailableReplicas != wanted, rs.Status.Replicas != wanted:
		return "Progressing"
	default:
		return "Healthy"
	}
}

// pod sums up a pod as kubectl does.
func pod(p *corev1.Pod) rov1.RolloutTreePod {
	out := rov1.RolloutTreePod{
		Name: p.Name, CreationTimestamp: p.CreationTimestamp, Status: string(p.Status.Phase), Containers: int32(len(p.Spec.Containers)),
	}
	if p.Status.Reason != "" {
		out.Status = p.Status.Reason
	}
	for _, c := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		out.Restarts += c.RestartCount
	}
	for _, c := range p.Status.ContainerStatuses {
		if c.Ready {
			out.Ready++
		}
	}
	for _, c := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		if w := c.State.Waiting; w != nil && w.Reason != "" && w.Reason != "PodInitializing" {
			out.Status = w.Reason
			break
		}
		if e := c.State.Terminated; e != nil && e.Reason != "" && e.ExitCode != 0 {
			out.Status = e.Reason
			break
		}
	}
	if p.DeletionTimestamp != nil {
		out.Status = "Terminating"
	}
	return out
}

func revisions(ro *rov1.Rollout, sets []replicaSet, parts Parts) []rov1.RolloutTreeRevision {
	byNumber := map[int64]*rov1.RolloutTreeRevision{}
	at := func(n int64) *rov1.RolloutTreeRevision {
		if byNumber[n] == nil {
			byNumber[n] = &rov1.RolloutTreeRevision{Revision: n}
		}
		return byNumber[n]
	}
	for _, s := range sets {
		r := at(s.revision)
		r.ReplicaSets = append(r.ReplicaSets, s.RolloutTreeReplicaSet)
	}
	for i := range parts.AnalysisRuns {
		run := &parts.AnalysisRuns[i]
		if !metav1.IsControlledBy(run, ro) {
			continue
		}
		r := at(rollout.Revision(run.Annotations))
		r.AnalysisRuns = append(r.AnalysisRuns, analysisRun(run))
	}
	out := make([]rov1.RolloutTreeRevision, 0, len(byNumber))
	for _, r := range byNumber {
		slices.SortFunc(r.ReplicaSets, func(a, b rov1.RolloutTreeReplicaSet) int { return cmp.Compare(a.Name, b.Name) })
		slices.SortFunc(r.AnalysisRuns, func(a, b rov1.RolloutTreeAnalysisRun) int {
			return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
		})
		out = append(out, *r)
	}
	slices.SortFunc(out, func(a, b rov1.RolloutTreeRevision) int { return cmp.Compare(b.Revision, a.Revision) })
	return out
}

func analysisRun(run *rov1.AnalysisRun) rov1.RolloutTreeAnalysisRun {
	out := rov1.RolloutTreeAnalysisRun{
		Name: run.Name, CreationTimestamp: run.CreationTimestamp, Type: run.Labels[rov1.LabelRolloutType],
		Status: run.Status.Phase, Message: run.Status.Message,
	}
	for _, m := range run.Status.MetricResults {
		out.Successful += m.Successful
		out.Failed += m.Failed
		out.Inconclusive += m.Inconclusive
		out.Error += m.Error
	}
	return out
}

// images lists the images of ReplicaSets that have pods, each once.
func images(sets []replicaSet) []rov1.RolloutTreeImage {
	var out []rov1.RolloutTreeImage
	for _, s := range sets {
		if s.Replicas == 0 && len(s.Pods) == 0 {
			continue
		}
		for _, image := range s.Images {
			i := slices.IndexFunc(out, func(e rov1.RolloutTreeImage) bool { return e.Image == image })
			if i < 0 {
				out = append(out, rov1.RolloutTreeImage{Image: image})
				i = len(out) - 1
			}
			for _, role := range s.Roles {
				if !slices.Contains(out[i].Roles, role) {
					out[i].Roles = append(out[i].Roles, role)
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b rov1.RolloutTreeImage) int { return cmp.Compare(a.Image, b.Image) })
	return out
}

// progress tells how far a canary is.
func progress(ro *rov1.Rollout, sets []replicaSet) (step string, wanted, actual *int32) {
	steps := ro.Spec.Strategy.Canary.Steps
	done := len(steps)
	if i := ro.Status.CurrentStepIndex; i != nil {
		done = min(int(*i), len(steps))
	}
	if len(steps) > 0 {
		step = strconv.Itoa(done) + "/" + strconv.Itoa(len(steps))
	}
	whole := ro.Spec.Strategy.Canary.GetMaxTrafficWeight()
	want := whole
	switch {
	case ro.Status.Abort:
		want = 0
	case len(steps) > 0 && ro.Status.StableRS != ro.Status.CurrentPodHash && !ro.Status.PromoteFull:
		want = 0
		for _, s := range steps[:min(done+1, len(steps))] {
			if s.SetWeight != nil {
				want = *s.SetWeight
			}
		}
		if done == len(steps) {
			want = whole
		}
	}
	if w := ro.Status.Canary.Weights; w != nil {
		return step, &want, &w.Canary.Weight
	}
	var canaryPods, all int32
	for _, s := range sets {
		all += s.Available
		if s.hash == ro.Status.CurrentPodHash {
			canaryPods += s.Available
		}
	}
	have := int32(0)
	if all > 0 {
		have = canaryPods * 100 / all
	}
	return step, &want, &have
}
