// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"k8s.io/apiserver/pkg/registry/rest"

	core "argosy.dev/argosy/pkg/workflow"
)

// NewResumeREST returns the storage of workflows/resume: go on.
func NewResumeREST(v verbs) rest.Storage {
	return newVerb(v, "Resume", "resumption requested", core.Resume)
}
