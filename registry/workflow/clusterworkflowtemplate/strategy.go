// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package clusterworkflowtemplate serves workflow templates of the whole cluster.
package clusterworkflowtemplate

import (
	"context"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"

	"argosy.dev/argosy/apis/argoproj"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/apis/workflow/validation"
	"argosy.dev/argosy/registry/resource"
)

func kind() *resource.Kind[*wfv1.ClusterWorkflowTemplate] {
	return &resource.Kind[*wfv1.ClusterWorkflowTemplate]{
		GroupVersion: wfv1.SchemeGroupVersion,
		Compat:       argoproj.SchemeGroupVersion,
		Resource:     "clusterworkflowtemplates",
		Singular:     "clusterworkflowtemplate",
		ShortNames:   []string{"clusterwftmpl", "cwft"},
		Namespaced:   false,
		New:          func() *wfv1.ClusterWorkflowTemplate { return &wfv1.ClusterWorkflowTemplate{} },
		NewList:      func() runtime.Object { return &wfv1.ClusterWorkflowTemplateList{} },
		Spec:         func(t *wfv1.ClusterWorkflowTemplate) any { return &t.Spec },
		Table:        table(),
	}
}

type strategy struct {
	*resource.Strategy[*wfv1.ClusterWorkflowTemplate]
}

// Validate refuses a template that no workflow could run.
func (s *strategy) Validate(ctx context.Context, obj runtime.Object) field.ErrorList {
	return append(s.Strategy.Validate(ctx, obj), validation.ValidateClusterWorkflowTemplate(obj.(*wfv1.ClusterWorkflowTemplate))...)
}

// ValidateUpdate checks the new version as if it were created.
func (s *strategy) ValidateUpdate(_ context.Context, obj, _ runtime.Object) field.ErrorList {
	return validation.ValidateClusterWorkflowTemplate(obj.(*wfv1.ClusterWorkflowTemplate))
}

// WarningsOnCreate names what is valid but not run by this version.
func (s *strategy) WarningsOnCreate(_ context.Context, obj runtime.Object) []string {
	return validation.WarningsClusterWorkflowTemplate(obj.(*wfv1.ClusterWorkflowTemplate))
}

// WarningsOnUpdate names what is valid but not run by this version.
func (s *strategy) WarningsOnUpdate(_ context.Context, obj, _ runtime.Object) []string {
	return validation.WarningsClusterWorkflowTemplate(obj.(*wfv1.ClusterWorkflowTemplate))
}

// NewStorage returns the storage of workflow templates of the whole cluster, by path.
func NewStorage(getter generic.RESTOptionsGetter, typer runtime.ObjectTyper) (*resource.REST, map[string]rest.Storage, error) {
	k := kind()
	main, err := resource.NewREST(getter, k, &strategy{resource.NewStrategy(typer, k, nil)})
	if err != nil {
		return nil, nil, err
	}
	return main, map[string]rest.Storage{"clusterworkflowtemplates": main}, nil
}
