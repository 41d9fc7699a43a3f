// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"k8s.io/apiserver/pkg/registry/rest"

	core "argosy.dev/argosy/pkg/application"
)

// NewRollbackREST returns the storage of applications/rollback: bring what a past sync has brought.
func NewRollbackREST(v verbs) rest.Storage {
	return newVerb(v, "Rollback", "rollback requested", core.Rollback)
}
