// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"testing"

	"k8s.io/component-base/metrics/legacyregistry"

	"argosy.dev/argosy/hack/e2e/gitserver"
)

// TestMetrics: /metrics tells what was rendered, and what was taken from the cache.
func TestMetrics(t *testing.T) {
	server := gitserver.Start(t, gitserver.Options{})
	server.Repository("app.git").Commit(map[string]string{"1.yaml": config("one", "1")})
	g, w := generator(t)
	w.trust("apps", server)
	before := told(t)
	for range 3 {
		if _, err := g.Generate(t.Context(), app("x", source(server.HTTPS("app.git"), "."))); err != nil {
			t.Fatal(err)
		}
	}
	after := told(t)
	if rendered, cached := after["rendered"]-before["rendered"], after["cached"]-before["cached"]; rendered != 1 || cached != 2 {
		t.Errorf("%v rendered and %v cached, want 1 and 2", rendered, cached)
	}
}

// told is what the metrics say, by result.
func told(t *testing.T) map[string]float64 {
	t.Helper()
	families, err := legacyregistry.DefaultGatherer.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		if f.GetName() != "argosy_application_manifests_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			out[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
		}
	}
	return out
}
