// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package random sends objects that are made up from the peers' schemas through a real server: created, applied and
// given a status in one group, read in the other, compared, and put back unchanged. Since most of what a schema allows
// makes no sense, an object is first mended by what the server says of it, until it is accepted; what share of the
// schema's properties came through is told in the end.
//
// It knows the API types, to say what must come back, and must not know how the server works.
package random

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"

	"argosy.dev/argosy/hack/schemas"
)

// Options say what is sent where.
type Options struct {
	// Config reaches the server, as somebody who may do everything.
	Config *rest.Config
	// Namespace is where objects are created. It must exist, where there are namespaces.
	Namespace string
	// Kinds are the kinds to send; empty means all that are served.
	Kinds []string
	// Objects is how many objects are made up for each kind at most. 0 means as many as it takes to try each property.
	Objects int
	// Log tells what happens to each object; nil tells nobody.
	Log func(format string, args ...any)
}

// Result is how it went with a kind.
type Result struct {
	Family, Kind string
	// Served tells whether the server has the kind. If not, nothing was sent.
	Served bool
	// Objects came through, Given up were never accepted, Requests is what that took.
	Objects, GivenUp, Requests int
	// Covered of Total properties of the schema came back at least once.
	Covered, Total int
	// Uncovered are the others, by path.
	Uncovered []string
	// Differs tells what did not come back as it was sent.
	Differs []string
	Took    time.Duration
}

// Percent is the share of the schema's properties that came back.
func (r Result) Percent() float64 { return 100 * float64(r.Covered) / float64(max(1, r.Total)) }

// Run sends objects of every kind. Its error means that it could not be tried.
func Run(ctx context.Context, o Options) ([]Result, error) {
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	o.Config = rest.CopyConfig(o.Config)
	o.Config.QPS = -1
	o.Config.WarningHandlerWithContext = rest.NoWarnings{}
	httpClient, err := rest.HTTPClientFor(o.Config)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	served, err := resources(o.Config)
	if err != nil {
		return nil, err
	}
	var senders []*sender
	for _, family := range schemas.Families {
		kinds, err := schemas.Kinds(family)
		if err != nil {
			return nil, err
		}
		for _, k := range kinds {
			if len(o.Kinds) > 0 && !slices.Contains(o.Kinds, k.Name) {
				continue
			}
			s := &sender{options: o, client: httpClient, kind: k, result: Result{Family: k.Family, Kind: k.Name, Served: served[k.Names.Plural]}}
			if s.result.Served {
				if err := s.complete(); err != nil {
					return nil, fmt.Errorf("%s: %w", k.Name, err)
				}
			}
			senders = append(senders, s)
		}
	}
	// As many at a time as keep a server of two cores busy.
	const parallel = 6
	var group sync.WaitGroup
	var mu sync.Mutex
	var failed []error
	slots := make(chan struct{}, parallel)
	for _, s := range senders {
		if !s.result.Served {
			continue
		}
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			began := time.Now()
			if err := s.run(ctx); err != nil {
				mu.Lock()
				failed = append(failed, fmt.Errorf("%s: %w", s.kind.Name, err))
				mu.Unlock()
			}
			s.result.Took = time.Since(began)
		})
	}
	group.Wait()
	var results []Result
	for _, s := range senders {
		results = append(results, s.result)
	}
	return results, errors.Join(failed...)
}

// resources returns which resources of the peers' group the server has.
func resources(c *rest.Config) (map[string]bool, error) {
	d, err := discovery.NewDiscoveryClientForConfig(c)
	if err != nil {
		return nil, fmt.Errorf("make discovery client: %w", err)
	}
	list, err := d.ServerResourcesForGroupVersion(compat.String())
	if err != nil {
		return nil, fmt.Errorf("discover %s: %w", compat, err)
	}
	served := map[string]bool{}
	for _, r := range list.APIResources {
		served[r.Name] = true
	}
	return served, nil
}

// sender sends objects of one kind.
type sender struct {
	options Options
	client  *http.Client
	host    string
	kind    *schemas.Kind
	types   *types
	// skeleton is a small valid object, whose parts are always there.
	skeleton map[string]any
	result   Result
	covered  map[string]bool
	total    []string
}

// run makes up objects until each property has been tried, in ever smaller groups.
func (s *sender) run(ctx context.Context) error {
	s.total = s.kind.Paths()
	s.covered = map[string]bool{}
	s.result.Total = len(s.total)
	defer func() {
		for _, p := range s.total {
			if s.covered[p] {
				s.result.Covered++
			} else {
				s.result.Uncovered = append(s.result.Uncovered, p)
			}
		}
	}()
	seed := uint64(0)
	for _, size := range []int{len(s.total)/10 + 5, len(s.total)/40 + 2, len(s.total)/100 + 1} {
		for targets := range slices.Chunk(s.pending(), size) {
			if s.options.Objects > 0 && int(seed) >= s.options.Objects {
				return nil
			}
			seed++
			if err := s.try(ctx, seed, targets); err != nil {
				return fmt.Errorf("object %d: %w", seed, err)
			}
		}
	}
	return nil
}

// pending are the properties that did not come back yet.
func (s *sender) pending() []string {
	return slices.DeleteFunc(slices.Clone(s.total), func(p string) bool { return s.covered[p] })
}

// try makes up one object with the given properties, mends it, and sends it both ways.
func (s *sender) try(ctx context.Context, seed uint64, targets []string) error {
	// Apply takes objects as maps, where the order of keys and the digits of large numbers do not count.
	apply := seed%2 == 0
	obj, statusPart := s.makeUp(seed, targets, apply)
	m := &mender{sender: s, targets: targets, obj: obj}
	ok, err := m.mend(ctx)
	if err != nil {
		return err
	}
	if !ok {
		s.result.GivenUp++
		s.options.Log("%s %d: given up: %s", s.kind.Name, seed, m.last)
		return nil
	}
	s.result.Objects++
	differs, err := s.throughServer(ctx, seed, apply, m.obj, statusPart)
	for _, d := range differs {
		s.result.Differs = append(s.result.Differs, fmt.Sprintf("%s, object %d: %s", s.kind.Name, seed, d))
	}
	return err
}

// makeUp makes up an object: what is sent to the main resource, and its status.
func (s *sender) makeUp(seed uint64, targets []string, plain bool) (obj map[string]any, status any) {
	g := schemas.NewGenerator(seed)
	g.Plain = plain
	g.Text = plausible
	g.Toward(targets)
	obj, _ = g.Object(s.kind, s.types.of)
	status = obj["status"]
	delete(obj, "status")
	obj = merge(obj, clone(s.skeleton), seed%3 == 0).(map[string]any)
	obj["apiVersion"], obj["kind"] = compat.String(), s.kind.Name
	obj["metadata"] = map[string]any{
		"name": fmt.Sprintf("random-%s-%d", strings.ToLower(s.kind.Name), seed),
		// Nobody is to look for the repository of an application that is made up.
		"annotations": map[string]any{"argocd.argoproj.io/skip-reconcile": "true"},
	}
	return obj, status
}

// status is the answer of a server that refuses.
type refusal struct {
	code   int
	status metav1.Status
}
