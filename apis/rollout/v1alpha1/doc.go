// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// +k8s:deepcopy-gen=package
// +k8s:openapi-gen=true
// +k8s:openapi-model-package=dev.argosy.rollout.v1alpha1
// +groupName=rollout.argosy.dev

// Package v1alpha1 holds the Go types of the rollout family: Rollout, AnalysisTemplate, ClusterAnalysisTemplate,
// AnalysisRun and Experiment.
//
// The JSON of every kind is that of Argo Rollouts (group argoproj.io, version v1alpha1), whose group serves these same
// types; the metric provider "kubernetes" is our own. The versioned types are also the hub: there are no internal twins.
//
// Whoever adds a field here: document it (it is what "kubectl explain" prints), and keep the peer's JSON name. What
// a manifest says must come back as it says it, and nothing else, so that a GitOps tool sees no drift: lists, maps and
// structures held by value are "omitzero", and lists and maps of no elements survive. Pod templates and specs of Jobs
// are kept as JSON (see apis/raw): their digits, and so the hash of a template, are what the user wrote. A kind that
// holds some implements raw.Strict.
//
// Lists are replaced as a whole by every kind of patch, as they are where the peer's CRDs serve them; the lists of a
// Rollout's pod template are merged as those of Kubernetes are.
//
// This package must not import anything of pkg/, and holds no validation (see apis/rollout/validation).
package v1alpha1
