// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// started ends the time of what was rolled out before, if it was not done: another version has taken its place.
func (r *run) started() {
	d := r.status.Duration
	if d == nil || d.FinishedAt != nil || r.prev.CurrentPodHash == "" || r.prev.CurrentPodHash == hashOf(r.current) {
		return
	}
	how := rov1.CompletionSuperseded
	if r.status.StableRS == hashOf(r.current) {
		how = rov1.CompletionFastRolledBack
	}
	r.ended(how)
}

// completed ends the time of what is rolled out.
func (r *run) completed(reason string) {
	if r.status.StableRS == r.status.CurrentPodHash && r.status.StableRS != "" {
		return
	}
	fast := r.withinWindow() || r.needsNoJudging()
	switch {
	case r.goesBack() && fast:
		r.ended(rov1.CompletionFastRolledBack)
	case r.goesBack():
		r.ended(rov1.CompletionRolledBack)
	case reason == "Full promotion requested":
		r.ended(rov1.CompletionFastPromoted)
	default:
		r.ended(rov1.CompletionPromoted)
	}
}

func (r *run) ended(how rov1.CompletionStatus) {
	d := r.status.Duration.DeepCopy()
	if d == nil {
		d = &rov1.RolloutDuration{RolloutStartedAt: r.now.DeepCopy()}
	}
	if d.FinishedAt != nil {
		return
	}
	closePause(d, r)
	d.FinishedAt, d.CompletionStatus = r.now.DeepCopy(), how
	r.status.Duration = d
}

// closePause adds a wait for somebody to the sum of such waits.
func closePause(d *rov1.RolloutDuration, r *run) {
	if d.ManualPauseStartedAt != nil {
		d.TotalManualPauseDurationSeconds += int64(r.now.Sub(d.ManualPauseStartedAt.Time).Seconds())
		d.ManualPauseStartedAt = nil
	}
}

// duration measures how long a version takes, and how much of that it waits for somebody.
func (r *run) duration() {
	s := &r.status
	if s.Abort {
		if s.Duration != nil {
			r.ended(rov1.CompletionAborted)
		}
		return
	}
	if s.StableRS == s.CurrentPodHash {
		return
	}
	// What was superseded in this very look is shown once before it is replaced.
	if s.Duration == nil || s.Duration.FinishedAt != nil && r.prev.Duration != nil && r.prev.Duration.FinishedAt != nil {
		s.Duration = &rov1.RolloutDuration{RolloutStartedAt: r.now.DeepCopy()}
	}
	if s.Duration.FinishedAt != nil {
		return
	}
	d := s.Duration.DeepCopy()
	if waits := r.waitsForSomebody(); waits && d.ManualPauseStartedAt == nil {
		d.ManualPauseStartedAt = r.now.DeepCopy()
	} else if !waits {
		closePause(d, r)
	}
	s.Duration = d
}

// waitsForSomebody tells that the rollout does not go on by itself.
func (r *run) waitsForSomebody() bool {
	if r.spec.GetPaused() {
		return true
	}
	for _, p := range r.status.PauseConditions {
		switch p.Reason {
		case rov1.PauseReasonCanaryPauseStep:
			if step, _ := r.step(); step != nil && step.Pause != nil {
				if _, timed := pauseDuration(step.Pause); timed {
					continue
				}
			}
		case rov1.PauseReasonBlueGreenPause:
			if bg := r.spec.Strategy.BlueGreen; bg != nil && bg.GetAutoPromotionEnabled() {
				continue
			}
		}
		return true
	}
	return false
}
