// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"fmt"
	"hash/fnv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/utils/ptr"
	"pgregory.net/rapid"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	_ "argosy.dev/argosy/hack/seed"
)

var phases = []rov1.AnalysisPhase{rov1.AnalysisPhaseSuccessful, rov1.AnalysisPhaseSuccessful, rov1.AnalysisPhaseSuccessful,
	rov1.AnalysisPhaseFailed, rov1.AnalysisPhaseInconclusive, rov1.AnalysisPhaseError}

// drawRun makes a random run that ends by itself.
func drawRun(t *rapid.T) *rov1.AnalysisRun {
	var metrics []rov1.Metric
	for i := range rapid.IntRange(1, 4).Draw(t, "metrics") {
		change := func(m *rov1.Metric) {
			count := rapid.Int32Range(1, 15).Draw(t, "count")
			if count > 1 {
				m.Interval = rapid.SampledFrom([]string{"100ms", "1s", "10s", "1h"}).Draw(t, "interval")
			}
			m.Count = number32(count)
			m.InitialDelay = rapid.SampledFrom([]string{"", "", "5s"}).Draw(t, "delay")
			m.FailureLimit = number32(rapid.Int32Range(0, count).Draw(t, "failureLimit"))
			m.InconclusiveLimit = number32(rapid.Int32Range(0, count).Draw(t, "inconclusiveLimit"))
			m.ConsecutiveErrorLimit = number32(rapid.Int32Range(0, 5).Draw(t, "consecutiveErrorLimit"))
			if rapid.IntRange(0, 3).Draw(t, "inARow") == 0 {
				m.ConsecutiveSuccessLimit = number32(rapid.Int32Range(1, count).Draw(t, "consecutiveSuccessLimit"))
			}
		}
		name := fmt.Sprintf("m%d", i)
		if rapid.Bool().Draw(t, "job") {
			metrics = append(metrics, jobMetric(name, change))
		} else {
			metrics = append(metrics, webMetric(name, change))
		}
	}
	run := newRun(metrics...)
	if rapid.IntRange(0, 2).Draw(t, "dry") == 0 {
		run.Spec.DryRun = []rov1.DryRun{{MetricName: "m0"}}
	}
	if rapid.Bool().Draw(t, "retention") {
		run.Spec.MeasurementRetention = []rov1.MeasurementRetention{{MetricName: "m.", Limit: rapid.Int32Range(1, 4).Draw(t, "limit")}}
	}
	return run
}

// fixed is an outcome that depends on the metric and the number alone. Jobs are never inconclusive.
func fixed(seed uint32) func(string, int32) rov1.AnalysisPhase {
	return func(metric string, n int32) rov1.AnalysisPhase {
		h := fnv.New32a()
		_, _ = fmt.Fprint(h, seed, metric, n)
		return phases[h.Sum32()>>3%uint32(len(phases))]
	}
}

// Whatever happens, a run ends, its numbers add up, and nothing of it goes on.
func TestEveryRunEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		run := drawRun(t)
		seed := rapid.Uint32().Draw(t, "seed")
		s := simulate(t, run, fixed(seed))
		s.lasts = rapid.SampledFrom([]time.Duration{0, time.Second, time.Minute}).Draw(t, "a Job lasts")
		crash := rapid.IntRange(0, 3).Draw(t, "crashes: one write in")
		s.lost = func() bool { return crash > 0 && rapid.IntRange(0, crash).Draw(t, "crash") == 0 }
		looks, stop := 0, rapid.IntRange(0, 60).Draw(t, "terminate at")
		s.at = func(s *simulation) {
			if looks++; looks == stop {
				s.run = s.run.DeepCopy()
				s.run.Spec.Terminate = ptr.To(true)
			}
		}
		status := s.end()
		for name, n := range s.made {
			if n != 1 {
				t.Errorf("Job %s was made %d times", name, n)
			}
		}
		for _, m := range status.MetricResults {
			if m.Count != m.Successful+m.Failed+m.Inconclusive {
				t.Errorf("%s: count %d is not %d + %d + %d", m.Name, m.Count, m.Successful, m.Failed, m.Inconclusive)
			}
			if n := len(m.Measurements); n > 10 || int32(n) > m.Count+m.Error {
				t.Errorf("%s: %d measurements of %d", m.Name, n, m.Count+m.Error)
			}
			if !m.Phase.Completed() && !m.DryRun {
				t.Errorf("%s is %s in a run that has ended", m.Name, m.Phase)
			}
			for _, measurement := range m.Measurements {
				if !measurement.Phase.Completed() || measurement.FinishedAt.Before(measurement.StartedAt) {
					t.Errorf("%s: %+v", m.Name, measurement)
				}
			}
		}
		counted := status.RunSummary
		if bad := counted.Failed + counted.Inconclusive + counted.Error; (bad > 0) != (status.Phase != rov1.AnalysisPhaseSuccessful) {
			t.Errorf("%s, with %+v", status.Phase, counted)
		}
		if again := Reconcile(s.run, World{Now: s.now, Jobs: s.jobs}); again.Status != nil || len(again.Measure) > 0 || len(again.DeleteJobs) > 0 {
			t.Errorf("something is left to do: %+v", again)
		}
	})
}

// A crash before any write changes what is found no more than it changes the time.
func TestCrashesChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		run := drawRun(t)
		// With one metric, the order of events is that of its measurements.
		run.Spec.Metrics, run.Spec.DryRun, run.Spec.MeasurementRetention = run.Spec.Metrics[:1], nil, nil
		seed := rapid.Uint32().Draw(t, "seed")
		calm := simulate(t, run, fixed(seed)).end()
		s := simulate(t, run, fixed(seed))
		s.lost = func() bool { return rapid.Bool().Draw(t, "crash") }
		rough := s.end()
		for _, status := range []*rov1.AnalysisRunStatus{calm, rough} {
			status.StartedAt, status.CompletedAt = nil, nil
			for i := range status.MetricResults {
				for k := range status.MetricResults[i].Measurements {
					m := &status.MetricResults[i].Measurements[k]
					m.StartedAt, m.FinishedAt = nil, nil
				}
			}
		}
		if diff := cmp.Diff(calm, rough); diff != "" {
			t.Errorf("with crashes: %s", diff)
		}
	})
}
