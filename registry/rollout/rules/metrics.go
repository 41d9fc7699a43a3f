// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/rollout/analysis"
	"argosy.dev/argosy/registry/resource"
)

// WarnMetrics returns the warnings of a kind that holds metrics: besides those of
// Warn, what of its metrics this version cannot measure.
func WarnMetrics[T resource.Object](r Rules, validate func(T) field.ErrorList, metrics func(T) []rov1.Metric) func(T) []string {
	invalid := Warn(r, validate)
	return func(obj T) []string {
		var warnings []string
		if invalid != nil {
			warnings = invalid(obj)
		}
		for _, err := range analysis.Unsupported(metrics(obj), field.NewPath("spec", "metrics")) {
			warnings = append(warnings, "accepted, but a run of it will end as an error: "+err.Error())
		}
		return warnings
	}
}
