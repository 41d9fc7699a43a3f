// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/rollout/tree"
)

// parts watches what a rollout has made, its ReplicaSets, pods and analysis runs, as far as the caller may. It looks at
// metadata only: whatever changes in an object changes its version.
type parts struct {
	cluster   metadata.Interface
	namespace string
	// notify is called with each change.
	notify func()
	// failed is told of a watch that has failed for now.
	failed cache.WatchErrorHandlerWithContext

	// uid and selector are what is being watched.
	uid      types.UID
	selector string
	watches  []*watch
	cancel   context.CancelFunc
	running  sync.WaitGroup
}

// watch is the watch of one resource.
type watch struct {
	informer cache.SharedIndexInformer
	// refused tells that the caller must not watch it, or that it is not served.
	refused atomic.Bool
}

// of watches the parts of a rollout from now on, until ctx ends. What was watched of another goes.
func (p *parts) of(ctx context.Context, ro *rov1.Rollout) error {
	if p.cluster == nil || ro.Status.Selector == "" || ro.UID == p.uid && ro.Status.Selector == p.selector {
		return nil
	}
	p.stop()
	p.uid, p.selector = ro.UID, ro.Status.Selector
	selector, err := tree.Selector(ro.Status.Selector)
	if err != nil {
		return fmt.Errorf("status.selector: %w", err)
	}
	ctx, p.cancel = context.WithCancel(ctx)
	for _, of := range []struct {
		resource schema.GroupVersionResource
		selector string
		owned    bool
	}{
		{corev1.SchemeGroupVersion.WithResource("pods"), selector, false},
		{appsv1.SchemeGroupVersion.WithResource("replicasets"), selector, true},
		// Runs bear the hash; the other labels may be those of the user's own choice.
		{rov1.SchemeGroupVersion.WithResource("analysisruns"), rov1.LabelPodTemplateHash, true},
	} {
		if err := p.watch(ctx, of.resource, of.selector, of.owned); err != nil {
			return fmt.Errorf("watching %s: %w", of.resource.Resource, err)
		}
	}
	return nil
}

// watch starts a watch of what a selector matches, and, if owned, the rollout controls.
func (p *parts) watch(ctx context.Context, resource schema.GroupVersionResource, selector string, owned bool) error {
	ctx, cancel := context.WithCancel(ctx)
	w := &watch{informer: metadatainformer.NewFilteredMetadataInformer(p.cluster, resource, p.namespace, 0, cache.Indexers{},
		func(o *metav1.ListOptions) { o.LabelSelector = selector }).Informer()}
	uid := p.uid
	changed := func(obj any) {
		if meta, ok := obj.(metav1.Object); ok && owned {
			if owner := metav1.GetControllerOfNoCopy(meta); owner == nil || owner.UID != uid {
				return
			}
		}
		p.notify()
	}
	_, err := w.informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: changed, UpdateFunc: func(_, obj any) { changed(obj) }, DeleteFunc: changed,
	})
	if err == nil {
		err = w.informer.SetTransform(func(obj any) (any, error) {
			if meta, ok := obj.(metav1.Object); ok {
				meta.SetManagedFields(nil) // the most of it, and of no use here
			}
			return obj, nil
		})
	}
	if err == nil {
		err = w.informer.SetWatchErrorHandlerWithContext(func(handlerCtx context.Context, r *cache.Reflector, err error) {
			if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) || apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err) {
				w.refused.Store(true)
				cancel()
				p.notify()
				return
			}
			p.failed(handlerCtx, r, err)
		})
	}
	if err != nil {
		cancel()
		return err
	}
	p.watches = append(p.watches, w)
	p.running.Go(func() {
		defer cancel()
		w.informer.RunWithContext(ctx)
	})
	return nil
}

// watched tells that each change of a part is told by a watch.
func (p *parts) watched() bool {
	return len(p.watches) > 0 && !slices.ContainsFunc(p.watches, func(w *watch) bool { return w.refused.Load() || !w.informer.HasSynced() })
}

// stop ends the watches.
func (p *parts) stop() {
	if p.cancel != nil {
		p.cancel()
		p.running.Wait()
		p.cancel, p.watches = nil, nil
	}
}
