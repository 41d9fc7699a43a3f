// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workfloweventbinding

import (
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

func table() resource.Table[*wfv1.WorkflowEventBinding] {
	return resource.Table[*wfv1.WorkflowEventBinding]{
		resource.Text("Selector", "Which events are meant.", func(b *wfv1.WorkflowEventBinding) string { return resource.OneLine(b.Spec.Event.Selector) }),
		resource.Text("Template", "Workflow template that is submitted.", template),
		resource.Age[*wfv1.WorkflowEventBinding](),
	}
}
