// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/client-go/tools/cache"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/generated/clientset/versioned"
	"argosy.dev/argosy/generated/informers/externalversions"
)

// withEnd returns a context that ends when the user interrupts, and after the timeout if there is one.
func withEnd(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	if timeout <= 0 {
		return ctx, stop
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	return ctx, func() { cancel(); stop() }
}

var (
	errTime        = errors.New("time is over")
	errInterrupted = errors.New("interrupted")
)

// whyEnded says why a context has ended.
func whyEnded(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return errTime
	}
	return errInterrupted
}

func isInterrupted(err error) bool { return errors.Is(err, errInterrupted) }

// isGone tells that there is no application of the name.
func isGone(err error) bool { return apierrors.IsNotFound(err) }

// newest holds the newest state of an application that a watch has shown.
type newest struct {
	mu    sync.Mutex
	app   *appv1.Application
	gone  bool
	err   error
	fresh chan struct{}
}

func (n *newest) set(f func()) {
	n.mu.Lock()
	f()
	n.mu.Unlock()
	select {
	case n.fresh <- struct{}{}:
	default:
	}
}

// watchApplication calls see with an application, as it is now and after each change, until see says that it is enough,
// or ctx ends, which is an error. see gets nil when the application is deleted.
func watchApplication(ctx context.Context, client versioned.Interface, namespace, name string, see func(*appv1.Application) (bool, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// A read tells at once that it is not there, or must not be read. What the watch shows may be older at first.
	app, err := client.ApplicationV1alpha1().Applications(namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		if ctx.Err() != nil {
			return whyEnded(ctx)
		}
		return err
	}
	if enough, err := see(app); err != nil || enough {
		return err
	}
	n := &newest{fresh: make(chan struct{}, 1)}
	stop, err := n.watch(ctx, client, app)
	if err != nil {
		return err
	}
	defer stop()
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			return whyEnded(ctx)
		case <-n.fresh:
		}
		n.mu.Lock()
		app, gone, err := n.app, n.gone, n.err
		n.mu.Unlock()
		switch {
		case err != nil:
			return err
		case gone:
			app = nil
		}
		if enough, err := see(app); err != nil || enough || gone {
			return err
		}
	}
}

// watch starts an informer of the application alone, and returns what waits for its end.
func (n *newest) watch(ctx context.Context, client versioned.Interface, app *appv1.Application) (stop func(), err error) {
	factory := externalversions.NewSharedInformerFactoryWithOptions(client, 0, externalversions.WithNamespace(app.Namespace),
		externalversions.WithTweakListOptions(func(o *metav1.ListOptions) {
			o.FieldSelector = fields.OneTermEqualSelector("metadata.name", app.Name).String()
		}))
	informer := factory.Application().V1alpha1().Applications().Informer()
	changed := func(obj any) {
		now, ok := obj.(*appv1.Application)
		if !ok {
			return
		}
		switch order, err := resourceversion.CompareResourceVersion(now.ResourceVersion, app.ResourceVersion); {
		case err == nil && order <= 0: // what was seen already, or older
		case now.UID != app.UID:
			n.set(func() { n.gone = true })
		default:
			n.set(func() { n.app = now })
		}
	}
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: changed, UpdateFunc: func(_, obj any) { changed(obj) }, DeleteFunc: func(any) { n.set(func() { n.gone = true }) },
	}); err != nil {
		return nil, fmt.Errorf("watching the application: %w", err)
	}
	if err := informer.SetWatchErrorHandlerWithContext(func(ctx context.Context, r *cache.Reflector, err error) {
		if apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) {
			n.set(func() { n.err = fmt.Errorf("watching the application: %w", err) })
			return
		}
		cache.DefaultWatchErrorHandler(ctx, r, err) // which goes on after a while
	}); err != nil {
		return nil, fmt.Errorf("watching the application: %w", err)
	}
	factory.Start(ctx.Done())
	synced := make(chan struct{})
	go func() {
		defer close(synced)
		if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) || len(informer.GetStore().ListKeys()) > 0 {
			return
		}
		// Deleted between the read and the watch, unless the watch is behind.
		if _, err := client.ApplicationV1alpha1().Applications(app.Namespace).Get(ctx, app.Name, metav1.GetOptions{}); apierrors.IsNotFound(err) {
			n.set(func() { n.gone = true })
		}
	}()
	return func() { factory.Shutdown(); <-synced }, nil
}
