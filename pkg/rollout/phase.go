// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// phase derives phase and message from the rest of the status. The message begins with the words that users of the peer
// know, and goes on with numbers and since when.
func (r *run) phase() {
	s := &r.status
	if c := conditionOf(s, rov1.RolloutConditionInvalidSpec); c != nil {
		// The peer's very words, for tools that look for them. Since when is in the condition.
		s.Phase, s.Message = rov1.RolloutPhaseDegraded, "InvalidSpec: "+c.Message
		return
	}
	for _, c := range s.Conditions {
		switch {
		case c.Reason == reasonAborted:
			since := c.LastTransitionTime
			if s.AbortedAt != nil {
				since = *s.AbortedAt
			}
			s.Phase, s.Message = rov1.RolloutPhaseDegraded, c.Reason+": "+c.Message+", since "+clock(since)
			return
		case c.Reason == reasonTimedOut:
			// The condition's message tells since when there is no progress.
			s.Phase, s.Message = rov1.RolloutPhaseDegraded, c.Reason+": "+c.Message
			return
		case c.Reason == reasonCreateError:
			s.Phase, s.Message = rov1.RolloutPhaseDegraded, c.Reason+": "+c.Message+", since "+clock(c.LastTransitionTime)
			return
		}
	}
	s.Phase, s.Message = r.regularPhase()
}

// regularPhase returns phase and message of a rollout that nothing is wrong with.
func (r *run) regularPhase() (rov1.RolloutPhase, string) {
	s := &r.status
	if r.spec.GetPaused() {
		message := "manually paused"
		if c := conditionOf(s, rov1.RolloutConditionPaused); c != nil && c.Status == "True" {
			message += ", since " + clock(c.LastTransitionTime)
		}
		return rov1.RolloutPhasePaused, message
	}
	if len(s.PauseConditions) > 0 {
		return rov1.RolloutPhasePaused, r.pauseMessage(s.PauseConditions[0])
	}
	if why := r.missing(); why != "" {
		if c := conditionOf(s, rov1.RolloutConditionProgressing); c != nil {
			why += ", since " + clock(c.LastUpdateTime)
		}
		return rov1.RolloutPhaseProgressing, why
	}
	return rov1.RolloutPhaseHealthy, ""
}

// pauseMessage says what a pause waits for.
func (r *run) pauseMessage(p rov1.PauseCondition) string {
	var details []string
	switch p.Reason {
	case rov1.PauseReasonInconclusiveAnalysis, rov1.PauseReasonInconclusiveExperiment:
		// Users' tools wait for this very message. Since when is in the condition.
		return string(p.Reason)
	case rov1.PauseReasonCanaryPauseStep:
		step, index := r.step()
		if step == nil || step.Pause == nil {
			break
		}
		details = append(details, fmt.Sprintf("step %d of %d", index+1, len(r.spec.Strategy.Canary.Steps)))
		if d, timed := pauseDuration(step.Pause); timed {
			details = append(details, "until "+p.StartTime.Add(d).UTC().Format("2006-01-02T15:04:05Z07:00"))
		} else {
			details = append(details, "until it is promoted")
		}
	case rov1.PauseReasonBlueGreenPause:
		details = append(details, "until it is promoted")
	}
	details = append(details, "since "+clock(p.StartTime))
	return string(p.Reason) + ": " + strings.Join(details, ", ")
}

// missing says what is not as the spec asks for; "" if nothing.
func (r *run) missing() string {
	s := &r.status
	switch n := r.replicas(); {
	case r.spec.RestartAt != nil && (s.RestartedAt == nil || !s.RestartedAt.Equal(r.spec.RestartAt)):
		return "rollout is restarting"
	case s.UpdatedReplicas < n:
		return "more replicas need to be updated: " + of(s.UpdatedReplicas, n)
	case s.AvailableReplicas < s.UpdatedReplicas:
		return "updated replicas are still becoming available: " + of(s.AvailableReplicas, s.UpdatedReplicas)
	}
	if bg := r.spec.Strategy.BlueGreen; bg != nil {
		switch {
		case s.BlueGreen.ActiveSelector == "" || s.BlueGreen.ActiveSelector != s.CurrentPodHash:
			return "active service cutover pending" + judging(s.BlueGreen.PrePromotionAnalysisRunStatus)
		case s.StableRS == s.CurrentPodHash:
			return ""
		case bg.PostPromotionAnalysis != nil && (s.BlueGreen.PostPromotionAnalysisRunStatus == nil || !s.BlueGreen.PostPromotionAnalysisRunStatus.Status.Completed()):
			return "waiting for analysis to complete" + judging(s.BlueGreen.PostPromotionAnalysisRunStatus)
		default:
			return "waiting for post-promotion verification to complete"
		}
	}
	if r.spec.Strategy.Canary.TrafficRouting == nil && s.Replicas > s.UpdatedReplicas {
		return "old replicas are pending termination: " + strconv.Itoa(int(s.Replicas-s.UpdatedReplicas))
	}
	if s.StableRS == "" || s.StableRS != s.CurrentPodHash {
		step, index := r.step()
		message := "waiting for all steps to complete"
		if step != nil {
			message += fmt.Sprintf(": step %d of %d (%s)", index+1, len(r.spec.Strategy.Canary.Steps), describeStep(step))
			message += judging(s.Canary.CurrentStepAnalysisRunStatus)
		}
		return message
	}
	return ""
}

// judging names the analysis run that is waited for, and says how far it is; "" if there is none, or it has ended.
func judging(run *rov1.RolloutAnalysisRunStatus) string {
	if run == nil || run.Name == "" || run.Status.Completed() {
		return ""
	}
	return ": analysis run " + run.Name + " is " + strings.ToLower(string(cmp.Or(run.Status, rov1.AnalysisPhasePending)))
}

func of(n, all int32) string { return fmt.Sprintf("%d of %d", n, all) }
