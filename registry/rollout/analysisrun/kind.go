// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package analysisrun serves analysis runs. What is measured, and what it means, is
// decided in pkg/rollout/analysis, never here.
package analysisrun

import (
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/apis/rollout/validation"
	"argosy.dev/argosy/registry/resource"
	"argosy.dev/argosy/registry/rollout/rules"
)

// Kind describes analysis runs.
func Kind(r rules.Rules, deps resource.Deps) *resource.Kind[*rov1.AnalysisRun] {
	return &resource.Kind[*rov1.AnalysisRun]{
		GroupVersion: rov1.SchemeGroupVersion,
		Resource:     "analysisruns",
		Singular:     "analysisrun",
		ShortNames:   []string{"ar"},
		StatusOnMain: true,
		New:          func() *rov1.AnalysisRun { return &rov1.AnalysisRun{} },
		NewList:      func() runtime.Object { return &rov1.AnalysisRunList{} },
		Spec:         func(o *rov1.AnalysisRun) any { return &o.Spec },
		Status:       func(o *rov1.AnalysisRun) any { return &o.Status },
		Check:        rules.Check(r, validation.ValidateAnalysisRun),
		Warn:         rules.WarnMetrics(r, validation.ValidateAnalysisRun, func(o *rov1.AnalysisRun) []rov1.Metric { return o.Spec.Metrics }),
		Fields: func(o *rov1.AnalysisRun) fields.Set {
			return fields.Set{rov1.FieldStatusPhase: string(o.Status.Phase)}
		},
		Indexed: []string{rov1.FieldStatusPhase},
		Table:   table(),
		Subresources: func(kind *resource.Kind[*rov1.AnalysisRun], main *resource.REST) map[string]rest.Storage {
			return map[string]rest.Storage{"terminate": NewTerminateREST(kind, main, deps)}
		},
	}
}
