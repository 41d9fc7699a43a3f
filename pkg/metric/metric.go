// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package metric is the one interface behind which the sources of metrics are. Each source is a package of its own below
// this one, with the I/O that it needs, and takes what it is given from hostile hands: addresses, paths and answers. What
// a value means is decided in pkg/rollout/analysis, never here.
package metric

import (
	"context"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// Provider measures a metric.
type Provider interface {
	// Measure returns the value of the metric now, for an analysis run in a namespace. All arguments of the metric are put
	// in, secrets too: neither the value nor the error may be shown before they are taken out. It returns soon after ctx
	// ends.
	Measure(ctx context.Context, namespace string, metric *rov1.Metric) (Value, error)
}

// Value is what was measured.
type Value struct {
	// Result is what conditions see: nil, bool, float64, string, or lists and maps of these.
	Result any
	// Text is the value as it is recorded.
	Text string
	// Metadata is what is to be recorded with the measurement.
	Metadata map[string]string
	// About is what is to be recorded of the metric as a whole.
	About map[string]string
}
