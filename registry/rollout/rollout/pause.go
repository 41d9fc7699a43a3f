// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"k8s.io/apiserver/pkg/registry/rest"

	core "argosy.dev/argosy/pkg/rollout"
)

// NewPauseREST returns the storage of rollouts/pause: stay where it is.
func NewPauseREST(v verbs) rest.Storage {
	return newVerb(v, "Pause", "pause requested", core.Pause)
}
