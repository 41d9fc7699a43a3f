// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apiserver/pkg/endpoints/request"
)

// Stat is what the caches of a cluster hold.
type Stat struct {
	// Server is the cluster's URL, Name what applications may call it, and Version that of its API server, empty if it is
	// not known yet.
	Server, Name, Version string
	// Kinds are how many kinds are watched, and Objects how many objects are known. What several identities see counts as
	// often as it is held.
	Kinds, Objects int
	// Down tells that it could not be reached when it was last tried.
	Down bool
}

// Stats returns what the caches hold, by server. It costs as much as there are kinds that are watched.
func (c *Caches) Stats() []Stat {
	c.mu.Lock()
	caches := slices.Collect(maps.Values(c.caches))
	c.mu.Unlock()
	stats, kinds := map[string]*Stat{}, map[string]sets.Set[schema.GroupKind]{}
	for _, cache := range caches {
		server := cache.destination.Server
		s := stats[server]
		if s == nil {
			s = &Stat{Server: server, Name: cache.destination.Name}
			stats[server], kinds[server] = s, sets.New[schema.GroupKind]()
		}
		if known := cache.link.known.Load(); known != nil {
			s.Version = known.KubeVersion()
		}
		cache.mu.Lock()
		s.Down = s.Down || cache.down != nil
		for kind, table := range cache.tables {
			kinds[server].Insert(kind)
			s.Objects += len(table.items)
		}
		cache.mu.Unlock()
		s.Kinds = kinds[server].Len()
	}
	out := make([]Stat, 0, len(stats))
	for _, server := range slices.Sorted(maps.Keys(stats)) {
		out = append(out, *stats[server])
	}
	return out
}

// Server is the URL of the cluster that a user uses, empty if it uses none.
func (c *Caches) Server(user string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cache := c.using[user]; cache != nil {
		return cache.destination.Server
	}
	return ""
}

// Request is a request to a cluster that was made for a user.
type Request struct {
	// User is for whom, and Server the cluster's URL.
	User, Server string
	// Verb, Resource and Namespace are what was asked for.
	Verb, Resource, Namespace string
	DryRun                    bool
	// Code is the status of the answer, 0 if there was none.
	Code int
}

type userKey struct{}

// For returns a context whose requests Config.Requested is told of, as made for the user.
func For(ctx context.Context, user string) context.Context {
	return context.WithValue(ctx, userKey{}, user)
}

// telling tells of requests that were made for users.
type telling struct {
	next   http.RoundTripper
	server string
	told   func(Request)
}

var paths = request.RequestInfoFactory{APIPrefixes: sets.NewString("api", "apis"), GrouplessAPIPrefixes: sets.NewString("api")}

// RoundTrip implements http.RoundTripper.
func (t *telling) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	user, ok := req.Context().Value(userKey{}).(string)
	if !ok {
		return resp, err
	}
	r := Request{User: user, Server: t.server, DryRun: req.URL.Query().Has("dryRun")}
	if info, unreadable := paths.NewRequestInfo(req); unreadable == nil && info.IsResourceRequest {
		r.Verb, r.Resource, r.Namespace = info.Verb, info.Resource, info.Namespace
	}
	if resp != nil {
		r.Code = resp.StatusCode
	}
	t.told(r)
	return resp, err
}

// WrappedRoundTripper lets what is below be found.
func (t *telling) WrappedRoundTripper() http.RoundTripper { return t.next }
