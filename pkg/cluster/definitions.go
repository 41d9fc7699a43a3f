// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"
)

// watchDefinitions tells whenever a definition of kinds changes. If the credentials do not allow that, kinds are found only
// when somebody asks for them; so it tries again now and then.
func (l *link) watchDefinitions(resource schema.GroupVersionResource) {
	client := l.metadata.Resource(resource)
	source := &cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
			return client.List(ctx, options)
		},
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			return client.Watch(ctx, options)
		},
	}
	backoff := &wait.Backoff{Duration: time.Second, Factor: 2, Jitter: 0.2, Steps: 10, Cap: 5 * time.Minute}
	listAndWatch(l.ctx, cache.NewReflectorWithOptions(source, &metav1.PartialObjectMetadata{}, &bell{ring: l.poke, rang: &l.changed},
		cache.ReflectorOptions{Name: "cluster", TypeDescription: resource.Resource, Backoff: backoff}), backoff, func(error) bool { return true })
}

// listAndWatch lists and watches until the context ends, or until failed says no. It differs from the reflector's own loop in
// that it is told of errors.
func listAndWatch(ctx context.Context, reflector *cache.Reflector, backoff *wait.Backoff, failed func(error) (again bool)) {
	delay := backoff.DelayWithReset(clock.RealClock{}, 2*time.Minute)
	for ctx.Err() == nil {
		if err := reflector.ListAndWatchWithContext(ctx); err != nil && !failed(err) {
			return
		}
		timer := time.NewTimer(delay())
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// bell is a store that keeps nothing, and rings when something changes.
type bell struct {
	ring chan<- struct{}
	// rang is when it last did.
	rang *atomic.Pointer[time.Time]
}

func (b *bell) changed() error {
	now := time.Now()
	b.rang.Store(&now)
	select {
	case b.ring <- struct{}{}:
	default: // it rings already
	}
	return nil
}

func (b *bell) Add(any) error               { return b.changed() }
func (b *bell) Update(any) error            { return b.changed() }
func (b *bell) Delete(any) error            { return b.changed() }
func (b *bell) Replace([]any, string) error { return b.changed() }
func (b *bell) Resync() error               { return nil }
