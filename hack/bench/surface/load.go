// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package surface

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// measured is what n operations of some clients took.
type measured struct {
	n     int
	took  time.Duration
	times []time.Duration
	used  usage
}

// rate is operations a second.
func (r measured) rate() float64 { return float64(r.n) / r.took.Seconds() }

// quantile gives the time that a share q of the operations did not exceed.
func (r measured) quantile(q float64) time.Duration {
	s := slices.Sorted(slices.Values(r.times))
	return s[min(len(s)-1, int(float64(len(s))*q))]
}

func (r measured) String() string {
	return fmt.Sprintf("%.0f/s, p50 %s, p99 %s, CPU %s", r.rate(), ms(r.quantile(0.5)), ms(r.quantile(0.99)), r.used.per(r.n))
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

// operation is one request of client number c, the i-th of all.
type operation func(ctx context.Context, client *http.Client, c, i int) error

// load has k clients of a side do n operations, each as soon as its last one is done.
func (b *bench) load(ctx context.Context, s *side, k, n int, do operation) (measured, error) {
	clients, err := s.connections(k)
	if err != nil {
		return measured{}, err
	}
	// Connections are made, and tokens reviewed, before the clock runs.
	var warm sync.WaitGroup
	errs := make([]error, k)
	for c, client := range clients {
		warm.Go(func() { _, errs[c] = ask(ctx, client, http.MethodGet, s.url("?limit=1"), nil) })
	}
	warm.Wait()
	if err := errors.Join(errs...); err != nil {
		return measured{}, err
	}

	r := measured{n: n, times: make([]time.Duration, n)}
	var next atomic.Int64
	before, began := b.meter.read(), time.Now()
	var all sync.WaitGroup
	for c, client := range clients {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				start := time.Now()
				if errs[c] = do(ctx, client, c, i); errs[c] != nil {
					return
				}
				r.times[i] = time.Since(start)
			}
		})
	}
	all.Wait()
	r.took = time.Since(began)
	r.used = b.meter.read().minus(before).minus(b.meter.idle.over(r.took))
	return r, errors.Join(errs...)
}
