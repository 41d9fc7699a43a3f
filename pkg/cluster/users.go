// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"argosy.dev/argosy/pkg/application/object"
)

// user is what a cache knows of one of its users.
type user struct {
	needs Needs
	// objects are Needs.Objects as the cluster knows them: without namespaces for kinds that have none.
	objects []object.Key
	// kinds is what the cluster served when this was made.
	kinds *Kinds
	// where are the namespaces in which each kind is needed: of its objects, and Needs.Namespaces.
	where map[schema.GroupKind][]string
}

// join notes a user, and leave that it is one no longer. Both are called under the lock of Caches.
func (c *Cache) join(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.users[name] == nil {
		c.users[name] = &user{}
	}
}

func (c *Cache) leave(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if u := c.users[name]; u != nil {
		c.forgetLocked(name, u)
		delete(c.users, name)
		c.touchLocked(u)
	}
	if len(c.users) == 0 {
		c.unused = time.Now()
	}
}

// Watch says what the user needs to know, in place of what it said before, and waits until the cache knows it. The error
// joins a *WatchError for each kind and namespace that cannot be watched; what it does not name is known. A kind that the
// cluster does not serve is no error. An unchanged need costs nothing.
func (c *Cache) Watch(ctx context.Context, name string, needs Needs) error {
	kinds, err := c.Kinds(ctx)
	if err != nil {
		return err
	}
	u, err := c.setNeeds(name, needs, kinds)
	if err != nil {
		return err
	}
	var errs []error
	type waiting struct {
		kind      Kind
		namespace string
	}
	var all []waiting
	for kind, namespaces := range u.where {
		served, err := c.Find(ctx, kind, "")
		if unserved := (*NotServed)(nil); errors.As(err, &unserved) {
			continue
		}
		if err != nil {
			errs = append(errs, &WatchError{Kind: kind, Err: short(err)})
			continue
		}
		if !served.watchable() {
			continue // each object is read when it is asked for
		}
		if !served.Namespaced {
			namespaces = []string{""}
		}
		for _, namespace := range namespaces {
			all = append(all, waiting{kind: served, namespace: namespace})
		}
	}
	// All are begun before the first is waited for.
	c.mu.Lock()
	for _, w := range all {
		_, _ = c.scopeLocked(w.kind, w.namespace) // what is wrong with it, await tells
	}
	c.mu.Unlock()
	for _, w := range all {
		if err := c.await(ctx, w.kind, w.namespace); err != nil {
			errs = append(errs, err)
		}
	}
	if needs.Label {
		errs = append(errs, c.complete(ctx, needs.Instance))
	}
	return errors.Join(errs...)
}

// complete reads the objects that bear the label of an instance and that the cache does not hold in full, since it did not
// know that they are wanted.
func (c *Cache) complete(ctx context.Context, instance string) error {
	c.mu.Lock()
	var missing []*item
	for it := range c.index.label[instance] {
		if !it.full && !it.annotated {
			missing = append(missing, it)
		}
	}
	c.mu.Unlock()
	for _, it := range missing {
		kind := it.table.kind
		u, err := c.read(ctx, it.key(), kind.Version)
		if err != nil {
			return err
		}
		if u != nil {
			c.learn(kind, u)
		}
	}
	return nil
}

// setNeeds puts what a user needs in the place of what it needed.
func (c *Cache) setNeeds(name string, needs Needs, kinds *Kinds) (*user, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	u := c.users[name]
	if u == nil {
		return nil, errors.New("the cache is not, or no longer, used by whoever asks")
	}
	if u.kinds == kinds && u.needs.same(needs) {
		return u, nil
	}
	// A new one, since others may be reading the old.
	now := &user{needs: needs.clone(), kinds: kinds, where: map[schema.GroupKind][]string{}}
	for _, key := range needs.Objects {
		kind := key.GroupKind()
		if served, err := kinds.Find(kind, ""); err == nil && !served.Namespaced {
			key.Namespace = ""
		}
		now.objects = append(now.objects, key)
		if key.Namespace != "" && !slices.Contains(now.where[kind], key.Namespace) || now.where[kind] == nil {
			now.where[kind] = append(now.where[kind], key.Namespace)
		}
	}
	for kind, namespaces := range now.where {
		for _, namespace := range needs.Namespaces {
			if !slices.Contains(namespaces, namespace) {
				namespaces = append(namespaces, namespace)
			}
		}
		now.where[kind] = slices.DeleteFunc(namespaces, func(namespace string) bool { return namespace == "" && len(namespaces) > 1 })
	}
	c.forgetLocked(name, u)
	c.users[name] = now
	if needs.Instance != "" {
		c.index.of[needs.Instance] = append(c.index.of[needs.Instance], name)
		if needs.Label {
			c.index.labelled[needs.Instance] = append(c.index.labelled[needs.Instance], name)
		}
	}
	for _, key := range now.objects {
		if !slices.Contains(c.index.wanted[key], name) {
			c.index.wanted[key] = append(c.index.wanted[key], name)
		}
	}
	c.touchLocked(u)
	return now, nil
}

// forgetLocked takes what a user needs out of the index.
func (c *Cache) forgetLocked(name string, u *user) {
	if u.needs.Instance != "" {
		without(c.index.of, u.needs.Instance, name)
		without(c.index.labelled, u.needs.Instance, name)
	}
	for _, key := range u.objects {
		without(c.index.wanted, key, name)
	}
}

// touchLocked has what a user needed kept for a while longer.
func (c *Cache) touchLocked(u *user) {
	now := time.Now()
	for kind := range u.where {
		if t := c.tables[kind]; t != nil {
			t.touched = now
		}
	}
}

// sweep ends watches that nobody needs and nobody has asked for since old. It reports whether the cache itself has ended
// for this reason. It is called under the lock of Caches.
func (c *Cache) sweep(old time.Time) (ended bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.users) == 0 && c.unused.Before(old) {
		c.cancel()
		return true
	}
	needed := map[schema.GroupKind]map[string]struct{}{}
	for _, u := range c.users {
		for kind, namespaces := range u.where {
			if needed[kind] == nil {
				needed[kind] = map[string]struct{}{}
			}
			for _, namespace := range namespaces {
				needed[kind][namespace] = struct{}{}
			}
		}
	}
	for kind, t := range c.tables {
		for namespace, s := range t.scopes {
			if namespace == "" && needed[kind] != nil {
				continue
			}
			if _, used := needed[kind][namespace]; !used && t.touched.Before(old) && s.touched.Before(old) {
				c.endScopeLocked(t, s)
			}
		}
		if len(t.scopes) == 0 && needed[kind] == nil && t.touched.Before(old) {
			delete(c.tables, kind)
		}
	}
	c.lists.sweep(old)
	return false
}

// kindsChanged tells users who ask for kinds, and those of kinds that are served now and were not, or the other way round, and ends watches of kinds
// that are served otherwise than before: they begin anew when somebody asks.
func (c *Cache) kindsChanged(changed map[schema.GroupKind]struct{}, now *Kinds) {
	told := map[schema.GroupKind]map[string]struct{}{}
	c.mu.Lock()
	tell := func(kind schema.GroupKind, name string) {
		if told[kind] == nil {
			told[kind] = map[string]struct{}{}
		}
		told[kind][name] = struct{}{}
	}
	for name, u := range c.users {
		if u.needs.Kinds {
			for kind := range changed {
				tell(kind, name)
				break // one is as good as all
			}
			continue
		}
		for kind := range u.where {
			if _, is := changed[kind]; is {
				tell(kind, name)
			}
		}
	}
	for kind := range changed {
		t := c.tables[kind]
		if t == nil {
			continue
		}
		if served, err := now.Find(kind, ""); err == nil && served.GVR() == t.kind.GVR() && served.Namespaced == t.kind.Namespaced {
			continue
		}
		for _, s := range t.scopes {
			c.endScopeLocked(t, s)
		}
		delete(c.tables, kind)
	}
	c.mu.Unlock()
	for kind, users := range told {
		c.tell(object.Key{Group: kind.Group, Kind: kind.Kind}, users)
	}
}

func (n Needs) same(other Needs) bool {
	return n.Instance == other.Instance && n.Label == other.Label && n.Kinds == other.Kinds && slices.Equal(n.Objects, other.Objects) && slices.Equal(n.Namespaces, other.Namespaces)
}

func (n Needs) clone() Needs {
	n.Objects, n.Namespaces = slices.Clone(n.Objects), slices.Clone(n.Namespaces)
	return n
}

// without takes a value out of a list.
func without[K comparable](in map[K][]string, key K, value string) {
	list := slices.DeleteFunc(in[key], func(one string) bool { return one == value })
	if len(list) == 0 {
		delete(in, key)
		return
	}
	in[key] = list
}
