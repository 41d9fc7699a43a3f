// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"maps"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/rollout/traffic"
)

// references tells which rollouts name an object, so that an event about it finds them without a search. Of a rollout
// it must know a name before the object is looked up, or an event in between would be lost. The zero value is ready.
type references struct {
	mu sync.Mutex
	// by has the rollouts that name an object, of the objects that each names.
	by map[traffic.Ref]sets.Set[types.NamespacedName]
	of map[types.NamespacedName]sets.Set[traffic.Ref]
	in map[string]sets.Set[types.NamespacedName]
}

// add records that a rollout names objects; without any, that there is such a rollout.
func (r *references) add(key types.NamespacedName, refs ...traffic.Ref) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by == nil {
		r.by, r.of, r.in = map[traffic.Ref]sets.Set[types.NamespacedName]{}, map[types.NamespacedName]sets.Set[traffic.Ref]{}, map[string]sets.Set[types.NamespacedName]{}
	}
	insert(r.in, key.Namespace, key)
	if r.of[key] == nil {
		r.of[key] = sets.New[traffic.Ref]()
	}
	for _, ref := range refs {
		r.of[key].Insert(ref)
		insert(r.by, ref, key)
	}
}

// keep forgets what a rollout has named and names no more.
func (r *references) keep(key types.NamespacedName, refs sets.Set[traffic.Ref]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for ref := range r.of[key].Difference(refs) {
		r.of[key].Delete(ref)
		remove(r.by, ref, key)
	}
}

// forget forgets a rollout.
func (r *references) forget(key types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for ref := range r.of[key] {
		remove(r.by, ref, key)
	}
	delete(r.of, key)
	if r.in != nil {
		remove(r.in, key.Namespace, key)
	}
}

// naming returns the rollouts that name the object.
func (r *references) naming(ref traffic.Ref) []types.NamespacedName {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.by[ref]))
}

// rolloutsIn returns the rollouts of a namespace.
func (r *references) rolloutsIn(namespace string) []types.NamespacedName {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.in[namespace]))
}

func insert[K, V comparable](m map[K]sets.Set[V], key K, value V) {
	if m[key] == nil {
		m[key] = sets.New[V]()
	}
	m[key].Insert(value)
}

func remove[K, V comparable](m map[K]sets.Set[V], key K, value V) {
	if m[key].Delete(value); m[key].Len() == 0 {
		delete(m, key)
	}
}

func serviceRef(namespace, name string) traffic.Ref {
	return traffic.Ref{Resource: "services", Namespace: namespace, Name: name}
}

// templateRef names an AnalysisTemplate, or a ClusterAnalysisTemplate where there is no namespace.
func templateRef(namespace, name string) traffic.Ref {
	resource := "analysistemplates"
	if namespace == "" {
		resource = "clusteranalysistemplates"
	}
	return traffic.Ref{Group: rov1.GroupName, Resource: resource, Namespace: namespace, Name: name}
}
