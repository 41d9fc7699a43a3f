// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cronworkflow serves cron workflows.
package cronworkflow

import (
	"context"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/apis/workflow/validation"
	"argosy.dev/argosy/registry/resource"
)

// Kind describes cron workflows.
func Kind() *resource.Kind[*wfv1.CronWorkflow] {
	return &resource.Kind[*wfv1.CronWorkflow]{
		GroupVersion: wfv1.SchemeGroupVersion,
		Resource:     "cronworkflows",
		Singular:     "cronworkflow",
		ShortNames:   []string{"cwf", "cronwf"},
		StatusOnMain: true,
		Idle:         "no workflow is created on schedule",
		New:          func() *wfv1.CronWorkflow { return &wfv1.CronWorkflow{} },
		NewList:      func() runtime.Object { return &wfv1.CronWorkflowList{} },
		Spec:         func(c *wfv1.CronWorkflow) any { return &c.Spec },
		Status:       func(c *wfv1.CronWorkflow) any { return &c.Status },
		Check: func(_ context.Context, c, _ *wfv1.CronWorkflow) field.ErrorList {
			return validation.ValidateCronWorkflow(c)
		},
		Warn: validation.WarningsCronWorkflow,
		Fields: func(c *wfv1.CronWorkflow) fields.Set {
			return fields.Set{wfv1.FieldStatusPhase: string(c.Status.Phase)}
		},
		Table: table(),
	}
}
