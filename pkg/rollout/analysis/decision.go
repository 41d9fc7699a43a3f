// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package analysis is the pure core of analysis runs. It answers one question: given a run, what was measured, and the
// time, what is the run's new status, what is to be measured now, and when to look again? It also makes runs of
// templates, puts arguments into metrics, judges values by conditions, and keeps secrets out of what is recorded.
//
// It must not use clients, clocks, goroutines or random numbers, and never changes what it is given: the shell in
// pkg/controller/analysis measures by the providers of pkg/metric.
package analysis

import (
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// Times that no field changes.
const (
	// errorRetry is the time between a measurement that was an error and the next one.
	errorRetry = 10 * time.Second
	// leastInterval is the least time between two measurements: times are stored in seconds.
	leastInterval = time.Second
	// atOnce is the shortest time after which to look again.
	atOnce = time.Millisecond
)

// World is what is observed around an analysis run. Reconcile only reads it.
type World struct {
	// Now is the time of the observation.
	Now time.Time
	// Taken are the measurements that were asked for by Decision.Measure and have come back, by the name of the metric.
	// They must not hold a secret any more (see Redactor). One that the status records already is ignored.
	Taken map[string]Taken
	// Jobs are those whose controller is the run (by UID), by name. One that was created for an earlier Decision must be
	// in it even if no watch has delivered it yet: the absence of a Job means that somebody has deleted it.
	Jobs map[string]*batchv1.Job
	// Pods are the pods of those Jobs, by the name of the Job. Only their status is looked at.
	Pods map[string][]*corev1.Pod
}

// Taken is a measurement that was taken, or begun: then its phase is Running, and it ends by what becomes of its Job.
type Taken struct {
	// Number is that of the Measure that asked for it.
	Number int32
	// Measurement is what was found.
	Measurement rov1.Measurement
	// Metadata is what the provider says of the metric as a whole.
	Metadata map[string]string
}

// Decision is what should happen. The shell carries it out in this order: DeleteJobs, Status, Delete, Events; what is
// to be measured goes on beside it. Each effect is idempotent, so after a crash between two of them the next Decision
// leads to the same end.
type Decision struct {
	// Measure are the measurements that should be under way now, those that are already included. Whatever else is under
	// way is to be given up.
	Measure []Measure
	// DeleteJobs are names of Jobs in World.Jobs that are no longer wanted.
	DeleteJobs []string
	// Status is the whole new status, or nil if it is unchanged.
	Status *rov1.AnalysisRunStatus
	// Delete tells that the run has ended long enough ago to be deleted.
	Delete bool
	// Events are to be recorded on the run after the status was written.
	Events []Event
	// RequeueAfter is when to look again without an event; 0 is never.
	RequeueAfter time.Duration
}

// Measure asks for a measurement.
type Measure struct {
	// Metric is the name of the metric. Metric, the function, returns it with its arguments put in.
	Metric string
	// Number counts the measurements of the metric, from 1: the same number is the same measurement, also after a crash.
	Number int32
}

// Event is a Kubernetes event about the run.
type Event struct {
	// Type is corev1.EventTypeNormal or corev1.EventTypeWarning.
	Type    string
	Reason  string
	Message string
}
