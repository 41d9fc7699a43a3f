// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"fmt"

	"argosy.dev/argosy/apis/raw"
)

var (
	_ raw.Strict = &Rollout{}
	_ raw.Strict = &AnalysisTemplate{}
	_ raw.Strict = &ClusterAnalysisTemplate{}
	_ raw.Strict = &AnalysisRun{}
	_ raw.Strict = &Experiment{}
)

// UnknownFields implements raw.Strict.
func (r *Rollout) UnknownFields() []error { return r.Spec.Template.UnknownFields("spec.template") }

// UnknownFields implements raw.Strict.
func (t *AnalysisTemplate) UnknownFields() []error { return unknownInJobs(t.Spec.Metrics) }

// UnknownFields implements raw.Strict.
func (t *ClusterAnalysisTemplate) UnknownFields() []error { return unknownInJobs(t.Spec.Metrics) }

// UnknownFields implements raw.Strict.
func (r *AnalysisRun) UnknownFields() []error { return unknownInJobs(r.Spec.Metrics) }

// UnknownFields implements raw.Strict.
func (e *Experiment) UnknownFields() []error {
	var errs []error
	for i, t := range e.Spec.Templates {
		errs = append(errs, t.Template.UnknownFields(fmt.Sprintf("spec.templates[%d].template", i))...)
	}
	return errs
}

func unknownInJobs(metrics []Metric) []error {
	var errs []error
	for i, m := range metrics {
		if job := m.Provider.Job; job != nil {
			errs = append(errs, job.Spec.UnknownFields(fmt.Sprintf("spec.metrics[%d].provider.job.spec", i))...)
		}
	}
	return errs
}
