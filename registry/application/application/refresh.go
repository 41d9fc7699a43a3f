// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"k8s.io/apiserver/pkg/registry/rest"

	core "argosy.dev/argosy/pkg/application"
)

// NewRefreshREST returns the storage of applications/refresh: compare what there is with what is wanted.
func NewRefreshREST(v verbs) rest.Storage {
	return newVerb(v, "Refresh", "refresh requested", core.Refresh)
}
