// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package loop

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
)

// Overlay is what a process knows of objects that it wrote itself and that its cache does not show yet. With it, a
// decision never rests on a state from before the last one. Losing it, as a restart does, costs work done twice and
// never a wrong result, as long as effects are idempotent. It is not safe for concurrent use.
//
// The zero value is ready.
type Overlay[K comparable, T metav1.Object] struct {
	written map[K]T
	deleted map[K]types.UID
}

// Wrote remembers an object as the server returned it.
func (o *Overlay[K, T]) Wrote(key K, object T) {
	if o.written == nil {
		o.written = map[K]T{}
	}
	o.written[key] = object
	delete(o.deleted, key)
}

// Deleted remembers that the object with that UID is gone, or going.
func (o *Overlay[K, T]) Deleted(key K, uid types.UID) {
	if o.deleted == nil {
		o.deleted = map[K]types.UID{}
	}
	o.deleted[key] = uid
	delete(o.written, key)
}

// Apply brings a view of the cache up to what was written, and forgets what the cache knows by now. seen is the
// resourceVersion up to which the cache has seen all changes, empty if that is not known: an object that was written
// before and that the cache lacks was deleted since. It must be read before the view is. It reports whether the cache is
// still behind.
func (o *Overlay[K, T]) Apply(view map[K]T, seen string) (behind bool) {
	for key, written := range o.written {
		cached, shown := view[key]
		switch {
		case shown && !Newer(written.GetResourceVersion(), cached.GetResourceVersion()),
			!shown && seen != "" && !Newer(written.GetResourceVersion(), seen):
			delete(o.written, key)
		default:
			view[key] = written
			behind = true
		}
	}
	for key, uid := range o.deleted {
		if cached, shown := view[key]; shown && cached.GetUID() == uid && cached.GetDeletionTimestamp() == nil {
			delete(view, key)
			behind = true
		} else {
			delete(o.deleted, key)
		}
	}
	return behind
}

// Newer reports whether resource version a is later than b. Versions that cannot be compared count as later, so that
// what is known is kept.
func Newer(a, b string) bool {
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err != nil || order > 0
}

// Newest returns the newer of an object that a cache has and of the version that this process wrote last, which is
// dropped once the cache has it. The result is shared: it must not be changed.
func Newest[T interface {
	comparable
	metav1.Object
}](written *T, cached T) T {
	var none T
	if *written != none && Newer((*written).GetResourceVersion(), cached.GetResourceVersion()) {
		return *written
	}
	*written = none
	return cached
}
