// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/apis/rollout/validation"
)

// Reconcile decides what should happen next with a run. It never changes run or what is in the world, and gives the same
// answer for the same arguments.
func Reconcile(run *rov1.AnalysisRun, w World) Decision {
	if run.Status.Phase.Completed() {
		return ended(run, w)
	}
	r := &reconciler{run: run, world: w, status: run.Status.DeepCopy()}
	if r.status.StartedAt == nil {
		r.status.StartedAt = stamp(w.Now)
	}
	if err := r.prepare(); err != nil {
		r.status.Message = err.Error()
		r.giveUp()
		r.complete(rov1.AnalysisPhaseError)
	} else {
		r.measurements()
		r.assess()
		r.retain()
		r.deleteForsaken()
	}
	if !apiequality.Semantic.DeepEqual(r.status, &run.Status) {
		r.decision.Status = r.status
	}
	if r.status.Phase.Completed() {
		// What has ended is looked at once more for its time to live, and measures nothing.
		r.decision.Measure = nil
		after := *run
		after.Status = *r.status
		last := ended(&after, w)
		r.decision.RequeueAfter = last.RequeueAfter
		if len(last.DeleteJobs) > 0 {
			// Only once the end is recorded: after a crash before that, the same Jobs would be made once more.
			r.decision.RequeueAfter = atOnce
		}
	}
	return r.decision
}

// reconciler is one Reconcile of a run that has not ended.
type reconciler struct {
	run      *rov1.AnalysisRun
	world    World
	status   *rov1.AnalysisRunStatus
	decision Decision
	// metrics are the metrics with their arguments; those from Secrets are still tags.
	metrics []*rov1.Metric
	// dryRun are the metrics whose outcome does not count. retention is how many measurements are kept.
	dryRun    map[string]bool
	retention map[string]int
}

// prepare puts the arguments into the metrics, and checks what they then are.
func (r *reconciler) prepare() error {
	resolved := *r.run
	resolved.Spec.Metrics = make([]rov1.Metric, 0, len(r.run.Spec.Metrics))
	for i := range r.run.Spec.Metrics {
		metric, err := resolve(&r.run.Spec.Metrics[i], r.run.Spec.Args, nil)
		if err != nil {
			return fmt.Errorf("arguments cannot be put in: %w", err)
		}
		r.metrics = append(r.metrics, metric)
		resolved.Spec.Metrics = append(resolved.Spec.Metrics, *metric)
	}
	errs := validation.ValidateAnalysisRun(&resolved)
	errs = append(errs, Unsupported(resolved.Spec.Metrics, field.NewPath("spec", "metrics"))...)
	if len(errs) > 0 {
		return invalid(errs[0])
	}
	r.dryRun, r.retention = map[string]bool{}, map[string]int{}
	for i, rule := range r.run.Spec.DryRun {
		if err := r.matching(rule.MetricName, func(name string) { r.dryRun[name] = true }); err != nil {
			return invalid(fmt.Errorf("dryRun[%d]: %w", i, err))
		}
	}
	for i, rule := range r.run.Spec.MeasurementRetention {
		if err := r.matching(rule.MetricName, func(name string) { r.retention[name] = int(rule.Limit) }); err != nil {
			return invalid(fmt.Errorf("measurementRetention[%d]: %w", i, err))
		}
	}
	return nil
}

func invalid(err error) error {
	return fmt.Errorf("cannot be measured: %w", err)
}

// matching calls see with each metric whose name the pattern matches.
func (r *reconciler) matching(pattern string, see func(name string)) error {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	found := false
	for _, m := range r.metrics {
		if re.MatchString(m.Name) {
			see(m.Name)
			found = true
		}
	}
	if !found {
		return fmt.Errorf("no metric is called %q", pattern)
	}
	return nil
}

// measurements records what was taken and what has become of Jobs, ends what a run that is ending no longer needs, and
// asks for what is due.
func (r *reconciler) measurements() {
	for _, m := range r.metrics {
		r.record(m)
		r.follow(m)
		r.judgeMetric(m)
	}
	if r.terminating() {
		r.giveUp()
		for _, m := range r.metrics {
			r.judgeMetric(m)
		}
		return
	}
	for _, m := range r.metrics {
		due, number, ok := r.next(m)
		switch {
		case !ok:
		case due.After(r.world.Now):
			r.lookAgain(due)
		default:
			r.decision.Measure = append(r.decision.Measure, Measure{Metric: m.Name, Number: number})
		}
	}
}

// record adds a measurement that came back.
func (r *reconciler) record(m *rov1.Metric) {
	taken, ok := r.world.Taken[m.Name]
	if !ok {
		return
	}
	result := r.result(m.Name)
	if result != nil && (result.Phase.Completed() || unfinished(result) != nil || taken.Number != number(result)) {
		return // known already
	}
	if result == nil {
		if taken.Number != 1 {
			return
		}
		r.status.MetricResults = append(r.status.MetricResults, rov1.MetricResult{
			Name: m.Name, Phase: rov1.AnalysisPhaseRunning, DryRun: r.dryRun[m.Name], Metadata: maps.Clone(taken.Metadata),
		})
		result = &r.status.MetricResults[len(r.status.MetricResults)-1]
	}
	measurement := *taken.Measurement.DeepCopy()
	if measurement.StartedAt == nil {
		measurement.StartedAt = stamp(r.world.Now)
	}
	measurement.StartedAt = stamp(measurement.StartedAt.Time)
	result.Measurements = append(result.Measurements, measurement)
	if measurement.Phase.Completed() {
		r.finish(result, measurement.Phase, measurement.Message)
	}
}

// finish ends the last measurement of a result, and counts it.
func (r *reconciler) finish(result *rov1.MetricResult, phase rov1.AnalysisPhase, message string) {
	m := &result.Measurements[len(result.Measurements)-1]
	m.Phase, m.Message, m.ResumeAt = phase, cut(message, maxMessage), nil
	if m.FinishedAt == nil {
		m.FinishedAt = stamp(r.world.Now)
	}
	m.FinishedAt = stamp(m.FinishedAt.Time)
	if phase == rov1.AnalysisPhaseError {
		result.Error++
		result.ConsecutiveError++
		result.ConsecutiveSuccess = 0
		return
	}
	result.Count++
	result.ConsecutiveError = 0
	switch phase {
	case rov1.AnalysisPhaseSuccessful:
		result.Successful++
		result.ConsecutiveSuccess++
		return
	case rov1.AnalysisPhaseFailed:
		result.Failed++
	default:
		result.Inconclusive++
	}
	result.ConsecutiveSuccess = 0
}

// giveUp ends the measurements that are under way: the run ends without them. Their Jobs are deleted once that is
// recorded.
func (r *reconciler) giveUp() {
	for i := range r.status.MetricResults {
		result := &r.status.MetricResults[i]
		m := unfinished(result)
		if m == nil {
			continue
		}
		r.finish(result, rov1.AnalysisPhaseSuccessful, "given up, since the run ends")
	}
}

// next returns when the next measurement of a metric is due, and its number. ok is false if there is none to come, or if
// one is under way whose end is awaited.
func (r *reconciler) next(m *rov1.Metric) (due time.Time, n int32, ok bool) {
	result := r.result(m.Name)
	if result == nil {
		return r.status.StartedAt.Add(duration(m.InitialDelay)), 1, true
	}
	if result.Phase.Completed() || unfinished(result) != nil {
		return time.Time{}, 0, false
	}
	last := result.Measurements[len(result.Measurements)-1]
	wait := errorRetry
	if last.Phase != rov1.AnalysisPhaseError {
		wait = max(duration(m.Interval), leastInterval)
	}
	return last.FinishedAt.Add(wait), number(result), true
}

// retain drops the oldest measurements beyond what is kept, with their Jobs.
func (r *reconciler) retain() {
	for i := range r.status.MetricResults {
		result := &r.status.MetricResults[i]
		limit := int(rov1.DefaultMeasurementRetention)
		if own := r.retention[result.Name]; own > 0 {
			limit = own
		}
		extra := len(result.Measurements) - limit
		for k := range max(extra, 0) {
			r.deleteJob(&result.Measurements[k])
		}
		if extra > 0 {
			result.Measurements = slices.Clone(result.Measurements[extra:])
		}
	}
}

func (r *reconciler) result(metric string) *rov1.MetricResult {
	for i := range r.status.MetricResults {
		if r.status.MetricResults[i].Name == metric {
			return &r.status.MetricResults[i]
		}
	}
	return nil
}

// lookAgain asks to be called again at a time.
func (r *reconciler) lookAgain(at time.Time) {
	wait := max(at.Sub(r.world.Now), atOnce)
	if r.decision.RequeueAfter == 0 || wait < r.decision.RequeueAfter {
		r.decision.RequeueAfter = wait
	}
}

func (r *reconciler) event(phase rov1.AnalysisPhase, reason, message string) {
	kind := corev1.EventTypeNormal
	if phase == rov1.AnalysisPhaseError || phase == rov1.AnalysisPhaseFailed {
		kind = corev1.EventTypeWarning
	}
	r.decision.Events = append(r.decision.Events, Event{Type: kind, Reason: reason + string(phase), Message: message})
}

// ended decides what becomes of a run that has ended: none of its Jobs runs on, and it goes when its time to live is over.
func ended(run *rov1.AnalysisRun, w World) Decision {
	if run.DeletionTimestamp != nil {
		return Decision{}
	}
	d := Decision{DeleteJobs: deleteRunning(w)}
	ttl := run.Spec.TTLStrategy
	if ttl == nil || run.Status.CompletedAt == nil {
		return d
	}
	seconds := ttl.SecondsAfterCompletion
	special := ttl.SecondsAfterFailure
	if run.Status.Phase == rov1.AnalysisPhaseSuccessful {
		special = ttl.SecondsAfterSuccess
	}
	if special != nil {
		seconds = special
	}
	if seconds == nil {
		return d
	}
	// Completion is stored in seconds, rounded down: one more, so that nothing goes too early.
	d.RequeueAfter = max(run.Status.CompletedAt.Add(time.Duration(*seconds)*time.Second+time.Second).Sub(w.Now), 0)
	d.Delete = d.RequeueAfter == 0
	return d
}

// unfinished returns the measurement that is under way; nil if none is.
func unfinished(result *rov1.MetricResult) *rov1.Measurement {
	if n := len(result.Measurements); n > 0 && !result.Measurements[n-1].Phase.Completed() {
		return &result.Measurements[n-1]
	}
	return nil
}

// number is that of the next measurement, if none is under way.
func number(result *rov1.MetricResult) int32 { return result.Count + result.Error + 1 }

// duration returns a duration that has been validated.
func duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0
	}
	return d
}

// stamp is a time as it is stored.
func stamp(t time.Time) *metav1.Time {
	s := metav1.NewTime(t.UTC().Truncate(time.Second))
	return &s
}
