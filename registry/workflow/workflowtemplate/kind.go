// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package workflowtemplate serves workflow templates of a namespace.
package workflowtemplate

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/apis/workflow/validation"
	"argosy.dev/argosy/registry/resource"
)

// Kind describes workflow templates of a namespace.
func Kind() *resource.Kind[*wfv1.WorkflowTemplate] {
	return &resource.Kind[*wfv1.WorkflowTemplate]{
		GroupVersion: wfv1.SchemeGroupVersion,
		Resource:     "workflowtemplates",
		Singular:     "workflowtemplate",
		ShortNames:   []string{"wftmpl"},
		New:          func() *wfv1.WorkflowTemplate { return &wfv1.WorkflowTemplate{} },
		NewList:      func() runtime.Object { return &wfv1.WorkflowTemplateList{} },
		Spec:         func(t *wfv1.WorkflowTemplate) any { return &t.Spec },
		Check: func(_ context.Context, t, _ *wfv1.WorkflowTemplate) field.ErrorList {
			return validation.ValidateWorkflowTemplate(t)
		},
		Warn:  validation.WarningsWorkflowTemplate,
		Table: table(),
	}
}
