// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"argosy.dev/argosy/apis/raw"
)

// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// Experiment runs pods of several versions beside each other for a while, and may have them judged by analyses.
type Experiment struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of an object. The name becomes part of the names of ReplicaSets and pods.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec says what is run.
	Spec ExperimentSpec `json:"spec"`
	// status is what has happened so far. It is written by the server; removing it runs the experiment again.
	// +optional
	Status ExperimentStatus `json:"status,omitzero"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ExperimentList is a list of experiments.
type ExperimentList struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of a list.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the experiments.
	Items []Experiment `json:"items"`
}

// ExperimentSpec says which pods are run, for how long, and how they are judged.
type ExperimentSpec struct {
	// templates are the groups of pods. At least one.
	// +listType=atomic
	Templates []TemplateSpec `json:"templates"`
	// duration is how long the pods run once all are available, as in "1h30m". Absent means until the analyses have
	// ended, or without end where there are none.
	// +optional
	Duration string `json:"duration,omitempty"`
	// progressDeadlineSeconds is how many seconds it may take until the pods are available. Default: 600.
	// +optional
	ProgressDeadlineSeconds *int32 `json:"progressDeadlineSeconds,omitempty"`
	// terminate ends the experiment before its time. Default: false.
	// +optional
	Terminate *bool `json:"terminate,omitempty"`
	// analyses judge the pods. If one fails, so does the experiment.
	// +optional
	// +listType=atomic
	Analyses []ExperimentAnalysisTemplateRef `json:"analyses,omitzero"`
	// scaleDownDelaySeconds is how many seconds after the end the pods are taken away. Default: 30.
	// +optional
	ScaleDownDelaySeconds *int32 `json:"scaleDownDelaySeconds,omitempty"`
	// dryRun are metrics whose outcome does not count.
	// +optional
	// +listType=atomic
	DryRun []DryRun `json:"dryRun,omitzero"`
	// measurementRetention says how many measurements of a metric are kept.
	// +optional
	// +listType=atomic
	MeasurementRetention []MeasurementRetention `json:"measurementRetention,omitzero"`
	// analysisRunMetadata is put on the analysis runs.
	// +optional
	AnalysisRunMetadata *Metadata `json:"analysisRunMetadata,omitempty"`
}

// TemplateSpec is one group of pods of an experiment.
type TemplateSpec struct {
	// name names the group; each name is used once.
	Name string `json:"name"`
	// replicas is how many pods there are. Default: 1.
	// +optional
	Replicas *int32 `json:"replicas,omitempty"`
	// minReadySeconds is how many seconds a pod must be ready to count as available. Default: 0.
	// +optional
	MinReadySeconds *int32 `json:"minReadySeconds,omitempty"`
	// selector selects the pods of the group. It must match the labels of the template, and that of no other group.
	Selector *metav1.LabelSelector `json:"selector"`
	// template is what the pods are made from.
	Template raw.PodTemplateSpec `json:"template,omitzero"`
	// service makes a Service for the group.
	// +optional
	Service *TemplateService `json:"service,omitempty"`
}

// ExperimentAnalysisTemplateRef is an analysis of an experiment.
type ExperimentAnalysisTemplateRef struct {
	// name names the analysis; each name is used once.
	Name string `json:"name"`
	// templateName is the name of an AnalysisTemplate in the experiment's namespace.
	TemplateName string `json:"templateName"`
	// clusterScope takes a ClusterAnalysisTemplate instead. Default: false.
	// +optional
	ClusterScope *bool `json:"clusterScope,omitempty"`
	// args are the arguments of the analysis.
	// +optional
	// +listType=atomic
	Args []Argument `json:"args,omitzero"`
	// requiredForCompletion lets the experiment last until the analysis has ended. Default: false.
	// +optional
	RequiredForCompletion *bool `json:"requiredForCompletion,omitempty"`
}

// TemplateStatusCode is where a group of pods of an experiment stands.
type TemplateStatusCode string

const (
	// TemplateStatusProgressing waits for its pods to be available.
	TemplateStatusProgressing TemplateStatusCode = "Progressing"
	// TemplateStatusRunning has all of its pods available.
	TemplateStatusRunning TemplateStatusCode = "Running"
	// TemplateStatusSuccessful has run as long as it was to.
	TemplateStatusSuccessful TemplateStatusCode = "Successful"
	// TemplateStatusFailed did not become available in time.
	TemplateStatusFailed TemplateStatusCode = "Failed"
	// TemplateStatusError could not be run.
	TemplateStatusError TemplateStatusCode = "Error"
)

// TemplateStatus is what has happened to a group of pods of an experiment.
type TemplateStatus struct {
	// name is the name of the group.
	Name string `json:"name"`
	// replicas is how many pods there are.
	Replicas int32 `json:"replicas"`
	// updatedReplicas is how many pods there are of the group's template.
	UpdatedReplicas int32 `json:"updatedReplicas"`
	// readyReplicas is how many pods are ready.
	ReadyReplicas int32 `json:"readyReplicas"`
	// availableReplicas is how many pods have been ready for minReadySeconds.
	AvailableReplicas int32 `json:"availableReplicas"`
	// collisionCount is how often the hash of the template was the same as that of another. It goes into the hash.
	// +optional
	CollisionCount *int32 `json:"collisionCount,omitempty"`
	// podTemplateHash is the hash of the template.
	// +optional
	PodTemplateHash string `json:"podTemplateHash,omitempty"`
	// status is Progressing, Running, Successful, Failed or Error.
	// +optional
	Status TemplateStatusCode `json:"status,omitempty"`
	// message says why the group is where it stands.
	// +optional
	Message string `json:"message,omitempty"`
	// lastTransitionTime is when status last changed.
	// +optional
	LastTransitionTime *metav1.Time `json:"lastTransitionTime,omitempty"`
	// serviceName is the name of the Service that was made for the group.
	// +optional
	ServiceName string `json:"serviceName,omitempty"`
}

// ExperimentAnalysisRunStatus is what an analysis run of an experiment has found.
type ExperimentAnalysisRunStatus struct {
	// name is the name of the analysis in the spec.
	Name string `json:"name"`
	// analysisRun is the name of the analysis run.
	AnalysisRun string `json:"analysisRun"`
	// phase is its phase.
	Phase AnalysisPhase `json:"phase"`
	// message says why it is in that phase.
	// +optional
	Message string `json:"message,omitempty"`
}

// ExperimentStatus is what has happened to an experiment so far.
type ExperimentStatus struct {
	// phase is Pending, Running, Successful, Failed, Error or Inconclusive.
	// +optional
	Phase AnalysisPhase `json:"phase,omitempty"`
	// message says why the experiment is in its phase.
	// +optional
	Message string `json:"message,omitempty"`
	// availableAt is since when all pods are available, from which the duration counts.
	// +optional
	AvailableAt *metav1.Time `json:"availableAt,omitempty"`
	// templateStatuses is what has happened to each group of pods.
	// +optional
	// +listType=atomic
	TemplateStatuses []TemplateStatus `json:"templateStatuses,omitzero"`
	// analysisRuns is what each analysis has found.
	// +optional
	// +listType=atomic
	AnalysisRuns []ExperimentAnalysisRunStatus `json:"analysisRuns,omitzero"`
	// conditions are findings about the experiment: Progressing, InvalidExperimentSpec.
	// +optional
	// +listType=atomic
	Conditions []ExperimentCondition `json:"conditions,omitzero"`
}

// ExperimentConditionType is what a condition of an experiment is about.
type ExperimentConditionType string

const (
	// ExperimentConditionInvalidSpec tells that the spec cannot be followed.
	ExperimentConditionInvalidSpec ExperimentConditionType = "InvalidExperimentSpec"
	// ExperimentConditionProgressing tells that the experiment goes on, or has ended well.
	ExperimentConditionProgressing ExperimentConditionType = "Progressing"
)

// ExperimentCondition is a finding about an experiment.
type ExperimentCondition struct {
	// type is what it is about.
	Type ExperimentConditionType `json:"type"`
	// status is True, False or Unknown.
	Status metav1.ConditionStatus `json:"status"`
	// lastUpdateTime is when it was last found.
	LastUpdateTime metav1.Time `json:"lastUpdateTime"`
	// lastTransitionTime is when its status last changed.
	LastTransitionTime metav1.Time `json:"lastTransitionTime"`
	// reason is why, in one word.
	Reason string `json:"reason"`
	// message is why, in a sentence.
	Message string `json:"message"`
}
