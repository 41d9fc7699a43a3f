// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// +k8s:deepcopy-gen=package
// +k8s:openapi-gen=true
// +k8s:openapi-model-package=dev.argosy.verb

// Package verb holds what the requests of all verbs have in common. A verb is a subresource to which a request of a kind
// of its own is posted, such as workflows/stop.
//
// It must not know any kind of any family, and not import anything of pkg/.
package verb
