// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"k8s.io/apiserver/pkg/registry/rest"

	core "argosy.dev/argosy/pkg/rollout"
)

// NewPromoteREST returns the storage of rollouts/promote: go on by a step, or to the end.
func NewPromoteREST(v verbs) rest.Storage {
	return newVerb(v, "Promote", "promotion requested", core.Promote)
}
