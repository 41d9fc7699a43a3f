// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"k8s.io/apiserver/pkg/registry/rest"

	core "argosy.dev/argosy/pkg/workflow"
)

// NewSuspendREST returns the storage of workflows/suspend: start nothing new.
func NewSuspendREST(v verbs) rest.Storage {
	return newVerb(v, "Suspend", "suspension requested", core.Suspend)
}
