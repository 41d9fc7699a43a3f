// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"fmt"
	"maps"
	"slices"

	batchv1 "k8s.io/api/batch/v1"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/metric/job"
)

// follow ends a measurement by what has become of its Job.
func (r *reconciler) follow(m *rov1.Metric) {
	result := r.result(m.Name)
	if result == nil {
		return
	}
	measurement := unfinished(result)
	if measurement == nil {
		return
	}
	name := measurement.Metadata[job.MetadataName]
	object := r.world.Jobs[name]
	if object == nil {
		r.finish(result, rov1.AnalysisPhaseError, fmt.Sprintf("Job %q is gone", name))
		return
	}
	phase, message, finished := job.Judge(object, r.world.Pods[name])
	if !phase.Completed() {
		return
	}
	if finished != nil {
		measurement.FinishedAt = stamp(finished.Time)
	}
	r.finish(result, phase, message)
}

// deleteForsaken asks for the end of Jobs that still run though their measurements have ended, as those do whose image
// cannot be had. It goes by what is stored: before that, the absence of a Job would be an error.
func (r *reconciler) deleteForsaken() {
	for i := range r.run.Status.MetricResults {
		for k := range r.run.Status.MetricResults[i].Measurements {
			m := &r.run.Status.MetricResults[i].Measurements[k]
			if object := r.world.Jobs[m.Metadata[job.MetadataName]]; m.Phase.Completed() && object != nil && running(object) {
				r.deleteJob(m)
			}
		}
	}
}

// deleteJob asks for the end of the Job of a measurement, if it has one that is still there.
func (r *reconciler) deleteJob(m *rov1.Measurement) {
	name := m.Metadata[job.MetadataName]
	if object := r.world.Jobs[name]; object != nil && object.DeletionTimestamp == nil && !slices.Contains(r.decision.DeleteJobs, name) {
		r.decision.DeleteJobs = append(r.decision.DeleteJobs, name)
	}
}

// deleteRunning asks for the end of the Jobs that still run when their run has ended: one may have been created just
// before, and no measurement know of it.
func deleteRunning(w World) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(w.Jobs)) {
		if object := w.Jobs[name]; object.DeletionTimestamp == nil && running(object) {
			names = append(names, name)
		}
	}
	return names
}

// running tells whether a Job has not ended.
func running(object *batchv1.Job) bool {
	phase, _, _ := job.Judge(object, nil)
	return !phase.Completed()
}
