// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"k8s.io/apiserver/pkg/registry/rest"

	core "argosy.dev/argosy/pkg/rollout"
)

// NewResumeREST returns the storage of rollouts/resume: end a pause by hand.
func NewResumeREST(v verbs) rest.Storage {
	return newVerb(v, "Resume", "resumption requested", core.Resume)
}
