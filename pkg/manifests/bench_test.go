// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"argosy.dev/argosy/hack/e2e/gitserver"
	"argosy.dev/argosy/pkg/manifests"
)

// monorepo is a repository with so many applications, and a request for each.
func monorepo(t testing.TB, n int) (*gitserver.Repository, *manifests.Generator, []manifests.Request) {
	server := gitserver.Start(t, gitserver.Options{})
	served := server.Repository("mono.git")
	files := map[string]string{}
	for i := range n {
		for k := range 10 {
			files[fmt.Sprintf("apps/app-%d/%d.yaml", i, k)] = config(fmt.Sprintf("app-%d-%d", i, k), "0")
		}
	}
	served.Commit(files)
	g, w := generator(t)
	w.trust("apps", server)
	var requests []manifests.Request
	for i := range n {
		req := app(fmt.Sprintf("app-%d", i), source(server.HTTPS("mono.git"), fmt.Sprintf("apps/app-%d", i)))
		req.Refresh = manifests.Cached
		requests = append(requests, req)
	}
	return served, g, requests
}

// all asks for the manifests of all applications, four at a time, after one has asked the repository.
func all(t testing.TB, g *manifests.Generator, requests []manifests.Request) time.Duration {
	t.Helper()
	begin := time.Now()
	latest := requests[0]
	latest.Refresh = manifests.Latest
	if _, err := g.Resolve(t.Context(), latest); err != nil {
		t.Fatal(err)
	}
	work := make(chan manifests.Request)
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for req := range work {
				if _, err := g.Generate(t.Context(), req); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, req := range requests {
		work <- req
	}
	close(work)
	workers.Wait()
	return time.Since(begin)
}

// TestMonorepo: of a commit that touches one of 200 applications, one is rendered.
func TestMonorepo(t *testing.T) {
	const n = 200
	served, g, requests := monorepo(t, n)
	first := all(t, g, requests)
	if c := g.Counters(); c.Renders != n {
		t.Fatalf("at first: %+v", c)
	}
	served.Commit(map[string]string{"apps/app-77/3.yaml": config("app-77-3", "1")})
	second := all(t, g, requests)
	c := g.Counters()
	if c.Renders != n+1 || c.Hits != n-1 {
		t.Errorf("after the commit: %+v", c)
	}
	again := all(t, g, requests)
	if after := g.Counters(); after.Renders != c.Renders || after.Looks != c.Looks {
		t.Errorf("without a commit: %+v, before %+v", after, c)
	}
	t.Logf("%d applications: at first %v, after a commit to one %v, without a commit %v", n, first, second, again)
}

// BenchmarkMonorepo is a commit to one of 200 applications: all are resolved and generated.
func BenchmarkMonorepo(b *testing.B) {
	const n = 200
	served, g, requests := monorepo(b, n)
	all(b, g, requests)
	before := g.Counters()
	var spent time.Duration
	rounds := 0
	for b.Loop() {
		b.StopTimer()
		served.Commit(map[string]string{fmt.Sprintf("apps/app-%d/3.yaml", rounds%n): config("x", fmt.Sprint("new ", rounds))})
		b.StartTimer()
		spent += all(b, g, requests)
		rounds++
	}
	after := g.Counters()
	b.ReportMetric(float64(after.Renders-before.Renders)/float64(rounds), "renders/op")
	b.ReportMetric(float64(after.Looks-before.Looks)/float64(rounds), "looks/op")
	b.ReportMetric(float64(spent.Milliseconds())/float64(rounds), "ms/commit")
}

// TestTogether: many requests at once for one application render once.
func TestTogether(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{})
	server.Repository("app.git").Commit(map[string]string{"1.yaml": config("one", "1")})
	g, w := generator(t)
	w.trust("apps", server)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := g.Generate(t.Context(), app("x", source(server.HTTPS("app.git"), "."))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if c := g.Counters(); c.Renders != 1 || c.Hits != 19 {
		t.Errorf("%+v", c)
	}
}
