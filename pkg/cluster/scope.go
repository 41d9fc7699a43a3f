// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"

	"argosy.dev/argosy/pkg/application/object"
)

// scope is one watch: of a kind, in a namespace or everywhere. It is the store of its reflector. Except for what is set
// when it is made, it belongs to the cache's lock.
type scope struct {
	cache     *Cache
	table     *table
	namespace string
	ctx       context.Context
	cancel    context.CancelFunc

	synced, ended bool
	// missed tells that it could not be listed at first, so that whoever needed it has been given an error.
	missed bool
	// err is why it could not be listed or watched when that was last tried, and denied since when that is forbidden.
	err    error
	denied time.Time
	// lost tells that its users know that the right to it was taken away.
	lost bool
	// seen is the resourceVersion up to which everything is known.
	seen    string
	changed chan struct{}
	touched time.Time
}

func newScope(c *Cache, t *table, namespace string) *scope {
	s := &scope{cache: c, table: t, namespace: namespace, changed: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancel(c.ctx)
	return s
}

// trouble is why what the scope knows is of no use: it has never been listed, or may not be any longer. That the cluster
// cannot be reached for a while is no reason.
func (s *scope) trouble() error {
	if s.err == nil || s.synced && !s.revoked() || s.splits(s.err) {
		return nil
	}
	return s.err
}

// revoked tells that the right to what could be watched was taken away. A server that starts denies everything for a
// moment, so that counts only after a while.
func (s *scope) revoked() bool {
	return forbidden(s.err) && !s.denied.IsZero() && time.Since(s.denied) > s.cache.caches.config.Grace
}

// splits tells whether an error means that namespaces are to be watched one by one.
func (s *scope) splits(err error) bool {
	return apierrors.IsForbidden(err) && s.namespace == "" && s.table.kind.Namespaced
}

func (s *scope) wakeLocked() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// run watches until the scope is ended.
func (s *scope) run() {
	defer s.cancel()
	client := s.cache.objects.Resource(s.table.kind.GVR())
	var denied error // what the watch was answered, so that the list after it need not ask for the same answer
	source := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			if err := denied; err != nil {
				denied = nil
				return nil, err
			}
			list, err := client.Namespace(s.namespace).List(ctx, options)
			s.note(err)
			return list, err
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			w, err := client.Namespace(s.namespace).Watch(ctx, options)
			if forbidden(err) {
				denied = err
			}
			if options.SendInitialEvents == nil || forbidden(err) || !isStatus(err) {
				s.note(err) // else a server that knows no streamed lists: the list comes next
			}
			return w, err
		},
	}
	expected := &unstructured.Unstructured{}
	expected.SetGroupVersionKind(s.table.kind.GroupVersionKind)
	backoff := &wait.Backoff{Duration: 500 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 10, Cap: 10 * time.Second}
	listAndWatch(s.ctx, cache.NewReflectorWithOptions(source, expected, s,
		cache.ReflectorOptions{Name: "cluster", TypeDescription: s.table.kind.GroupKind().String(), Backoff: backoff}), backoff, s.failed)
}

// note remembers how the last request went.
func (s *scope) note(err error) {
	if s.ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return
	}
	c := s.cache
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil || isStatus(err) {
		c.down = nil
	} else {
		c.down = err
	}
	if (err == nil) == (s.err == nil) && err == nil {
		return
	}
	s.setLocked(err)
}

// setLocked remembers an error, or that there is none.
func (s *scope) setLocked(err error) {
	s.err = err
	switch {
	case !forbidden(err):
		s.denied, s.lost = time.Time{}, false
	case s.denied.IsZero():
		s.denied = time.Now()
	}
	if err != nil && !s.synced && !s.splits(err) {
		s.missed = true
	}
	s.wakeLocked()
}

// failed looks at why listing or watching ended, and reports whether it is to be tried again.
func (s *scope) failed(err error) (again bool) {
	c := s.cache
	if s.ctx.Err() != nil {
		return false
	}
	users := map[string]struct{}{}
	c.mu.Lock()
	if s.err == nil {
		s.setLocked(err)
	}
	kind, split := s.table.kind, s.splits(err)
	if s.synced {
		revoked := s.revoked()
		if split = split && revoked; revoked && !s.lost {
			s.lost = true
			c.needersLocked(kind, users) // they must ask anew
		}
	}
	if split && !s.ended {
		c.splitLocked(s.table, s)
	}
	c.mu.Unlock()
	c.tell(object.Key{Group: kind.Group, Kind: kind.Kind}, users)
	return !split
}

// needersLocked adds the users that need a kind.
func (c *Cache) needersLocked(kind Kind, users map[string]struct{}) {
	for name, u := range c.users {
		if _, needs := u.where[kind.GroupKind()]; needs {
			users[name] = struct{}{}
		}
	}
}

// Transformer has objects made into items as they arrive, so that a long first list is never in memory in full.
func (s *scope) Transformer() cache.TransformFunc {
	return func(o any) (any, error) { return s.item(o) }
}

func (s *scope) item(o any) (*item, error) {
	switch o := o.(type) {
	case *item:
		return o, nil
	case *unstructured.Unstructured:
		return s.cache.item(s.table, o, false)
	default:
		return nil, errors.New("what was watched is no object")
	}
}

// Add, and the other methods of a reflector's store, tell what the watch has seen.
func (s *scope) Add(o any) error { return s.Update(o) }

// Update puts an object in the place of what was known of it.
func (s *scope) Update(o any) error {
	it, err := s.item(o)
	if err != nil {
		return err
	}
	users := map[string]struct{}{}
	s.cache.mu.Lock()
	if !s.ended {
		s.cache.putLocked(it, users)
	}
	s.cache.mu.Unlock()
	s.cache.tell(it.key(), users)
	return nil
}

// Delete takes an object away.
func (s *scope) Delete(o any) error {
	it, err := s.item(o)
	if err != nil {
		return err
	}
	users := map[string]struct{}{}
	c := s.cache
	c.mu.Lock()
	if !s.ended {
		if s.table.gone[it.place] == it.uid {
			delete(s.table.gone, it.place)
		}
		if old := s.table.items[it.place]; old != nil && (old.uid == it.uid || newer(it.version, old.version)) {
			c.dropLocked(old, users)
		}
		s.seenLocked(it.version)
	}
	c.mu.Unlock()
	c.tell(it.key(), users)
	return nil
}

// Replace is the result of a list. What it lacks has gone, unless it was written after the list.
func (s *scope) Replace(list []any, version string) error {
	all := make([]*item, 0, len(list))
	listed := make(map[place]struct{}, len(list))
	for _, o := range list {
		it, err := s.item(o)
		if err != nil {
			return err
		}
		all = append(all, it)
		listed[it.place] = struct{}{}
	}
	c := s.cache
	told := map[object.Key]map[string]struct{}{}
	change := func(it *item, apply func(*item, map[string]struct{})) {
		users := map[string]struct{}{}
		if apply(it, users); len(users) > 0 && s.synced {
			told[it.key()] = users
		}
	}
	c.mu.Lock()
	if s.ended {
		c.mu.Unlock()
		return nil
	}
	for at := range s.table.gone {
		if s.namespace == "" || at.namespace == s.namespace {
			delete(s.table.gone, at)
		}
	}
	for at, it := range s.table.items {
		if _, there := listed[at]; !there && (s.namespace == "" || at.namespace == s.namespace) && !newer(it.version, version) {
			change(it, c.dropLocked)
		}
	}
	for _, it := range all {
		change(it, c.putLocked)
	}
	if !s.synced && s.missed {
		users := map[string]struct{}{}
		c.needersLocked(s.table.kind, users)
		told[object.Key{Group: s.table.kind.Group, Kind: s.table.kind.Kind}] = users
	}
	s.synced, s.seen, c.down = true, version, nil
	s.setLocked(nil)
	c.mu.Unlock()
	for key, users := range told {
		c.tell(key, users)
	}
	return nil
}

// Resync does nothing: what has not changed is not told.
func (s *scope) Resync() error { return nil }

// UpdateResourceVersion tells up to where the watch has seen everything.
func (s *scope) UpdateResourceVersion(version string) {
	s.cache.mu.Lock()
	defer s.cache.mu.Unlock()
	s.seenLocked(version)
}

func (s *scope) seenLocked(version string) {
	if s.seen == "" || newer(version, s.seen) {
		s.seen = version
	}
}

func forbidden(err error) bool { return apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) }

// isStatus tells whether the server itself answered the error.
func isStatus(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status)
}
