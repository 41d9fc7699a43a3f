// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// +genclient
// +genclient:noStatus
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// WorkflowTemplate is a workflow kept for use: workflows of the same namespace run it by workflowTemplateRef, or use
// its templates by templateRef.
type WorkflowTemplate struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of an object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec is the spec that workflows get.
	Spec WorkflowSpec `json:"spec"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// WorkflowTemplateList is a list of workflow templates.
type WorkflowTemplateList struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of a list.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the workflow templates.
	Items []WorkflowTemplate `json:"items"`
}

// +genclient
// +genclient:nonNamespaced
// +genclient:noStatus
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ClusterWorkflowTemplate is a workflow template that workflows of all namespaces may use.
type ClusterWorkflowTemplate struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of an object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec is the spec that workflows get.
	Spec WorkflowSpec `json:"spec"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ClusterWorkflowTemplateList is a list of cluster workflow templates.
type ClusterWorkflowTemplateList struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of a list.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the cluster workflow templates.
	Items []ClusterWorkflowTemplate `json:"items"`
}
