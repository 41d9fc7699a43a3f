// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/series"
)

var (
	info        = series.NewGauge("rollout_info", "Information about rollout.", "namespace", "name", "strategy", "traffic_router", "phase")
	desired     = series.NewGauge("rollout_info_replicas_desired", "The number of desired replicas per rollout.", "namespace", "name")
	available   = series.NewGauge("rollout_info_replicas_available", "The number of available replicas per rollout.", "namespace", "name")
	unavailable = series.NewGauge("rollout_info_replicas_unavailable", "The number of unavailable replicas per rollout.", "namespace", "name")
	updated     = series.NewGauge("rollout_info_replicas_updated", "The number of updated replicas per rollout.", "namespace", "name")
	phase       = series.NewGauge("rollout_phase", "[DEPRECATED - use rollout_info] Information on the state of the rollout.", "namespace", "name", "strategy", "phase")

	runInfo        = series.NewGauge("analysis_run_info", "Information about analysis run.", "namespace", "name", "phase")
	runPhase       = series.NewGauge("analysis_run_phase", "[DEPRECATED - use analysis_run_info] Information on the state of the Analysis Run.", "namespace", "name", "phase")
	runMetricType  = series.NewGauge("analysis_run_metric_type", "Information on the type of a specific metric in the Analysis Runs.", "namespace", "name", "metric", "type")
	runMetricPhase = series.NewGauge("analysis_run_metric_phase", "Information on the duration of a specific metric in the Analysis Run.", "namespace", "name", "metric", "type", "phase")

	templateInfo       = series.NewGauge("analysis_template_info", "Information about analysis templates.", "namespace", "name")
	templateMetricInfo = series.NewGauge("analysis_template_metric_info", "Information on metrics in analysis templates.", "namespace", "name", "type", "metric")
)

var gauges = []series.Gauge{
	info, desired, available, unavailable, updated, phase, runInfo, runPhase, runMetricType, runMetricPhase, templateInfo, templateMetricInfo,
}

// The words of the old metric rollout_phase, which are not those of status.phase.
const (
	oldInvalid     = "InvalidSpec"
	oldCompleted   = "Completed"
	oldProgressing = "Progressing"
	oldPaused      = "Paused"
	oldTimeout     = "Timeout"
	oldError       = "Error"
	oldAbort       = "Abort"
)

var oldPhases = []string{oldInvalid, oldCompleted, oldProgressing, oldPaused, oldTimeout, oldError, oldAbort}

var analysisPhases = []rov1.AnalysisPhase{
	rov1.AnalysisPhasePending, rov1.AnalysisPhaseRunning, rov1.AnalysisPhaseSuccessful, rov1.AnalysisPhaseFailed, rov1.AnalysisPhaseError, rov1.AnalysisPhaseInconclusive,
}

func tellRollout(out chan<- prometheus.Metric, ro *rov1.Rollout) {
	s, namespace, name, strategy := &ro.Status, ro.Namespace, ro.Name, strategyOf(ro)
	info.Tell(out, 1, namespace, name, strategy, routerOf(ro), string(s.Phase))
	desired.Tell(out, float64(ro.Spec.GetReplicas()), namespace, name)
	available.Tell(out, float64(s.AvailableReplicas), namespace, name)
	unavailable.Tell(out, float64(max(s.Replicas-s.AvailableReplicas, 0)), namespace, name)
	updated.Tell(out, float64(s.UpdatedReplicas), namespace, name)
	is := oldPhase(ro)
	for _, word := range oldPhases {
		phase.Tell(out, one(word == is), namespace, name, strategy, word)
	}
}

// oldPhase is where a rollout stands, in the words of the old metric.
func oldPhase(ro *rov1.Rollout) string {
	reason, invalid := "", false
	for _, c := range ro.Status.Conditions {
		switch c.Type {
		case rov1.RolloutConditionInvalidSpec:
			invalid = true
		case rov1.RolloutConditionProgressing:
			reason = c.Reason
		}
	}
	switch {
	case invalid:
		return oldInvalid
	case reason == "RolloutAborted":
		return oldAbort
	case reason == "ProgressDeadlineExceeded":
		return oldTimeout
	case reason == "ReplicaSetCreateError":
		return oldError
	case ro.Status.Phase == rov1.RolloutPhasePaused:
		return oldPaused
	case ro.Status.Phase == rov1.RolloutPhaseHealthy:
		return oldCompleted
	}
	return oldProgressing
}

func strategyOf(ro *rov1.Rollout) string {
	switch {
	case ro.Spec.Strategy.BlueGreen != nil:
		return "blueGreen"
	case ro.Spec.Strategy.Canary != nil:
		return "canary"
	}
	return ""
}

// routerOf names the traffic routers of a rollout, with commas where it has several.
func routerOf(ro *rov1.Rollout) string {
	if ro.Spec.Strategy.Canary == nil || ro.Spec.Strategy.Canary.TrafficRouting == nil {
		return ""
	}
	t := ro.Spec.Strategy.Canary.TrafficRouting
	names := []string{}
	for _, router := range []struct {
		there bool
		name  string
	}{
		{t.ALB != nil, "ALB"}, {t.Ambassador != nil, "Ambassador"}, {t.Apisix != nil, "Apisix"}, {t.AppMesh != nil, "AppMesh"},
		{t.Istio != nil, "Istio"}, {t.Nginx != nil, "Nginx"}, {t.SMI != nil, "SMI"}, {t.Traefik != nil, "Traefik"},
	} {
		if router.there {
			names = append(names, router.name)
		}
	}
	return strings.Join(append(names, slices.Sorted(maps.Keys(t.Plugins))...), ",")
}

func tellRun(out chan<- prometheus.Metric, run *rov1.AnalysisRun) {
	namespace, name := run.Namespace, run.Name
	runInfo.Tell(out, 1, namespace, name, string(run.Status.Phase))
	for _, p := range analysisPhases {
		runPhase.Tell(out, one(p == run.Status.Phase), namespace, name, string(p))
	}
	types := make(map[string]string, len(run.Spec.Metrics))
	for i := range run.Spec.Metrics {
		metric := &run.Spec.Metrics[i]
		if _, twice := types[metric.Name]; twice {
			continue // of a run that is invalid; a series is told once
		}
		types[metric.Name] = providerOf(metric)
		runMetricType.Tell(out, 1, namespace, name, metric.Name, types[metric.Name])
	}
	for i := range run.Status.MetricResults {
		result := &run.Status.MetricResults[i]
		provider, known := types[result.Name]
		if !known {
			continue
		}
		delete(types, result.Name)
		for _, p := range analysisPhases {
			runMetricPhase.Tell(out, one(p == result.Phase), namespace, name, result.Name, provider, string(p))
		}
	}
}

func tellTemplate(out chan<- prometheus.Metric, namespace, name string, all []rov1.Metric) {
	templateInfo.Tell(out, 1, namespace, name)
	seen := map[string]bool{}
	for i := range all {
		if !seen[all[i].Name] {
			seen[all[i].Name] = true
			templateMetricInfo.Tell(out, 1, namespace, name, providerOf(&all[i]), all[i].Name)
		}
	}
}

// providerOf names what measures a metric.
func providerOf(m *rov1.Metric) string {
	p := &m.Provider
	switch {
	case p.Prometheus != nil:
		return "Prometheus"
	case p.Job != nil:
		return "Job"
	case p.Web != nil:
		return "Web"
	case p.Kubernetes != nil:
		return "Kubernetes"
	case p.Kayenta != nil:
		return "Kayenta"
	case p.Datadog != nil:
		return "Datadog"
	case p.Wavefront != nil:
		return "Wavefront"
	case p.NewRelic != nil:
		return "NewRelic"
	case p.CloudWatch != nil:
		return "CloudWatch"
	case p.Graphite != nil:
		return "Graphite"
	case p.Influxdb != nil:
		return "Influxdb"
	case p.SkyWalking != nil:
		return "SkyWalking"
	}
	return strings.Join(slices.Sorted(maps.Keys(p.Plugin)), ",")
}

func one(holds bool) float64 {
	if holds {
		return 1
	}
	return 0
}
