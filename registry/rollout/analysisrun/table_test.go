// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysisrun

import (
	"testing"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// TestMessage: a run that goes on and cannot measure says why, before it ends by it.
func TestMessage(t *testing.T) {
	run := &rov1.AnalysisRun{}
	// While a metric goes on, only its measurements have messages.
	run.Status.MetricResults = []rov1.MetricResult{
		{Name: "good", Measurements: []rov1.Measurement{{Message: "late"}, {}}},
		{Name: "bad", Measurements: []rov1.Measurement{{Message: "before"}, {Message: "refused\nby the server"}}},
	}
	if got := message(run); got != "bad: refused by the server" {
		t.Errorf("got %q", got)
	}
	run.Status.Message = "ended"
	if got := message(run); got != "ended" {
		t.Errorf("got %q", got)
	}
}
