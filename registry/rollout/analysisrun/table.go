// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysisrun

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

// table prints the peer's columns (Status, Age), and why the run is where it is.
func table() resource.Table[*rov1.AnalysisRun] {
	return resource.Table[*rov1.AnalysisRun]{
		resource.Text("Status", "Phase of the run.", func(r *rov1.AnalysisRun) string { return string(r.Status.Phase) }),
		resource.Text("Metrics", "Metrics that have ended, of all.", ended),
		resource.Timed("Duration", "Time from start to end, or until now.", took),
		resource.Age[*rov1.AnalysisRun](),
		resource.Text("Message", "Why the run is in its phase.", message),
		resource.Wide(resource.Text("Measurements", "Measurements of each metric that succeeded, failed, were inconclusive, or were errors.", measurements)),
	}
}

// message is that of the run, or, as long as it has none, what the last measurements of its metrics met with.
func message(r *rov1.AnalysisRun) string {
	if r.Status.Message != "" {
		return resource.OneLine(r.Status.Message)
	}
	var said []string
	for _, m := range r.Status.MetricResults {
		text := m.Message
		if n := len(m.Measurements); text == "" && n > 0 {
			text = m.Measurements[n-1].Message
		}
		if text != "" {
			said = append(said, m.Name+": "+text)
		}
	}
	return resource.OneLine(strings.Join(said, "; "))
}

func ended(r *rov1.AnalysisRun) string {
	n := 0
	for _, m := range r.Status.MetricResults {
		if m.Phase.Completed() {
			n++
		}
	}
	return fmt.Sprintf("%d/%d", n, len(r.Spec.Metrics))
}

func took(r *rov1.AnalysisRun, now time.Time) string {
	if r.Status.StartedAt.IsZero() {
		return ""
	}
	if !r.Status.CompletedAt.IsZero() {
		now = r.Status.CompletedAt.Time
	}
	return duration.HumanDuration(now.Sub(r.Status.StartedAt.Time))
}

func measurements(r *rov1.AnalysisRun) string {
	parts := make([]string, 0, len(r.Status.MetricResults))
	for _, m := range r.Status.MetricResults {
		parts = append(parts, fmt.Sprintf("%s:%d/%d/%d/%d", m.Name, m.Successful, m.Failed, m.Inconclusive, m.Error))
	}
	return resource.OneLine(strings.Join(parts, ","))
}
