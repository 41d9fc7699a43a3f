// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package loop is what the control loops share: keys in a rate-limited queue, workers that take them, caches that fill
// before the first is taken, and Events that are not dropped by the rules made for noisier components. What is done
// for a key is the loop's own.
package loop

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/klog/v2"
)

// defaultWorkers is how many keys are worked on at once, unless a loop says otherwise.
const defaultWorkers = 16

// A key that fails is tried again after the first of these times, doubled each time up to the second.
const (
	firstRetry   = 5 * time.Millisecond
	slowestRetry = 30 * time.Second
)

// Events of one object beyond this burst are dropped until the rate allows more. The default (25, then one in five
// minutes) is made for components that repeat themselves.
const (
	eventBurst = 1000
	eventRate  = 10.0
)

// Reconcile does what is to be done for a key. It returns after which time to look again without an event, zero for
// not at all. After an error the key is tried again, later each time.
type Reconcile func(ctx context.Context, key types.NamespacedName) (time.Duration, error)

// Loop takes keys from a queue. It is made by New and does nothing until Run.
type Loop struct {
	name      string
	workers   int
	reconcile Reconcile
	cluster   kubernetes.Interface
	queue     workqueue.TypedRateLimitingInterface[types.NamespacedName]
	factories []Factory
	synced    []cache.InformerSynced
	events    record.EventBroadcaster
	recorder  record.EventRecorder
	// unsettled tells of a key that its last look has begun what may yet fail; nil: none ever does.
	unsettled func(types.NamespacedName) bool
	// measured is told of each look; nil: nobody wants to know.
	measured func(key types.NamespacedName, took time.Duration, err error)
}

// Factory starts informers and waits for their end.
type Factory interface {
	Start(stop <-chan struct{})
	Shutdown()
}

// New returns a loop of that name, which is its queue's in metrics; its Events come from component. They are written by
// the cluster's client. workers is how many keys are worked on at once; 16 when zero.
func New(name, component string, workers int, cluster kubernetes.Interface, reconcile Reconcile) *Loop {
	if workers <= 0 {
		workers = defaultWorkers
	}
	broadcaster := record.NewBroadcasterWithCorrelatorOptions(record.CorrelatorOptions{BurstSize: eventBurst, QPS: eventRate})
	return &Loop{
		name: name, workers: workers, reconcile: reconcile, cluster: cluster,
		queue: workqueue.NewTypedRateLimitingQueueWithConfig(
			workqueue.NewTypedItemExponentialFailureRateLimiter[types.NamespacedName](firstRetry, slowestRetry),
			workqueue.TypedRateLimitingQueueConfig[types.NamespacedName]{Name: name},
		),
		events:   broadcaster,
		recorder: broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: component}),
	}
}

// Recorder sends Events, from Run on.
func (l *Loop) Recorder() record.EventRecorder { return l.recorder }

// Add lets the key be worked on.
func (l *Loop) Add(key types.NamespacedName) { l.queue.Add(key) }

// Settles says which objects are looked at in part only: begun tells that what the last look has begun may yet fail. Then
// the look counts neither as success nor as failure, until Forget is called or a later look fails. It must be called before
// Run.
func (l *Loop) Settles(begun func(types.NamespacedName) bool) { l.unsettled = begun }

// Measures has each look told to measured: which key, how long it took, and what went wrong. It must be called before Run.
func (l *Loop) Measures(measured func(key types.NamespacedName, took time.Duration, err error)) {
	l.measured = measured
}

// Forget makes the next failure of an object count as the first.
func (l *Loop) Forget(key types.NamespacedName) { l.queue.Forget(key) }

// AddAfter lets the key be worked on after a time.
func (l *Loop) AddAfter(key types.NamespacedName, after time.Duration) { l.queue.AddAfter(key, after) }

// Uses makes Run start the factory's informers, and wait until those given have their first list.
func (l *Loop) Uses(factory Factory, informers ...cache.SharedIndexInformer) {
	l.factories = append(l.factories, factory)
	for _, informer := range informers {
		l.synced = append(l.synced, informer.HasSynced)
	}
}

// Run works on keys until ctx ends, and returns when all its goroutines have. It returns an error only if the caches
// never filled.
func (l *Loop) Run(ctx context.Context) error {
	defer utilruntime.HandleCrashWithContext(ctx)
	defer l.queue.ShutDown()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	logger := klog.FromContext(ctx).WithName(l.name)
	ctx = klog.NewContext(ctx, logger)

	l.events.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: l.cluster.CoreV1().Events("")})
	defer l.events.Shutdown()
	for _, factory := range l.factories {
		factory.Start(ctx.Done())
	}
	defer func() {
		cancel()
		for _, factory := range l.factories {
			factory.Shutdown()
		}
	}()
	if !cache.WaitForCacheSync(ctx.Done(), l.synced...) {
		if ctx.Err() != nil {
			return nil // told to stop before it had begun: not a failure
		}
		return errors.New("caches of loop " + l.name + " did not fill")
	}
	logger.Info("Loop runs", "workers", l.workers)

	var workers sync.WaitGroup
	for range l.workers {
		workers.Go(func() {
			for l.next(ctx) {
			}
		})
	}
	<-ctx.Done()
	l.queue.ShutDown()
	workers.Wait()
	logger.Info("Loop has stopped")
	return nil
}

// next works on one key; false when the queue is shut down.
func (l *Loop) next(ctx context.Context) bool {
	key, quit := l.queue.Get()
	if quit {
		return false
	}
	defer l.queue.Done(key)
	began := time.Now()
	again, err := l.try(ctx, key)
	if l.measured != nil && ctx.Err() == nil {
		l.measured(key, time.Since(began), err)
	}
	switch {
	case ctx.Err() != nil:
		// Stopping: whoever comes next starts from what is stored.
	case err != nil:
		klog.FromContext(ctx).Error(err, "Reconciling failed, will retry", "key", key)
		l.queue.AddRateLimited(key)
	default:
		if l.unsettled == nil || !l.unsettled(key) {
			l.queue.Forget(key)
		}
		if again > 0 {
			l.queue.AddAfter(key, again)
		}
	}
	return true
}

// try works on a key. A mistake of the program that shows with one object must not end the work on all others, nor the
// API that the same process serves: a panic is an error of the key.
func (l *Loop) try(ctx context.Context, key types.NamespacedName) (again time.Duration, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	return l.reconcile(ctx, key)
}

// On makes an informer call see with every object that comes, changes or goes, as it then is or last was.
func On[T any](informer cache.SharedIndexInformer, see func(T)) error {
	give := func(obj any) {
		if unknown, ok := obj.(cache.DeletedFinalStateUnknown); ok {
			obj = unknown.Obj
		}
		if typed, ok := obj.(T); ok {
			see(typed)
		}
	}
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    give,
		UpdateFunc: func(_, obj any) { give(obj) },
		DeleteFunc: give,
	}); err != nil {
		return fmt.Errorf("watching: %w", err)
	}
	return nil
}

// DropManagedFields is a transformation for informers whose objects' managed fields nothing reads.
func DropManagedFields(obj any) (any, error) {
	if accessor, err := meta.Accessor(obj); err == nil {
		accessor.SetManagedFields(nil)
	}
	return obj, nil
}

// Sooner returns the shorter of two times to wait, where zero means not at all.
func Sooner(a, b time.Duration) time.Duration {
	if a == 0 || (b != 0 && b < a) {
		return b
	}
	return a
}
