// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package clusteranalysistemplate

import (
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/registry/resource"
	"argosy.dev/argosy/registry/rollout/analysistemplate"
)

func table() resource.Table[*rov1.ClusterAnalysisTemplate] {
	return resource.Table[*rov1.ClusterAnalysisTemplate]{
		resource.Text("Metrics", "What is measured.", func(t *rov1.ClusterAnalysisTemplate) string { return analysistemplate.Metrics(&t.Spec) }),
		resource.Age[*rov1.ClusterAnalysisTemplate](),
		resource.Wide(resource.Text("Args", "Arguments that it takes.", func(t *rov1.ClusterAnalysisTemplate) string { return analysistemplate.Args(&t.Spec) })),
	}
}
