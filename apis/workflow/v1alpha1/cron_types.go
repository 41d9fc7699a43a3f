// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// CronWorkflow creates workflows at given times.
type CronWorkflow struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of an object. The name, at most 52 characters, becomes the prefix of the
	// names of the workflows.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec says when to create workflows, and which.
	Spec CronWorkflowSpec `json:"spec"`
	// status is what has happened so far. It is written by the server only.
	// +optional
	Status CronWorkflowStatus `json:"status,omitzero"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// CronWorkflowList is a list of cron workflows.
type CronWorkflowList struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of a list.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the cron workflows.
	Items []CronWorkflow `json:"items"`
}

// ConcurrencyPolicy says what to do when it is time for a workflow while an earlier one still runs.
type ConcurrencyPolicy string

const (
	// AllowConcurrent runs both.
	AllowConcurrent ConcurrencyPolicy = "Allow"
	// ForbidConcurrent leaves the new one out.
	ForbidConcurrent ConcurrencyPolicy = "Forbid"
	// ReplaceConcurrent stops the earlier one.
	ReplaceConcurrent ConcurrencyPolicy = "Replace"
)

// CronWorkflowSpec says when to create workflows, and which.
type CronWorkflowSpec struct {
	// workflowSpec is the spec of the workflows.
	WorkflowSpec WorkflowSpec `json:"workflowSpec"`
	// schedules are the times, each as a line of crontab with five fields, or as @hourly, @daily, @every 90m and the
	// like. At least one.
	// +listType=atomic
	Schedules []string `json:"schedules,omitzero"`
	// schedule is an older spelling of one element of schedules, to which the server moves it.
	//
	// Deprecated: use schedules.
	// +optional
	Schedule string `json:"schedule,omitempty"`
	// concurrencyPolicy is what to do when it is time while an earlier workflow still runs: Allow, Forbid or
	// Replace. Default: Allow.
	// +optional
	ConcurrencyPolicy ConcurrencyPolicy `json:"concurrencyPolicy,omitempty"`
	// suspend creates no workflows while it is true. Default: false.
	// +optional
	Suspend *bool `json:"suspend,omitempty"`
	// startingDeadlineSeconds is how many seconds late a workflow may still be created when its time was missed.
	// Absent means that missed times are left out.
	// +optional
	StartingDeadlineSeconds *int64 `json:"startingDeadlineSeconds,omitempty"`
	// successfulJobsHistoryLimit is how many succeeded workflows are kept. Default: 3.
	// +optional
	SuccessfulJobsHistoryLimit *int32 `json:"successfulJobsHistoryLimit,omitempty"`
	// failedJobsHistoryLimit is how many failed workflows are kept. Default: 1.
	// +optional
	FailedJobsHistoryLimit *int32 `json:"failedJobsHistoryLimit,omitempty"`
	// timezone is the time zone of the schedules, such as "Europe/Berlin". Default: that of the server.
	// +optional
	Timezone string `json:"timezone,omitempty"`
	// workflowMetadata holds labels, annotations and finalizers of the workflows.
	// +optional
	WorkflowMetadata *metav1.ObjectMeta `json:"workflowMetadata,omitempty"`
	// stopStrategy says when to create no more workflows at all.
	// +optional
	StopStrategy *StopStrategy `json:"stopStrategy,omitempty"`
	// when is a condition in the expr language, over cronworkflow.*, looked at each time. If it is false, no
	// workflow is created.
	// +optional
	When string `json:"when,omitempty"`
}

// StopStrategy says when a cron workflow has done its work.
type StopStrategy struct {
	// expression is written in the expr language, over cronworkflow.*, such as "cronworkflow.failed >= 3". When it
	// is true, the cron workflow stops for good.
	Expression string `json:"expression"`
}

// CronWorkflowPhase is where a cron workflow stands.
type CronWorkflowPhase string

const (
	// CronWorkflowActive creates workflows.
	CronWorkflowActive CronWorkflowPhase = "Active"
	// CronWorkflowStopped has been stopped for good by its stop strategy.
	CronWorkflowStopped CronWorkflowPhase = "Stopped"
)

// CronWorkflowStatus is what has happened to a cron workflow so far.
type CronWorkflowStatus struct {
	// active are the workflows that were created and have not ended.
	// +optional
	// +listType=atomic
	Active []corev1.ObjectReference `json:"active,omitzero"`
	// lastScheduledTime is the time for which the last workflow was created.
	// +optional
	LastScheduledTime *metav1.Time `json:"lastScheduledTime,omitempty"`
	// conditions are findings about the cron workflow: SpecError, SubmissionError.
	// +optional
	// +listType=atomic
	Conditions []Condition `json:"conditions,omitzero"`
	// succeeded is how many of the workflows succeeded, for the stop strategy.
	// +optional
	Succeeded int64 `json:"succeeded,omitempty"`
	// failed is how many of the workflows failed, for the stop strategy.
	// +optional
	Failed int64 `json:"failed,omitempty"`
	// phase is Active or Stopped. Empty means Active.
	// +optional
	Phase CronWorkflowPhase `json:"phase,omitempty"`
}
