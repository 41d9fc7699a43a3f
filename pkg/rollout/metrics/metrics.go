// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package metrics tells of rollouts and analyses as the peer's metrics do, by the same names and labels, so that users'
// dashboards and alerts go on working. What there is is told from the caches as they are when it is asked for; what has
// happened is counted as it happens.
package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/series"
)

// Source returns what there is, from caches. What it returns is not changed.
type Source interface {
	Rollouts() []*rov1.Rollout
	AnalysisRuns() []*rov1.AnalysisRun
	AnalysisTemplates() []*rov1.AnalysisTemplate
	ClusterAnalysisTemplates() []*rov1.ClusterAnalysisTemplate
}

// Metrics are the metrics of the family. They are made by New, and safe for concurrent use.
type Metrics struct {
	*series.Family[Source]
	reconcile, analysisReconcile     *series.Histogram
	failures, analysisFailures, told *series.Counter
}

// times are the peer's bounds for how long a look takes, in seconds.
var times = []float64{0.01, 0.15, 0.25, 0.5, 1}

// New returns metrics of which nothing is known yet.
func New() *Metrics {
	m := &Metrics{
		reconcile:         series.NewHistogram("rollout_reconcile", "Rollout reconciliation performance.", times, "namespace", "name"),
		analysisReconcile: series.NewHistogram("analysis_run_reconcile", "Analysis Run reconciliation performance.", times, "namespace", "name"),
		failures:          series.NewCounter("rollout_reconcile_error", "Error occurring during the rollout", "namespace", "name"),
		analysisFailures:  series.NewCounter("analysis_run_reconcile_error", "Error occurring during the analysis run", "namespace", "name"),
		told:              series.NewCounter("rollout_events_total", "The total number of rollout events", "namespace", "name", "type", "reason"),
	}
	ended := func() {
		m.reconcile.Reset()
		m.failures.Reset()
		m.told.Reset()
	}
	m.Family = series.NewFamily(gauges, tell, ended, m.reconcile, m.analysisReconcile, m.failures, m.analysisFailures, m.told)
	return m
}

// Reconciled counts a look at a rollout: how long it took, and whether it failed.
func (m *Metrics) Reconciled(key types.NamespacedName, took time.Duration, err error) {
	looked(m.reconcile, m.failures, key, took, err)
}

// AnalysisReconciled counts a look at an analysis run.
func (m *Metrics) AnalysisReconciled(key types.NamespacedName, took time.Duration, err error) {
	looked(m.analysisReconcile, m.analysisFailures, key, took, err)
}

func looked(reconcile *series.Histogram, failures *series.Counter, key types.NamespacedName, took time.Duration, err error) {
	reconcile.Observe(key.String(), took.Seconds(), key.Namespace, key.Name)
	if err != nil {
		failures.Add(key.String(), 1, key.Namespace, key.Name)
	}
}

// Event counts an Event about a rollout.
func (m *Metrics) Event(key types.NamespacedName, kind, reason string) {
	m.told.Add(key.String(), 1, key.Namespace, key.Name, kind, reason)
}

// Forget drops what was counted of a rollout that is gone.
func (m *Metrics) Forget(key types.NamespacedName) {
	m.reconcile.Forget(key.String())
	m.failures.Forget(key.String())
	m.told.Forget(key.String())
}

// ForgetAnalysis drops what was counted of an analysis run that is gone.
func (m *Metrics) ForgetAnalysis(key types.NamespacedName) {
	m.analysisReconcile.Forget(key.String())
	m.analysisFailures.Forget(key.String())
}

// ForgetAnalyses drops what was counted of all analysis runs: another process drives them now.
func (m *Metrics) ForgetAnalyses() {
	m.analysisReconcile.Reset()
	m.analysisFailures.Reset()
}

func tell(out chan<- prometheus.Metric, source Source) {
	for _, ro := range source.Rollouts() {
		tellRollout(out, ro)
	}
	for _, run := range source.AnalysisRuns() {
		tellRun(out, run)
	}
	for _, t := range source.AnalysisTemplates() {
		tellTemplate(out, t.Namespace, t.Name, t.Spec.Metrics)
	}
	for _, t := range source.ClusterAnalysisTemplates() {
		tellTemplate(out, "", t.Name, t.Spec.Metrics)
	}
}
