// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package replicas

import (
	"testing"

	"k8s.io/apimachinery/pkg/util/intstr"
	"pgregory.net/rapid"

	_ "argosy.dev/argosy/hack/seed"
)

func TestFences(t *testing.T) {
	for _, tc := range []struct {
		surge, unavailable string
		replicas           int32
		wantUp, wantDown   int32
	}{
		{"25%", "25%", 4, 1, 1},
		{"25%", "25%", 1, 1, 0},
		{"25%", "25%", 5, 2, 1},
		{"0", "1%", 2, 0, 1},
		{"0", "25%", 1, 0, 1},
		{"1", "0", 1, 1, 0},
		{"0", "5", 3, 0, 3},
		{"100%", "0", 3, 3, 0},
		{"25%", "25%", 0, 0, 0},
	} {
		up, down, err := Fences(intstr.Parse(tc.surge), intstr.Parse(tc.unavailable), tc.replicas)
		if err != nil || up != tc.wantUp || down != tc.wantDown {
			t.Errorf("%s %s of %d: %d %d %v, want %d %d", tc.surge, tc.unavailable, tc.replicas, up, down, err, tc.wantUp, tc.wantDown)
		}
	}
	if _, _, err := Fences(intstr.FromString("many"), intstr.FromInt32(0), 1); err == nil {
		t.Error("no error for a surge that is no number")
	}
}

func TestSplit(t *testing.T) {
	for _, tc := range []struct{ replicas, weight, surge, canary, stable int32 }{
		{0, 50, 1, 0, 0},
		{8, 0, 1, 0, 8},
		{8, 100, 1, 8, 0},
		{8, 25, 0, 2, 6},
		{8, 30, 0, 2, 6},   // 25% is closer than 37.5%
		{8, 35, 0, 3, 5},   // 37.5% is closer than 25%
		{4, 5, 0, 1, 3},    // never none on a side
		{4, 97, 0, 3, 1},   // never none on a side
		{4, 5, 1, 1, 4},    // 20% is closer than 25%
		{5, 50, 0, 3, 2},   // a tie goes to the new pods
		{5, 50, 1, 3, 3},   // one more pod hits it
		{4, 40, 1, 2, 3},   // 2 of 5 hits it
		{20, 33, 1, 7, 14}, // a third of 21
		{1, 20, 0, 0, 1},   // a single pod cannot be split
		{1, 80, 0, 1, 0},
		{1, 50, 0, 1, 0},
		{1, 20, 1, 1, 1},
		{1, 80, 1, 1, 1},
	} {
		canary, stable := Split(tc.replicas, tc.weight, 100, tc.surge)
		if canary != tc.canary || stable != tc.stable {
			t.Errorf("%d%% of %d with surge %d: %d+%d, want %d+%d", tc.weight, tc.replicas, tc.surge, canary, stable, tc.canary, tc.stable)
		}
	}
}

// Weights may be parts of another whole than 100, and numbers do not overflow.
func TestWholes(t *testing.T) {
	for _, tc := range []struct{ replicas, weight, whole, surge, canary, stable, routed int32 }{
		{10, 300, 1000, 0, 3, 7, 3},
		{10, 1000, 1000, 1, 10, 0, 10},
		{10, 0, 1000, 1, 0, 10, 0},
		{10, 1, 1000, 0, 1, 9, 1},
		{10, 999, 1000, 0, 9, 1, 10},
		{3, 1, 3, 1, 1, 2, 1},
		{2_000_000_000, 500_000_000, 1_000_000_000, 0, 1_000_000_000, 1_000_000_000, 1_000_000_000},
	} {
		canary, stable := Split(tc.replicas, tc.weight, tc.whole, tc.surge)
		if canary != tc.canary || stable != tc.stable {
			t.Errorf("%d of %d of %d with surge %d: %d+%d, want %d+%d", tc.weight, tc.whole, tc.replicas, tc.surge, canary, stable, tc.canary, tc.stable)
		}
		if got := ForWeight(tc.replicas, tc.weight, tc.whole); got != tc.routed {
			t.Errorf("%d of %d of %d: %d with a router, want %d", tc.weight, tc.whole, tc.replicas, got, tc.routed)
		}
	}
}

// full is a set all of whose pods are available.
func full(n int32) *Set { return &Set{Spec: n, Available: n} }

func TestBasic(t *testing.T) {
	for name, tc := range map[string]struct {
		in             Basic
		canary, stable int32
	}{
		"a surge of one":                    {Basic{Replicas: 5, Weight: 20, Surge: 1, New: full(0), Stable: full(5)}, 1, 5},
		"a surge, then what it replaces":    {Basic{Replicas: 5, Weight: 20, Surge: 1, New: full(1), Stable: full(5)}, 1, 4},
		"no surge: old pods go first":       {Basic{Replicas: 5, Weight: 40, Unavailable: 2, New: full(0), Stable: full(5)}, 0, 3},
		"no surge: then new ones come":      {Basic{Replicas: 5, Weight: 40, Unavailable: 2, New: full(0), Stable: full(3)}, 2, 3},
		"one pod, beside the other":         {Basic{Replicas: 1, Weight: 50, Surge: 1, New: full(0), Stable: full(1)}, 1, 1},
		"initial deploy":                    {Basic{Replicas: 4, Weight: 100, Surge: 1, Unavailable: 1, New: full(0)}, 4, 0},
		"initial deploy ignores the weight": {Basic{Replicas: 4, Weight: 20, Surge: 1, Unavailable: 1, New: full(0)}, 4, 0},
		"new pods not available hold the old ones": {
			Basic{Replicas: 4, Weight: 100, Surge: 1, New: &Set{Spec: 1}, Stable: full(4)}, 1, 4},
		"each available new pod lets one go": {
			Basic{Replicas: 4, Weight: 100, Surge: 1, New: full(1), Stable: full(4)}, 1, 3},
		"old pods that never get ready do not block": {
			Basic{Replicas: 4, Weight: 100, Surge: 0, Unavailable: 1, New: full(0), Stable: &Set{Spec: 4}}, 0, 3},
		"abort: old pods grow first":                   {Basic{Replicas: 4, Weight: 0, Surge: 1, New: full(2), Stable: full(2)}, 2, 3},
		"abort: new ones go as old ones are available": {Basic{Replicas: 4, Weight: 0, Surge: 1, New: full(2), Stable: full(3)}, 1, 3},
		"abort with unavailable new pods":              {Basic{Replicas: 1, Weight: 0, Surge: 1, New: &Set{Spec: 1}, Stable: full(1)}, 0, 1},
		"others first":                                 {Basic{Replicas: 4, Weight: 50, Surge: 1, New: full(0), Stable: full(4), Older: 1}, 0, 4},
		"no new ReplicaSet":                            {Basic{Replicas: 4, Weight: 0, Surge: 1, Stable: full(2)}, 0, 4},
		// The suites scale rollouts while they canary.
		"8 to 4 at 25%": {Basic{Replicas: 4, Weight: 25, Surge: 1, New: full(2), Stable: full(6)}, 1, 4},
		"4 to 8 at 25%": {Basic{Replicas: 8, Weight: 25, Surge: 2, New: full(1), Stable: full(3)}, 2, 6},
	} {
		t.Run(name, func(t *testing.T) {
			tc.in.MaxWeight = 100
			canary, stable := tc.in.Counts()
			if canary != tc.canary || stable != tc.stable {
				t.Errorf("%d+%d, want %d+%d", canary, stable, tc.canary, tc.stable)
			}
		})
	}
}

func TestRouted(t *testing.T) {
	n := func(v int32) *int32 { return &v }
	for name, tc := range map[string]struct {
		in             Routed
		canary, stable int32
	}{
		"weight, rounded up":     {Routed{Replicas: 5, Weight: 10}, 1, 5},
		"none":                   {Routed{Replicas: 5}, 0, 5},
		"all":                    {Routed{Replicas: 5, Weight: 100}, 5, 5},
		"a step's scale":         {Routed{Replicas: 4, Weight: 5, Scale: n(3)}, 3, 4},
		"a step's scale of none": {Routed{Replicas: 4, Weight: 50, Scale: n(0)}, 0, 4},
		"least number of pods":   {Routed{Replicas: 10, Weight: 5, MinPods: 2}, 2, 10},
		"least, not beyond":      {Routed{Replicas: 1, Weight: 5, MinPods: 2}, 1, 1},
		"none has no least":      {Routed{Replicas: 10, MinPods: 2}, 0, 10},
		"dynamic":                {Routed{Replicas: 4, Weight: 25, Dynamic: true}, 1, 3},
		"dynamic keeps what has traffic": {
			Routed{Replicas: 4, Weight: 75, Dynamic: true, Actual: &Actual{Canary: 25, Stable: 75}}, 3, 3},
		"dynamic after the traffic has gone": {
			Routed{Replicas: 4, Weight: 75, Dynamic: true, Actual: &Actual{Canary: 75, Stable: 25}}, 3, 1},
		"dynamic keeps new pods with traffic, too": {
			Routed{Replicas: 4, Weight: 25, Dynamic: true, Actual: &Actual{Canary: 75, Stable: 25}}, 3, 3},
	} {
		t.Run(name, func(t *testing.T) {
			tc.in.MaxWeight = 100
			canary, stable := tc.in.Counts()
			if canary != tc.canary || stable != tc.stable {
				t.Errorf("%d+%d, want %d+%d", canary, stable, tc.canary, tc.stable)
			}
		})
	}
}

func TestNextDown(t *testing.T) {
	steps := []int32{25, 75, 50}
	for _, tc := range []struct{ at, want int32 }{{100, 75}, {75, 50}, {60, 50}, {50, 25}, {25, 0}, {0, 0}} {
		if got := NextDown(steps, tc.at); got != tc.want {
			t.Errorf("below %d: %d, want %d", tc.at, got, tc.want)
		}
	}
}

// TestBasicNeverBreaksItsWord: whatever the state, one decision never takes available pods below the allowed number, if
// they were above it, and never exceeds the surge, if it was kept before.
func TestBasicNeverBreaksItsWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := Basic{Replicas: rapid.Int32Range(0, 12).Draw(t, "replicas"), MaxWeight: 100, Weight: rapid.Int32Range(0, 100).Draw(t, "weight")}
		b.Surge, b.Unavailable = rapid.Int32Range(0, 5).Draw(t, "surge"), min(b.Replicas, rapid.Int32Range(0, 5).Draw(t, "unavailable"))
		if b.Surge == 0 && b.Unavailable == 0 {
			b.Unavailable = min(b.Replicas, 1)
		}
		draw := func(name string) *Set {
			s := rapid.Int32Range(0, 12).Draw(t, name)
			return &Set{Spec: s, Available: rapid.Int32Range(0, s).Draw(t, name+" available")}
		}
		b.New = draw("new")
		if rapid.Bool().Draw(t, "has stable") {
			b.Stable = draw("stable")
		}
		canary, stable := b.Counts()
		if canary < 0 || stable < 0 {
			t.Fatalf("negative: %d+%d", canary, stable)
		}
		before, after := b.New.Available, min(b.New.Available, canary)
		specs := b.New.Spec
		if b.Stable != nil {
			before, after, specs = before+b.Stable.Available, after+min(b.Stable.Available, stable), specs+b.Stable.Spec
		}
		if least := b.Replicas - b.Unavailable; after < min(before, least) {
			t.Fatalf("%+v new %+v stable %+v: %d+%d leaves %d available, at least %d", b, b.New, b.Stable, canary, stable, after, least)
		}
		if total := canary + stable; total > max(specs, b.Replicas+b.Surge) {
			t.Fatalf("%+v new %+v stable %+v: %d+%d exceeds the surge", b, b.New, b.Stable, canary, stable)
		}
	})
}
