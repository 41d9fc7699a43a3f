// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package series

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// Family collects the metrics of a family of resources: what has been counted, and what a source tells with each scrape.
// S is the type of the source. It is made by NewFamily, and safe for concurrent use.
type Family[S any] struct {
	counted []prometheus.Collector
	gauges  []Gauge
	tell    func(out chan<- prometheus.Metric, source S)
	ended   func()

	mu     sync.Mutex
	source *S
}

// NewFamily returns metrics without a source. tell gives the gauges' values; ended forgets what was counted of the objects of
// a source that is told of no more.
func NewFamily[S any](gauges []Gauge, tell func(out chan<- prometheus.Metric, source S), ended func(), counted ...prometheus.Collector) *Family[S] {
	return &Family[S]{counted: counted, gauges: gauges, tell: tell, ended: ended}
}

// Tell has what the source returns told, until end is called, unless another one has begun by then. What was counted of its
// objects is forgotten then, too: the process that drives them next counts anew.
func (f *Family[S]) Tell(source S) (end func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	begun := &source
	f.source = begun
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.source == begun {
			f.source = nil
		}
		f.ended()
	}
}

// Describe implements prometheus.Collector.
func (f *Family[S]) Describe(out chan<- *prometheus.Desc) {
	for _, c := range f.counted {
		c.Describe(out)
	}
	for _, g := range f.gauges {
		out <- g.Desc()
	}
}

// Collect implements prometheus.Collector. Without a source, another process tells what there is.
func (f *Family[S]) Collect(out chan<- prometheus.Metric) {
	for _, c := range f.counted {
		c.Collect(out)
	}
	f.mu.Lock()
	source := f.source
	f.mu.Unlock()
	if source != nil {
		f.tell(out, *source)
	}
}
