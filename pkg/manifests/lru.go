// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import "container/list"

// lru keeps values up to so many bytes, those that were used last. It is not for concurrent use.
type lru[V any] struct {
	limit, size int64
	order       *list.List // The front was used last.
	places      map[string]*list.Element
}

type kept[V any] struct {
	key   string
	value V
	size  int64
}

func newLRU[V any](limit int64) *lru[V] {
	return &lru[V]{limit: limit, order: list.New(), places: map[string]*list.Element{}}
}

// get returns a value and notes that it was used.
func (l *lru[V]) get(key string) (V, bool) {
	place := l.places[key]
	if place == nil {
		var none V
		return none, false
	}
	l.order.MoveToFront(place)
	return place.Value.(*kept[V]).value, true
}

// put keeps a value, instead of an older one. What is larger than all together may be is not kept.
func (l *lru[V]) put(key string, value V, size int64) {
	l.drop(key)
	if size > l.limit {
		return
	}
	l.places[key] = l.order.PushFront(&kept[V]{key, value, size})
	for l.size += size; l.size > l.limit; {
		l.drop(l.order.Back().Value.(*kept[V]).key)
	}
}

// drop forgets a value.
func (l *lru[V]) drop(key string) {
	if place := l.places[key]; place != nil {
		l.size -= place.Value.(*kept[V]).size
		l.order.Remove(place)
		delete(l.places, key)
	}
}
