// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"argosy.dev/argosy/pkg/application/object"
)

var errNotYet = errors.New("not built yet")

// Caches are the caches of all clusters in use, one for each cluster, credentials and identity.
type Caches struct{ config Config }

// New returns caches. They do nothing before they are used, and end with Run.
func New(config Config) *Caches { return &Caches{config: config} }

// Run keeps the caches, ends those that nobody uses, and ends all with the context, after which it waits for them.
func (c *Caches) Run(ctx context.Context) { <-ctx.Done() }

// Use returns the cache of a destination as seen by an identity, and notes that the user (an application) uses this one
// and no other. It asks the cluster nothing. Our own credentials are refused without an identity.
func (c *Caches) Use(user string, d Destination, identity Identity) (*Cache, error) {
	return nil, errNotYet
}

// Release notes that the user uses no cache any longer.
func (c *Caches) Release(user string) {}

// Cache is what is known of one cluster as one identity sees it, and the way to change it.
type Cache struct{}

// Kinds returns what the cluster serves. It asks the cluster only if that is not known.
func (c *Cache) Kinds(ctx context.Context) (*Kinds, error) { return nil, errNotYet }

// Find returns the kind, in the version if given and else in the preferred one. A kind that is not known to be served is
// looked for anew, at most every few seconds. The error is a *NotServed if the cluster does not serve it.
func (c *Cache) Find(ctx context.Context, kind schema.GroupKind, version string) (Kind, error) {
	return Kind{}, errNotYet
}

// Watch says what the user needs to know, in place of what it said before, and waits until the cache knows it. The error
// joins a *WatchError for each kind and namespace that cannot be watched; what it does not name is known. A kind that the
// cluster does not serve is no error. An unchanged need costs nothing.
func (c *Cache) Watch(ctx context.Context, user string, needs Needs) error { return errNotYet }

// Get returns an object in full, nil if it is not there, in the version if given and else in the one that the cluster
// prefers. Its kind is watched from then on. The object must not be changed.
func (c *Cache) Get(ctx context.Context, key object.Key, version string) (*unstructured.Unstructured, error) {
	return nil, errNotYet
}

// Managed returns the objects that belong to an instance, sorted by key, of all kinds that are watched: by annotation, and
// with label those by label too that no controller owns. They must not be changed.
func (c *Cache) Managed(instance string, label bool) []*unstructured.Unstructured { return nil }

// Seen tells whether the cache shows the object at that version or a later one. What a write of ours answered is shown at
// once.
func (c *Cache) Seen(key object.Key, resourceVersion string) bool { return false }

// Err is why the cluster cannot be reached now, nil if it can as far as is known.
func (c *Cache) Err() error { return errNotYet }

// RESTConfig is a client configuration as the identity, for what the cache does not do (logs of pods). It holds
// credentials.
func (c *Cache) RESTConfig() *rest.Config { return nil }

// Apply makes an object what it should be.
func (c *Cache) Apply(ctx context.Context, request ApplyRequest) (Applied, error) {
	return Applied{}, errNotYet
}

// Delete deletes an object. One that is not there is gone.
func (c *Cache) Delete(ctx context.Context, request DeleteRequest) (Deleted, error) {
	return Deleted{}, errNotYet
}

// RemoveFinalizer takes a finalizer off the object with that UID. One that is not there, or has it no longer, is no error.
func (c *Cache) RemoveFinalizer(ctx context.Context, key object.Key, uid types.UID, finalizer string) error {
	return errNotYet
}

// Tree returns the objects with these keys that are there, and all that they own, each after its owners. The kinds that
// controllers of Kubernetes make are watched from then on, for a while; of others metadata is listed, where an object is of
// a kind of which it is not known what it owns.
func (c *Cache) Tree(ctx context.Context, roots []object.Key) ([]Node, error) { return nil, errNotYet }

// Orphans returns the objects of a namespace that nothing owns and no application has made, sorted by key, without those
// that Kubernetes makes in every namespace.
func (c *Cache) Orphans(ctx context.Context, namespace string) ([]Node, error) { return nil, errNotYet }
