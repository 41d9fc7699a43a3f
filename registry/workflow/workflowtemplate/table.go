// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflowtemplate

import (
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

func table() resource.Table[*wfv1.WorkflowTemplate] {
	return resource.Table[*wfv1.WorkflowTemplate]{
		resource.Text("Entrypoint", "Template that is run first, unless a workflow names another.", func(t *wfv1.WorkflowTemplate) string { return t.Spec.Entrypoint }),
		resource.Integer("Templates", "Number of templates.", func(t *wfv1.WorkflowTemplate) int64 { return int64(len(t.Spec.Templates)) }),
		resource.Age[*wfv1.WorkflowTemplate](),
	}
}
