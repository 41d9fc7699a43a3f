// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// +genclient
// +genclient:method=Terminate,verb=create,subresource=terminate,input=AnalysisRunTerminate,result=k8s.io/apimachinery/pkg/apis/meta/v1.Status
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// AnalysisRun measures metrics, and judges something by them: the pods of a rollout or of an experiment, or whatever
// its metrics are about.
type AnalysisRun struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of an object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec says what is measured.
	Spec AnalysisRunSpec `json:"spec"`
	// status is what was found. It is written by the server only.
	// +optional
	Status AnalysisRunStatus `json:"status,omitzero"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// AnalysisRunList is a list of analysis runs.
type AnalysisRunList struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of a list.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the analysis runs.
	Items []AnalysisRun `json:"items"`
}

// AnalysisRunSpec says what is measured, and when to stop.
type AnalysisRunSpec struct {
	// metrics are what is measured. At least one.
	// +listType=atomic
	Metrics []Metric `json:"metrics"`
	// args are the arguments of the metrics.
	// +optional
	// +listType=atomic
	Args []Argument `json:"args,omitzero"`
	// terminate ends the run before its time. What has been found so far counts. Default: false.
	// +optional
	Terminate *bool `json:"terminate,omitempty"`
	// dryRun are metrics whose outcome does not count.
	// +optional
	// +listType=atomic
	DryRun []DryRun `json:"dryRun,omitzero"`
	// measurementRetention says how many measurements of a metric are kept.
	// +optional
	// +listType=atomic
	MeasurementRetention []MeasurementRetention `json:"measurementRetention,omitzero"`
	// ttlStrategy deletes the run some time after it has ended.
	// +optional
	TTLStrategy *TTLStrategy `json:"ttlStrategy,omitempty"`
}

// TTLStrategy deletes an analysis run some time after it has ended.
type TTLStrategy struct {
	// secondsAfterCompletion is after how many seconds, however it ended.
	// +optional
	SecondsAfterCompletion *int32 `json:"secondsAfterCompletion,omitempty"`
	// secondsAfterFailure is after how many seconds if it did not succeed. It wins over secondsAfterCompletion.
	// +optional
	SecondsAfterFailure *int32 `json:"secondsAfterFailure,omitempty"`
	// secondsAfterSuccess is after how many seconds if it succeeded. It wins over secondsAfterCompletion.
	// +optional
	SecondsAfterSuccess *int32 `json:"secondsAfterSuccess,omitempty"`
}

// AnalysisPhase is where an analysis run, a metric, a measurement or an experiment stands.
type AnalysisPhase string

const (
	// AnalysisPhasePending has not begun.
	AnalysisPhasePending AnalysisPhase = "Pending"
	// AnalysisPhaseRunning goes on.
	AnalysisPhaseRunning AnalysisPhase = "Running"
	// AnalysisPhaseSuccessful has succeeded.
	AnalysisPhaseSuccessful AnalysisPhase = "Successful"
	// AnalysisPhaseFailed has failed.
	AnalysisPhaseFailed AnalysisPhase = "Failed"
	// AnalysisPhaseError could not be done.
	AnalysisPhaseError AnalysisPhase = "Error"
	// AnalysisPhaseInconclusive was done, but nothing follows from it.
	AnalysisPhaseInconclusive AnalysisPhase = "Inconclusive"
)

// Completed tells whether the phase is one that is never left.
func (p AnalysisPhase) Completed() bool {
	switch p {
	case AnalysisPhaseSuccessful, AnalysisPhaseFailed, AnalysisPhaseError, AnalysisPhaseInconclusive:
		return true
	}
	return false
}

// AnalysisRunStatus is what an analysis run has found.
type AnalysisRunStatus struct {
	// phase is Pending, Running, Successful, Failed, Error or Inconclusive.
	Phase AnalysisPhase `json:"phase"`
	// message says why the run is in its phase.
	// +optional
	Message string `json:"message,omitempty"`
	// metricResults are the results by metric.
	// +optional
	// +listType=atomic
	MetricResults []MetricResult `json:"metricResults,omitzero"`
	// startedAt is when the run began.
	// +optional
	StartedAt *metav1.Time `json:"startedAt,omitempty"`
	// completedAt is when the run ended.
	// +optional
	CompletedAt *metav1.Time `json:"completedAt,omitempty"`
	// runSummary counts the metrics whose outcome counts.
	// +optional
	RunSummary RunSummary `json:"runSummary,omitzero"`
	// dryRunSummary counts the metrics whose outcome does not count.
	// +optional
	DryRunSummary *RunSummary `json:"dryRunSummary,omitempty"`
}

// RunSummary counts metrics by how they ended.
type RunSummary struct {
	// count is how many there are.
	// +optional
	Count int32 `json:"count,omitempty"`
	// successful is how many succeeded.
	// +optional
	Successful int32 `json:"successful,omitempty"`
	// failed is how many failed.
	// +optional
	Failed int32 `json:"failed,omitempty"`
	// inconclusive is how many were inconclusive.
	// +optional
	Inconclusive int32 `json:"inconclusive,omitempty"`
	// error is how many could not be measured.
	// +optional
	Error int32 `json:"error,omitempty"`
}

// MetricResult is the result of a metric.
type MetricResult struct {
	// name is the name of the metric.
	Name string `json:"name"`
	// phase is Pending, Running, Successful, Failed, Error or Inconclusive.
	Phase AnalysisPhase `json:"phase"`
	// measurements are the last measurements, the latest last.
	// +optional
	// +listType=atomic
	Measurements []Measurement `json:"measurements,omitzero"`
	// message says why the metric is in its phase.
	// +optional
	Message string `json:"message,omitempty"`
	// count is how many measurements were made, errors not counted.
	// +optional
	Count int32 `json:"count,omitempty"`
	// successful is how many measurements succeeded.
	// +optional
	Successful int32 `json:"successful,omitempty"`
	// failed is how many measurements failed.
	// +optional
	Failed int32 `json:"failed,omitempty"`
	// inconclusive is how many measurements were inconclusive.
	// +optional
	Inconclusive int32 `json:"inconclusive,omitempty"`
	// error is how many measurements were errors.
	// +optional
	Error int32 `json:"error,omitempty"`
	// consecutiveError is how many of the last measurements, without any other between, were errors.
	// +optional
	ConsecutiveError int32 `json:"consecutiveError,omitempty"`
	// consecutiveSuccess is how many of the last measurements, without any other between, succeeded.
	// +optional
	ConsecutiveSuccess int32 `json:"consecutiveSuccess,omitempty"`
	// dryRun tells that the outcome does not count.
	// +optional
	DryRun bool `json:"dryRun,omitempty"`
	// metadata is what the provider says of the metric, such as the query after its arguments were put in.
	// +optional
	Metadata map[string]string `json:"metadata,omitzero"`
}

// Measurement is one measurement of a metric.
type Measurement struct {
	// phase is Running, Successful, Failed, Error or Inconclusive.
	Phase AnalysisPhase `json:"phase"`
	// message says why the measurement is in its phase.
	// +optional
	Message string `json:"message,omitempty"`
	// startedAt is when it began.
	// +optional
	StartedAt *metav1.Time `json:"startedAt,omitempty"`
	// finishedAt is when it ended.
	// +optional
	FinishedAt *metav1.Time `json:"finishedAt,omitempty"`
	// value is the value, as text.
	// +optional
	Value string `json:"value,omitempty"`
	// metadata is what the provider wants to remember, such as the name of a Job.
	// +optional
	Metadata map[string]string `json:"metadata,omitzero"`
	// resumeAt is when to look again, for measurements that take time.
	// +optional
	ResumeAt *metav1.Time `json:"resumeAt,omitempty"`
}
