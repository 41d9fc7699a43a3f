// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/intstr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// fromBest are the phases in which metrics and runs end, the best first.
var fromBest = []rov1.AnalysisPhase{rov1.AnalysisPhaseSuccessful, rov1.AnalysisPhaseInconclusive, rov1.AnalysisPhaseError, rov1.AnalysisPhaseFailed}

// terminating tells whether the run ends now: because somebody asks for it, or because a metric that counts has not
// succeeded.
func (r *reconciler) terminating() bool {
	if r.run.Spec.GetTerminate() {
		return true
	}
	return slices.ContainsFunc(r.status.MetricResults, func(m rov1.MetricResult) bool {
		return !m.DryRun && m.Phase.Completed() && m.Phase != rov1.AnalysisPhaseSuccessful
	})
}

// judgeMetric sets the phase of a metric by its measurements.
func (r *reconciler) judgeMetric(m *rov1.Metric) {
	result := r.result(m.Name)
	if result == nil || result.Phase.Completed() {
		return
	}
	phase := r.phase(m, result)
	if phase == result.Phase {
		return
	}
	result.Phase = phase
	result.Message = result.Measurements[len(result.Measurements)-1].Message
	if phase.Completed() {
		r.event(phase, "Metric", fmt.Sprintf("metric %q is %s", m.Name, phase))
	}
}

// phase tells where a metric stands that has a measurement.
func (r *reconciler) phase(m *rov1.Metric, result *rov1.MetricResult) rov1.AnalysisPhase {
	if unfinished(result) != nil {
		return rov1.AnalysisPhaseRunning
	}
	if phase, _ := exceeded(m, result); phase != "" {
		return phase
	}
	inARow := limit(m.ConsecutiveSuccessLimit, 0)
	if inARow > 0 && result.ConsecutiveSuccess >= inARow {
		return rov1.AnalysisPhaseSuccessful
	}
	if count := wanted(m); count > 0 && result.Count >= count {
		switch {
		case inARow > 0 && limit(m.FailureLimit, 0) >= 0:
			return rov1.AnalysisPhaseInconclusive // neither so many failures nor so many successes as would decide
		case inARow > 0:
			return rov1.AnalysisPhaseFailed
		}
		return rov1.AnalysisPhaseSuccessful
	}
	if r.terminating() {
		return rov1.AnalysisPhaseSuccessful // nothing is against it so far
	}
	return rov1.AnalysisPhaseRunning
}

// exceeded tells which limit of a metric its measurements exceed; an empty phase if none.
func exceeded(m *rov1.Metric, result *rov1.MetricResult) (phase rov1.AnalysisPhase, why string) {
	if most := limit(m.ConsecutiveErrorLimit, rov1.DefaultConsecutiveErrorLimit); result.ConsecutiveError > most {
		return rov1.AnalysisPhaseError, fmt.Sprintf("%d errors in a row, consecutiveErrorLimit is %d", result.ConsecutiveError, most)
	}
	if most := limit(m.InconclusiveLimit, 0); result.Inconclusive > most {
		return rov1.AnalysisPhaseInconclusive, fmt.Sprintf("%d inconclusive, inconclusiveLimit is %d", result.Inconclusive, most)
	}
	if most := limit(m.FailureLimit, 0); most >= 0 && result.Failed > most {
		return rov1.AnalysisPhaseFailed, fmt.Sprintf("%d failed, failureLimit is %d", result.Failed, most)
	}
	return "", ""
}

// wanted is how many measurements a metric has; 0 is without end.
func wanted(m *rov1.Metric) int32 {
	count := limit(m.Count, 0)
	if count == 0 && m.Interval == "" {
		return 1
	}
	return count
}

func limit(value *intstr.IntOrString, instead int32) int32 {
	if value == nil {
		return instead
	}
	return int32(value.IntValue()) //nolint:gosec // Limits are validated.
}

// assess sets the phase of the run by its metrics, and counts them.
func (r *reconciler) assess() {
	var summary, dry rov1.RunSummary
	worst, why, all := rov1.AnalysisPhaseSuccessful, "", true
	if r.run.Spec.GetTerminate() {
		why = "terminated on request"
	}
	for _, m := range r.metrics {
		sum := &summary
		if r.dryRun[m.Name] {
			sum = &dry
		}
		sum.Count++
		result := r.result(m.Name)
		if result == nil || !result.Phase.Completed() {
			all = false
			continue
		}
		tally(sum, result.Phase)
		_, limit := exceeded(m, result)
		if r.dryRun[m.Name] {
			if limit != "" {
				result.Message = fmt.Sprintf("%s, which does not count: %s", result.Phase, limit)
			}
			continue
		}
		if slices.Index(fromBest, result.Phase) <= slices.Index(fromBest, worst) {
			continue
		}
		worst = result.Phase
		if limit == "" {
			limit = fmt.Sprintf("%d successes in a row at the end, consecutiveSuccessLimit is %s", result.ConsecutiveSuccess, m.ConsecutiveSuccessLimit)
		}
		why = fmt.Sprintf("metric %q is %s: %s", m.Name, worst, limit)
		if result.Message != "" {
			why += "; the last measurement: " + result.Message
		}
	}
	r.status.RunSummary, r.status.DryRunSummary = summary, &dry
	if all || r.terminating() {
		r.status.Message = why
		r.complete(worst)
		return
	}
	r.status.Phase, r.status.Message = rov1.AnalysisPhaseRunning, ""
}

// complete ends the run.
func (r *reconciler) complete(phase rov1.AnalysisPhase) {
	r.status.Phase, r.status.CompletedAt = phase, stamp(r.world.Now)
	r.event(phase, "AnalysisRun", r.ending(phase))
}

// ending says how the run ended, for an Event.
func (r *reconciler) ending(phase rov1.AnalysisPhase) string {
	if r.status.Message == "" {
		return fmt.Sprintf("ended %s", phase)
	}
	return fmt.Sprintf("ended %s: %s", phase, r.status.Message)
}

func tally(sum *rov1.RunSummary, phase rov1.AnalysisPhase) {
	switch phase {
	case rov1.AnalysisPhaseSuccessful:
		sum.Successful++
	case rov1.AnalysisPhaseFailed:
		sum.Failed++
	case rov1.AnalysisPhaseInconclusive:
		sum.Inconclusive++
	case rov1.AnalysisPhaseError:
		sum.Error++
	}
}
