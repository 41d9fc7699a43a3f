// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package workfloweventbinding serves bindings of events to workflow templates.
package workfloweventbinding

import (
	"context"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"

	"argosy.dev/argosy/apis/argoproj"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/apis/workflow/validation"
	"argosy.dev/argosy/registry/resource"
)

func kind() *resource.Kind[*wfv1.WorkflowEventBinding] {
	return &resource.Kind[*wfv1.WorkflowEventBinding]{
		GroupVersion: wfv1.SchemeGroupVersion,
		Compat:       argoproj.SchemeGroupVersion,
		Resource:     "workfloweventbindings",
		Singular:     "workfloweventbinding",
		ShortNames:   []string{"wfeb"},
		Namespaced:   true,
		New:          func() *wfv1.WorkflowEventBinding { return &wfv1.WorkflowEventBinding{} },
		NewList:      func() runtime.Object { return &wfv1.WorkflowEventBindingList{} },
		Spec:         func(t *wfv1.WorkflowEventBinding) any { return &t.Spec },
		Fields: func(t *wfv1.WorkflowEventBinding) fields.Set {
			set := fields.Set{wfv1.FieldSubmitWorkflowTemplateRefName: ""}
			if t.Spec.Submit != nil {
				set[wfv1.FieldSubmitWorkflowTemplateRefName] = t.Spec.Submit.WorkflowTemplateRef.Name
			}
			return set
		},
		Table: table(),
	}
}

type strategy struct {
	*resource.Strategy[*wfv1.WorkflowEventBinding]
}

// Validate refuses a selector that does not compile and a submission without a template.
func (s *strategy) Validate(ctx context.Context, obj runtime.Object) field.ErrorList {
	return append(s.Strategy.Validate(ctx, obj), validation.ValidateWorkflowEventBinding(obj.(*wfv1.WorkflowEventBinding))...)
}

// ValidateUpdate checks the new version as if it were created.
func (s *strategy) ValidateUpdate(_ context.Context, obj, _ runtime.Object) field.ErrorList {
	return validation.ValidateWorkflowEventBinding(obj.(*wfv1.WorkflowEventBinding))
}

// WarningsOnCreate names what is valid but not run by this version.
func (s *strategy) WarningsOnCreate(_ context.Context, obj runtime.Object) []string {
	return validation.WarningsWorkflowEventBinding(obj.(*wfv1.WorkflowEventBinding))
}

// WarningsOnUpdate names what is valid but not run by this version.
func (s *strategy) WarningsOnUpdate(_ context.Context, obj, _ runtime.Object) []string {
	return validation.WarningsWorkflowEventBinding(obj.(*wfv1.WorkflowEventBinding))
}

// NewStorage returns the storage of bindings of events to workflow templates, by path.
func NewStorage(getter generic.RESTOptionsGetter, typer runtime.ObjectTyper) (*resource.REST, map[string]rest.Storage, error) {
	k := kind()
	main, err := resource.NewREST(getter, k, &strategy{resource.NewStrategy(typer, k, nil)})
	if err != nil {
		return nil, nil, err
	}
	return main, map[string]rest.Storage{"workfloweventbindings": main}, nil
}
