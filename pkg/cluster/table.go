// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"argosy.dev/argosy/pkg/application/object"
)

// table is what a cache knows of one kind. It belongs to the cache's lock.
type table struct {
	kind  Kind
	items map[place]*item
	// gone are objects of which a write of ours said that they are gone, and of which the watches may still tell.
	gone map[place]types.UID
	// split tells that each namespace is watched by itself, since the whole cluster may not be.
	split  bool
	scopes map[string]*scope
	// touched is when somebody last asked for the kind.
	touched time.Time
}

// scopeOf returns the scope in which a namespace is watched, nil if it is not.
func (t *table) scopeOf(namespace string) *scope {
	if t.split {
		return t.scopes[namespace]
	}
	return t.scopes[""]
}

// scopeLocked returns the scope in which a namespace is watched, and begins to watch it if need be.
func (c *Cache) scopeLocked(kind Kind, namespace string) (*scope, error) {
	if c.ctx.Err() != nil {
		return nil, errEnded
	}
	if err := c.destination.Permits(namespace); kind.Namespaced == (namespace != "") && err != nil {
		return nil, err
	}
	t := c.tables[kind.GroupKind()]
	if t == nil {
		t = &table{kind: kind, items: map[place]*item{}, gone: map[place]types.UID{}, scopes: map[string]*scope{}}
		t.split = kind.Namespaced && len(c.destination.Namespaces) > 0
		c.tables[kind.GroupKind()] = t
	}
	t.touched = time.Now()
	switch {
	case !t.split:
		namespace = ""
	case namespace == "":
		return nil, errors.New("no namespace is given")
	}
	s := t.scopes[namespace]
	if s == nil {
		s = newScope(c, t, namespace)
		if !c.caches.start(s.run) {
			return nil, errEnded
		}
		t.scopes[namespace] = s
	}
	s.touched = t.touched
	return s, nil
}

// splitLocked goes on with one watch for each namespace, as they are asked for.
func (c *Cache) splitLocked(t *table, s *scope) {
	t.split = true
	c.endScopeLocked(t, s)
}

// endScopeLocked ends a watch, and forgets what it knew.
func (c *Cache) endScopeLocked(t *table, s *scope) {
	if t.scopes[s.namespace] == s {
		delete(t.scopes, s.namespace)
	}
	s.ended = true
	s.cancel()
	s.wakeLocked()
	for at, it := range t.items {
		if s.namespace == "" || at.namespace == s.namespace {
			c.index.remove(it)
			delete(t.items, at)
			c.wakeLocked(it)
		}
	}
	for at := range t.gone {
		if s.namespace == "" || at.namespace == s.namespace {
			delete(t.gone, at)
		}
	}
}

// wantedLocked tells whether the item is to be held in full for other reasons than that an application has made it.
func (c *Cache) wantedLocked(it *item) bool {
	return len(c.index.wanted[it.key()]) > 0 || it.label != "" && len(c.index.labelled[it.label]) > 0 && !it.controlled()
}

// item makes an item of an object as it came from the server. The object is changed.
func (c *Cache) item(t *table, u *unstructured.Unstructured, full bool) (*item, error) {
	return newItem(t, u, c.caches.config.InstanceLabel, func(it *item) bool {
		if full {
			return true
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.wantedLocked(it)
	})
}

// putLocked stores an item, unless what is stored is later, and adds the users whom the change concerns.
func (c *Cache) putLocked(it *item, users map[string]struct{}) {
	t := it.table
	old := t.items[it.place]
	switch {
	case t.gone[it.place] == it.uid && it.uid != "":
		return
	case old == nil:
	case old.version == it.version && old.uid == it.uid:
		if !old.full && it.full { // read on demand: no change
			c.index.remove(old)
			t.items[it.place] = it
			c.index.add(it)
		}
		return
	case !newer(it.version, old.version):
		return
	}
	if old != nil {
		c.index.remove(old)
	}
	t.items[it.place] = it
	c.index.add(it)
	if old != nil && old.same(it) {
		return
	}
	if old != nil {
		c.index.concerned(old, users)
	}
	c.index.concerned(it, users)
	c.wakeLocked(it)
}

// dropLocked takes an item away.
func (c *Cache) dropLocked(it *item, users map[string]struct{}) {
	c.index.concerned(it, users)
	c.index.remove(it)
	delete(it.table.items, it.place)
	c.wakeLocked(it)
}

// wakeLocked wakes whoever waits for a change of the object.
func (c *Cache) wakeLocked(it *item) {
	key := it.key()
	for _, changed := range c.waiting[key] {
		close(changed)
	}
	delete(c.waiting, key)
}

// learn stores what the server answered to us. The object is not changed.
func (c *Cache) learn(kind Kind, u *unstructured.Unstructured) {
	c.mu.Lock()
	t := c.tables[kind.GroupKind()]
	c.mu.Unlock()
	if t == nil || t.kind.Version != kind.Version {
		return // the kind is not watched, so nobody would be told when it changes
	}
	it, err := c.item(t, u.DeepCopy(), true)
	if err != nil {
		return // what the watch tells will do
	}
	users := map[string]struct{}{}
	c.mu.Lock()
	if s := t.scopeOf(it.namespace); s != nil && c.tables[kind.GroupKind()] == t && !s.pastLocked(it) {
		c.putLocked(it, users)
	}
	c.mu.Unlock()
	c.tell(it.key(), users)
}

// pastLocked tells that the watch has seen the end of an object: the answer to a request may come after what the watch
// tells of it. Nobody would ever take such an object away again.
func (s *scope) pastLocked(it *item) bool {
	return s.table.items[it.place] == nil && s.seen != "" && !newer(it.version, s.seen)
}

// learnGone notes that an object is gone.
func (c *Cache) learnGone(key object.Key, uid types.UID) {
	users := map[string]struct{}{}
	c.mu.Lock()
	if t := c.tables[key.GroupKind()]; t != nil {
		at := place{namespace: key.Namespace, name: key.Name}
		if it := t.items[at]; it != nil && (uid == "" || it.uid == uid) {
			t.gone[at] = it.uid
			c.dropLocked(it, users)
		}
	}
	c.mu.Unlock()
	c.tell(key, users)
}

// tell tells users of a change.
func (c *Cache) tell(key object.Key, users map[string]struct{}) {
	if len(users) == 0 {
		return
	}
	names := make([]string, 0, len(users))
	for name := range users {
		names = append(names, name)
	}
	c.caches.config.Changed(Change{Cache: c, Key: key, Users: names})
}
