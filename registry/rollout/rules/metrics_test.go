// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"strings"
	"testing"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/apis/rollout/validation"
)

func TestWarnMetrics(t *testing.T) {
	warn := func(r Rules, p rov1.MetricProvider) []string {
		run := &rov1.AnalysisRun{Spec: rov1.AnalysisRunSpec{Metrics: []rov1.Metric{{Name: "m", Provider: p}}}}
		return WarnMetrics(r, validation.ValidateAnalysisRun, func(o *rov1.AnalysisRun) []rov1.Metric { return o.Spec.Metrics })(run)
	}
	good := rov1.MetricProvider{Web: &rov1.WebMetric{URL: "https://example.com"}}
	if got := warn(Rules{}, good); len(got) != 0 {
		t.Errorf("a metric that is measured: %v", got)
	}
	if got := warn(Rules{}, rov1.MetricProvider{Wavefront: &rov1.WavefrontMetric{}}); len(got) != 1 || !strings.Contains(got[0], "spec.metrics[0].provider.wavefront") {
		t.Errorf("a metric that is not measured: %v", got)
	}
	if got := warn(Rules{AcceptInvalid: true}, rov1.MetricProvider{}); len(got) != 1 || !strings.Contains(got[0], "nothing will be done with it") {
		t.Errorf("a metric without a provider: %v", got)
	}
}
