// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package workflow is the pure core of the workflow family. It answers one question: given a workflow, what is observed
// of its pods, and the time, what is its new status, which pods are to be made or deleted, and when to look again?
//
// It must not use clients, clocks, goroutines or random numbers, and never changes what it is given: the shell in
// pkg/controller/workflow reads, calls Reconcile, and applies the Decision.
package workflow

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// World is what is observed around a workflow. Reconcile only reads it.
type World struct {
	// Now is the time of the observation.
	Now time.Time
	// Pods are the pods owned by the workflow's UID, by name. A pod that was created for an earlier Decision must be in
	// it even if no watch has delivered it yet: a pod that a node had and that is missing counts as deleted.
	Pods map[string]*corev1.Pod
	// PodErrors are the errors with which the creation of pods last failed, by pod name. What cannot be helped (invalid,
	// forbidden, the name taken by somebody else's pod) makes the node Error. With any other error the node stays
	// Pending with the message, and this Decision does not ask for the pod again: to have it retried, call Reconcile
	// without the entry.
	PodErrors map[string]error
	// ExecutorImage is the image that holds argosy-executor.
	ExecutorImage string
}

// Decision is what should happen. The shell carries it out in this order: Create, End, Status, Events. Each effect
// is idempotent, so after a crash between two of them the next Decision leads to the same end.
type Decision struct {
	// Status is the whole new status, or nil if it is unchanged.
	Status *wfv1.WorkflowStatus
	// Create are pods to be created. A pod that exists already and is owned by this workflow is as good as created.
	Create []*corev1.Pod
	// End are pods to be ended before their time.
	End []PodEnd
	// Events are to be recorded on the workflow after the status was written.
	Events []Event
	// RequeueAfter is when to look again without an event; 0 is never.
	RequeueAfter time.Duration
}

// PodEnd is a pod to be ended, if it still has the UID.
type PodEnd struct {
	Name string
	UID  types.UID
	// Keep tells that the pod has run, so that it should stay, with its log: it is given EndDeadline, by which its
	// kubelet ends it. A pod that has not run is deleted.
	Keep bool
	// Why is for the log.
	Why string
}

// EndDeadline is the spec.activeDeadlineSeconds of a pod that is to be ended and kept: the least that Kubernetes takes.
const EndDeadline int64 = 1

// Event is a Kubernetes event about the workflow.
type Event struct {
	// Type is corev1.EventTypeNormal or corev1.EventTypeWarning.
	Type    string
	Reason  string
	Message string
	// Annotations are the peer's node-name, node-type and node-start-time on events about nodes.
	Annotations map[string]string
}
