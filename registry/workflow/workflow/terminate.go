// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"k8s.io/apiserver/pkg/registry/rest"

	core "argosy.dev/argosy/pkg/workflow"
)

// NewTerminateREST returns the storage of workflows/terminate: end the workflow at once.
func NewTerminateREST(v verbs) rest.Storage {
	return newVerb(v, "Terminate", "termination requested", core.Terminate)
}
