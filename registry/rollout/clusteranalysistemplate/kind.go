// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package clusteranalysistemplate serves analysis templates of the whole cluster.
package clusteranalysistemplate

import (
	"k8s.io/apimachinery/pkg/runtime"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/apis/rollout/validation"
	"argosy.dev/argosy/registry/resource"
	"argosy.dev/argosy/registry/rollout/rules"
)

// Kind describes analysis templates of the whole cluster.
func Kind(r rules.Rules) *resource.Kind[*rov1.ClusterAnalysisTemplate] {
	return &resource.Kind[*rov1.ClusterAnalysisTemplate]{
		GroupVersion:  rov1.SchemeGroupVersion,
		Resource:      "clusteranalysistemplates",
		Singular:      "clusteranalysistemplate",
		ShortNames:    []string{"cat"},
		ClusterScoped: true,
		New:           func() *rov1.ClusterAnalysisTemplate { return &rov1.ClusterAnalysisTemplate{} },
		NewList:       func() runtime.Object { return &rov1.ClusterAnalysisTemplateList{} },
		Spec:          func(t *rov1.ClusterAnalysisTemplate) any { return &t.Spec },
		Check:         rules.Check(r, validation.ValidateClusterAnalysisTemplate),
		Warn:          rules.WarnMetrics(r, validation.ValidateClusterAnalysisTemplate, func(o *rov1.ClusterAnalysisTemplate) []rov1.Metric { return o.Spec.Metrics }),
		Table:         table(),
	}
}
