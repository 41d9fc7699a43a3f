// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	discoverycache "k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/cache"

	"argosy.dev/argosy/pkg/controller/loop"
	"argosy.dev/argosy/pkg/rollout/traffic"
)

const (
	// rediscover is how often the cluster is asked anew for a resource that it did not serve.
	rediscover = 30 * time.Second
	// firstList is how long a rollout waits for the first list of a resource.
	firstList = 10 * time.Second
)

// errNotServed tells that the cluster does not serve a resource (now).
var errNotServed = errors.New("the cluster does not serve it")

// onDemand holds caches of resources that only some rollouts use: each begins when the first rollout names an object of
// it, if the cluster serves it by then, and lasts as long as the loop.
type onDemand struct {
	client  dynamic.Interface
	mapper  *restmapper.DeferredDiscoveryRESTMapper
	changed func(traffic.Ref)

	mu      sync.Mutex
	caches  map[schema.GroupResource]*otherCache
	asked   time.Time
	context context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// otherCache is the cache of one resource.
type otherCache struct {
	resource schema.GroupVersionResource
	informer cache.SharedIndexInformer
}

func newOnDemand(client dynamic.Interface, cluster discovery.DiscoveryInterface, changed func(traffic.Ref)) *onDemand {
	ctx, cancel := context.WithCancel(context.Background())
	return &onDemand{
		client: client, changed: changed, context: ctx, cancel: cancel,
		mapper: restmapper.NewDeferredDiscoveryRESTMapper(discoverycache.NewMemCacheClient(cluster)),
		caches: map[schema.GroupResource]*otherCache{},
	}
}

// Start implements loop.Factory. Nothing is needed before a rollout names it.
func (d *onDemand) Start(stop <-chan struct{}) {
	go func() {
		<-stop
		d.cancel()
	}()
}

// Shutdown implements loop.Factory.
func (d *onDemand) Shutdown() {
	d.cancel()
	d.running.Wait()
}

// get returns an object, or nil if there is none; the object is shared and must not be changed. seen is up to where the
// cache has seen the resource. The error is errNotServed if the cluster does not serve the resource.
func (d *onDemand) get(ctx context.Context, ref traffic.Ref) (object *unstructured.Unstructured, seen string, err error) {
	c, err := d.cacheOf(schema.GroupResource{Group: ref.Group, Resource: ref.Resource})
	if err != nil {
		return nil, "", err
	}
	waiting, cancel := context.WithTimeout(ctx, firstList)
	defer cancel()
	if !cache.WaitForCacheSync(waiting.Done(), c.informer.HasSynced) {
		return nil, "", fmt.Errorf("%s cannot be listed; see the log for why", c.resource.GroupResource())
	}
	seen = c.informer.GetStore().LastStoreSyncResourceVersion()
	found, there, err := c.informer.GetStore().GetByKey(ref.Namespace + "/" + ref.Name)
	if err != nil || !there {
		return nil, seen, err
	}
	return found.(*unstructured.Unstructured), seen, nil
}

// of returns the client for the object's resource, in the version that the cluster prefers.
func (d *onDemand) of(ref traffic.Ref) (dynamic.ResourceInterface, error) {
	c, err := d.cacheOf(schema.GroupResource{Group: ref.Group, Resource: ref.Resource})
	if err != nil {
		return nil, err
	}
	return d.client.Resource(c.resource).Namespace(ref.Namespace), nil
}

// begun returns the cache of a resource if there is one already, else nil.
func (d *onDemand) begun(resource schema.GroupResource) cache.SharedIndexInformer {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.caches[resource]; c != nil {
		return c.informer
	}
	return nil
}

// cacheOf returns the cache of a resource, which it begins to fill if need be.
func (d *onDemand) cacheOf(resource schema.GroupResource) (*otherCache, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if c := d.caches[resource]; c != nil {
		return c, nil
	}
	if d.context.Err() != nil {
		return nil, d.context.Err()
	}
	served, err := d.mapper.ResourceFor(resource.WithVersion(""))
	if meta.IsNoMatchError(err) && time.Since(d.asked) > rediscover {
		d.asked = time.Now()
		d.mapper.Reset()
		served, err = d.mapper.ResourceFor(resource.WithVersion(""))
	}
	if meta.IsNoMatchError(err) {
		return nil, fmt.Errorf("%s: %w", resource, errNotServed)
	}
	if err != nil {
		return nil, fmt.Errorf("finding the version of %s: %w", resource, err)
	}
	c := &otherCache{resource: served, informer: dynamicinformer.NewFilteredDynamicInformer(d.client, served, metav1.NamespaceAll, 0, cache.Indexers{}, nil).Informer()}
	if err := c.informer.SetTransform(trimOther); err != nil {
		return nil, fmt.Errorf("watching %s: %w", resource, err)
	}
	if err := loop.On(c.informer, func(o *unstructured.Unstructured) {
		d.changed(traffic.Ref{Group: resource.Group, Resource: resource.Resource, Namespace: o.GetNamespace(), Name: o.GetName()})
	}); err != nil {
		return nil, fmt.Errorf("watching %s: %w", resource, err)
	}
	d.running.Go(func() { c.informer.Run(d.context.Done()) })
	d.caches[resource] = c
	return c, nil
}
