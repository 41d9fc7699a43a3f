// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package analysistemplate serves analysis templates of a namespace.
package analysistemplate

import (
	"k8s.io/apimachinery/pkg/runtime"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/apis/rollout/validation"
	"argosy.dev/argosy/registry/resource"
	"argosy.dev/argosy/registry/rollout/rules"
)

// Kind describes analysis templates of a namespace.
func Kind(r rules.Rules) *resource.Kind[*rov1.AnalysisTemplate] {
	return &resource.Kind[*rov1.AnalysisTemplate]{
		GroupVersion: rov1.SchemeGroupVersion,
		Resource:     "analysistemplates",
		Singular:     "analysistemplate",
		ShortNames:   []string{"at"},
		New:          func() *rov1.AnalysisTemplate { return &rov1.AnalysisTemplate{} },
		NewList:      func() runtime.Object { return &rov1.AnalysisTemplateList{} },
		Spec:         func(t *rov1.AnalysisTemplate) any { return &t.Spec },
		Check:        rules.Check(r, validation.ValidateAnalysisTemplate),
		Warn:         rules.WarnMetrics(r, validation.ValidateAnalysisTemplate, func(o *rov1.AnalysisTemplate) []rov1.Metric { return o.Spec.Metrics }),
		Table:        table(),
	}
}
