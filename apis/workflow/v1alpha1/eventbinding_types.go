// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// +genclient
// +genclient:noStatus
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// WorkflowEventBinding submits a workflow for each event that it selects.
type WorkflowEventBinding struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of an object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec says which events are meant, and what is submitted.
	Spec WorkflowEventBindingSpec `json:"spec"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// WorkflowEventBindingList is a list of event bindings.
type WorkflowEventBindingList struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of a list.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the event bindings.
	Items []WorkflowEventBinding `json:"items"`
}

// WorkflowEventBindingSpec says which events are meant, and what is submitted.
type WorkflowEventBindingSpec struct {
	// event says which events are meant.
	Event Event `json:"event"`
	// submit says what is submitted.
	// +optional
	Submit *Submit `json:"submit,omitempty"`
}

// Event selects events.
type Event struct {
	// selector is an expression in the expr language that is true for the events that are meant. It sees namespace,
	// discriminator, metadata (the x- headers of the request, in lower case) and payload.
	Selector string `json:"selector"`
}

// Submit says what is submitted for an event.
type Submit struct {
	// workflowTemplateRef names the template that the workflow runs.
	WorkflowTemplateRef WorkflowTemplateRef `json:"workflowTemplateRef"`
	// metadata is the metadata of the workflow. Names, labels and annotations may be expressions over the event.
	// +optional
	Metadata *metav1.ObjectMeta `json:"metadata,omitempty"`
	// arguments are those of the workflow. A parameter's valueFrom.event takes its value from the event.
	// +optional
	Arguments *Arguments `json:"arguments,omitempty"`
}
