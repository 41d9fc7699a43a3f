// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"k8s.io/apiserver/pkg/registry/rest"

	core "argosy.dev/argosy/pkg/rollout"
)

// NewAbortREST returns the storage of rollouts/abort: give up the new version.
func NewAbortREST(v verbs) rest.Storage {
	return newVerb(v, "Abort", "abortion requested", core.Abort)
}
