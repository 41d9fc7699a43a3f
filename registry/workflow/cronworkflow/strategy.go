// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cronworkflow serves cron workflows.
package cronworkflow

import (
	"context"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"

	"argosy.dev/argosy/apis/argoproj"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/apis/workflow/validation"
	"argosy.dev/argosy/registry/resource"
)

func kind() *resource.Kind[*wfv1.CronWorkflow] {
	return &resource.Kind[*wfv1.CronWorkflow]{
		GroupVersion: wfv1.SchemeGroupVersion,
		Compat:       argoproj.SchemeGroupVersion,
		Resource:     "cronworkflows",
		Singular:     "cronworkflow",
		ShortNames:   []string{"cwf", "cronwf"},
		Namespaced:   true,
		StatusOnMain: true,
		New:          func() *wfv1.CronWorkflow { return &wfv1.CronWorkflow{} },
		NewList:      func() runtime.Object { return &wfv1.CronWorkflowList{} },
		Spec:         func(t *wfv1.CronWorkflow) any { return &t.Spec },
		Status:       func(t *wfv1.CronWorkflow) any { return &t.Status },
		Fields: func(t *wfv1.CronWorkflow) fields.Set {
			return fields.Set{wfv1.FieldStatusPhase: string(t.Status.Phase)}
		},
		Table: table(),
	}
}

type strategy struct {
	*resource.Strategy[*wfv1.CronWorkflow]
}

// Validate refuses a schedule that never comes and a spec that no workflow could run.
func (s *strategy) Validate(ctx context.Context, obj runtime.Object) field.ErrorList {
	return append(s.Strategy.Validate(ctx, obj), validation.ValidateCronWorkflow(obj.(*wfv1.CronWorkflow))...)
}

// ValidateUpdate checks the new version as if it were created.
func (s *strategy) ValidateUpdate(_ context.Context, obj, _ runtime.Object) field.ErrorList {
	return validation.ValidateCronWorkflow(obj.(*wfv1.CronWorkflow))
}

// WarningsOnCreate names what is valid but not run by this version.
func (s *strategy) WarningsOnCreate(_ context.Context, obj runtime.Object) []string {
	return validation.WarningsCronWorkflow(obj.(*wfv1.CronWorkflow))
}

// WarningsOnUpdate names what is valid but not run by this version.
func (s *strategy) WarningsOnUpdate(_ context.Context, obj, _ runtime.Object) []string {
	return validation.WarningsCronWorkflow(obj.(*wfv1.CronWorkflow))
}

// NewStorage returns the storage of cron workflows and their status, by path.
func NewStorage(getter generic.RESTOptionsGetter, typer runtime.ObjectTyper, authz authorizer.UnconditionalAuthorizer) (map[string]rest.Storage, error) {
	k := kind()
	s := &strategy{resource.NewStrategy(typer, k, authz)}
	main, err := resource.NewREST(getter, k, s)
	if err != nil {
		return nil, err
	}
	return map[string]rest.Storage{
		"cronworkflows":        main,
		"cronworkflows/status": resource.NewStatusREST(main, resource.NewStatusStrategy(s.Strategy)),
	}, nil
}
