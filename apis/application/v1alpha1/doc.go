// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// +k8s:deepcopy-gen=package
// +k8s:openapi-gen=true
// +k8s:openapi-model-package=dev.argosy.application.v1alpha1
// +groupName=application.argosy.dev

// Package v1alpha1 holds the Go types of the application family: Application, ApplicationSet and AppProject.
//
// The JSON of every kind is that of Argo CD (group argoproj.io, version v1alpha1), whose group serves these same types.
// The versioned types are also the hub: there are no internal twins. No default is ever written back, since the peer
// writes none: what absent fields mean is known to functions (see defaults.go).
//
// Whoever adds a field here: document it (it is what "kubectl explain" prints), and keep the peer's JSON name. What
// a manifest says must come back as it says it, and nothing else, so that a GitOps tool sees no drift: lists and maps
// are "omitzero", and those of no elements survive; structures, booleans and numbers that are optional are pointers
// where users write them, so that "automated: {}" and "prune: false" survive too. Where any JSON may stand it is kept
// as it is written (see apis/raw).
//
// Lists are replaced as a whole by every kind of patch, as they are where the peer's CRDs serve them. So are the places
// of any JSON, into which a strategic merge patch cannot look.
//
// This package must not import anything of pkg/, and holds no validation (see apis/application/validation).
package v1alpha1
