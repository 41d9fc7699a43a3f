// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// +k8s:deepcopy-gen=package
// +k8s:openapi-gen=true
// +k8s:openapi-model-package=dev.argosy.sensor.v1alpha1
// +groupName=sensor.argosy.dev

// Package v1alpha1 holds the Go types of the sensor family: EventSource, which takes in events, EventBus, which carries
// them, and Sensor, which acts on them.
//
// The JSON of every kind is that of Argo Events (group argoproj.io, version v1alpha1), whose group serves these same
// types. The versioned types are also the hub: there are no internal twins.
//
// Whoever adds a field here: document it (it is what "kubectl explain" prints), and keep the peer's JSON name. What
// a manifest says must come back as it says it, and nothing else, so that a GitOps tool sees no drift: lists, maps and
// structures held by value are "omitzero", lists and maps of no elements survive, and what users may set to false, 0
// or, where that means something, to empty text, is a pointer. Nothing is defaulted: the peer writes no defaults back.
//
// Lists are replaced as a whole by every kind of patch, as they are where the peer's CRDs serve them. So are the maps
// of events: strategic merge patches, which kubectl apply sends, know no maps of structures and would fail inside.
//
// This package must not import anything of pkg/, and holds no validation (see apis/sensor/validation).
package v1alpha1
