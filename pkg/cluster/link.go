// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
)

const (
	// rediscover is how often a cluster is asked anew at most for a kind that it did not serve.
	rediscover = 5 * time.Second
	// settle is how long a burst of changes of definitions lasts.
	settle = 100 * time.Millisecond
	// newly is how long after a change of definitions what is not served may be about to be: then it is asked more often.
	newly = 3 * time.Second
)

// lateDiscovery is when discovery is looked at again after a definition has changed: servers answer it from a cache of
// theirs that follows a moment later.
var lateDiscovery = []time.Duration{time.Second, 5 * time.Second}

// link is what all identities share of a cluster: which kinds it serves is the same for everybody.
type link struct {
	caches   *Caches
	ctx      context.Context
	cancel   context.CancelFunc
	discover discovery.DiscoveryInterfaceWithContext
	metadata metadata.Interface
	// poke tells that a definition of kinds has changed, and changed when that was.
	poke    chan struct{}
	changed atomic.Pointer[time.Time]

	// asking is held by whoever asks the cluster; asked and failed belong to it.
	asking chan struct{}
	asked  time.Time
	failed error
	known  atomic.Pointer[Kinds]
}

func newLink(caches *Caches, d Destination) (*link, error) {
	config := rest.CopyConfig(d.config)
	prepare(config, caches.config.UserAgent)
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, clientError(err)
	}
	discover, err := discovery.NewDiscoveryClientForConfigAndClient(config, client)
	if err != nil {
		return nil, clientError(err)
	}
	meta, err := metadata.NewForConfigAndClient(config, client)
	if err != nil {
		return nil, clientError(err)
	}
	l := &link{
		caches: caches, discover: discovery.ToDiscoveryInterfaceWithContext(discover), metadata: meta,
		poke: make(chan struct{}, 1), asking: make(chan struct{}, 1),
	}
	l.ctx, l.cancel = context.WithCancel(caches.ctx)
	return l, nil
}

// prepare sets what all our clients have: no throttle of their own, since the cluster's priority and fairness governs.
func prepare(config *rest.Config, agent string) {
	config.QPS, config.RateLimiter = -1, nil
	config.UserAgent = agent
	config.WarningHandler = rest.NoWarnings{}
	config.WarningHandlerWithContext = nil
	config.Timeout = 0 // watches last
}

// clientError hides what a library says of credentials that it cannot use.
func clientError(error) error {
	return errors.New("no client can be made of its credentials")
}

// kinds returns what the cluster serves, and asks it if that is not known yet.
func (l *link) kinds(ctx context.Context) (*Kinds, error) {
	if known := l.known.Load(); known != nil {
		return known, nil
	}
	if err := l.refresh(ctx, rediscover); err != nil {
		return nil, err
	}
	return l.known.Load(), nil
}

// patience is how often the cluster may be asked for a kind that it did not serve: a kind whose definition has just come is
// wanted at once.
func (l *link) patience(now time.Time) time.Duration {
	if changed := l.changed.Load(); changed != nil && now.Sub(*changed) < newly {
		return settle
	}
	return rediscover
}

// refresh asks what the cluster serves, unless somebody has within that time. One asks, the others wait for the answer.
func (l *link) refresh(ctx context.Context, atMostEvery time.Duration) error {
	called := time.Now()
	select {
	case l.asking <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("asking the cluster for its kinds: %w", context.Cause(ctx))
	}
	defer func() { <-l.asking }()
	if l.asked.After(called) || !l.asked.IsZero() && time.Since(l.asked) < atMostEvery {
		return l.failed
	}
	before := l.known.Load()
	now, err := l.ask(ctx)
	if err != nil {
		if ctx.Err() == nil { // a caller that gave up says nothing of the cluster
			l.asked, l.failed = time.Now(), err
		}
		return err
	}
	l.asked, l.failed = time.Now(), nil
	if before != nil {
		now.keep(before)
	}
	l.known.Store(now)
	if before == nil {
		l.caches.start(l.follow)
		return nil
	}
	if changed := changedKinds(before, now); len(changed) > 0 {
		for _, cache := range l.caches.of(l) {
			cache.kindsChanged(changed, now)
		}
	}
	return nil
}

func (l *link) ask(ctx context.Context) (*Kinds, error) {
	server, err := l.discover.ServerVersionWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking the cluster for its version: %w", err)
	}
	groups, lists, err := l.discover.ServerGroupsAndResourcesWithContext(ctx)
	var partial *discovery.ErrGroupDiscoveryFailed
	switch {
	case err == nil:
		return newKinds(server.GitVersion, groups, lists, nil), nil
	case errors.As(err, &partial):
		return newKinds(server.GitVersion, groups, lists, partial.Groups), nil
	default:
		return nil, fmt.Errorf("asking the cluster for its kinds: %w", err)
	}
}

// follow asks anew whenever definitions of kinds change, as long as the link lasts.
func (l *link) follow() {
	for _, resource := range []schema.GroupVersionResource{
		{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"},
		{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"},
	} {
		l.caches.start(func() { l.watchDefinitions(resource) })
	}
	for {
		select {
		case <-l.ctx.Done():
			return
		case <-l.poke:
		}
		for _, after := range append([]time.Duration{settle}, lateDiscovery...) {
			if !l.pause(after) {
				return
			}
			// An error is kept, and told to whoever needs to know a kind.
			_ = l.refresh(l.ctx, 0)
			if len(l.poke) > 0 {
				break // there is more, so begin again
			}
		}
	}
}

// pause waits, unless more is told meanwhile, and reports false if the link has ended.
func (l *link) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-l.ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// changedKinds are the kinds that are served in one and not in the other, or otherwise.
func changedKinds(before, now *Kinds) map[schema.GroupKind]struct{} {
	out := map[schema.GroupKind]struct{}{}
	for kind, versions := range before.versions {
		if _, unknown := now.failed[kind.Group]; unknown {
			continue // not known to be gone
		}
		if others := now.versions[kind]; len(others) != len(versions) || others[0].GVR() != versions[0].GVR() {
			out[kind] = struct{}{}
		}
	}
	for kind := range now.versions {
		if _, there := before.versions[kind]; !there {
			out[kind] = struct{}{}
		}
	}
	return out
}
