// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

const (
	defaultIdle  = 5 * time.Minute
	defaultGrace = 20 * time.Second
)

// errEnded tells that Run has ended.
var errEnded = errors.New("the caches of clusters have ended")

// Caches are the caches of all clusters in use, one for each cluster, credentials and identity.
type Caches struct {
	config Config
	// ctx lasts as long as the caches' goroutines, which running counts. Under starting none is started after the end.
	ctx      context.Context
	cancel   context.CancelFunc
	running  sync.WaitGroup
	starting sync.Mutex

	// mu is taken before the lock of a Cache, never after.
	mu     sync.Mutex
	caches map[cacheKey]*Cache
	links  map[string]*link
	// using is the cache of each user.
	using map[string]*Cache
}

// cacheKey tells caches apart.
type cacheKey struct {
	version  string
	identity Identity
}

// New returns caches. They do nothing before they are used, and end with Run.
func New(config Config) *Caches {
	if config.Idle <= 0 {
		config.Idle = defaultIdle
	}
	if config.Grace <= 0 {
		config.Grace = defaultGrace
	}
	if config.InstanceLabel == "" {
		config.InstanceLabel = appv1.LabelInstance
	}
	if config.UserAgent == "" {
		config.UserAgent = "argosy"
	}
	if config.Changed == nil {
		config.Changed = func(Change) {}
	}
	c := &Caches{config: config, caches: map[cacheKey]*Cache{}, links: map[string]*link{}, using: map[string]*Cache{}}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c
}

// Run keeps the caches, ends those that nobody uses, and ends all with the context, after which it waits for them.
func (c *Caches) Run(ctx context.Context) {
	defer c.running.Wait()
	defer c.cancel()
	tick := time.NewTicker(max(c.config.Idle/4, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			c.starting.Lock()
			c.cancel()
			c.starting.Unlock()
			return
		case now := <-tick.C:
			c.sweep(now)
		}
	}
}

// start runs what lasts at most as long as the caches do. It reports whether it could. Any lock may be held.
func (c *Caches) start(run func()) bool {
	c.starting.Lock()
	defer c.starting.Unlock()
	if c.ctx.Err() != nil {
		return false
	}
	c.running.Go(run)
	return true
}

// Use returns the cache of a destination as seen by an identity, and notes that the user (an application) uses this one
// and no other. It asks the cluster nothing. Our own credentials are refused without an identity.
func (c *Caches) Use(user string, d Destination, identity Identity) (*Cache, error) {
	if d.config == nil {
		return nil, errors.New("a destination that was not resolved")
	}
	if d.Own && identity == "" {
		return nil, errors.New("the cluster in which the server runs is used as a service account only, and none is named")
	}
	if err := identity.Check(); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ctx.Err() != nil {
		return nil, errEnded
	}
	key := cacheKey{version: d.version, identity: identity}
	cache := c.caches[key]
	if cache == nil {
		made, err := c.makeLocked(key, d)
		if err != nil {
			return nil, err
		}
		cache = made
		c.caches[key] = cache
	}
	if before := c.using[user]; before != cache {
		if before != nil {
			before.leave(user)
		}
		c.using[user] = cache
	}
	cache.join(user)
	return cache, nil
}

// makeLocked makes a cache, and the link to its cluster if there is none yet.
func (c *Caches) makeLocked(key cacheKey, d Destination) (*Cache, error) {
	l := c.links[key.version]
	if l == nil {
		made, err := newLink(c, d)
		if err != nil {
			return nil, fmt.Errorf("cluster %s: %w", d.label(), err)
		}
		l = made
		c.links[key.version] = l
	}
	cache, err := newCache(c, l, d, key.identity)
	if err != nil {
		return nil, fmt.Errorf("cluster %s: %w", d.label(), err)
	}
	return cache, nil
}

// Release notes that the user uses no cache any longer.
func (c *Caches) Release(user string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cache := c.using[user]; cache != nil {
		delete(c.using, user)
		cache.leave(user)
	}
}

// Len is how many caches there are.
func (c *Caches) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.caches)
}

// sweep ends what nobody has used for a while.
func (c *Caches) sweep(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := now.Add(-c.config.Idle)
	linked := map[*link]struct{}{}
	for key, cache := range c.caches {
		if cache.sweep(old) {
			delete(c.caches, key)
		} else {
			linked[cache.link] = struct{}{}
		}
	}
	for version, l := range c.links {
		if _, used := linked[l]; !used {
			l.cancel()
			delete(c.links, version)
		}
	}
}

// of returns the caches that use a link.
func (c *Caches) of(l *link) []*Cache {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []*Cache
	for _, cache := range c.caches {
		if cache.link == l {
			out = append(out, cache)
		}
	}
	return out
}
