// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package workfloweventbinding serves bindings of events to workflow templates.
package workfloweventbinding

import (
	"context"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/apis/workflow/validation"
	"argosy.dev/argosy/registry/resource"
)

// Kind describes bindings of events to workflow templates.
func Kind() *resource.Kind[*wfv1.WorkflowEventBinding] {
	return &resource.Kind[*wfv1.WorkflowEventBinding]{
		GroupVersion: wfv1.SchemeGroupVersion,
		Resource:     "workfloweventbindings",
		Singular:     "workfloweventbinding",
		ShortNames:   []string{"wfeb"},
		Idle:         "no workflow is created by an event",
		New:          func() *wfv1.WorkflowEventBinding { return &wfv1.WorkflowEventBinding{} },
		NewList:      func() runtime.Object { return &wfv1.WorkflowEventBindingList{} },
		Spec:         func(b *wfv1.WorkflowEventBinding) any { return &b.Spec },
		Check: func(_ context.Context, b, _ *wfv1.WorkflowEventBinding) field.ErrorList {
			return validation.ValidateWorkflowEventBinding(b)
		},
		Fields: func(b *wfv1.WorkflowEventBinding) fields.Set {
			return fields.Set{wfv1.FieldSubmitWorkflowTemplateRefName: template(b)}
		},
		Table: table(),
	}
}

// template names the workflow template that is submitted; empty if none is.
func template(b *wfv1.WorkflowEventBinding) string {
	if b.Spec.Submit == nil {
		return ""
	}
	return b.Spec.Submit.WorkflowTemplateRef.Name
}
