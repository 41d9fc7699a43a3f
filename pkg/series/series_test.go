// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package series

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

func is(t *testing.T, collector prometheus.Collector, want string) {
	t.Helper()
	if err := testutil.CollectAndCompare(collector, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

func TestCounter(t *testing.T) {
	c := NewCounter("things_total", "Things.", "name", "kind")
	c.Add("a", 1, "a", "x")
	c.Add("a", 2, "a", "x")
	c.Add("a", 1, "a", "y\xff")
	c.Add("b", 1, "b", "x")
	is(t, c, `
# HELP things_total Things.
# TYPE things_total counter
things_total{kind="x",name="a"} 3
things_total{kind="x",name="b"} 1
things_total{kind="y�",name="a"} 1
`)
	c.Forget("a")
	is(t, c, `
# HELP things_total Things.
# TYPE things_total counter
things_total{kind="x",name="b"} 1
`)
	c.Reset()
	if n := testutil.CollectAndCount(c); n != 0 {
		t.Errorf("%d series are left", n)
	}
}

// TestFamily: what is counted is shown always, what a source tells only while it is the latest that has begun;
// when one ends, what was counted of its objects goes.
func TestFamily(t *testing.T) {
	c, g := NewCounter("things_total", "Things."), NewGauge("now", "Now.")
	c.Add("a", 1)
	f := NewFamily([]Gauge{g}, func(out chan<- prometheus.Metric, n float64) { g.Tell(out, n) }, c.Reset, c)
	const counted = `
# HELP things_total Things.
# TYPE things_total counter
things_total 1
`
	const told = `
# HELP now Now.
# TYPE now gauge
now 2
`
	is(t, f, counted)
	endFirst := f.Tell(1)
	endSecond := f.Tell(2)
	is(t, f, counted+told)
	endFirst()
	is(t, f, told)
	endSecond()
	is(t, f, "")
}

// Values of labels that are the same when they are put one behind the other are told apart.
func TestLabelsAreToldApart(t *testing.T) {
	c := NewCounter("things_total", "Things.", "a", "b")
	c.Add("o", 1, "x", "yz")
	c.Add("o", 1, "xy", "z")
	if n := testutil.CollectAndCount(c); n != 2 {
		t.Errorf("%d series, want 2", n)
	}
}

func TestHistogram(t *testing.T) {
	h := NewHistogram("took_seconds", "Times.", []float64{1, 2}, "name")
	for _, value := range []float64{0.5, 1, 1.5, 8} {
		h.Observe("a", value, "a")
	}
	is(t, h, `
# HELP took_seconds Times.
# TYPE took_seconds histogram
took_seconds_bucket{name="a",le="1"} 2
took_seconds_bucket{name="a",le="2"} 3
took_seconds_bucket{name="a",le="+Inf"} 4
took_seconds_sum{name="a"} 11
took_seconds_count{name="a"} 4
`)
}
