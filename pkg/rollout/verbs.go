// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	"argosy.dev/argosy/apis/raw"
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// The verbs change the rollout they are given, which is a copy of the caller's, to record what is wanted, in the fields
// by which the peer's plugin does; the loop does it. They return a Conflict (409) where the state of the rollout forbids
// it, and Invalid (422) where the request is wrong. Then the rollout is unchanged.

// Promote lets a rollout go on: past the pause or step at which it is, past all steps, or past all that is left. It also
// ends a pause by hand. Of two requests for one pause, the second is a conflict, even before the loop has seen the first.
func Promote(ro *rov1.Rollout, req *rov1.RolloutPromote, now time.Time) error {
	steps, err := promotable(ro, req)
	if err != nil {
		return err
	}
	if req.Full {
		if ro.Status.PromoteFull {
			return conflict(ro, "it is being promoted to its end already")
		}
		ro.Status.PromoteFull = true
		resumed(ro)
		return nil
	}
	waits := len(ro.Status.PauseConditions) > 0
	switch {
	case !waits && ro.Status.ControllerPause, conditionOf(&ro.Status, rov1.RolloutConditionPromoting) != nil:
		return conflict(ro, "it is being promoted already")
	case ro.Spec.Strategy.Canary == nil:
		if !waits && !ro.Spec.GetPaused() {
			return conflict(ro, "it is not paused; to skip the analyses that run, promote it fully")
		}
		ro.Status.PauseConditions = nil
	default:
		if err := nextStep(ro, req.AllSteps, steps, waits, now); err != nil {
			return err
		}
	}
	resumed(ro)
	return nil
}

// promotable refuses what no promotion goes with, and returns how many steps there are.
func promotable(ro *rov1.Rollout, req *rov1.RolloutPromote) (steps int32, err error) {
	canary := ro.Spec.Strategy.Canary
	if canary != nil {
		steps = int32(len(canary.Steps))
	}
	switch {
	case req.Full && req.AllSteps:
		return 0, invalid(ro, "RolloutPromote", field.Invalid(field.NewPath("allSteps"), true, "full skips all steps, too: set one of them"))
	case req.AllSteps && steps == 0:
		return 0, invalid(ro, "RolloutPromote", field.Invalid(field.NewPath("allSteps"), true, "the rollout has no steps"))
	case req.Step != nil && steps == 0:
		return 0, invalid(ro, "RolloutPromote", field.Invalid(field.NewPath("step"), *req.Step, "the rollout has no steps"))
	case req.Step != nil && *req.Step < 0:
		return 0, invalid(ro, "RolloutPromote", field.Invalid(field.NewPath("step"), *req.Step, "steps are counted from 0"))
	case ro.Status.Abort:
		return 0, conflict(ro, "it is aborted; retry it first")
	case ro.Status.ObservedGeneration != strconv.FormatInt(ro.Generation, 10):
		return 0, conflict(ro, "its latest spec has not been looked at yet")
	case req.PodHash != "" && req.PodHash != ro.Status.CurrentPodHash:
		return 0, conflict(ro, "the precondition on podHash failed: %q was asked for, %q is being rolled out", req.PodHash, ro.Status.CurrentPodHash)
	case req.Step != nil && *req.Step != ptr.Deref(ro.Status.CurrentStepIndex, 0):
		return 0, conflict(ro, "the precondition on step failed: %d was asked for, it is at %d", *req.Step, ptr.Deref(ro.Status.CurrentStepIndex, 0))
	case ro.Status.CurrentPodHash == "":
		return 0, conflict(ro, "nothing of it has been rolled out yet")
	case ro.Status.CurrentPodHash == ro.Status.StableRS && len(ro.Status.PauseConditions) == 0 && !ro.Spec.GetPaused():
		return 0, conflict(ro, "it is fully promoted")
	}
	return steps, nil
}

// nextStep moves a canary past the step at which it is. Where it waits at a pause, the loop takes the step; in the middle
// of another step, such as an analysis, the step is left here.
func nextStep(ro *rov1.Rollout, all bool, steps int32, waits bool, now time.Time) error {
	at := ptr.Deref(ro.Status.CurrentStepIndex, 0)
	if ro.Status.CurrentPodHash == ro.Status.StableRS {
		ro.Status.PauseConditions = nil // there is only a pause to end
		return nil
	}
	switch {
	case steps == 0:
		if !waits && !ro.Spec.GetPaused() {
			return conflict(ro, "it has no steps; to skip what is left, promote it fully")
		}
	case at >= steps:
		if !waits && !ro.Spec.GetPaused() {
			return conflict(ro, "all its steps are done")
		}
	case all:
		leave(ro, steps, now)
	case inconclusive(ro), !waits && !ro.Spec.GetPaused():
		leave(ro, at+1, now)
	}
	ro.Status.PauseConditions = nil
	return nil
}

// leave moves a canary to a step, whatever is left of the one at which it is. The condition tells whoever asks next that
// this is not done yet; the loop takes it away.
func leave(ro *rov1.Rollout, to int32, now time.Time) {
	ro.Status.CurrentStepIndex = ptr.To(to)
	ro.Status.ControllerPause = false
	at := metav1.NewTime(now.UTC().Truncate(time.Second))
	ro.Status.Conditions = append(slices.Clip(ro.Status.Conditions), rov1.RolloutCondition{
		Type: rov1.RolloutConditionPromoting, Status: metav1.ConditionTrue, LastUpdateTime: at, LastTransitionTime: at,
		Reason: "PromotionRequested", Message: fmt.Sprintf("Going on with step index %d is asked for", to),
	})
}

// Moved ends the pause of a step where a write to status has moved the rollout to another step and left the pause as it was, as
// the peer's plugin does to skip a step: a pause at the other step begins when the loop comes to it, not when the first did.
func Moved(ro, old *rov1.Rollout) {
	if ptr.Deref(ro.Status.CurrentStepIndex, 0) == ptr.Deref(old.Status.CurrentStepIndex, 0) {
		return
	}
	before, now := since(&old.Status, rov1.PauseReasonCanaryPauseStep), since(&ro.Status, rov1.PauseReasonCanaryPauseStep)
	if before == nil || now == nil || !before.Equal(now) {
		return
	}
	left := slices.DeleteFunc(slices.Clone(ro.Status.PauseConditions), func(c rov1.PauseCondition) bool {
		return c.Reason == rov1.PauseReasonCanaryPauseStep
	})
	if ro.Status.PauseConditions = left; len(left) == 0 {
		// Else the mark would say that somebody has promoted the rollout at the step to which it was moved.
		ro.Status.PauseConditions, ro.Status.ControllerPause = nil, false
	}
}

// inconclusive tells that the rollout waits because the analysis of its step says neither yes nor no.
func inconclusive(ro *rov1.Rollout) bool {
	run := ro.Status.Canary.CurrentStepAnalysisRunStatus
	return run != nil && run.Status == rov1.AnalysisPhaseInconclusive &&
		slices.ContainsFunc(ro.Status.PauseConditions, func(c rov1.PauseCondition) bool { return c.Reason == rov1.PauseReasonInconclusiveAnalysis })
}

// resumed ends a pause by hand.
func resumed(ro *rov1.Rollout) {
	if ro.Spec.GetPaused() {
		ro.Spec.Paused = ptr.To(false)
	}
}

// Abort gives up the new version of a rollout: it goes back to the stable one, also if it was on the way to its end.
func Abort(ro *rov1.Rollout, req *rov1.RolloutAbort, _ time.Time) error {
	switch {
	case ro.Status.Abort:
		return conflict(ro, "it is aborted already")
	case ro.Status.ObservedGeneration != strconv.FormatInt(ro.Generation, 10):
		return conflict(ro, "its latest spec has not been looked at yet")
	case req.PodHash != "" && req.PodHash != ro.Status.CurrentPodHash:
		return conflict(ro, "the precondition on podHash failed: %q was asked for, %q is being rolled out", req.PodHash, ro.Status.CurrentPodHash)
	case ro.Status.StableRS == "":
		return conflict(ro, "there is no stable version to go back to")
	case ro.Status.CurrentPodHash == ro.Status.StableRS:
		return conflict(ro, "it is fully promoted: there is nothing to abort")
	}
	ro.Status.Abort, ro.Status.PromoteFull = true, false
	return nil
}

// Retry lets an aborted rollout begin anew.
func Retry(ro *rov1.Rollout, _ *rov1.RolloutRetry, _ time.Time) error {
	if !ro.Status.Abort {
		return conflict(ro, "it is not aborted")
	}
	ro.Status.Abort = false
	return nil
}

// Pause holds a rollout where it is.
func Pause(ro *rov1.Rollout, _ *rov1.RolloutPause, _ time.Time) error {
	if ro.Spec.GetPaused() {
		return conflict(ro, "it is paused already")
	}
	ro.Spec.Paused = ptr.To(true)
	return nil
}

// Resume ends a pause by hand. A pause of a step is left to Promote.
func Resume(ro *rov1.Rollout, _ *rov1.RolloutResume, _ time.Time) error {
	if !ro.Spec.GetPaused() {
		if len(ro.Status.PauseConditions) > 0 {
			return conflict(ro, "it was not paused by hand, but waits (%s): promote it", ro.Status.PauseConditions[0].Reason)
		}
		return conflict(ro, "it is not paused")
	}
	ro.Spec.Paused = ptr.To(false)
	return nil
}

// Restart lets the pods of a rollout that are older than a time be replaced.
func Restart(ro *rov1.Rollout, req *rov1.RolloutRestart, now time.Time) error {
	at := metav1.NewTime(now.UTC().Truncate(time.Second))
	if req.At != nil {
		at = *req.At
	}
	if ro.Spec.RestartAt != nil && !at.After(ro.Spec.RestartAt.Time) {
		return conflict(ro, "it is being restarted from %s on already", ro.Spec.RestartAt.UTC().Format(time.RFC3339))
	}
	ro.Spec.RestartAt = &at
	return nil
}

// UndoTo returns the ReplicaSet of the revision that an undo goes back to. sets are those of the rollout.
func UndoTo(ro *rov1.Rollout, req *rov1.RolloutUndo, sets []appsv1.ReplicaSet) (*appsv1.ReplicaSet, error) {
	if ro.Spec.WorkloadRef != nil {
		return nil, conflict(ro, "its pod template is that of %s %s: undo the change there", ro.Spec.WorkloadRef.Kind, ro.Spec.WorkloadRef.Name)
	}
	if req.ToRevision < 0 {
		return nil, invalid(ro, "RolloutUndo", field.Invalid(field.NewPath("toRevision"), req.ToRevision, "must be at least 0"))
	}
	var found *appsv1.ReplicaSet
	var latest, wanted int64 = 0, req.ToRevision
	for i := range sets {
		latest = max(latest, revisionOf(&sets[i]))
	}
	for i := range sets {
		switch n := revisionOf(&sets[i]); {
		case n == 0:
		case wanted > 0 && n == wanted:
			found = &sets[i]
		case wanted == 0 && n < latest && (found == nil || n > revisionOf(found)):
			found = &sets[i]
		}
	}
	switch {
	case found == nil && wanted == 0:
		return nil, conflict(ro, "there is no revision before the latest")
	case found == nil:
		return nil, conflict(ro, "there is no revision %d", wanted)
	}
	return found, nil
}

// Undo takes the pod template of an earlier revision. set is what UndoTo has returned, and whole its pod template as the
// cluster gives it: what of it is newer than the types that are compiled in comes back, too.
func Undo(ro *rov1.Rollout, set *appsv1.ReplicaSet, whole raw.PodTemplateSpec) error {
	template, err := whole.Completed(original(set))
	if err != nil {
		return fmt.Errorf("template of ReplicaSet %s: %w", set.Name, err)
	}
	current, err := ro.Spec.Template.Decode()
	if err == nil && madeFrom(set, ro.Spec.Template, current) {
		return conflict(ro, "its pod template is that of revision %d already", revisionOf(set))
	}
	ro.Spec.Template = template
	return nil
}

// SetImage lets containers run other images.
func SetImage(ro *rov1.Rollout, req *rov1.RolloutSetImage, _ time.Time) error {
	if ref := ro.Spec.WorkloadRef; ref != nil {
		return conflict(ro, "its pod template is that of %s %s: set the image there", ref.Kind, ref.Name)
	}
	path := field.NewPath("images")
	if len(req.Images) == 0 {
		return invalid(ro, "RolloutSetImage", field.Required(path, "name a container and its new image"))
	}
	template := ro.Spec.Template
	unknown, err := template.SetImages(req.Images)
	if err != nil {
		return invalid(ro, "RolloutSetImage", field.Invalid(path, req.Images, err.Error()))
	}
	if len(unknown) > 0 {
		return invalid(ro, "RolloutSetImage", field.NotFound(path.Key(unknown[0]), "a container of that name"))
	}
	ro.Spec.Template = template
	return nil
}

func conflict(ro *rov1.Rollout, format string, args ...any) error {
	return apierrors.NewConflict(rov1.Resource("rollouts"), ro.Name, fmt.Errorf(format, args...))
}

func invalid(ro *rov1.Rollout, kind string, err *field.Error) error {
	return apierrors.NewInvalid(rov1.Kind(kind), ro.Name, field.ErrorList{err})
}
