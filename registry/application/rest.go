// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package application puts the kinds of the application family together for the
// server. It serves nothing itself.
package application

import (
	"k8s.io/apiserver/pkg/registry/rest"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/registry/application/application"
	"argosy.dev/argosy/registry/application/applicationset"
	"argosy.dev/argosy/registry/application/appproject"
	"argosy.dev/argosy/registry/resource"
)

// Family is the storage of the application family.
type Family struct {
	// Deps are what the verbs need.
	Deps resource.Deps
	// Live answers what the verbs show of sources and clusters; nil where no loop
	// looks at them, and then what needs it is unavailable.
	Live application.Live
}

// Group is the family's native API group.
func (Family) Group() string { return appv1.GroupName }

// Resources are the names of the kinds that the compatibility group serves too.
func (Family) Resources() []string { return []string{"applications", "applicationsets", "appprojects"} }

// NewStorage returns the storage of all resources and subresources, by path.
func (f Family) NewStorage(c resource.Config) (map[string]rest.Storage, error) {
	s := resource.NewStorage(c)
	resource.Add(s, application.Kind(f.Deps, f.Live))
	resource.Add(s, applicationset.Kind())
	resource.Add(s, appproject.Kind())
	return s.Paths()
}
