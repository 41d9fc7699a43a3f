// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// begins tells that the rollout is to begin anew: with another version, or with other steps.
func (r *run) begins() bool {
	return r.prev.CurrentPodHash != "" && r.prev.CurrentPodHash != hashOf(r.current) || r.otherSteps()
}

// otherSteps tells that the steps are not those that were taken so far. The hash of the peer tells nothing, since its
// algorithm depends on its Go types: a rollout that was taken over goes on where it is.
func (r *run) otherSteps() bool {
	before := r.prev.CurrentStepHash
	return before != StepsHash(r.ro) && (before == "" || hashVersionOf(before) == hashVersion)
}

// begin forgets what was of another version, or of other steps.
func (r *run) begin() {
	s := &r.status
	r.goOnAnyway()
	s.PromoteFull = false
	// Pods that come now are younger than any restart that was asked for.
	s.RestartedAt = r.spec.RestartAt.DeepCopy()
	s.BlueGreen.ScaleUpPreviewCheckPoint = false
	s.BlueGreen.PrePromotionAnalysisRunStatus, s.BlueGreen.PostPromotionAnalysisRunStatus = nil, nil
	s.Canary.CurrentStepAnalysisRunStatus, s.Canary.CurrentBackgroundAnalysisRunStatus = nil, nil
	s.Canary.StepPluginStatuses = nil
	s.CurrentStepIndex = nil
	if c := r.spec.Strategy.Canary; c != nil && len(c.Steps) > 0 {
		s.CurrentStepIndex = ptr.To(int32(0))
		switch {
		case s.StableRS == hashOf(r.current) && r.prev.CurrentPodHash != "":
			s.CurrentStepIndex = ptr.To(int32(len(c.Steps)))
			r.normal("SkipSteps", "Rollback to stable ReplicaSets")
		case r.withinWindow() && *r.current.Spec.Replicas > 0:
			s.CurrentStepIndex = ptr.To(int32(len(c.Steps)))
			r.normal("SkipSteps", "Rollback to revision %d within the window", r.revision)
		}
	}
	r.started()
}

// finish writes into the status what follows from the rest.
func (r *run) finish() {
	s := &r.status
	s.CurrentPodHash = hashOf(r.current)
	s.CurrentStepHash = StepsHash(r.ro)
	r.observed()
	if s.StableRS == s.CurrentPodHash {
		s.PromoteFull = false
	}
	r.count()
	r.dropCondition(rov1.RolloutConditionInvalidSpec)
	r.dropCondition(rov1.RolloutConditionPromoting)
	r.abortLate()
	if s.Abort {
		s.PauseConditions, s.ControllerPause = nil, false
		if s.AbortedAt == nil {
			s.AbortedAt = r.now.DeepCopy()
		}
	} else {
		s.AbortedAt = nil
	}
	if len(s.PauseConditions) == 0 && !r.keepMark && !r.spec.GetPaused() {
		s.ControllerPause = false
	}
	r.tellPauses()
	r.conditions()
	r.phase()
	r.duration()
	r.emptyWorkload()
}

// observed notes which spec this look is about: the rollout's, and the workload's. While the workload is missing there is
// none, and what was seen last stays.
func (r *run) observed() {
	s := &r.status
	s.ObservedGeneration = strconv.FormatInt(r.ro.Generation, 10)
	switch w := r.world.Workload; {
	case r.spec.WorkloadRef == nil:
		s.WorkloadObservedGeneration = ""
	case w != nil:
		s.WorkloadObservedGeneration = strconv.FormatInt(w.Generation, 10)
	}
}

// tellPauses records the Events of pauses that have begun or ended, by hand or by the loop: whether there was one is told by
// the condition Progressing, since whoever ends a pause takes its own condition away.
func (r *run) tellPauses() {
	progressing := conditionOf(&r.prev, rov1.RolloutConditionProgressing)
	before := len(r.ro.Status.PauseConditions) > 0 || progressing != nil && progressing.Reason == reasonPaused
	conditions := r.status.PauseConditions
	now := len(conditions) > 0 || r.spec.GetPaused()
	switch {
	case r.status.Abort:
	case now && !before && len(conditions) > 0:
		r.normal("RolloutPaused", "Rollout is paused (%s)", conditions[0].Reason)
	case now && !before:
		r.normal("RolloutPaused", "Rollout is paused")
	case before && !now:
		r.normal("RolloutResumed", "Rollout is resumed")
	}
}

// count writes the numbers of pods. For blue-green those of the live version count.
func (r *run) count() {
	s := &r.status
	s.Replicas = sum(r.sets, existing)
	s.UpdatedReplicas = r.current.Status.Replicas
	s.ReadyReplicas, s.AvailableReplicas, s.HPAReplicas = sum(r.sets, ready), sum(r.sets, available), s.Replicas
	s.Selector = metav1.FormatLabelSelector(r.spec.Selector)
	bg := r.spec.Strategy.BlueGreen
	if bg == nil {
		s.BlueGreen.ActiveSelector, s.BlueGreen.PreviewSelector = "", ""
		return
	}
	s.Canary.Weights = nil
	s.BlueGreen.ActiveSelector, s.BlueGreen.PreviewSelector = r.live(), selects(r.services[bg.PreviewService])
	if live := r.byHash(r.live()); live != nil {
		s.ReadyReplicas, s.AvailableReplicas, s.HPAReplicas = live.Status.ReadyReplicas, live.Status.AvailableReplicas, live.Status.Replicas
		s.Selector = metav1.FormatLabelSelector(live.Spec.Selector)
	}
}
