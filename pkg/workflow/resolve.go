// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// TemplateGetter reads the templates that a workflow refers to. Both methods return an error for which
// apierrors.IsNotFound holds if there is none.
type TemplateGetter interface {
	// WorkflowTemplate returns the WorkflowTemplate of this name in the workflow's namespace.
	WorkflowTemplate(name string) (*wfv1.WorkflowTemplate, error)
	// ClusterWorkflowTemplate returns the ClusterWorkflowTemplate of this name.
	ClusterWorkflowTemplate(name string) (*wfv1.ClusterWorkflowTemplate, error)
}
