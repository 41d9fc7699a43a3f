// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"k8s.io/apiserver/pkg/registry/rest"

	core "argosy.dev/argosy/pkg/application"
)

// NewTerminateREST returns the storage of applications/terminate: end the operation that runs.
func NewTerminateREST(v verbs) rest.Storage {
	return newVerb(v, "Terminate", "end of the operation requested", core.Terminate)
}
