// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/cache"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/generated/clientset/versioned"
	"argosy.dev/argosy/generated/informers/externalversions"
	"argosy.dev/argosy/pkg/controller/loop"
)

// listeners are told of changes.
type listeners struct {
	mu   sync.Mutex
	next int
	all  map[int]listener
}

// listener is told of changes, from goroutines that it must not block. What is nil is not told.
type listener struct {
	// changed: an application, or something in its cluster, has changed, come or gone. It is told by its user name.
	changed func(user string)
	// gone: an application has been deleted; another of its name may be there already.
	gone func(user string)
	// namespace: something that all applications of a namespace may depend on has changed.
	namespace func(namespace string)
}

// subscribe has changes told. It returns how to end that.
func (l *listeners) subscribe(one listener) (end func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := l.next
	l.next++
	l.all[id] = one
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.all, id)
	}
}

func (l *listeners) tell(of func(listener) func(string), what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.all {
		if f := of(one); f != nil {
			f(what)
		}
	}
}

func (l *listeners) tellChanged(user string) {
	l.tell(func(one listener) func(string) { return one.changed }, user)
}

func (l *listeners) tellGone(user string) {
	l.tell(func(one listener) func(string) { return one.gone }, user)
}

func (l *listeners) tellNamespace(namespace string) {
	l.tell(func(one listener) func(string) { return one.namespace }, namespace)
}

// informers makes the caches of applications and projects, which the loop and the subresources of a process share.
func (e *Engine) informers(argosy versioned.Interface) (externalversions.SharedInformerFactory, []cache.InformerSynced, error) {
	factory := externalversions.NewSharedInformerFactoryWithOptions(argosy, 0, externalversions.WithTransform(loop.DropManagedFields))
	kinds := factory.Application().V1alpha1()
	e.argosy, e.applications, e.projects = argosy, kinds.Applications().Lister(), kinds.AppProjects().Lister()
	applications, projects := kinds.Applications().Informer(), kinds.AppProjects().Informer()
	changed, err := applications.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(now any) { e.listening.tellChanged(userOf(now.(*appv1.Application))) },
		UpdateFunc: func(before, now any) {
			old, app := before.(*appv1.Application), now.(*appv1.Application)
			if old.UID != app.UID { // deleted and created while the watch was away
				e.listening.tellGone(userOf(old))
			}
			e.listening.tellChanged(userOf(app))
		},
		DeleteFunc: func(last any) {
			key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(last)
			if err != nil {
				return // only objects without metadata have no key
			}
			e.listening.tellGone(key)
			e.listening.tellChanged(key)
		},
	})
	err = errors.Join(err, loop.On(projects, func(project *appv1.AppProject) { e.listening.tellNamespace(project.Namespace) }))
	if err != nil {
		return nil, nil, fmt.Errorf("caches of applications: %w", err)
	}
	return factory, []cache.InformerSynced{changed.HasSynced, projects.HasSynced}, nil
}

// release notes that nobody looks at an application any longer.
func (e *Engine) release(user string) {
	select {
	case <-e.started:
		e.caches.Release(user)
	default:
	}
}

// newest is an application as it is now, as far as that is known: its objects are not those that it had when a request
// came.
func (e *Engine) newest(app *appv1.Application) *appv1.Application {
	cached, err := e.applications.Applications(app.Namespace).Get(app.Name)
	if err == nil && cached.UID == app.UID && loop.Newer(cached.ResourceVersion, app.ResourceVersion) {
		return cached
	}
	return app
}

// exists tells whether an application is still there. What the cache does not know may be too new for it.
func (e *Engine) exists(ctx context.Context, app *appv1.Application) (bool, error) {
	if cached, err := e.applications.Applications(app.Namespace).Get(app.Name); err == nil && cached.UID == app.UID {
		return true, nil
	}
	stored, err := e.argosy.ApplicationV1alpha1().Applications(app.Namespace).Get(ctx, app.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading the application: %w", err)
	}
	return stored.UID == app.UID, nil
}

// quiet is for how long changes that follow each other are told together.
const quiet = 100 * time.Millisecond

// follow returns a channel that gets something after each change of an application and of what is below it, and that is
// closed when the application is gone, or ctx ends.
func (e *Engine) follow(ctx context.Context, app *appv1.Application) (<-chan struct{}, error) {
	name := userOf(app)
	changed, gone := make(chan struct{}, 1), make(chan struct{}, 1)
	note := func(into chan<- struct{}) func(string) {
		return func(user string) {
			if user == name {
				put(into)
			}
		}
	}
	// Told first, asked afterwards: its end is not missed between.
	end := e.listening.subscribe(listener{changed: note(changed), gone: note(gone)})
	there, err := e.exists(ctx, app)
	if err != nil {
		end()
		return nil, err
	}
	if !there {
		put(gone)
	}
	out := make(chan struct{}, 1)
	go func() { // ends with ctx, which is the request's
		defer close(out)
		defer end()
		for {
			select {
			case <-ctx.Done():
				return
			case <-gone:
				return
			case <-changed:
			}
			// The first of several changes waits for those that follow at once.
			timer := time.NewTimer(quiet)
			select {
			case <-ctx.Done():
				timer.Stop()
				return
			case <-gone:
				timer.Stop()
				return
			case <-timer.C:
			}
			select {
			case <-changed:
			default:
			}
			put(out)
		}
	}()
	return out, nil
}

// put puts something into a channel that holds one, unless there is something in it.
func put(into chan<- struct{}) {
	select {
	case into <- struct{}{}:
	default:
	}
}
