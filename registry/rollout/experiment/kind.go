// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package experiment serves experiments.
package experiment

import (
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/apis/rollout/validation"
	"argosy.dev/argosy/registry/resource"
	"argosy.dev/argosy/registry/rollout/rules"
)

// Kind describes experiments.
func Kind(r rules.Rules) *resource.Kind[*rov1.Experiment] {
	return &resource.Kind[*rov1.Experiment]{
		GroupVersion: rov1.SchemeGroupVersion,
		Resource:     "experiments",
		Singular:     "experiment",
		ShortNames:   []string{"exp"},
		StatusOnMain: true,
		Idle:         "no pods are run",
		New:          func() *rov1.Experiment { return &rov1.Experiment{} },
		NewList:      func() runtime.Object { return &rov1.ExperimentList{} },
		Spec:         func(o *rov1.Experiment) any { return &o.Spec },
		Status:       func(o *rov1.Experiment) any { return &o.Status },
		Check:        rules.Check(r, validation.ValidateExperiment),
		Warn:         rules.Warn(r, validation.ValidateExperiment),
		Fields: func(o *rov1.Experiment) fields.Set {
			return fields.Set{rov1.FieldStatusPhase: string(o.Status.Phase)}
		},
		Indexed: []string{rov1.FieldStatusPhase},
		Table:   table(),
	}
}
