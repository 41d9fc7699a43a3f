// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"k8s.io/apiserver/pkg/registry/rest"

	core "argosy.dev/argosy/pkg/rollout"
)

// NewRetryREST returns the storage of rollouts/retry: begin an aborted rollout anew.
func NewRetryREST(v verbs) rest.Storage {
	return newVerb(v, "Retry", "retry requested", core.Retry)
}
