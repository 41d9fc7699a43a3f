// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Metrics are Prometheus metrics that a workflow or template emits.
type Metrics struct {
	// prometheus are the metrics, at most 100.
	// +listType=atomic
	Prometheus []Prometheus `json:"prometheus,omitzero"`
}

// Prometheus is one metric: a counter, a gauge or a histogram.
type Prometheus struct {
	// name is the name of the metric. Letters, digits and underscores, beginning with no digit. The server puts
	// argo_workflows_ before it.
	Name string `json:"name"`
	// labels are the labels of the metric.
	// +optional
	// +listType=atomic
	Labels []MetricLabel `json:"labels,omitzero"`
	// help says what the metric is about.
	Help string `json:"help"`
	// when is a condition, looked at after its tags are replaced. If it is false, nothing is emitted.
	// +optional
	When string `json:"when,omitempty"`
	// gauge is a value that rises and falls.
	// +optional
	Gauge *Gauge `json:"gauge,omitempty"`
	// histogram counts values by size.
	// +optional
	Histogram *Histogram `json:"histogram,omitempty"`
	// counter is a value that only rises.
	// +optional
	Counter *Counter `json:"counter,omitempty"`
}

// MetricLabel is one label of a metric.
type MetricLabel struct {
	// key is the name of the label.
	Key string `json:"key"`
	// value is the value of the label. It may hold {{...}} tags.
	Value string `json:"value"`
}

// GaugeOperation says what is done with the value of a gauge.
type GaugeOperation string

const (
	// GaugeOperationSet replaces the value.
	GaugeOperationSet GaugeOperation = "Set"
	// GaugeOperationAdd adds to the value.
	GaugeOperationAdd GaugeOperation = "Add"
	// GaugeOperationSub subtracts from the value.
	GaugeOperationSub GaugeOperation = "Sub"
)

// Gauge is a metric that rises and falls.
type Gauge struct {
	// value is the number, usually by a {{...}} tag.
	Value string `json:"value"`
	// realtime emits the metric while the workflow or node runs; value may use durations only then. Default: false.
	Realtime *bool `json:"realtime,omitzero"`
	// operation is Set, Add or Sub. Default: Set.
	// +optional
	Operation GaugeOperation `json:"operation,omitempty"`
}

// Histogram is a metric that counts values by size.
type Histogram struct {
	// value is the number, usually by a {{...}} tag.
	Value string `json:"value"`
	// buckets are the upper bounds of the sizes that are told apart.
	// +listType=atomic
	Buckets []Amount `json:"buckets,omitzero"`
}

// Counter is a metric that only rises.
type Counter struct {
	// value is the number to add, usually "1".
	Value string `json:"value"`
}
