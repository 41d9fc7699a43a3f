// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"argosy.dev/argosy/apis/verb"
)

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// WorkflowStop asks that a workflow end before its time: what runs is ended, then the exit handlers are run. It is
// created at workflows/NAME/stop.
type WorkflowStop struct {
	metav1.TypeMeta `json:""`
	// metadata names the workflow. If it holds a name, it must be that of the request.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	verb.Request      `json:""`
	// nodeFieldSelector restricts the request to waiting suspend nodes, such as "displayName=approve": they are
	// failed, and the workflow goes on as it does after a failure. Empty means the whole workflow.
	// +optional
	NodeFieldSelector string `json:"nodeFieldSelector,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// WorkflowTerminate asks that a workflow end at once: what runs is ended, and no exit handlers are run. It is created
// at workflows/NAME/terminate.
type WorkflowTerminate struct {
	metav1.TypeMeta `json:""`
	// metadata names the workflow. If it holds a name, it must be that of the request.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	verb.Request      `json:""`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// WorkflowSuspend asks that a workflow start nothing new until it is resumed. It is created at
// workflows/NAME/suspend.
type WorkflowSuspend struct {
	metav1.TypeMeta `json:""`
	// metadata names the workflow. If it holds a name, it must be that of the request.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	verb.Request      `json:""`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// WorkflowResume asks that a suspended workflow, and its waiting suspend nodes, go on. It is created at
// workflows/NAME/resume.
type WorkflowResume struct {
	metav1.TypeMeta `json:""`
	// metadata names the workflow. If it holds a name, it must be that of the request.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	verb.Request      `json:""`
	// nodeFieldSelector restricts the request to waiting suspend nodes, such as "displayName=approve". Empty means
	// the whole workflow.
	// +optional
	NodeFieldSelector string `json:"nodeFieldSelector,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// WorkflowLogOptions are the query parameters of workflows/NAME/log, which merges the logs of a workflow's pods.
type WorkflowLogOptions struct {
	metav1.TypeMeta `json:""`
	// follow goes on until the workflow has ended. Default: false, which ends with what there is.
	// +optional
	Follow bool `json:"follow,omitempty"`
	// timestamps puts the time of writing before each line, by RFC 3339. Default: false.
	// +optional
	Timestamps bool `json:"timestamps,omitempty"`
	// container is the container whose logs are read. Default: main.
	// +optional
	Container string `json:"container,omitempty"`
	// nodeId restricts the logs to the pods of this node and of those below it.
	// +optional
	NodeID string `json:"nodeId,omitempty"`
	// podName restricts the logs to this pod.
	// +optional
	PodName string `json:"podName,omitempty"`
	// tailLines is how many of each pod's last lines are read. Absent means all.
	// +optional
	TailLines *int64 `json:"tailLines,omitempty"`
	// sinceSeconds reads only what was written in this many seconds before now. Absent means all.
	// +optional
	SinceSeconds *int64 `json:"sinceSeconds,omitempty"`
	// prefix puts the name of its pod before each line. Default: true when there is more than one pod.
	// +optional
	Prefix *bool `json:"prefix,omitempty"`
}
