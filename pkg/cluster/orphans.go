// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/pager"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

const (
	// fresh is how long what was listed of a namespace is used again.
	fresh = 30 * time.Second
	// listing is how many kinds are listed at a time.
	listing = 8
)

// lists are the objects of namespaces of all kinds that are not watched, as they were listed lately.
type lists struct {
	mu    sync.Mutex
	known map[string]listed
}

type listed struct {
	at    time.Time
	items []*item
}

func (l *lists) sweep(old time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for namespace, known := range l.known {
		if known.at.Before(old) {
			delete(l.known, namespace)
		}
	}
}

// ephemeral are kinds of which every namespace has objects that nobody means to keep.
var ephemeral = map[schema.GroupKind]bool{
	{Kind: "Event"}: true, {Group: "events.k8s.io", Kind: "Event"}: true, {Kind: "Endpoints"}: true,
	{Group: "discovery.k8s.io", Kind: "EndpointSlice"}: true, {Group: "coordination.k8s.io", Kind: "Lease"}: true,
	{Group: "metrics.k8s.io", Kind: "PodMetrics"}: true,
}

// list returns the objects of a namespace of all kinds that are not watched: their metadata. Kinds that the identity may
// not list are left out.
func (c *Cache) list(ctx context.Context, namespace string) ([]*item, error) {
	if err := c.destination.Permits(namespace); err != nil {
		return nil, err
	}
	c.lists.mu.Lock()
	known, there := c.lists.known[namespace]
	c.lists.mu.Unlock()
	if there && time.Since(known.at) < fresh {
		return known.items, nil
	}
	kinds, err := c.Kinds(ctx)
	if err != nil {
		return nil, err
	}
	at := time.Now()
	var mu sync.Mutex
	var all []*item
	seen := map[string]struct{}{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(listing)
	for _, kind := range kinds.All() {
		if !kind.Namespaced || !slices.Contains(kind.verbs, "list") || ephemeral[kind.GroupKind()] || c.watched(kind, namespace) {
			continue
		}
		group.Go(func() error {
			found, err := c.listKind(ctx, kind, namespace)
			if err != nil {
				return fmt.Errorf("listing %s in namespace %s: %w", kind.GroupKind(), namespace, short(err))
			}
			mu.Lock()
			defer mu.Unlock()
			for _, it := range found {
				// One object may be served by several groups.
				if _, twice := seen[string(it.uid)]; !twice {
					seen[string(it.uid)] = struct{}{}
					all = append(all, it)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	c.lists.mu.Lock()
	defer c.lists.mu.Unlock()
	if c.lists.known == nil {
		c.lists.known = map[string]listed{}
	}
	c.lists.known[namespace] = listed{at: at, items: all}
	return all, nil
}

// watched tells whether a kind is known in a namespace without asking.
func (c *Cache) watched(kind Kind, namespace string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.tables[kind.GroupKind()]
	if t == nil {
		return false
	}
	s := t.scopeOf(namespace)
	return s != nil && s.synced && s.trouble() == nil
}

func (c *Cache) listKind(ctx context.Context, kind Kind, namespace string) ([]*item, error) {
	t := &table{kind: kind}
	var out []*item
	pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return c.metadata.Resource(kind.GVR()).Namespace(namespace).List(ctx, options)
	})
	err := pages.EachListItem(ctx, metav1.ListOptions{}, func(o runtime.Object) error {
		meta, ok := o.(metav1.Object)
		if !ok {
			return fmt.Errorf("the server's answer is no list of objects")
		}
		it := &item{
			table: t, place: place{namespace: meta.GetNamespace(), name: meta.GetName()}, uid: meta.GetUID(), version: meta.GetResourceVersion(),
			created: meta.GetCreationTimestamp().Time, deleting: meta.GetDeletionTimestamp() != nil,
			label: meta.GetLabels()[c.caches.config.InstanceLabel], annotated: meta.GetAnnotations()[appv1.AnnotationTrackingID] != "",
		}
		for _, o := range meta.GetOwnerReferences() {
			it.owners = append(it.owners, owner{uid: o.UID, controller: o.Controller != nil && *o.Controller})
		}
		out = append(out, it)
		return nil
	})
	if apierrors.IsForbidden(err) || apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
		return nil, nil
	}
	return out, err
}

// Orphans returns the objects of a namespace that nothing owns and no application has made, sorted by key, without those
// that Kubernetes makes in every namespace. Kinds that are not watched are listed, at most every half minute; kinds that
// the identity may not list are left out.
func (c *Cache) Orphans(ctx context.Context, namespace string) ([]Node, error) {
	all, err := c.list(ctx, namespace)
	if err != nil {
		return nil, err
	}
	orphans := items{}
	c.mu.Lock()
	for _, it := range all {
		if t := c.tables[it.table.kind.GroupKind()]; t == nil || t.scopeOf(namespace) == nil {
			orphans[it] = struct{}{}
		}
	}
	claimed := items{}
	for kind, t := range c.tables {
		for at, it := range t.items {
			if at.namespace != namespace || ephemeral[kind] {
				continue
			}
			orphans[it] = struct{}{}
			for _, claim := range c.claimsLocked(it) {
				claimed[claim] = struct{}{}
			}
		}
	}
	for it := range orphans {
		_, ofSet := claimed[it]
		if ofSet || len(it.owners) > 0 || it.annotated || it.label != "" && len(c.index.labelled[it.label]) > 0 || made(it) {
			delete(orphans, it)
		}
	}
	c.mu.Unlock()
	out := make([]Node, 0, len(orphans))
	for it := range orphans {
		out = append(out, it.node())
	}
	slices.SortFunc(out, func(a, b Node) int { return compareKeys(a.Key, b.Key) })
	return out, nil
}

// made tells whether Kubernetes makes such an object in every namespace, or for itself.
func made(it *item) bool {
	key := it.key()
	if key.Group != "" {
		return false
	}
	switch key.Kind {
	case "ServiceAccount":
		return key.Name == "default"
	case "ConfigMap":
		return key.Name == "kube-root-ca.crt"
	case "Service":
		return key.Namespace == "default" && key.Name == "kubernetes"
	}
	return false
}
