// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"k8s.io/apiserver/pkg/registry/rest"

	core "argosy.dev/argosy/pkg/rollout"
)

// NewRestartREST returns the storage of rollouts/restart: replace all pods by new ones.
func NewRestartREST(v verbs) rest.Storage {
	return newVerb(v, "Restart", "restart requested", core.Restart)
}
