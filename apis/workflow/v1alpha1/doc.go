// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// +k8s:deepcopy-gen=package
// +k8s:openapi-gen=true
// +k8s:openapi-model-package=dev.argosy.workflow.v1alpha1
// +groupName=workflow.argosy.dev

// Package v1alpha1 holds the Go types of the workflow family: Workflow, WorkflowTemplate, ClusterWorkflowTemplate,
// CronWorkflow, WorkflowEventBinding, and the request kinds of the verbs on workflows.
//
// The JSON of every kind is that of Argo Workflows (group argoproj.io, version v1alpha1), whose group serves these
// same types. The versioned types are also the hub: there are no internal twins.
//
// Whoever adds a field here: document it (it is what "kubectl explain" prints), keep the peer's JSON name, and let a
// list or map be "omitzero" rather than "omitempty", so that an empty one survives a round trip and a GitOps tool
// sees no drift. Structures held by value are always written, as the peer does, for the same reason.
//
// This package must not import anything of pkg/, and holds no validation (see apis/workflow/validation).
package v1alpha1
