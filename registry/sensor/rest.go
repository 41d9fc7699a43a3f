// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package sensor puts the kinds of the sensor family together for the server.
// It serves nothing itself.
package sensor

import (
	"k8s.io/apiserver/pkg/registry/rest"

	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
	"argosy.dev/argosy/registry/resource"
	"argosy.dev/argosy/registry/sensor/eventbus"
	"argosy.dev/argosy/registry/sensor/eventsource"
	"argosy.dev/argosy/registry/sensor/sensor"
)

// Family is the storage of the sensor family.
type Family struct{}

// Group is the family's native API group.
func (Family) Group() string { return snv1.GroupName }

// Resources are the names of the kinds that the compatibility group serves too.
func (Family) Resources() []string { return []string{"eventsources", "eventbus", "sensors"} }

// NewStorage returns the storage of all resources and subresources, by path.
func (Family) NewStorage(c resource.Config) (map[string]rest.Storage, error) {
	s := resource.NewStorage(c)
	resource.Add(s, eventsource.Kind())
	resource.Add(s, eventbus.Kind())
	resource.Add(s, sensor.Kind())
	return s.Paths()
}
