// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package clusterworkflowtemplate serves workflow templates of the whole cluster.
package clusterworkflowtemplate

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/apis/workflow/validation"
	"argosy.dev/argosy/registry/resource"
)

// Kind describes workflow templates of the whole cluster.
func Kind() *resource.Kind[*wfv1.ClusterWorkflowTemplate] {
	return &resource.Kind[*wfv1.ClusterWorkflowTemplate]{
		GroupVersion:  wfv1.SchemeGroupVersion,
		Resource:      "clusterworkflowtemplates",
		Singular:      "clusterworkflowtemplate",
		ShortNames:    []string{"clusterwftmpl", "cwft"},
		ClusterScoped: true,
		New:           func() *wfv1.ClusterWorkflowTemplate { return &wfv1.ClusterWorkflowTemplate{} },
		NewList:       func() runtime.Object { return &wfv1.ClusterWorkflowTemplateList{} },
		Spec:          func(t *wfv1.ClusterWorkflowTemplate) any { return &t.Spec },
		Check: func(_ context.Context, t, _ *wfv1.ClusterWorkflowTemplate) field.ErrorList {
			return validation.ValidateClusterWorkflowTemplate(t)
		},
		Warn:  validation.WarningsClusterWorkflowTemplate,
		Table: table(),
	}
}
