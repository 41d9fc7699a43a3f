// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// +k8s:deepcopy-gen=package
// +k8s:openapi-gen=true

// Package raw holds the types of places in our APIs whose JSON is kept as the user wrote it: where any JSON may stand,
// and where Kubernetes' own Go types would refuse or rewrite what the peers keep. All families use them.
//
// It must not know any kind of any family, and not import anything of pkg/.
package raw
