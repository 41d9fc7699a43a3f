// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"fmt"
	"slices"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/metric/job"
)

// metadataJobMessage is why the Job of a measurement failed.
const metadataJobMessage = "job-message"

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
	if phase == rov1.AnalysisPhaseFailed && message != "" {
		// Not the message: with the peer a failed Job has none, and people's tools compare the run's.
		measurement.Metadata[metadataJobMessage] = cut(message, maxMessage)
		message = ""
	}
	r.finish(result, phase, message)
	if phase == rov1.AnalysisPhaseInconclusive && finished == nil {
		// It runs no further, and would go on trying: what it waits for is not coming.
		r.deleteJob(measurement)
	}
}

// deleteJob asks for the end of the Job of a measurement, if it has one that is still there.
func (r *reconciler) deleteJob(m *rov1.Measurement) {
	name := m.Metadata[job.MetadataName]
	if object := r.world.Jobs[name]; object != nil && object.DeletionTimestamp == nil && !slices.Contains(r.decision.DeleteJobs, name) {
		r.decision.DeleteJobs = append(r.decision.DeleteJobs, name)
	}
}
