// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package workflow serves workflows and their subresources. What a workflow
// does when it runs is decided in pkg/workflow, never here.
package workflow

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/apis/workflow/validation"
	"argosy.dev/argosy/registry/resource"
)

// Kind describes workflows. Their templates are read from templates.
func Kind(templates Templates, deps resource.Deps) *resource.Kind[*wfv1.Workflow] {
	return &resource.Kind[*wfv1.Workflow]{
		GroupVersion: wfv1.SchemeGroupVersion,
		Resource:     "workflows",
		Singular:     "workflow",
		ShortNames:   []string{"wf"},
		StatusOnMain: true,
		New:          func() *wfv1.Workflow { return &wfv1.Workflow{} },
		NewList:      func() runtime.Object { return &wfv1.WorkflowList{} },
		Spec:         func(wf *wfv1.Workflow) any { return &wf.Spec },
		Status:       func(wf *wfv1.Workflow) any { return &wf.Status },
		Prepare:      templates.freeze,
		Derive:       derive,
		Check: func(ctx context.Context, wf, old *wfv1.Workflow) field.ErrorList {
			if old == nil {
				return append(templates.check(ctx, wf), validation.ValidateWorkflow(wf)...)
			}
			// Templates stay as they were frozen.
			return validation.ValidateWorkflowUpdate(wf, old)
		},
		Fields: func(wf *wfv1.Workflow) fields.Set {
			set := fields.Set{wfv1.FieldStatusPhase: string(wf.Status.Phase), wfv1.FieldWorkflowTemplateRefName: ""}
			if ref := wf.Spec.WorkflowTemplateRef; ref != nil {
				set[wfv1.FieldWorkflowTemplateRefName] = ref.Name
			}
			return set
		},
		Indexed: []string{wfv1.FieldStatusPhase, wfv1.FieldWorkflowTemplateRefName},
		Table:   table(),
		Subresources: func(kind *resource.Kind[*wfv1.Workflow], main *resource.REST) map[string]rest.Storage {
			v := verbs{kind, main, deps}
			return map[string]rest.Storage{
				"stop":      NewStopREST(v),
				"terminate": NewTerminateREST(v),
				"suspend":   NewSuspendREST(v),
				"resume":    NewResumeREST(v),
				"log":       NewLogREST(main.Store, deps),
			}
		},
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
