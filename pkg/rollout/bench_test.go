// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"testing"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// BenchmarkSettled is one look at a rollout to which nothing is to be done.
func BenchmarkSettled(b *testing.B) {
	s := routed(b, 5, `steps: [{setWeight: 10}, {pause: {duration: 1}}, {setWeight: 60}]`)
	for _, image := range []string{"one", "two", "three", "four"} {
		s.image(image)
		s.phase(rov1.RolloutPhaseHealthy)
		s.run(60_000_000_000)
	}
	w := s.observe()
	b.ReportAllocs()
	for b.Loop() {
		if d := Reconcile(s.ro, w); len(d.Effects) > 0 || d.Status != nil {
			b.Fatal(d)
		}
	}
}
