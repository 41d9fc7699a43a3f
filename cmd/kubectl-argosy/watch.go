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
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
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

// isGone tells that there is no object of the name.
func isGone(err error) bool { return apierrors.IsNotFound(err) }

// object is a pointer to an object of the API.
type object interface {
	comparable
	metav1.Object
}

// watched is one object that is watched by its name.
type watched[T object] struct {
	// what is the kind, as errors name it.
	what            string
	namespace, name string
	get             func(ctx context.Context) (T, error)
	// informer picks the informer of the kind.
	informer func(externalversions.SharedInformerFactory) cache.SharedIndexInformer
	line     *line
}

// newest holds the newest state of an object that a watch has shown.
type newest[T object] struct {
	watched[T]
	mu     sync.Mutex
	object T
	gone   bool
	err    error
	fresh  chan struct{}
}

func (n *newest[T]) set(f func()) {
	n.mu.Lock()
	f()
	n.mu.Unlock()
	select {
	case n.fresh <- struct{}{}:
	default:
	}
}

// watchApplication calls see with an application, as it is now and after each change, until see says that it is enough,
// or ctx ends, which is an error. see gets nil when the application is deleted. It goes on while the server is away.
func watchApplication(ctx context.Context, client versioned.Interface, line *line, namespace, name string, see func(*appv1.Application) (bool, error)) error {
	return watchObject(ctx, client, watched[*appv1.Application]{
		what: "application", namespace: namespace, name: name, line: line,
		get: func(ctx context.Context) (*appv1.Application, error) {
			return client.ApplicationV1alpha1().Applications(namespace).Get(ctx, name, metav1.GetOptions{})
		},
		informer: func(f externalversions.SharedInformerFactory) cache.SharedIndexInformer {
			return f.Application().V1alpha1().Applications().Informer()
		},
	}, see)
}

// watchRollout is watchApplication of a rollout.
func watchRollout(ctx context.Context, client versioned.Interface, line *line, namespace, name string, see func(*rov1.Rollout) (bool, error)) error {
	return watchObject(ctx, client, watched[*rov1.Rollout]{
		what: "rollout", namespace: namespace, name: name, line: line,
		get: func(ctx context.Context) (*rov1.Rollout, error) {
			return client.RolloutV1alpha1().Rollouts(namespace).Get(ctx, name, metav1.GetOptions{})
		},
		informer: func(f externalversions.SharedInformerFactory) cache.SharedIndexInformer {
			return f.Rollout().V1alpha1().Rollouts().Informer()
		},
	}, see)
}

func watchObject[T object](ctx context.Context, client versioned.Interface, of watched[T], see func(T) (bool, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// A read tells at once that it is not there, or must not be read. What the watch shows may be older at first.
	first, err := patiently(ctx, of.line, of.get)
	if err != nil {
		return err
	}
	if enough, err := see(first); err != nil || enough {
		return err
	}
	n := &newest[T]{watched: of, fresh: make(chan struct{}, 1)}
	stop, err := n.watch(ctx, client, first)
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
		object, gone, err := n.object, n.gone, n.err
		n.mu.Unlock()
		if err != nil {
			return err
		}
		if gone {
			var none T
			object = none
		}
		if enough, err := see(object); err != nil || enough || gone {
			return err
		}
	}
}

// watch starts an informer of the object alone, and returns what waits for its end.
func (n *newest[T]) watch(ctx context.Context, client versioned.Interface, first T) (stop func(), err error) {
	factory := externalversions.NewSharedInformerFactoryWithOptions(client, 0, externalversions.WithNamespace(n.namespace),
		externalversions.WithTweakListOptions(func(o *metav1.ListOptions) {
			o.FieldSelector = fields.OneTermEqualSelector("metadata.name", n.name).String()
		}))
	informer := n.informer(factory)
	changed := func(obj any) {
		now, ok := obj.(T)
		if !ok {
			return
		}
		n.line.up()
		switch order, err := resourceversion.CompareResourceVersion(now.GetResourceVersion(), first.GetResourceVersion()); {
		case err == nil && order <= 0: // what was seen already, or older
		case now.GetUID() != first.GetUID():
			n.set(func() { n.gone = true })
		default:
			n.set(func() { n.object = now })
		}
	}
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: changed, UpdateFunc: func(_, obj any) { changed(obj) }, DeleteFunc: func(any) { n.set(func() { n.gone = true }) },
	}); err != nil {
		return nil, fmt.Errorf("watching the %s: %w", n.what, err)
	}
	if err := informer.SetWatchErrorHandlerWithContext(func(ctx context.Context, r *cache.Reflector, err error) {
		switch {
		case apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err):
			n.set(func() { n.err = fmt.Errorf("watching the %s: %w", n.what, err) })
		case isAway(err):
			n.line.down(err) // it goes on after a while
		default:
			cache.DefaultWatchErrorHandler(ctx, r, err)
		}
	}); err != nil {
		return nil, fmt.Errorf("watching the %s: %w", n.what, err)
	}
	factory.Start(ctx.Done())
	synced := make(chan struct{})
	go func() {
		defer close(synced)
		if !cache.WaitForCacheSync(ctx.Done(), informer.HasSynced) || len(informer.GetStore().ListKeys()) > 0 {
			return
		}
		// Deleted between the read and the watch, unless the watch is behind.
		if _, err := patiently(ctx, n.line, n.get); isGone(err) {
			n.set(func() { n.gone = true })
		}
	}()
	return func() { factory.Shutdown(); <-synced }, nil
}
