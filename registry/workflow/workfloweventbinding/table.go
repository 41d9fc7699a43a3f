// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workfloweventbinding

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

func table() resource.Table[*wfv1.WorkflowEventBinding] {
	return resource.Table[*wfv1.WorkflowEventBinding]{
		Columns: []metav1.TableColumnDefinition{
			resource.Column("Selector", "Which events are meant."),
			resource.Column("Template", "Workflow template that is submitted."),
			resource.AgeColumn,
		},
		Row: func(b *wfv1.WorkflowEventBinding, now time.Time) []any {
			template := ""
			if b.Spec.Submit != nil {
				template = b.Spec.Submit.WorkflowTemplateRef.Name
			}
			return []any{resource.OneLine(b.Spec.Event.Selector), template, resource.Age(b, now)}
		},
	}
}
