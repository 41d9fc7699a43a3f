// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"argosy.dev/argosy/apis/raw"
)

// +genclient
// +genclient:method=Promote,verb=create,subresource=promote,input=RolloutPromote,result=k8s.io/apimachinery/pkg/apis/meta/v1.Status
// +genclient:method=Abort,verb=create,subresource=abort,input=RolloutAbort,result=k8s.io/apimachinery/pkg/apis/meta/v1.Status
// +genclient:method=Retry,verb=create,subresource=retry,input=RolloutRetry,result=k8s.io/apimachinery/pkg/apis/meta/v1.Status
// +genclient:method=Pause,verb=create,subresource=pause,input=RolloutPause,result=k8s.io/apimachinery/pkg/apis/meta/v1.Status
// +genclient:method=Resume,verb=create,subresource=resume,input=RolloutResume,result=k8s.io/apimachinery/pkg/apis/meta/v1.Status
// +genclient:method=Undo,verb=create,subresource=undo,input=RolloutUndo,result=k8s.io/apimachinery/pkg/apis/meta/v1.Status
// +genclient:method=Restart,verb=create,subresource=restart,input=RolloutRestart,result=k8s.io/apimachinery/pkg/apis/meta/v1.Status
// +genclient:method=SetImage,verb=create,subresource=setimage,input=RolloutSetImage,result=k8s.io/apimachinery/pkg/apis/meta/v1.Status
// +genclient:method=GetTree,verb=get,subresource=tree,result=RolloutTree
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// Rollout runs pods as a Deployment does, and replaces them by pods of a new template step by step: as a canary that
// takes over a growing part of the traffic, or as blue-green, where traffic switches at once. Analyses may judge the
// new pods on the way.
type Rollout struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of an object. The name becomes part of the names of ReplicaSets and pods.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec says which pods are wanted, and how they are replaced.
	Spec RolloutSpec `json:"spec"`
	// status is how far it is. It is written by the server, and by requests that mean a verb (abort, promote, retry).
	// +optional
	Status RolloutStatus `json:"status,omitzero"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// RolloutList is a list of rollouts.
type RolloutList struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of a list.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the rollouts.
	Items []Rollout `json:"items"`
}

// RolloutSpec says which pods are wanted, and how they are replaced by others.
type RolloutSpec struct {
	// replicas is how many pods are wanted. Default: 1, which is written back.
	// +optional
	Replicas *int32 `json:"replicas,omitempty"`
	// selector selects the pods of the rollout. It must match the labels of the template, no other workload may select
	// the same pods, and it cannot be changed. With workloadRef it may be absent, and is that of the workload.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
	// template is what the pods are made from. Exactly one of template and workloadRef is set.
	// +optional
	Template raw.PodTemplateSpec `json:"template,omitzero"`
	// workloadRef names a workload whose pod template is used instead of one of the rollout's own.
	// +optional
	WorkloadRef *ObjectRef `json:"workloadRef,omitempty"`
	// minReadySeconds is how many seconds a new pod must be ready, without a restart of its containers, to count as
	// available. Default: 0.
	// +optional
	MinReadySeconds *int32 `json:"minReadySeconds,omitempty"`
	// strategy is how pods are replaced: exactly one of blueGreen and canary.
	// +optional
	Strategy RolloutStrategy `json:"strategy,omitzero"`
	// revisionHistoryLimit is how many old ReplicaSets without pods are kept, for going back to. Default: 10.
	// +optional
	RevisionHistoryLimit *int32 `json:"revisionHistoryLimit,omitempty"`
	// paused holds the rollout where it is: pods are scaled, but no step is taken. Default: false.
	// +optional
	Paused *bool `json:"paused,omitempty"`
	// progressDeadlineSeconds is how many seconds may pass without progress before the rollout counts as degraded. Time
	// in pauses and analyses does not count. Default: 600.
	// +optional
	ProgressDeadlineSeconds *int32 `json:"progressDeadlineSeconds,omitempty"`
	// progressDeadlineAbort aborts the rollout when progressDeadlineSeconds have passed. Default: false.
	// +optional
	ProgressDeadlineAbort *bool `json:"progressDeadlineAbort,omitempty"`
	// restartAt restarts, from this time on, all pods that were created before it. Each is evicted, so that disruption
	// budgets hold, and no more than maxUnavailable at a time.
	// +optional
	RestartAt *metav1.Time `json:"restartAt,omitempty"`
	// analysis limits how many ended analysis runs are kept.
	// +optional
	Analysis *AnalysisRunStrategy `json:"analysis,omitempty"`
	// rollbackWindow says back to which revisions the steps are skipped.
	// +optional
	RollbackWindow *RollbackWindowSpec `json:"rollbackWindow,omitempty"`
}

// ScaleDownPolicy says what becomes of the pods of the workload whose template a rollout uses.
type ScaleDownPolicy string

const (
	// ScaleDownNever leaves them alone.
	ScaleDownNever ScaleDownPolicy = "never"
	// ScaleDownOnSuccess takes them away once the rollout is healthy.
	ScaleDownOnSuccess ScaleDownPolicy = "onsuccess"
	// ScaleDownProgressively takes them away as pods of the rollout become available.
	ScaleDownProgressively ScaleDownPolicy = "progressively"
)

// ObjectRef names the workload whose pod template a rollout uses.
type ObjectRef struct {
	// apiVersion is the group and version of the workload, such as apps/v1.
	// +optional
	APIVersion string `json:"apiVersion,omitempty"`
	// kind is the kind of the workload: Deployment, ReplicaSet or PodTemplate.
	// +optional
	Kind string `json:"kind,omitempty"`
	// name is the name of the workload, in the rollout's namespace.
	// +optional
	Name string `json:"name,omitempty"`
	// scaleDown says what becomes of the workload's own pods: never, onsuccess or progressively. Default: never.
	// +optional
	ScaleDown ScaleDownPolicy `json:"scaleDown,omitempty"`
}

// AnalysisRunStrategy limits how many ended analysis runs of a rollout are kept.
type AnalysisRunStrategy struct {
	// successfulRunHistoryLimit is how many runs that succeeded are kept. Default: 5.
	// +optional
	SuccessfulRunHistoryLimit *int32 `json:"successfulRunHistoryLimit,omitempty"`
	// unsuccessfulRunHistoryLimit is how many runs that ended otherwise are kept. Default: 5.
	// +optional
	UnsuccessfulRunHistoryLimit *int32 `json:"unsuccessfulRunHistoryLimit,omitempty"`
}

// RollbackWindowSpec says back to which revisions a rollout goes without taking its steps.
type RollbackWindowSpec struct {
	// revisions is how many revisions back the steps are skipped. 0 means none.
	// +optional
	Revisions *int32 `json:"revisions,omitempty"`
}

// RolloutStrategy is how pods are replaced. Exactly one field is set.
type RolloutStrategy struct {
	// blueGreen brings up all new pods beside the old ones, then switches the traffic at once.
	// +optional
	BlueGreen *BlueGreenStrategy `json:"blueGreen,omitempty"`
	// canary replaces pods little by little.
	// +optional
	Canary *CanaryStrategy `json:"canary,omitempty"`
}

// Metadata holds labels and annotations that are put on something the server makes or runs.
type Metadata struct {
	// labels are put on it.
	// +optional
	Labels map[string]string `json:"labels,omitzero"`
	// annotations are put on it.
	// +optional
	Annotations map[string]string `json:"annotations,omitzero"`
}

// AntiAffinity keeps pods of two versions on different cluster nodes. Exactly one field is set.
type AntiAffinity struct {
	// preferredDuringSchedulingIgnoredDuringExecution keeps them apart where the scheduler can.
	// +optional
	PreferredDuringSchedulingIgnoredDuringExecution *PreferredAntiAffinity `json:"preferredDuringSchedulingIgnoredDuringExecution,omitempty"`
	// requiredDuringSchedulingIgnoredDuringExecution keeps them apart at all costs.
	// +optional
	RequiredDuringSchedulingIgnoredDuringExecution *RequiredAntiAffinity `json:"requiredDuringSchedulingIgnoredDuringExecution,omitempty"`
}

// PreferredAntiAffinity keeps pods of two versions apart where the scheduler can.
type PreferredAntiAffinity struct {
	// weight is how much this counts beside other preferences, from 1 to 100.
	Weight int32 `json:"weight"`
}

// RequiredAntiAffinity keeps pods of two versions apart at all costs. It has no fields: to be there is all it says.
type RequiredAntiAffinity struct{}
