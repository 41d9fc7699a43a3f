// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package clusterworkflowtemplate

import (
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

func table() resource.Table[*wfv1.ClusterWorkflowTemplate] {
	return resource.Table[*wfv1.ClusterWorkflowTemplate]{
		resource.Text("Entrypoint", "Template that is run first, unless a workflow names another.", func(t *wfv1.ClusterWorkflowTemplate) string { return t.Spec.Entrypoint }),
		resource.Integer("Templates", "Number of templates.", func(t *wfv1.ClusterWorkflowTemplate) int64 { return int64(len(t.Spec.Templates)) }),
		resource.Age[*wfv1.ClusterWorkflowTemplate](),
	}
}
