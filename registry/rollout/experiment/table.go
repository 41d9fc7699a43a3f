// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"fmt"
	"strings"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

// table prints the peer's columns (Status, Age), and why the experiment is where it is.
func table() resource.Table[*rov1.Experiment] {
	return resource.Table[*rov1.Experiment]{
		resource.Text("Status", "Phase of the experiment.", func(e *rov1.Experiment) string { return string(e.Status.Phase) }),
		resource.Text("Templates", "Groups of pods, and how many pods of each are available, of all.", templates),
		resource.Text("Duration", "How long the pods are to run.", func(e *rov1.Experiment) string { return e.Spec.Duration }),
		resource.Age[*rov1.Experiment](),
		resource.Text("Message", "Why the experiment is in its phase.", func(e *rov1.Experiment) string { return resource.OneLine(e.Status.Message) }),
		resource.Wide(resource.Text("Analyses", "Analyses, and the phase of each.", analyses)),
	}
}

func templates(e *rov1.Experiment) string {
	available := map[string]int32{}
	for _, s := range e.Status.TemplateStatuses {
		available[s.Name] = s.AvailableReplicas
	}
	parts := make([]string, 0, len(e.Spec.Templates))
	for _, t := range e.Spec.Templates {
		parts = append(parts, fmt.Sprintf("%s:%d/%d", t.Name, available[t.Name], t.GetReplicas()))
	}
	return resource.OneLine(strings.Join(parts, ","))
}

func analyses(e *rov1.Experiment) string {
	phases := map[string]rov1.AnalysisPhase{}
	for _, r := range e.Status.AnalysisRuns {
		phases[r.Name] = r.Phase
	}
	parts := make([]string, 0, len(e.Spec.Analyses))
	for _, a := range e.Spec.Analyses {
		parts = append(parts, strings.TrimSuffix(a.Name+":"+string(phases[a.Name]), ":"))
	}
	return resource.OneLine(strings.Join(parts, ","))
}
