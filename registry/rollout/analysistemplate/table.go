// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysistemplate

import (
	"strings"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

func table() resource.Table[*rov1.AnalysisTemplate] {
	return resource.Table[*rov1.AnalysisTemplate]{
		resource.Text("Metrics", "What is measured.", func(t *rov1.AnalysisTemplate) string { return Metrics(&t.Spec) }),
		resource.Age[*rov1.AnalysisTemplate](),
		resource.Wide(resource.Text("Args", "Arguments that it takes.", func(t *rov1.AnalysisTemplate) string { return Args(&t.Spec) })),
	}
}

// Metrics names what an analysis template measures: its own metrics, and the templates whose metrics it adds.
func Metrics(spec *rov1.AnalysisTemplateSpec) string {
	names := make([]string, 0, len(spec.Metrics)+len(spec.Templates))
	for _, m := range spec.Metrics {
		names = append(names, m.Name)
	}
	for _, ref := range spec.Templates {
		kind := "at/"
		if ref.GetClusterScope() {
			kind = "cat/"
		}
		names = append(names, kind+ref.TemplateName)
	}
	return resource.OneLine(strings.Join(names, ","))
}

// Args names the arguments that an analysis template takes.
func Args(spec *rov1.AnalysisTemplateSpec) string {
	names := make([]string, 0, len(spec.Args))
	for _, a := range spec.Args {
		names = append(names, a.Name)
	}
	return resource.OneLine(strings.Join(names, ","))
}
