// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// Reasons of the condition Progressing. Those that a Deployment has, too, are its.
const (
	reasonCreated      = "NewReplicaSetCreated"
	reasonCreateError  = "ReplicaSetCreateError"
	reasonFound        = "FoundNewReplicaSet"
	reasonUpdated      = "ReplicaSetUpdated"
	reasonAvailable    = "NewReplicaSetAvailable"
	reasonNotAvailable = "ReplicaSetNotAvailable"
	reasonTimedOut     = "ProgressDeadlineExceeded"
	reasonAborted      = "RolloutAborted"
	reasonPaused       = "RolloutPaused"
	reasonResumed      = "RolloutResumed"
	reasonRetried      = "RolloutRetry"
)

// conditionOf returns a condition of a status; nil if it is not there.
func conditionOf(s *rov1.RolloutStatus, of rov1.RolloutConditionType) *rov1.RolloutCondition {
	for i := range s.Conditions {
		if s.Conditions[i].Type == of {
			return &s.Conditions[i]
		}
	}
	return nil
}

// setCondition sets a condition. Its times stay if nothing has changed.
func (r *run) setCondition(of rov1.RolloutConditionType, status metav1.ConditionStatus, reason, message string) {
	now := rov1.RolloutCondition{Type: of, Status: status, LastUpdateTime: r.now, LastTransitionTime: r.now, Reason: reason, Message: message}
	before := conditionOf(&r.status, of)
	if before == nil {
		r.status.Conditions = append(slices.Clip(r.status.Conditions), now)
		return
	}
	if before.Status == status {
		now.LastTransitionTime = before.LastTransitionTime
		if before.Reason == reason && before.Message == message {
			return
		}
	}
	*before = now
}

func (r *run) dropCondition(of rov1.RolloutConditionType) {
	r.status.Conditions = slices.DeleteFunc(r.status.Conditions, func(c rov1.RolloutCondition) bool { return c.Type == of })
}

// setBool sets a condition that says yes or no.
func (r *run) setBool(of rov1.RolloutConditionType, yes bool, reason, ifYes, ifNo string) {
	if yes {
		r.setCondition(of, metav1.ConditionTrue, reason, ifYes)
	} else {
		r.setCondition(of, metav1.ConditionFalse, reason, ifNo)
	}
}

// conditions derives the conditions from the rest of the status.
func (r *run) conditions() {
	s := &r.status
	phase, _ := r.regularPhase()
	waits := len(s.PauseConditions) > 0 || r.spec.GetPaused()
	r.setBool(rov1.RolloutConditionPaused, waits, reasonPaused, "Rollout is paused", "Rollout is not paused")
	r.setBool(rov1.RolloutConditionHealthy, phase == rov1.RolloutPhaseHealthy, "RolloutHealthy", "Rollout is healthy", "Rollout is not healthy")

	completed := s.StableRS != "" && s.StableRS == s.CurrentPodHash
	before := conditionOf(&r.prev, rov1.RolloutConditionCompleted)
	if !completed && (before == nil || before.Status != metav1.ConditionFalse) {
		r.normal("RolloutNotCompleted", "Rollout not completed, started update to revision %d (%s)", r.revision, s.CurrentPodHash)
	}
	r.setBool(rov1.RolloutConditionCompleted, completed, "RolloutCompleted", "Rollout is completed", "Rollout is not completed")

	_, unavailable := r.fences()
	r.setBool(rov1.RolloutConditionAvailable, s.AvailableReplicas >= r.replicas()-unavailable, "AvailableReason",
		"Rollout has minimum availability", "Rollout does not have minimum availability")
	r.replicaFailure()
	r.progressing(phase, waits)
}

// replicaFailure takes over what the ReplicaSets say about pods that cannot be made, the new one's first.
func (r *run) replicaFailure() {
	sets := append([]*appsv1.ReplicaSet{r.current}, r.sets...)
	for _, rs := range sets {
		for _, c := range rs.Status.Conditions {
			if c.Type == appsv1.ReplicaSetReplicaFailure && c.Status == "True" {
				r.setCondition(rov1.RolloutConditionReplicaFailure, metav1.ConditionStatus(c.Status), c.Reason, c.Message)
				return
			}
		}
	}
	r.dropCondition(rov1.RolloutConditionReplicaFailure)
}

// progressing derives the condition Progressing, whose lastUpdateTime is the time of the last progress.
func (r *run) progressing(phase rov1.RolloutPhase, waits bool) {
	const of = rov1.RolloutConditionProgressing
	s := &r.status
	before := conditionOf(&r.prev, of)
	reason := ""
	if before != nil {
		reason = before.Reason
	}
	about := fmt.Sprintf("ReplicaSet %q", r.current.Name)
	switch {
	case s.Abort:
		message := fmt.Sprintf("Rollout aborted update to revision %d", r.revision)
		if r.abortReason != "" {
			message += ": " + r.abortReason
		} else if reason == reasonAborted {
			return
		}
		if reason != reasonAborted {
			r.warn(reasonAborted, "%s", message)
		}
		r.setCondition(of, metav1.ConditionFalse, reasonAborted, message)
	case waits:
		r.setCondition(of, metav1.ConditionUnknown, reasonPaused, "Rollout is paused")
	case phase == rov1.RolloutPhaseHealthy:
		r.setCondition(of, metav1.ConditionTrue, reasonAvailable, about+" has successfully progressed.")
	case reason == reasonAborted:
		r.touch(metav1.ConditionUnknown, reasonRetried, "Retrying Rollout after abort")
	case reason == reasonPaused:
		r.touch(metav1.ConditionUnknown, reasonResumed, "Rollout is resumed")
	case reason == reasonAvailable && s.StableRS == s.CurrentPodHash:
		r.touch(metav1.ConditionTrue, reasonNotAvailable, about+" is not available")
	case r.progress() || before == nil:
		r.touch(metav1.ConditionTrue, reasonUpdated, about+" is progressing.")
	case reason == reasonTimedOut:
		// It stays as it is: its time is no longer that of the last progress, which its message tells.
	case r.late():
		r.setCondition(of, metav1.ConditionFalse, reasonTimedOut, about+" has timed out progressing: no progress since "+clock(before.LastUpdateTime))
	}
}

// touch sets the condition Progressing, and its time in any case.
func (r *run) touch(status metav1.ConditionStatus, reason, message string) {
	r.setCondition(rov1.RolloutConditionProgressing, status, reason, message)
	conditionOf(&r.status, rov1.RolloutConditionProgressing).LastUpdateTime = r.now
}

// progress tells that this look has found progress: as with a Deployment more new, ready or available pods, or fewer old
// ones; and steps taken, another stable version, Services switched.
func (r *run) progress() bool {
	was, is := &r.prev, &r.status
	return is.UpdatedReplicas != was.UpdatedReplicas || is.Replicas-is.UpdatedReplicas < was.Replicas-was.UpdatedReplicas ||
		is.ReadyReplicas > was.ReadyReplicas || is.AvailableReplicas > was.AvailableReplicas ||
		is.StableRS != was.StableRS || is.CurrentStepHash != was.CurrentStepHash || is.CurrentPodHash != was.CurrentPodHash ||
		ptr.Deref(is.CurrentStepIndex, 0) != ptr.Deref(was.CurrentStepIndex, 0) ||
		is.BlueGreen.ActiveSelector != was.BlueGreen.ActiveSelector || is.BlueGreen.PreviewSelector != was.BlueGreen.PreviewSelector
}

// late tells that too much time has passed without progress. Where that is no fault of the pods it never is: in pauses,
// in analyses, and while old pods are kept for a time.
func (r *run) late() bool {
	before := conditionOf(&r.prev, rov1.RolloutConditionProgressing)
	if before == nil || r.patient() {
		return false
	}
	switch before.Reason {
	case reasonTimedOut:
		return true
	case reasonAborted, reasonPaused, reasonAvailable:
		return false
	}
	return r.passed(before.LastUpdateTime.Add(time.Duration(r.spec.GetProgressDeadlineSeconds()) * time.Second))
}

func (r *run) patient() bool {
	if step, _ := r.step(); step != nil && r.course() == advancing && (step.Pause != nil || step.Analysis != nil || step.Experiment != nil) {
		return true
	}
	if len(r.status.PauseConditions) > 0 || r.spec.GetPaused() {
		return true
	}
	return slices.ContainsFunc(r.others, func(rs *appsv1.ReplicaSet) bool {
		_, set := deadline(rs)
		return set && *rs.Spec.Replicas > 0
	})
}

// abortLate aborts a rollout that makes no progress, where the spec wants that.
func (r *run) abortLate() {
	if !r.spec.GetProgressDeadlineAbort() || r.status.Abort || r.status.StableRS == r.status.CurrentPodHash || r.progress() || !r.late() {
		return
	}
	r.abort(fmt.Sprintf("no progress within %d seconds", r.spec.GetProgressDeadlineSeconds()))
}

func clock(t metav1.Time) string { return t.UTC().Format(time.RFC3339) }
