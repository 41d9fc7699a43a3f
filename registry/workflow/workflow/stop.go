// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"k8s.io/apiserver/pkg/registry/rest"

	core "argosy.dev/argosy/pkg/workflow"
)

// NewStopREST returns the storage of workflows/stop: end the workflow, run its exit handlers.
func NewStopREST(v verbs) rest.Storage {
	return newVerb(v, "Stop", "stop requested", core.Stop)
}
