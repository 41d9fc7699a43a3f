// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package workflow serves workflows and their subresources. What a workflow
// does when it runs is decided in pkg/workflow, never here.
package workflow

import (
	"context"
	"fmt"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"argosy.dev/argosy/apis/argoproj"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/apis/workflow/validation"
	core "argosy.dev/argosy/pkg/workflow"
	"argosy.dev/argosy/registry/resource"
)

func kind() *resource.Kind[*wfv1.Workflow] {
	return &resource.Kind[*wfv1.Workflow]{
		GroupVersion: wfv1.SchemeGroupVersion,
		Compat:       argoproj.SchemeGroupVersion,
		Resource:     "workflows",
		Singular:     "workflow",
		ShortNames:   []string{"wf"},
		Namespaced:   true,
		StatusOnMain: true,
		New:          func() *wfv1.Workflow { return &wfv1.Workflow{} },
		NewList:      func() runtime.Object { return &wfv1.WorkflowList{} },
		Spec:         func(wf *wfv1.Workflow) any { return &wf.Spec },
		Status:       func(wf *wfv1.Workflow) any { return &wf.Status },
		Derive:       derive,
		Fields: func(wf *wfv1.Workflow) fields.Set {
			set := fields.Set{wfv1.FieldStatusPhase: string(wf.Status.Phase), wfv1.FieldWorkflowTemplateRefName: ""}
			if ref := wf.Spec.WorkflowTemplateRef; ref != nil {
				set[wfv1.FieldWorkflowTemplateRefName] = ref.Name
			}
			return set
		},
		Indexed: []string{wfv1.FieldStatusPhase, wfv1.FieldWorkflowTemplateRefName},
		Table:   table(),
	}
}

// derive sets the labels by which users' tools find workflows of a phase. They
// are written with the phase, so that no reader ever sees them differ.
func derive(wf *wfv1.Workflow) {
	if wf.Status.Phase == "" {
		return
	}
	completed := fmt.Sprint(wf.Status.Fulfilled())
	if wf.Labels[wfv1.LabelPhase] == string(wf.Status.Phase) && wf.Labels[wfv1.LabelCompleted] == completed {
		return
	}
	labels := make(map[string]string, len(wf.Labels)+2)
	for k, v := range wf.Labels {
		labels[k] = v
	}
	labels[wfv1.LabelPhase] = string(wf.Status.Phase)
	labels[wfv1.LabelCompleted] = completed
	wf.Labels = labels
}

// Templates reads the templates that workflows refer to.
type Templates interface {
	// For returns a getter for a workflow of the given namespace. Requests end with ctx.
	For(ctx context.Context, namespace string) core.TemplateGetter
}

type strategy struct {
	*resource.Strategy[*wfv1.Workflow]
	templates Templates
}

func newStrategy(typer runtime.ObjectTyper, authz authorizer.UnconditionalAuthorizer, templates Templates) *strategy {
	return &strategy{resource.NewStrategy(typer, kind(), authz), templates}
}

// PrepareForCreate freezes the templates that the workflow refers to into its
// status, so that later changes to them do not change what runs. What cannot be
// found is reported by Validate.
func (s *strategy) PrepareForCreate(ctx context.Context, obj runtime.Object) {
	s.Strategy.PrepareForCreate(ctx, obj)
	wf := obj.(*wfv1.Workflow)
	core.Resolve(wf, s.templates.For(ctx, wf.Namespace))
}

// Validate refuses what cannot run. It resolves once more, on a copy: errors of
// PrepareForCreate have no other way out, and a template that changed in
// between must not leave a workflow half resolved.
func (s *strategy) Validate(ctx context.Context, obj runtime.Object) field.ErrorList {
	wf := obj.(*wfv1.Workflow)
	errs := s.Strategy.Validate(ctx, obj)
	again := wf.DeepCopy()
	if resolving := core.Resolve(again, s.templates.For(ctx, wf.Namespace)); len(resolving) > 0 {
		return append(errs, resolving...)
	}
	if !apiequality.Semantic.DeepEqual(wf, again) {
		return append(errs, field.InternalError(field.NewPath("spec"), fmt.Errorf("a template changed while it was read; submit the workflow again")))
	}
	return append(errs, validation.ValidateWorkflow(wf)...)
}

// ValidateUpdate checks a changed spec. Templates stay as they were frozen.
func (s *strategy) ValidateUpdate(_ context.Context, obj, old runtime.Object) field.ErrorList {
	return validation.ValidateWorkflowUpdate(obj.(*wfv1.Workflow), old.(*wfv1.Workflow))
}
