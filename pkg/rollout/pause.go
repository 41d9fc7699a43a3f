// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"slices"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// A pause is a condition in the status, and a mark (controllerPause) that the server has put it there. Whoever wants the
// rollout to go on takes the condition away; the mark that is left tells that this has happened, and goes when the loop
// has acted on it.

// since returns since when the rollout waits for a reason; nil if it does not.
func since(s *rov1.RolloutStatus, reason rov1.PauseReason) *metav1.Time {
	for i := range s.PauseConditions {
		if s.PauseConditions[i].Reason == reason {
			return &s.PauseConditions[i].StartTime
		}
	}
	return nil
}

// promoted tells that somebody has taken all conditions away.
func (r *run) promoted() bool { return r.prev.ControllerPause && len(r.prev.PauseConditions) == 0 }

// halted tells that numbers of pods and Services stay as they are.
func (r *run) halted() bool {
	return r.spec.GetPaused() || since(&r.prev, rov1.PauseReasonInconclusiveAnalysis) != nil
}

// pauseFor begins to wait for a reason.
func (r *run) pauseFor(reason rov1.PauseReason) {
	if since(&r.status, reason) == nil {
		r.status.PauseConditions = append(slices.Clip(r.status.PauseConditions), rov1.PauseCondition{Reason: reason, StartTime: r.now})
		r.status.ControllerPause = true
	}
}

// goOn ends the wait for a reason.
func (r *run) goOn(reason rov1.PauseReason) {
	r.status.PauseConditions = slices.DeleteFunc(slices.Clone(r.status.PauseConditions), func(c rov1.PauseCondition) bool { return c.Reason == reason })
	if len(r.status.PauseConditions) == 0 {
		r.status.PauseConditions, r.status.ControllerPause = nil, false
	}
}

// settlePause ends all waits where the rest is skipped: who promotes a rollout to its end, or goes back to a recent version,
// has also decided what an analysis could not.
func (r *run) settlePause() {
	if r.course() == promoting {
		r.prev.PauseConditions, r.prev.ControllerPause = nil, false
		r.goOnAnyway()
	}
}

// goOnAnyway ends all waits, and takes back an abort.
func (r *run) goOnAnyway() {
	r.status.PauseConditions, r.status.ControllerPause = nil, false
	r.status.Abort, r.status.AbortedAt = false, nil
}

// aborted tells that the rollout goes back to the stable version.
func (r *run) aborted() bool { return r.status.Abort }

// abort makes the rollout go back to the stable version.
func (r *run) abort(why string) {
	r.status.Abort = true
	r.abortReason = why
}

// pauseDuration returns how long a pause lasts; false if it lasts until somebody promotes the rollout. What cannot be
// read is refused by validation.
func pauseDuration(p *rov1.PauseStep) (time.Duration, bool) {
	if p.Duration == nil {
		return 0, false
	}
	if p.Duration.Type == intstr.Int {
		return time.Duration(p.Duration.IntVal) * time.Second, true
	}
	if seconds, err := strconv.ParseInt(p.Duration.StrVal, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	d, err := time.ParseDuration(p.Duration.StrVal)
	return d, err == nil
}

// passed tells whether a time has come; if not, the rollout is looked at again then.
func (r *run) passed(at time.Time) bool {
	if r.world.Now.Before(at) {
		r.requeue(at)
		return false
	}
	return true
}

// waited begins the pause of a step, unless it has begun, and tells whether it is over.
func (r *run) waited(p *rov1.PauseStep) bool {
	duration, timed := pauseDuration(p)
	begun := since(&r.prev, rov1.PauseReasonCanaryPauseStep)
	switch {
	case r.promoted():
		return true
	case begun == nil:
		r.pauseFor(rov1.PauseReasonCanaryPauseStep)
		if timed {
			r.requeue(r.now.Add(duration))
		}
		return false
	default:
		return timed && r.passed(begun.Add(duration))
	}
}
