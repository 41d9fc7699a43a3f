// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"argosy.dev/argosy/pkg/application/object"
)

// Cache is what is known of one cluster as one identity sees it, and the way to change it.
type Cache struct {
	caches      *Caches
	link        *link
	destination Destination
	identity    Identity
	config      *rest.Config
	client      rest.Interface
	objects     dynamic.Interface
	metadata    metadata.Interface

	// ctx lasts as long as the cache is used.
	ctx    context.Context
	cancel context.CancelFunc

	mu     sync.Mutex
	tables map[schema.GroupKind]*table
	users  map[string]*user
	unused time.Time // since when there is no user
	index  index
	// waiting are channels that are closed when the object changes.
	waiting map[object.Key][]chan struct{}
	// down is why the cluster could not be reached when it was last tried.
	down error
	// lists are what Orphans and Tree have listed lately.
	lists lists
}

func newCache(caches *Caches, l *link, d Destination, identity Identity) (*Cache, error) {
	config := rest.CopyConfig(d.config)
	if err := identity.impersonate(config); err != nil {
		return nil, err
	}
	prepare(config, caches.config.UserAgent)
	if told := caches.config.Requested; told != nil {
		config.Wrap(func(next http.RoundTripper) http.RoundTripper {
			return &telling{next: next, server: d.Server, told: told}
		})
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, clientError(err)
	}
	raw, err := rest.UnversionedRESTClientForConfigAndClient(unversioned(config), client)
	if err != nil {
		return nil, clientError(err)
	}
	meta, err := metadata.NewForConfigAndClient(config, client)
	if err != nil {
		return nil, clientError(err)
	}
	c := &Cache{
		caches: caches, link: l, destination: d, identity: identity, config: config, client: raw, objects: dynamic.New(raw), metadata: meta,
		tables: map[schema.GroupKind]*table{}, users: map[string]*user{}, unused: time.Now(), index: newIndex(), waiting: map[object.Key][]chan struct{}{},
	}
	c.ctx, c.cancel = context.WithCancel(l.ctx)
	return c, nil
}

// unversioned is the configuration of a client for objects of every kind.
func unversioned(config *rest.Config) *rest.Config {
	out := dynamic.ConfigFor(config)
	out.GroupVersion = &schema.GroupVersion{}
	out.APIPath = "/unused" // each request has its own
	return out
}

// RESTConfig is a client configuration as the identity, for what the cache does not do (logs of pods). It holds
// credentials.
func (c *Cache) RESTConfig() *rest.Config { return rest.CopyConfig(c.config) }

// Destination is the cluster.
func (c *Cache) Destination() Destination { return c.destination }

// Kinds returns what the cluster serves. It asks the cluster only if that is not known.
func (c *Cache) Kinds(ctx context.Context) (*Kinds, error) { return c.link.kinds(ctx) }

// Find returns the kind, in the version if given and else in the preferred one. A kind that is not known to be served is
// looked for anew, at most every few seconds. The error is a *NotServed if the cluster does not serve it.
func (c *Cache) Find(ctx context.Context, kind schema.GroupKind, version string) (Kind, error) {
	kinds, err := c.link.kinds(ctx)
	if err != nil {
		return Kind{}, err
	}
	found, err := kinds.Find(kind, version)
	if err == nil {
		return found, nil
	}
	if err := c.link.refresh(ctx, c.link.patience(time.Now())); err != nil {
		return Kind{}, err
	}
	if kinds, err = c.link.kinds(ctx); err != nil {
		return Kind{}, err
	}
	return kinds.Find(kind, version)
}

// Changing tells that definitions of kinds have just changed: what is not served may be about to be.
func (c *Cache) Changing() bool { return c.link.patience(time.Now()) < rediscover }

// Get returns an object in full, nil if it is not there, in the version if given and else in the one that the cluster
// prefers. Its kind is watched from then on. The object must not be changed.
func (c *Cache) Get(ctx context.Context, key object.Key, version string) (*unstructured.Unstructured, error) {
	kind, err := c.Find(ctx, key.GroupKind(), "")
	if err != nil {
		return nil, err
	}
	if !kind.Namespaced {
		key.Namespace = ""
	}
	if err := c.destination.Permits(key.Namespace); err != nil {
		return nil, err
	}
	if !kind.watchable() {
		return c.read(ctx, key, version)
	}
	if err := c.await(ctx, kind, key.Namespace); err != nil {
		return nil, err
	}
	it := c.lookup(key)
	switch {
	case it == nil:
		return nil, nil
	case !it.full:
		u, err := c.read(ctx, key, kind.Version)
		if err != nil || u == nil {
			return nil, err
		}
		c.learn(kind, u)
		if version == "" || version == kind.Version {
			return u, nil
		}
	case version == "" || version == kind.Version:
		return it.object(kind), nil
	}
	return c.convert(ctx, key, version, it)
}

// convert returns an object in a version in which it is not watched. Only the server can convert it; what it answers is
// kept until the object changes.
func (c *Cache) convert(ctx context.Context, key object.Key, version string, it *item) (*unstructured.Unstructured, error) {
	if u := it.convertedTo(version); u != nil {
		return u, nil
	}
	u, err := c.read(ctx, key, version)
	if err == nil && u != nil && u.GetResourceVersion() == it.version {
		it.keepConverted(u, version)
	}
	return u, err
}

// read asks the server for an object: nil if it is not there.
func (c *Cache) read(ctx context.Context, key object.Key, version string) (*unstructured.Unstructured, error) {
	kind, err := c.Find(ctx, key.GroupKind(), version)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	raw, err := answer(c.request(c.client.Get(), kind, key.Namespace, key.Name).Do(ctx))
	if notFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, failure(key, err)
	}
	return decode(key, raw)
}

// lookup returns the item of a key, nil if there is none.
func (c *Cache) lookup(key object.Key) *item {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t := c.tables[key.GroupKind()]; t != nil {
		return t.items[place{namespace: key.Namespace, name: key.Name}]
	}
	return nil
}

// Managed returns the objects that belong to an instance, sorted by key, of all kinds that are watched: by annotation, and
// with label those by label too that no controller owns. They must not be changed.
func (c *Cache) Managed(instance string, label bool) []*unstructured.Unstructured {
	c.mu.Lock()
	var found []*item
	for it := range c.index.instance[instance] {
		found = append(found, it)
	}
	if label {
		for it := range c.index.label[instance] {
			if it.instance != instance && !it.annotated && it.full {
				found = append(found, it)
			}
		}
	}
	c.mu.Unlock()
	out := make([]*unstructured.Unstructured, 0, len(found))
	slices.SortFunc(found, func(a, b *item) int { return compareKeys(a.key(), b.key()) })
	for _, it := range found {
		out = append(out, it.object(it.table.kind))
	}
	return out
}

// Seen tells whether the cache shows the object at that version or a later one. What a write of ours answered is shown at
// once.
func (c *Cache) Seen(key object.Key, resourceVersion string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tables[key.GroupKind()]
	if t == nil {
		return false
	}
	if it := t.items[place{namespace: key.Namespace, name: key.Name}]; it != nil {
		return !newer(resourceVersion, it.version)
	}
	s := t.scopeOf(key.Namespace)
	return s != nil && s.synced && !newer(resourceVersion, s.seen)
}

// Watching returns the kinds that are watched now, sorted by group and kind.
func (c *Cache) Watching() []schema.GroupKind {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.SortedFunc(maps.Keys(c.tables), func(a, b schema.GroupKind) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind, b.Kind))
	})
}

// Err is why the cluster cannot be reached now, nil if it can as far as is known.
func (c *Cache) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.down
}

// await waits until the kind is known where it is asked for. The error says why it cannot be known.
func (c *Cache) await(ctx context.Context, kind Kind, namespace string) error {
	for {
		c.mu.Lock()
		s, err := c.scopeLocked(kind, namespace)
		if err != nil {
			c.mu.Unlock()
			return &WatchError{Kind: kind.GroupKind(), Namespace: namespace, Err: err}
		}
		if err := s.trouble(); err != nil {
			c.mu.Unlock()
			return &WatchError{Kind: kind.GroupKind(), Namespace: s.namespace, Err: short(err)}
		}
		synced, changed := s.synced, s.changed
		c.mu.Unlock()
		if synced {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("listing %s: %w", kind.GroupKind(), context.Cause(ctx))
		case <-c.ctx.Done():
			return errEnded
		}
	}
}

// awaitGone waits until the object with that UID is gone.
func (c *Cache) awaitGone(ctx context.Context, key object.Key, it *item) error {
	for {
		c.mu.Lock()
		t := c.tables[key.GroupKind()]
		if t == nil {
			c.mu.Unlock()
			return errors.New("its kind is no longer watched")
		}
		if now := t.items[it.place]; now == nil || now.uid != it.uid {
			c.mu.Unlock()
			return nil
		}
		changed := make(chan struct{})
		c.waiting[key] = append(c.waiting[key], changed)
		c.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-c.ctx.Done():
			return errEnded
		}
	}
}

func compareKeys(a, b object.Key) int {
	return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}
