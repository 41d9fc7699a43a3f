// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"argosy.dev/argosy/pkg/remote"
	"argosy.dev/argosy/pkg/render"
)

const (
	// maxNeeds is how many charts and values one source may need.
	maxNeeds = 100
	// maxValues is how large values at a URL may be, in bytes.
	maxValues = 10 << 20
)

// supply fetches what a rendering needs, and puts it into the request and the trees of the next round.
func (g *Generator) supply(ctx context.Context, j *job, wanted *render.Error, ask *render.Request, trees render.Trees) ([]need, error) {
	if len(ask.Charts)+len(ask.Values)+len(wanted.Charts)+len(wanted.Values) > maxNeeds {
		return nil, &render.Error{Kind: render.TooLarge, Message: fmt.Sprintf("the source needs more than %d charts and values", maxNeeds)}
	}
	var needs []need
	for _, chart := range wanted.Charts {
		r, version, err := g.dependency(ctx, j, chart)
		if err != nil {
			return nil, err
		}
		tree, err := g.chart(ctx, r, chart.Name, version)
		if err != nil {
			return nil, err
		}
		n := need{chart: chart, got: version.Version + " " + version.Digest}
		chart.Tree = fmt.Sprintf("chart/%d", len(ask.Charts))
		ask.Charts = append(ask.Charts, chart)
		trees[chart.Tree] = tree
		needs = append(needs, n)
	}
	for _, values := range wanted.Values {
		content, err := g.values(ctx, j, values.URL)
		if err != nil {
			return nil, err
		}
		n := need{values: values, got: digest(content)}
		values.Tree, values.Path = fmt.Sprintf("values/%d", len(ask.Values)), "values.yaml"
		ask.Values = append(ask.Values, values)
		trees[values.Tree] = render.Map{values.Path: string(content)}
		needs = append(needs, n)
	}
	return needs, nil
}

// dependency finds a chart on which another depends, if the project permits its repository.
func (g *Generator) dependency(ctx context.Context, j *job, chart render.Chart) (chartRepository, chartVersion, error) {
	fail := func(err error) (chartRepository, chartVersion, error) {
		return chartRepository{}, chartVersion{}, fmt.Errorf("dependency %q: %w", chart.Name, err)
	}
	r, err := g.chartRepository(j.who, chart.Repository, j.own.passOn())
	if err != nil {
		return fail(err)
	}
	if j.req.Permits != nil && !j.req.Permits(r.url) && !j.req.Permits(r.url+"/") {
		return fail(fmt.Errorf("the repository %s is not permitted in project %q", remote.Clean(r.url), j.who.project))
	}
	found, err := g.find(ctx, r, chart.Name, chart.Version, g.age(j.req))
	if err != nil {
		return fail(err)
	}
	return r, found, nil
}

// values fetches values at a URL. The namespace's credentials are not for them.
func (g *Generator) values(ctx context.Context, j *job, url string) ([]byte, error) {
	content, err := g.download(ctx, j.who, url, remote.Access{}, false, maxValues)
	if err != nil {
		return nil, fmt.Errorf("values: %w", err)
	}
	return content, nil
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// recheck returns what a need would get now. What is named by an exact version is taken not to change, and of what is
// named by a URL only a request for the latest asks again.
func (g *Generator) recheck(ctx context.Context, j *job, n need) (string, error) {
	if n.values.URL != "" {
		if j.req.Refresh == Cached {
			return n.got, nil
		}
		content, err := g.values(ctx, j, n.values.URL)
		return digest(content), err
	}
	if exact(n.chart.Version) {
		r, err := g.chartRepository(j.who, n.chart.Repository, false)
		if err != nil || j.req.Permits != nil && !j.req.Permits(r.url) && !j.req.Permits(r.url+"/") {
			return "", err // The project has changed: the rendering tells.
		}
		return n.got, nil
	}
	_, version, err := g.dependency(ctx, j, n.chart)
	return strings.Join([]string{version.Version, version.Digest}, " "), err
}
