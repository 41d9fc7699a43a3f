// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package surface

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"argosy.dev/argosy/hack/e2e/framework"
)

// Options say what is measured.
type Options struct {
	// Objects are in each list; they are what the creations create.
	Objects int
	// Watchers look on while FanOut objects are created.
	Watchers, FanOut int
	// Gets and Writes are how many single reads, and writes of a large status, are timed.
	Gets, Writes int
	// Schema is the file with the schema of workflows.
	Schema string
	// Binary is an argosy-apiserver to time the start of; none if empty.
	Binary string
	// Log gets a line for each measurement as it is made.
	Log io.Writer
}

// bench is one run.
type bench struct {
	Options
	client *framework.Client
	meter  *meter
	sides  []*side
	table  Table
}

// Run measures, and leaves the cluster as it was.
func Run(ctx context.Context, client *framework.Client, o Options) (t *Table, err error) {
	m, err := newMeter()
	if err != nil {
		return nil, err
	}
	b := &bench{Options: o, client: client, meter: m}
	took, remove, err := define(ctx, client.Dynamic, o.Schema)
	if remove != nil {
		defer func() { err = errors.Join(err, remove(context.WithoutCancel(ctx))) }()
	}
	if err != nil {
		return nil, err
	}
	cleanup, err := b.prepare(ctx)
	if cleanup != nil {
		defer func() { err = errors.Join(err, cleanup(context.WithoutCancel(ctx))) }()
	}
	if err != nil {
		return nil, err
	}
	b.meter.learnIdle(5 * time.Second)
	b.table.Header = []string{"what"}
	for _, s := range b.sides {
		b.table.Header = append(b.table.Header, s.name)
	}
	b.table.Header = append(b.table.Header, "(b) : (a)")
	for _, measure := range []func(context.Context) error{b.creations, b.reads, b.lists, b.largeStatus, b.fans} {
		if err := measure(ctx); err != nil {
			return &b.table, err
		}
	}
	return &b.table, b.starts(ctx, took)
}

// each measures one thing on all sides, one after the other, and adds a row. value returns what is shown, and
// the figure by which sides are compared, of which more is better.
func (b *bench) each(what string, hop bool, value func(*side) (string, float64, error)) error {
	row := Row{What: what, Hop: hop}
	for _, s := range b.sides {
		text, figure, err := value(s)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", what, s.name, err)
		}
		row.Values, row.Figures = append(row.Values, text), append(row.Figures, figure)
	}
	b.table.Rows = append(b.table.Rows, row)
	fmt.Fprintln(b.Log, row.line())
	return nil
}

// rated is each for a load that is compared by its rate.
func (b *bench) rated(ctx context.Context, what string, hop bool, k, n int, do func(*side) operation) error {
	return b.each(what, hop, func(s *side) (string, float64, error) {
		r, err := b.load(ctx, s, k, n, do(s))
		if err != nil {
			return "", 0, err
		}
		return r.String(), r.rate(), nil
	})
}

func plural(k int) string {
	if k == 1 {
		return "1 client"
	}
	return fmt.Sprintf("%d clients", k)
}

// create is the operation that creates a small workflow, the i-th of those whose names begin so.
func create(s *side, prefix string) operation {
	return func(ctx context.Context, client *http.Client, _, i int) error {
		_, err := ask(ctx, client, http.MethodPost, s.url(""), small(s.apiVersion(), fmt.Sprintf("%s-%d", prefix, i)))
		return err
	}
}

// creations fills the lists, by more and more clients.
func (b *bench) creations(ctx context.Context) error {
	before, err := b.heaps(ctx)
	if err != nil {
		return err
	}
	for _, part := range []struct{ clients, share int }{{1, 10}, {16, 40}, {64, 50}} {
		what := "create, " + plural(part.clients)
		prefix := fmt.Sprintf("by%d", part.clients)
		if err := b.rated(ctx, what, false, part.clients, b.Objects*part.share/100, func(s *side) operation { return create(s, prefix) }); err != nil {
			return err
		}
	}
	after, err := b.heaps(ctx)
	if err != nil {
		return err
	}
	// Argosy holds the objects of two sides.
	custom, ours := after.custom-before.custom, (after.argosy-before.argosy)/2
	b.add(Row{What: fmt.Sprintf("live heap that %d objects add to their server", b.Objects),
		Values: []string{mb(custom), mb(ours), mb(ours)}, Figures: []float64{1 / custom, 1 / ours, 1 / ours}})
	return nil
}

func (b *bench) add(r Row) {
	b.table.Rows = append(b.table.Rows, r)
	fmt.Fprintln(b.Log, r.line())
}

// reads gets single objects.
func (b *bench) reads(ctx context.Context) error {
	get := func(s *side) operation {
		return func(ctx context.Context, client *http.Client, _, i int) error {
			_, err := ask(ctx, client, http.MethodGet, s.url(fmt.Sprintf("/by64-%d", i%(b.Objects/2))), nil)
			return err
		}
	}
	for _, k := range []int{1, 16} {
		if err := b.rated(ctx, "get, "+plural(k), true, k, b.Gets*min(k, 4), get); err != nil {
			return err
		}
	}
	return nil
}

// lists reads all objects of a side at once, as clients do that accept gzip and as those that do not.
func (b *bench) lists(ctx context.Context) error {
	for _, l := range []struct{ what, query, encoding string }{
		{fmt.Sprintf("list of %d, gzip", b.Objects), "", "gzip"},
		{fmt.Sprintf("list of %d, plain", b.Objects), "", "identity"},
		{"list of 500 of them (limit)", "?limit=500", "gzip"},
	} {
		err := b.each(l.what, false, func(s *side) (string, float64, error) {
			var size int64
			r, err := b.load(ctx, s, 1, 9, func(ctx context.Context, client *http.Client, _, _ int) (err error) {
				size, err = weigh(ctx, client, s.url(l.query), l.encoding)
				return err
			})
			if err != nil {
				return "", 0, err
			}
			return fmt.Sprintf("p50 %s, %s, CPU %s", ms(r.quantile(0.5)), mb(float64(size)), r.used.per(r.n)), r.rate(), nil
		})
		if err != nil {
			return err
		}
	}
	return b.each(fmt.Sprintf("first picture of an informer, %d objects streamed", b.Objects), false, func(s *side) (string, float64, error) {
		r, err := b.load(ctx, s, 1, 9, func(ctx context.Context, client *http.Client, _, _ int) error { return b.informer(ctx, client, s) })
		if err != nil {
			return "", 0, err
		}
		return fmt.Sprintf("p50 %s, CPU %s", ms(r.quantile(0.5)), r.used.per(r.n)), r.rate(), nil
	})
}

// fans has many watchers look on while objects are created.
func (b *bench) fans(ctx context.Context) error {
	return b.each(fmt.Sprintf("%d watchers while 16 clients create %d", b.Watchers, b.FanOut), false, func(s *side) (string, float64, error) {
		f, err := b.fanOut(ctx, s, b.Watchers, 16, b.FanOut, create(s, "fan"))
		if err != nil {
			return "", 0, err
		}
		return f.String(), float64(f.events) / f.took.Seconds(), nil
	})
}
