// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/client-go/tools/cache"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/registry/resource/podlog"
)

// maxFollowed is how many logs one request follows at a time. Further pods wait for their turn.
const maxFollowed = 128

// news is what reflectors have seen and follow has not handled yet. Of each object only the newest state counts, so it is bounded by the
// number of pods.
type news struct {
	mu    sync.Mutex
	pods  map[types.UID]*corev1.Pod
	wf    *wfv1.Workflow
	gone  bool // the workflow does not exist any longer
	fresh chan struct{}
}

func newNews() *news {
	return &news{pods: map[types.UID]*corev1.Pod{}, fresh: make(chan struct{}, 1)}
}

// change lets f record something and wakes the reader of n.
func (n *news) change(f func()) {
	n.mu.Lock()
	f()
	n.mu.Unlock()
	select {
	case n.fresh <- struct{}{}:
	default:
	}
}

// take returns what is new, and forgets it.
func (n *news) take() (pods map[types.UID]*corev1.Pod, wf *wfv1.Workflow, gone bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	pods, wf, gone = n.pods, n.wf, n.gone
	n.pods, n.wf = map[types.UID]*corev1.Pod{}, nil
	return pods, wf, gone
}

// follow reads the logs of all pods, those that are there and those that come, until the workflow has ended and all logs with it.
func (l *logStream) follow(ctx context.Context, m *podlog.Merger, prefixed bool) {
	n := newNews()
	watching, stop := context.WithCancel(ctx)
	defer stop()
	m.Start(func(context.Context, *podlog.Merger) { l.watchPods(n).RunWithContext(watching) })
	m.Start(func(context.Context, *podlog.Merger) { l.watchWorkflow(n).RunWithContext(watching) })

	f := follower{logStream: *l, merger: m, prefixed: prefixed, seen: map[types.UID]bool{}, slots: make(chan struct{}, maxFollowed)}
	ended := f.wf.Status.Fulfilled()
	for !ended {
		select {
		case <-ctx.Done():
			return
		case <-n.fresh:
		}
		pods, wf, gone := n.take()
		if wf != nil {
			f.update(wf)
		}
		for _, p := range pods {
			f.offer(p)
		}
		ended = gone || f.wf.Status.Fulfilled()
	}
	stop()
	// The watch may be behind: what it has not shown yet is there to be read as well.
	all, err := f.list(ctx)
	if err != nil {
		if ctx.Err() == nil {
			m.Note(ctx, fmt.Sprintf("the workflow has ended; pods that were not shown cannot be listed: %v", err))
		}
		return
	}
	for i := range all {
		f.offer(&all[i])
	}
}

// follower decides whose log is read next. One goroutine uses it.
type follower struct {
	logStream
	merger   *podlog.Merger
	prefixed bool
	seen     map[types.UID]bool        // pods whose log is being read, or was
	aside    map[types.UID]*corev1.Pod // pods of nodes that are not known yet
	slots    chan struct{}
}

// update takes in a newer state of the workflow: nodes that became known may make pods wanted.
func (f *follower) update(wf *wfv1.Workflow) {
	f.wf = wf
	aside := f.aside
	f.aside = nil
	for _, p := range aside {
		f.offer(p)
	}
}

// offer starts reading the log of the pod if it is asked for, has one, and is not being read yet.
func (f *follower) offer(p *corev1.Pod) {
	if f.seen[p.UID] || !f.owns(p) || f.opts.PodName != "" && f.opts.PodName != p.Name || podlog.NotStarted(p, f.opts.Container) != "" {
		return
	}
	if f.opts.NodeID != "" && !subtree(f.wf, f.opts.NodeID).Has(p.Annotations[wfv1.AnnotationNodeID]) {
		if f.aside == nil {
			f.aside = map[types.UID]*corev1.Pod{}
		}
		f.aside[p.UID] = p
		return
	}
	f.seen[p.UID] = true
	slots, prefixed, l := f.slots, f.prefixed, f.logStream
	f.merger.Start(func(ctx context.Context, m *podlog.Merger) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
			l.readPod(ctx, m, p, prefixed)
		case <-ctx.Done():
		}
	})
}

// watchPods returns a reflector that reports the workflow's pods to n.
func (l *logStream) watchPods(n *news) *cache.Reflector {
	pods := l.rest.deps.Cluster.CoreV1().Pods(l.wf.Namespace)
	lw := cache.ToListWatcherWithWatchListSemantics(&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o.LabelSelector = l.selector()
			return pods.List(ctx, o)
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.LabelSelector = l.selector()
			return pods.Watch(ctx, o)
		},
	}, l.rest.deps.Cluster)
	return cache.NewReflectorWithOptions(lw, &corev1.Pod{}, sink{
		changed: func(obj any) {
			if p, ok := obj.(*corev1.Pod); ok {
				n.change(func() { n.pods[p.UID] = p })
			}
		},
		replaced: func(int) {},
	}, cache.ReflectorOptions{Name: "workflows/log pods of " + l.wf.Namespace + "/" + l.wf.Name})
}

// watchWorkflow returns a reflector that reports the workflow to n, from our own store.
func (l *logStream) watchWorkflow(n *news) *cache.Reflector {
	options := func(o metav1.ListOptions) *internalversion.ListOptions {
		return &internalversion.ListOptions{
			FieldSelector:       fields.OneTermEqualSelector("metadata.name", l.wf.Name),
			ResourceVersion:     o.ResourceVersion,
			AllowWatchBookmarks: o.AllowWatchBookmarks,
			TimeoutSeconds:      o.TimeoutSeconds,
		}
	}
	namespace, name, uid := l.wf.Namespace, l.wf.Name, l.wf.UID
	gone := func() { n.change(func() { n.gone = true }) }
	lw := ownListWatch{&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			return l.rest.store.List(request.WithNamespace(ctx, namespace), options(o))
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			w, err := l.rest.store.Watch(request.WithNamespace(ctx, namespace), options(o))
			if err != nil {
				return nil, err
			}
			return watch.Filter(w, unwrap), nil
		},
	}}
	return cache.NewReflectorWithOptions(lw, &wfv1.Workflow{}, sink{
		changed: func(obj any) {
			switch wf, ok := obj.(*wfv1.Workflow); {
			case !ok:
			case wf.UID != uid: // another one of the same name
				gone()
			default:
				n.change(func() { n.wf = wf })
			}
		},
		deleted: gone,
		replaced: func(count int) {
			if count == 0 {
				gone()
			}
		},
	}, cache.ReflectorOptions{Name: "workflows/log of " + namespace + "/" + name})
}

// unwrap takes the object out of what the watch cache hands to request handlers.
func unwrap(e watch.Event) (watch.Event, bool) {
	if c, ok := e.Object.(runtime.CacheableObject); ok {
		e.Object = c.GetObject()
	}
	return e, true
}

// ownListWatch lists and watches our own store, below the part of the server that makes lists out of watches.
type ownListWatch struct{ *cache.ListWatch }

// IsWatchListSemanticsUnSupported tells the reflector to list, then watch.
func (ownListWatch) IsWatchListSemanticsUnSupported() bool { return true }

// sink is a reflector's store that keeps nothing and passes everything on.
type sink struct {
	changed  func(obj any)
	deleted  func()
	replaced func(count int)
}

var _ cache.ReflectorStore = sink{}

// Add implements cache.ReflectorStore.
func (s sink) Add(obj any) error { s.changed(obj); return nil }

// Update implements cache.ReflectorStore.
func (s sink) Update(obj any) error { s.changed(obj); return nil }

// Delete implements cache.ReflectorStore.
func (s sink) Delete(any) error {
	if s.deleted != nil {
		s.deleted()
	}
	return nil
}

// Replace implements cache.ReflectorStore.
func (s sink) Replace(list []any, _ string) error {
	for _, obj := range list {
		s.changed(obj)
	}
	s.replaced(len(list))
	return nil
}

// Resync implements cache.ReflectorStore: there is nothing to repeat.
func (s sink) Resync() error { return nil }
