// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/tools/cache"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/generated/clientset/versioned"
	"argosy.dev/argosy/generated/informers/externalversions"
)

// refresh is how often the tree is read anew where its parts cannot be watched: whoever may see the tree need not be
// allowed to watch pods. Where they are watched, it is how long after a change the tree is read once more, since the
// server that makes it may see the change later than the one that told it.
const refresh = 2 * time.Second

// follower shows a rollout as it goes on.
type follower struct {
	client versioned.Interface
	// cluster watches what the rollout has made.
	cluster         metadata.Interface
	namespace, name string
	line            *line
}

// follow calls see with the tree of a rollout, now and after each change, until see says that it is enough or ctx ends.
func (f follower) follow(ctx context.Context, see func(*rov1.RolloutTree) (bool, error)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changed := make(chan struct{}, 1)
	notify := func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
	factory := externalversions.NewSharedInformerFactoryWithOptions(f.client, 0, externalversions.WithNamespace(f.namespace),
		externalversions.WithTweakListOptions(func(o *metav1.ListOptions) {
			o.FieldSelector = fields.OneTermEqualSelector("metadata.name", f.name).String()
		}))
	informer := factory.Rollout().V1alpha1().Rollouts().Informer()
	if _, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(any) { notify() }, UpdateFunc: func(_, _ any) { notify() }, DeleteFunc: func(any) { notify() },
	}); err != nil {
		return fmt.Errorf("watching the rollout: %w", err)
	}
	if err := informer.SetWatchErrorHandlerWithContext(f.failed); err != nil {
		return fmt.Errorf("watching the rollout: %w", err)
	}
	factory.Start(ctx.Done())
	defer factory.Shutdown()
	parts := &parts{cluster: f.cluster, namespace: f.namespace, notify: notify, failed: f.failed}
	defer parts.stop()
	defer cancel()
	again := time.NewTimer(refresh)
	defer again.Stop()
	last := ""
	for {
		t, err := patiently(ctx, f.line, func(ctx context.Context) (*rov1.RolloutTree, error) {
			return f.client.RolloutV1alpha1().Rollouts(f.namespace).GetTree(ctx, f.name, metav1.GetOptions{})
		})
		switch {
		case ctx.Err() != nil:
			return nil // the user has seen enough
		case err != nil:
			return err
		}
		text, err := json.Marshal(t)
		if err != nil {
			return fmt.Errorf("encoding the answer: %w", err)
		}
		if string(text) != last {
			last = string(text)
			if enough, err := see(t); err != nil || enough {
				return err
			}
		}
		if ro, ok, _ := informer.GetStore().GetByKey(f.namespace + "/" + f.name); ok {
			if err := parts.of(ctx, ro.(*rov1.Rollout)); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
			again.Reset(refresh)
		case <-again.C:
			if !parts.watched() {
				again.Reset(refresh)
			}
		}
	}
}

// failed is told of a watch that has failed, which goes on after a while.
func (f follower) failed(ctx context.Context, r *cache.Reflector, err error) {
	if isAway(err) {
		f.line.down(err)
		return
	}
	cache.DefaultWatchErrorHandler(ctx, r, err)
}
