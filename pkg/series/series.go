// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package series holds metrics of objects that come and go. What is counted of an object is forgotten with it, in one
// step that costs as much as the object has series, so that a process which has seen many objects tells of those that
// there are.
package series

import (
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// table has what is counted, by the owner and then by the values of the labels.
type table[T any] struct {
	desc *prometheus.Desc

	mu sync.Mutex
	of map[string]map[string]*series[T]
}

type series[T any] struct {
	labels []string
	value  T
}

func newTable[T any](name, help string, labels []string) table[T] {
	return table[T]{desc: prometheus.NewDesc(name, help, labels, nil), of: map[string]map[string]*series[T]{}}
}

// get returns the series of an owner with these labels, made if it is not there. The lock must be held.
func (t *table[T]) get(owner string, labels []string) *series[T] {
	all := t.of[owner]
	if all == nil {
		all = map[string]*series[T]{}
		t.of[owner] = all
	}
	key := strings.Join(labels, "\xff") // which is in no text that is UTF-8
	one := all[key]
	if one == nil {
		one = &series[T]{labels: slices.Clone(labels)}
		all[key] = one
	}
	return one
}

// Forget drops all series of an owner.
func (t *table[T]) Forget(owner string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.of, owner)
}

// Reset drops all series.
func (t *table[T]) Reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.of)
}

// Describe implements prometheus.Collector.
func (t *table[T]) Describe(out chan<- *prometheus.Desc) { out <- t.desc }

// each gives a metric of every series.
func (t *table[T]) each(out chan<- prometheus.Metric, metric func(*series[T]) (prometheus.Metric, error)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, all := range t.of {
		for _, one := range all {
			send(out, t.desc, func() (prometheus.Metric, error) { return metric(one) })
		}
	}
}

func send(out chan<- prometheus.Metric, desc *prometheus.Desc, metric func() (prometheus.Metric, error)) {
	m, err := metric()
	if err != nil {
		m = prometheus.NewInvalidMetric(desc, err)
	}
	out <- m
}

// valid are labels that a scrape can carry: what is not UTF-8 would end all of it.
func valid(labels []string) []string {
	out := make([]string, len(labels))
	for i, label := range labels {
		out[i] = strings.ToValidUTF8(label, "\uFFFD")
	}
	return out
}

// Counter has numbers that only rise. It is made by NewCounter.
type Counter struct{ table[float64] }

// NewCounter returns a counter of that name, with these labels.
func NewCounter(name, help string, labels ...string) *Counter {
	return &Counter{newTable[float64](name, help, labels)}
}

// Add adds to the series of an owner with these values of the labels.
func (c *Counter) Add(owner string, n float64, labels ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.get(owner, valid(labels)).value += n
}

// Collect implements prometheus.Collector.
func (c *Counter) Collect(out chan<- prometheus.Metric) {
	c.each(out, func(one *series[float64]) (prometheus.Metric, error) {
		return prometheus.NewConstMetric(c.desc, prometheus.CounterValue, one.value, one.labels...)
	})
}

// Level has numbers that are set. It is made by NewLevel.
type Level struct{ table[float64] }

// NewLevel returns a level of that name, with these labels.
func NewLevel(name, help string, labels ...string) *Level {
	return &Level{newTable[float64](name, help, labels)}
}

// Set sets the series of an owner with these values of the labels.
func (l *Level) Set(owner string, n float64, labels ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.get(owner, valid(labels)).value = n
}

// Collect implements prometheus.Collector.
func (l *Level) Collect(out chan<- prometheus.Metric) {
	l.each(out, func(one *series[float64]) (prometheus.Metric, error) {
		return prometheus.NewConstMetric(l.desc, prometheus.GaugeValue, one.value, one.labels...)
	})
}

// Histogram has how often something took how long. It is made by NewHistogram.
type Histogram struct {
	table[distribution]
	bounds []float64
}

type distribution struct {
	count uint64
	sum   float64
	// within has how many were at most a bound and more than the one before.
	within []uint64
}

// NewHistogram returns a histogram of that name, with these upper bounds, which rise, and labels.
func NewHistogram(name, help string, bounds []float64, labels ...string) *Histogram {
	return &Histogram{newTable[distribution](name, help, labels), bounds}
}

// Observe counts a value in the series of an owner with these values of the labels.
func (h *Histogram) Observe(owner string, value float64, labels ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	d := &h.get(owner, valid(labels)).value
	if d.within == nil {
		d.within = make([]uint64, len(h.bounds))
	}
	d.count++
	d.sum += value
	if i, _ := slices.BinarySearch(h.bounds, value); i < len(h.bounds) {
		d.within[i]++
	}
}

// Collect implements prometheus.Collector.
func (h *Histogram) Collect(out chan<- prometheus.Metric) {
	h.each(out, func(one *series[distribution]) (prometheus.Metric, error) {
		buckets, upTo := make(map[float64]uint64, len(h.bounds)), uint64(0)
		for i, bound := range h.bounds {
			upTo += one.value.within[i]
			buckets[bound] = upTo
		}
		return prometheus.NewConstHistogram(h.desc, one.value.count, one.value.sum, buckets, one.labels...)
	})
}

// Gauge describes numbers that are told anew with each scrape. It is made by NewGauge.
type Gauge struct{ desc *prometheus.Desc }

// NewGauge returns a gauge of that name, with these labels.
func NewGauge(name, help string, labels ...string) Gauge {
	return Gauge{prometheus.NewDesc(name, help, labels, nil)}
}

// Desc is what the gauge is.
func (g Gauge) Desc() *prometheus.Desc { return g.desc }

// Tell gives a number with these values of the labels.
func (g Gauge) Tell(out chan<- prometheus.Metric, value float64, labels ...string) {
	send(out, g.desc, func() (prometheus.Metric, error) {
		return prometheus.NewConstMetric(g.desc, prometheus.GaugeValue, value, valid(labels)...)
	})
}
