// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/git"
	"argosy.dev/argosy/pkg/render"
)

// maxRounds is how often a source may tell what else it needs: its charts' charts are in their archives.
const maxRounds = 4

// Generator makes the manifests of applications. It is safe for concurrent use.
type Generator struct {
	config  Config
	library library
	cache   *cache

	renders, hits, looks atomic.Int64
}

// New returns a Generator.
func New(config Config) *Generator {
	if config.Age <= 0 {
		config.Age = 3 * time.Minute
	}
	if config.Memory <= 0 {
		config.Memory = 256 << 20
	}
	if config.Charts <= 0 {
		config.Charts = 64 << 20
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	register()
	return &Generator{
		config: config, cache: newCache(config.Memory),
		library: library{indexes: map[string]*catalogue{}, charts: newLRU[*chartTree](config.Charts)},
	}
}

// Counters returns what the Generator has done.
func (g *Generator) Counters() Counters {
	return Counters{Renders: g.renders.Load(), Hits: g.hits.Load(), Looks: g.looks.Load()}
}

// Resolve returns the revisions of the sources of a request: commits, and versions of charts.
func (g *Generator) Resolve(ctx context.Context, req Request) ([]string, error) {
	sources, err := g.resolved(ctx, req)
	if err != nil {
		return nil, err
	}
	return revisions(sources), nil
}

func (g *Generator) resolved(ctx context.Context, req Request) ([]*source, error) {
	sources, err := g.sources(tenantOf(req), req)
	if err != nil {
		return nil, err
	}
	age := g.age(req)
	for _, s := range sources {
		if err := g.resolve(ctx, s, age); err != nil {
			return nil, fmt.Errorf("%s: %w", s.field, err)
		}
	}
	return sources, nil
}

// age is how old what is known of branches, tags and chart repositories may be.
func (g *Generator) age(req Request) time.Duration {
	switch {
	case req.Refresh != Cached:
		return 0
	case req.Age > 0:
		return req.Age
	}
	return g.config.Age
}

func revisions(sources []*source) []string {
	list := make([]string, len(sources))
	for i, s := range sources {
		list[i] = s.revision
	}
	return list
}

func tenantOf(req Request) tenant {
	return tenant{req.Application.Namespace, req.Application.Spec.GetProject()}
}

// Generate returns the manifests of an application. An error that is a *render.Error is the fault of what is in the
// repository; other errors are those of repositories, Secrets or our own, and trying again may help.
func (g *Generator) Generate(ctx context.Context, req Request) (*Result, error) {
	result, err := g.generate(ctx, req)
	if errors.Is(err, git.ErrCorrupt) {
		// The store has been dropped, and is fetched anew.
		result, err = g.generate(ctx, req)
	}
	return result, err
}

func (g *Generator) generate(ctx context.Context, req Request) (result *Result, err error) {
	sources, err := g.resolved(ctx, req)
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, s := range sources {
			if e := s.close(); e != nil && err == nil {
				result, err = nil, fmt.Errorf("close the store of %s: %w", s.field, e)
			}
		}
	}()
	result = &Result{Revisions: revisions(sources), Cached: true}
	sum := sha256.New()
	for _, s := range sources {
		if !s.hasManifests() {
			result.Types = append(result.Types, "")
			continue
		}
		e, cached, err := g.renderSource(ctx, req, s, sources)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.field, err)
		}
		result.Types = append(result.Types, e.kind)
		result.Objects = append(result.Objects, e.objects...)
		result.Cached = result.Cached && cached
		result.AsksKinds = result.AsksKinds || e.kinds != ""
		sum.Write([]byte(e.digest))
	}
	result.Digest = hex.EncodeToString(sum.Sum(nil))
	return result, nil
}

// job is the rendering of one source.
type job struct {
	req     Request
	who     tenant
	ask     render.Request
	own     *source
	sources map[string]*source // by the name of the tree
	key     string
}

// renderSource returns what a source renders to, from the cache if it can.
func (g *Generator) renderSource(ctx context.Context, req Request, s *source, all []*source) (*entry, bool, error) {
	who := tenantOf(req)
	j := &job{req: req, who: who, own: s, sources: map[string]*source{"": s}}
	j.ask = render.Request{
		Domain: who.namespace + "/" + who.project, Source: s.ApplicationSource, Chart: s.charts != nil, Application: req.Application.Name,
		Namespace: who.namespace, Project: who.project, Destination: req.Destination, Revision: s.revision,
		KubeVersion: req.KubeVersion, APIVersions: req.APIVersions, Settings: req.Settings, Refs: map[string]string{},
	}
	for _, other := range all {
		if other.Ref != "" {
			j.ask.Refs[other.Ref] = "ref/" + other.Ref
			j.sources["ref/"+other.Ref] = other
		}
	}
	var err error
	if j.key, err = key(j.ask); err != nil {
		return nil, false, err
	}
	leave, err := g.cache.enter(ctx, j.key)
	if err != nil {
		return nil, false, err
	}
	defer leave()
	if req.Refresh != Hard {
		e, err := g.recall(ctx, j)
		if err != nil {
			return nil, false, err
		}
		if e != nil {
			g.hits.Add(1)
			generated.WithLabelValues("cached").Inc()
			return e, true, nil
		}
	}
	e, err := g.render(ctx, j)
	return e, false, err
}

// versions names the trees of a job as they are now.
func (j *job) versions() map[string]string {
	versions := map[string]string{}
	for name, s := range j.sources {
		versions[name] = s.version()
	}
	return versions
}

// recall returns an entry that is still right, nil if there is none.
func (g *Generator) recall(ctx context.Context, j *job) (*entry, error) {
	for _, e := range g.cache.variants(j.key) {
		same, err := g.same(ctx, j, e)
		if err != nil {
			return nil, err
		}
		if same {
			g.cache.keep(j.key, e, j.versions())
			return e, nil
		}
	}
	return nil, nil
}

// same tells whether all that an entry depends on is as it was.
func (g *Generator) same(ctx context.Context, j *job, e *entry) (bool, error) {
	if e.revision != "" && e.revision != j.own.revision || e.kinds != "" && e.kinds != kindsOf(j.req) {
		return false, nil
	}
	known := map[string]bool{}
	for q, answer := range e.asked {
		s := j.sources[q.tree]
		if s == nil {
			return false, nil
		}
		is, asked := known[q.tree]
		if !asked {
			is = g.cache.known(e, q.tree, s.version())
			known[q.tree] = is
		}
		if is {
			continue
		}
		tree, err := g.open(ctx, j.who, s)
		if err != nil {
			return false, err
		}
		g.looks.Add(1)
		now, err := q.ask(tree)
		if err != nil {
			return false, err
		}
		if now != answer {
			return false, nil
		}
	}
	for _, n := range e.needs {
		got, err := g.recheck(ctx, j, n)
		if err != nil || got != n.got {
			return false, err
		}
	}
	return true, nil
}

// render renders a source, as often as it tells what else it needs.
func (g *Generator) render(ctx context.Context, j *job) (*entry, error) {
	recorders := map[string]*recorder{}
	trees := render.Trees{}
	for name, s := range j.sources {
		tree, err := g.open(ctx, j.who, s)
		if err != nil {
			return nil, err
		}
		recorders[name] = record(name, tree)
		trees[name] = recorders[name]
	}
	ask := j.ask
	var needs []need
	for round := 0; ; round++ {
		result, err := g.config.Renderer.Render(ctx, ask, trees)
		var wrong *render.Error
		if errors.As(err, &wrong) && wrong.Kind == render.Needs && round < maxRounds && len(wrong.Charts)+len(wrong.Values) > 0 {
			more, err := g.supply(ctx, j, wrong, &ask, trees)
			if err != nil {
				return nil, err
			}
			needs = append(needs, more...)
			continue
		}
		if err != nil {
			return nil, err
		}
		g.renders.Add(1)
		generated.WithLabelValues("rendered").Inc()
		e, err := newEntry(result)
		if err != nil {
			return nil, err
		}
		e.needs = needs
		e.asked = map[question]string{}
		dynamic, err := dependsOnRevision(j.own.ApplicationSource)
		if err != nil {
			return nil, err
		}
		for _, r := range recorders {
			for q, answer := range r.asked {
				e.asked[q] = answer
			}
			dynamic = dynamic || r.dynamic
		}
		if dynamic {
			e.revision = j.own.revision
		}
		if result.AsksKinds {
			e.kinds = kindsOf(j.req)
		}
		e.weigh()
		g.cache.keep(j.key, e, j.versions())
		return e, nil
	}
}

// kindsOf is a text that changes with what the cluster serves.
func kindsOf(req Request) string {
	sum := sha256.New()
	for _, version := range req.APIVersions {
		fmt.Fprintf(sum, "%s\n", version)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// dependsOnRevision tells whether the options of a source name the revision.
func dependsOnRevision(s appv1.ApplicationSource) (bool, error) {
	text, err := json.Marshal(s)
	if err != nil {
		return false, fmt.Errorf("read the source: %w", err)
	}
	return strings.Contains(string(text), revisionVariable), nil
}
