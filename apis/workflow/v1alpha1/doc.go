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
// Whoever adds a field here: document it (it is what "kubectl explain" prints), and keep the peer's JSON name. What
// a manifest says must come back as it says it, and nothing else, so that a GitOps tool sees no drift: lists, maps and
// structures held by value are "omitzero", lists and maps of no elements survive, and containers are written without
// the empty fields of Kubernetes' own type (see marshal.go).
//
// Lists are replaced as a whole by every kind of patch, as they are where the peer's CRDs serve them. So are templates
// and what holds them: strategic merge patches, which kubectl apply sends, know neither lists of lists (steps) nor
// JSON of any shape (items, plugins) and would fail inside.
//
// This package must not import anything of pkg/, and holds no validation (see apis/workflow/validation).
package v1alpha1
