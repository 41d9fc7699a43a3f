// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"argosy.dev/argosy/apis/raw"
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

type world struct {
	rollouts  []*rov1.Rollout
	runs      []*rov1.AnalysisRun
	templates []*rov1.AnalysisTemplate
	cluster   []*rov1.ClusterAnalysisTemplate
}

func (w *world) Rollouts() []*rov1.Rollout                   { return w.rollouts }
func (w *world) AnalysisRuns() []*rov1.AnalysisRun           { return w.runs }
func (w *world) AnalysisTemplates() []*rov1.AnalysisTemplate { return w.templates }
func (w *world) ClusterAnalysisTemplates() []*rov1.ClusterAnalysisTemplate {
	return w.cluster
}

func meta(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name}
}

func told(t *testing.T, m *Metrics, want string, names ...string) {
	t.Helper()
	if err := testutil.CollectAndCompare(m, strings.NewReader(want), names...); err != nil {
		t.Error(err)
	}
}

// What is told of a rollout has the names and labels of the peer's metrics.
func TestRollout(t *testing.T) {
	five := int32(5)
	ro := &rov1.Rollout{ObjectMeta: meta("shop", "web")}
	ro.Spec.Replicas = &five
	ro.Spec.Strategy.Canary = &rov1.CanaryStrategy{TrafficRouting: &rov1.TrafficRouting{
		Istio: &rov1.IstioTrafficRouting{}, Plugins: map[string]raw.JSON{"argoproj-labs/gatewayAPI": {}},
	}}
	ro.Status = rov1.RolloutStatus{Phase: rov1.RolloutPhasePaused, Replicas: 5, AvailableReplicas: 4, UpdatedReplicas: 1}
	m := New()
	end := m.Tell(&world{rollouts: []*rov1.Rollout{ro}})
	told(t, m, `
# HELP rollout_info Information about rollout.
# TYPE rollout_info gauge
rollout_info{name="web",namespace="shop",phase="Paused",strategy="canary",traffic_router="Istio,argoproj-labs/gatewayAPI"} 1
# HELP rollout_info_replicas_available The number of available replicas per rollout.
# TYPE rollout_info_replicas_available gauge
rollout_info_replicas_available{name="web",namespace="shop"} 4
# HELP rollout_info_replicas_desired The number of desired replicas per rollout.
# TYPE rollout_info_replicas_desired gauge
rollout_info_replicas_desired{name="web",namespace="shop"} 5
# HELP rollout_info_replicas_unavailable The number of unavailable replicas per rollout.
# TYPE rollout_info_replicas_unavailable gauge
rollout_info_replicas_unavailable{name="web",namespace="shop"} 1
# HELP rollout_info_replicas_updated The number of updated replicas per rollout.
# TYPE rollout_info_replicas_updated gauge
rollout_info_replicas_updated{name="web",namespace="shop"} 1
# HELP rollout_phase [DEPRECATED - use rollout_info] Information on the state of the rollout.
# TYPE rollout_phase gauge
rollout_phase{name="web",namespace="shop",phase="Abort",strategy="canary"} 0
rollout_phase{name="web",namespace="shop",phase="Completed",strategy="canary"} 0
rollout_phase{name="web",namespace="shop",phase="Error",strategy="canary"} 0
rollout_phase{name="web",namespace="shop",phase="InvalidSpec",strategy="canary"} 0
rollout_phase{name="web",namespace="shop",phase="Paused",strategy="canary"} 1
rollout_phase{name="web",namespace="shop",phase="Progressing",strategy="canary"} 0
rollout_phase{name="web",namespace="shop",phase="Timeout",strategy="canary"} 0
`)
	end()
	if n := testutil.CollectAndCount(m); n != 0 {
		t.Errorf("%d series are told by a process that drives no rollouts", n)
	}
}

func TestOldPhase(t *testing.T) {
	for _, test := range []struct {
		phase        rov1.RolloutPhase
		condition    rov1.RolloutConditionType
		reason, want string
	}{
		{phase: rov1.RolloutPhaseHealthy, condition: rov1.RolloutConditionProgressing, reason: "NewReplicaSetAvailable", want: "Completed"},
		{phase: rov1.RolloutPhaseDegraded, condition: rov1.RolloutConditionInvalidSpec, reason: "InvalidSpec", want: "InvalidSpec"},
		{phase: rov1.RolloutPhaseDegraded, condition: rov1.RolloutConditionProgressing, reason: "RolloutAborted", want: "Abort"},
		{phase: rov1.RolloutPhaseDegraded, condition: rov1.RolloutConditionProgressing, reason: "ProgressDeadlineExceeded", want: "Timeout"},
		{phase: rov1.RolloutPhaseDegraded, condition: rov1.RolloutConditionProgressing, reason: "ReplicaSetCreateError", want: "Error"},
		{phase: rov1.RolloutPhasePaused, condition: rov1.RolloutConditionProgressing, reason: "RolloutPaused", want: "Paused"},
		{phase: rov1.RolloutPhaseProgressing, condition: rov1.RolloutConditionProgressing, reason: "ReplicaSetUpdated", want: "Progressing"},
		{want: "Progressing"},
	} {
		ro := &rov1.Rollout{Status: rov1.RolloutStatus{Phase: test.phase, Conditions: []rov1.RolloutCondition{{Type: test.condition, Reason: test.reason}}}}
		if got := oldPhase(ro); got != test.want {
			t.Errorf("%s, %s: %s, want %s", test.phase, test.reason, got, test.want)
		}
	}
}

// What is told of an analysis run, and of templates. A name that is there twice, as in what was stored before it was
// checked, does not end the scrape.
func TestAnalysis(t *testing.T) {
	metric := func(name string) rov1.Metric {
		return rov1.Metric{Name: name, Provider: rov1.MetricProvider{Prometheus: &rov1.PrometheusMetric{}}}
	}
	run := &rov1.AnalysisRun{ObjectMeta: meta("shop", "run")}
	run.Spec.Metrics = []rov1.Metric{metric("errors"), metric("errors")}
	run.Status.Phase = rov1.AnalysisPhaseRunning
	run.Status.MetricResults = []rov1.MetricResult{{Name: "errors", Phase: rov1.AnalysisPhaseFailed}, {Name: "errors"}, {Name: "other"}}
	template := &rov1.AnalysisTemplate{ObjectMeta: meta("shop", "rate")}
	template.Spec.Metrics = []rov1.Metric{metric("errors"), metric("errors")}
	m := New()
	m.Tell(&world{
		runs: []*rov1.AnalysisRun{run}, templates: []*rov1.AnalysisTemplate{template},
		cluster: []*rov1.ClusterAnalysisTemplate{{ObjectMeta: meta("", "rate")}},
	})
	told(t, m, `
# HELP analysis_run_info Information about analysis run.
# TYPE analysis_run_info gauge
analysis_run_info{name="run",namespace="shop",phase="Running"} 1
# HELP analysis_run_metric_phase Information on the duration of a specific metric in the Analysis Run.
# TYPE analysis_run_metric_phase gauge
analysis_run_metric_phase{metric="errors",name="run",namespace="shop",phase="Error",type="Prometheus"} 0
analysis_run_metric_phase{metric="errors",name="run",namespace="shop",phase="Failed",type="Prometheus"} 1
analysis_run_metric_phase{metric="errors",name="run",namespace="shop",phase="Inconclusive",type="Prometheus"} 0
analysis_run_metric_phase{metric="errors",name="run",namespace="shop",phase="Pending",type="Prometheus"} 0
analysis_run_metric_phase{metric="errors",name="run",namespace="shop",phase="Running",type="Prometheus"} 0
analysis_run_metric_phase{metric="errors",name="run",namespace="shop",phase="Successful",type="Prometheus"} 0
# HELP analysis_run_metric_type Information on the type of a specific metric in the Analysis Runs.
# TYPE analysis_run_metric_type gauge
analysis_run_metric_type{metric="errors",name="run",namespace="shop",type="Prometheus"} 1
# HELP analysis_template_info Information about analysis templates.
# TYPE analysis_template_info gauge
analysis_template_info{name="rate",namespace=""} 1
analysis_template_info{name="rate",namespace="shop"} 1
# HELP analysis_template_metric_info Information on metrics in analysis templates.
# TYPE analysis_template_metric_info gauge
analysis_template_metric_info{metric="errors",name="rate",namespace="shop",type="Prometheus"} 1
`, "analysis_run_info", "analysis_run_metric_phase", "analysis_run_metric_type", "analysis_template_info", "analysis_template_metric_info")
}

// What has happened to a rollout is counted, and forgotten with it.
func TestCounted(t *testing.T) {
	m, web, run := New(), types.NamespacedName{Namespace: "shop", Name: "web"}, types.NamespacedName{Namespace: "shop", Name: "run"}
	m.Reconciled(web, 200*time.Millisecond, nil)
	m.Reconciled(web, 2*time.Second, errors.New("no"))
	m.AnalysisReconciled(run, time.Millisecond, errors.New("no"))
	m.Event(web, "Normal", "RolloutPaused")
	told(t, m, `
# HELP analysis_run_reconcile_error Error occurring during the analysis run
# TYPE analysis_run_reconcile_error counter
analysis_run_reconcile_error{name="run",namespace="shop"} 1
# HELP rollout_events_total The total number of rollout events
# TYPE rollout_events_total counter
rollout_events_total{name="web",namespace="shop",reason="RolloutPaused",type="Normal"} 1
# HELP rollout_reconcile Rollout reconciliation performance.
# TYPE rollout_reconcile histogram
rollout_reconcile_bucket{name="web",namespace="shop",le="0.01"} 0
rollout_reconcile_bucket{name="web",namespace="shop",le="0.15"} 0
rollout_reconcile_bucket{name="web",namespace="shop",le="0.25"} 1
rollout_reconcile_bucket{name="web",namespace="shop",le="0.5"} 1
rollout_reconcile_bucket{name="web",namespace="shop",le="1"} 1
rollout_reconcile_bucket{name="web",namespace="shop",le="+Inf"} 2
rollout_reconcile_sum{name="web",namespace="shop"} 2.2
rollout_reconcile_count{name="web",namespace="shop"} 2
# HELP rollout_reconcile_error Error occurring during the rollout
# TYPE rollout_reconcile_error counter
rollout_reconcile_error{name="web",namespace="shop"} 1
`, "rollout_reconcile", "rollout_reconcile_error", "rollout_events_total", "analysis_run_reconcile_error")
	m.Forget(web)
	m.ForgetAnalysis(run)
	if n := testutil.CollectAndCount(m); n != 0 {
		t.Errorf("%d series are left of what is gone", n)
	}
}
