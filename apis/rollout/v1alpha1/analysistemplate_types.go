// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// AnalysisTemplate says how something is judged: which metrics are measured, and what their values mean. Rollouts and
// experiments make analysis runs of it.
type AnalysisTemplate struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of an object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec says what is measured.
	Spec AnalysisTemplateSpec `json:"spec"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// AnalysisTemplateList is a list of analysis templates.
type AnalysisTemplateList struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of a list.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the analysis templates.
	Items []AnalysisTemplate `json:"items"`
}

// +genclient
// +genclient:nonNamespaced
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ClusterAnalysisTemplate is an analysis template that all namespaces of the cluster can use.
type ClusterAnalysisTemplate struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of an object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec says what is measured.
	Spec AnalysisTemplateSpec `json:"spec"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ClusterAnalysisTemplateList is a list of analysis templates of the cluster.
type ClusterAnalysisTemplateList struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of a list.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the analysis templates.
	Items []ClusterAnalysisTemplate `json:"items"`
}

// AnalysisTemplateSpec says what is measured.
type AnalysisTemplateSpec struct {
	// metrics are what is measured. At least one, here or in templates.
	// +optional
	// +listType=atomic
	Metrics []Metric `json:"metrics,omitzero"`
	// args are the arguments that the template takes, with their defaults.
	// +optional
	// +listType=atomic
	Args []Argument `json:"args,omitzero"`
	// dryRun are metrics whose outcome does not count.
	// +optional
	// +listType=atomic
	DryRun []DryRun `json:"dryRun,omitzero"`
	// measurementRetention says how many measurements of a metric are kept.
	// +optional
	// +listType=atomic
	MeasurementRetention []MeasurementRetention `json:"measurementRetention,omitzero"`
	// templates are other analysis templates whose metrics and arguments are added.
	// +optional
	// +listType=atomic
	Templates []AnalysisTemplateRef `json:"templates,omitzero"`
}

// Metric is something that is measured, and what its value means.
type Metric struct {
	// name names the metric; each name is used once.
	Name string `json:"name"`
	// interval is the time between two measurements, as in "1m". Absent means one measurement, or without end where
	// count says more.
	// +optional
	Interval string `json:"interval,omitempty"`
	// initialDelay is the time before the first measurement, as in "1m". Absent means none.
	// +optional
	InitialDelay string `json:"initialDelay,omitempty"`
	// count is how many measurements are made. Default: 1 without an interval, else no end, which is only meant for
	// analyses in the background.
	// +optional
	Count *intstr.IntOrString `json:"count,omitempty"`
	// successCondition is an expression over "result", the value, that tells whether the measurement succeeded, as in
	// "result >= 0.95". Absent means that it did unless failureCondition is true.
	// +optional
	SuccessCondition string `json:"successCondition,omitempty"`
	// failureCondition is an expression over "result", the value, that tells whether the measurement failed. If both
	// conditions are true it has failed; if neither is, it is inconclusive.
	// +optional
	FailureCondition string `json:"failureCondition,omitempty"`
	// failureLimit is how many measurements may fail. One more, and the metric has failed. -1 means any number.
	// Default: 0.
	// +optional
	FailureLimit *intstr.IntOrString `json:"failureLimit,omitempty"`
	// inconclusiveLimit is how many measurements may be inconclusive. One more, and the metric is. Default: 0.
	// +optional
	InconclusiveLimit *intstr.IntOrString `json:"inconclusiveLimit,omitempty"`
	// consecutiveErrorLimit is how many measurements in a row may be errors. One more, and the metric is one. Default:
	// 4.
	// +optional
	ConsecutiveErrorLimit *intstr.IntOrString `json:"consecutiveErrorLimit,omitempty"`
	// consecutiveSuccessLimit is how many measurements in a row must succeed for the metric to have succeeded at once.
	// Absent or 0 means that all measurements are made.
	// +optional
	ConsecutiveSuccessLimit *intstr.IntOrString `json:"consecutiveSuccessLimit,omitempty"`
	// provider is where the value comes from.
	Provider MetricProvider `json:"provider"`
}

// DryRun names metrics whose outcome does not count.
type DryRun struct {
	// metricName is the name of a metric, or a regular expression for names.
	MetricName string `json:"metricName"`
}

// MeasurementRetention says how many measurements of a metric are kept.
type MeasurementRetention struct {
	// metricName is the name of a metric, or a regular expression for names.
	MetricName string `json:"metricName"`
	// limit is how many measurements are kept, the last ones. Without a rule 10 are.
	Limit int32 `json:"limit"`
}

// Argument is an argument of an analysis.
type Argument struct {
	// name is the name by which metrics refer to it, as in {{args.NAME}}.
	Name string `json:"name"`
	// value is the value; in a template, the default. An argument of a template without value and valueFrom must be
	// given.
	// +optional
	Value *string `json:"value,omitempty"`
	// valueFrom takes the value from elsewhere.
	// +optional
	ValueFrom *ValueFrom `json:"valueFrom,omitempty"`
}

// ValueFrom takes a value from elsewhere. Exactly one field is set.
type ValueFrom struct {
	// secretKeyRef is a key of a Secret in the namespace of the analysis run. Its value is read when it is needed, and
	// never shown.
	// +optional
	SecretKeyRef *SecretKeyRef `json:"secretKeyRef,omitempty"`
	// fieldRef is a field of the rollout.
	// +optional
	FieldRef *FieldRef `json:"fieldRef,omitempty"`
}

// SecretKeyRef names a key of a Secret.
type SecretKeyRef struct {
	// name is the name of the Secret.
	Name string `json:"name"`
	// key is the key.
	Key string `json:"key"`
}
