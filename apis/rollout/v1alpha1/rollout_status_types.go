// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"argosy.dev/argosy/apis/raw"
)

// RolloutPhase is where a rollout stands.
type RolloutPhase string

const (
	// RolloutPhaseHealthy has done all that the spec asks for.
	RolloutPhaseHealthy RolloutPhase = "Healthy"
	// RolloutPhaseDegraded cannot go on: it was aborted, made no progress in time, or its spec is invalid.
	RolloutPhaseDegraded RolloutPhase = "Degraded"
	// RolloutPhaseProgressing is on its way.
	RolloutPhaseProgressing RolloutPhase = "Progressing"
	// RolloutPhasePaused waits for somebody, or for a time.
	RolloutPhasePaused RolloutPhase = "Paused"
)

// RolloutStatus is how far a rollout is.
type RolloutStatus struct {
	// abort asks that the rollout go back to the version that counts as good, and stay there until it is retried or
	// the spec changes.
	// +optional
	Abort bool `json:"abort,omitempty"`
	// abortedAt is when the rollout was aborted.
	// +optional
	AbortedAt *metav1.Time `json:"abortedAt,omitempty"`
	// pauseConditions are the reasons for which the rollout waits. It goes on when they are removed.
	// +optional
	// +listType=atomic
	PauseConditions []PauseCondition `json:"pauseConditions,omitzero"`
	// controllerPause tells that it was the server that paused, so that the removal of pauseConditions means that
	// somebody resumed.
	// +optional
	ControllerPause bool `json:"controllerPause,omitempty"`
	// currentPodHash is the hash of the pod template that is wanted.
	// +optional
	CurrentPodHash string `json:"currentPodHash,omitempty"`
	// currentStepHash is the hash of the steps. When it changes, the rollout begins with the first step again.
	// +optional
	CurrentStepHash string `json:"currentStepHash,omitempty"`
	// replicas is how many pods there are, of all versions.
	// +optional
	Replicas int32 `json:"replicas,omitempty"`
	// updatedReplicas is how many pods there are of the version that is wanted.
	// +optional
	UpdatedReplicas int32 `json:"updatedReplicas,omitempty"`
	// readyReplicas is how many pods are ready.
	// +optional
	ReadyReplicas int32 `json:"readyReplicas,omitempty"`
	// availableReplicas is how many pods have been ready for minReadySeconds.
	// +optional
	AvailableReplicas int32 `json:"availableReplicas,omitempty"`
	// currentStepIndex is the index of the step that is being taken, from 0. The number of steps means that all were.
	// +optional
	CurrentStepIndex *int32 `json:"currentStepIndex,omitempty"`
	// collisionCount is how often the hash of the template was the same as that of another. It goes into the hash.
	// +optional
	CollisionCount *int32 `json:"collisionCount,omitempty"`
	// observedGeneration is the metadata.generation that this status is about, as text.
	// +optional
	ObservedGeneration string `json:"observedGeneration,omitempty"`
	// conditions are findings about the rollout: Available, Progressing, Paused, Completed, Healthy, InvalidSpec,
	// ReplicaFailure.
	// +optional
	// +listType=atomic
	Conditions []RolloutCondition `json:"conditions,omitzero"`
	// canary is what a canary must remember.
	// +optional
	Canary CanaryStatus `json:"canary,omitzero"`
	// blueGreen is what blue-green must remember.
	// +optional
	BlueGreen BlueGreenStatus `json:"blueGreen,omitzero"`
	// HPAReplicas is how many pods a HorizontalPodAutoscaler shall take into account.
	// +optional
	HPAReplicas int32 `json:"HPAReplicas,omitempty"`
	// selector is the selector of the pods that a HorizontalPodAutoscaler shall measure, as text.
	// +optional
	Selector string `json:"selector,omitempty"`
	// stableRS is the pod template hash of the version that counts as good: to which an abort goes back.
	// +optional
	StableRS string `json:"stableRS,omitempty"`
	// restartedAt is the spec.restartAt that has been done.
	// +optional
	RestartedAt *metav1.Time `json:"restartedAt,omitempty"`
	// promoteFull asks that all that is left, steps, pauses and analyses, be skipped.
	// +optional
	PromoteFull bool `json:"promoteFull,omitempty"`
	// phase is Healthy, Progressing, Paused or Degraded.
	// +optional
	Phase RolloutPhase `json:"phase,omitempty"`
	// message says why the rollout is in its phase, and what it waits for.
	// +optional
	Message string `json:"message,omitempty"`
	// workloadObservedGeneration is the metadata.generation of the workload of spec.workloadRef that this status is
	// about, as text.
	// +optional
	WorkloadObservedGeneration string `json:"workloadObservedGeneration,omitempty"`
	// alb is what is known of the AWS load balancer.
	// +optional
	ALB *ALBStatus `json:"alb,omitempty"`
	// albs is what is known of the AWS load balancers, where there are several Ingresses.
	// +optional
	// +listType=atomic
	ALBs []ALBStatus `json:"albs,omitzero"`
	// duration is how long the rollout of this version takes.
	// +optional
	Duration *RolloutDuration `json:"duration,omitempty"`
}

// PauseReason is why a rollout waits.
type PauseReason string

const (
	// PauseReasonInconclusiveAnalysis waits since an analysis run could not decide.
	PauseReasonInconclusiveAnalysis PauseReason = "InconclusiveAnalysisRun"
	// PauseReasonInconclusiveExperiment waits since an experiment could not decide.
	PauseReasonInconclusiveExperiment PauseReason = "InconclusiveExperiment"
	// PauseReasonCanaryPauseStep waits since a step says so.
	PauseReasonCanaryPauseStep PauseReason = "CanaryPauseStep"
	// PauseReasonBlueGreenPause waits before the switch of blue-green.
	PauseReasonBlueGreenPause PauseReason = "BlueGreenPause"
)

// PauseCondition is a reason for which a rollout waits.
type PauseCondition struct {
	// reason is CanaryPauseStep, BlueGreenPause, InconclusiveAnalysisRun or InconclusiveExperiment.
	Reason PauseReason `json:"reason"`
	// startTime is since when.
	StartTime metav1.Time `json:"startTime"`
}

// CanaryStatus is what a canary must remember.
type CanaryStatus struct {
	// currentStepAnalysisRunStatus is the analysis run of the current step.
	// +optional
	CurrentStepAnalysisRunStatus *RolloutAnalysisRunStatus `json:"currentStepAnalysisRunStatus,omitempty"`
	// currentBackgroundAnalysisRunStatus is the analysis run beside the steps.
	// +optional
	CurrentBackgroundAnalysisRunStatus *RolloutAnalysisRunStatus `json:"currentBackgroundAnalysisRunStatus,omitempty"`
	// currentExperiment is the name of the experiment of the current step.
	// +optional
	CurrentExperiment string `json:"currentExperiment,omitempty"`
	// weights is how the routers split the traffic.
	// +optional
	Weights *TrafficWeights `json:"weights,omitempty"`
	// stablePingPong is which of the two Services of pingPong is the stable one: ping or pong.
	// +optional
	StablePingPong PingPongType `json:"stablePingPong,omitempty"`
	// stepPluginStatuses is what the plugins of the steps have done.
	// +optional
	// +listType=atomic
	StepPluginStatuses []StepPluginStatus `json:"stepPluginStatuses,omitzero"`
}

// PingPongType is one of the two Services of pingPong.
type PingPongType string

const (
	// PPPing is pingPong.pingService.
	PPPing PingPongType = "ping"
	// PPPong is pingPong.pongService.
	PPPong PingPongType = "pong"
)

// TrafficWeights is how the traffic is split.
type TrafficWeights struct {
	// canary is the part of the new pods.
	Canary WeightDestination `json:"canary"`
	// stable is the part of the old pods.
	Stable WeightDestination `json:"stable"`
	// additional are the parts of the groups of an experiment.
	// +optional
	// +listType=atomic
	Additional []WeightDestination `json:"additional,omitzero"`
	// verified tells whether the router does what it was told. Absent where that cannot be known.
	// +optional
	Verified *bool `json:"verified,omitempty"`
}

// WeightDestination is where a part of the traffic goes.
type WeightDestination struct {
	// weight is the size of the part, in hundredths, or in parts of maxTrafficWeight.
	Weight int32 `json:"weight"`
	// serviceName is the Service that it goes to.
	// +optional
	ServiceName string `json:"serviceName,omitempty"`
	// podTemplateHash is the hash of the version that it goes to.
	// +optional
	PodTemplateHash string `json:"podTemplateHash,omitempty"`
}

// RolloutAnalysisRunStatus is what an analysis run of a rollout has found.
type RolloutAnalysisRunStatus struct {
	// name is the name of the analysis run.
	Name string `json:"name"`
	// status is its phase.
	Status AnalysisPhase `json:"status"`
	// message says why it is in that phase.
	// +optional
	Message string `json:"message,omitempty"`
}

// StepPluginOperation is what a plugin of a step was asked for.
type StepPluginOperation string

const (
	// StepPluginOperationRun is to take the step.
	StepPluginOperationRun StepPluginOperation = "Run"
	// StepPluginOperationTerminate is to stop taking it.
	StepPluginOperationTerminate StepPluginOperation = "Terminate"
	// StepPluginOperationAbort is to undo it.
	StepPluginOperationAbort StepPluginOperation = "Abort"
)

// StepPluginPhase is where an operation of a plugin stands.
type StepPluginPhase string

const (
	// StepPluginPhaseRunning goes on.
	StepPluginPhaseRunning StepPluginPhase = "Running"
	// StepPluginPhaseSuccessful has succeeded.
	StepPluginPhaseSuccessful StepPluginPhase = "Successful"
	// StepPluginPhaseFailed has failed.
	StepPluginPhaseFailed StepPluginPhase = "Failed"
	// StepPluginPhaseError could not be done.
	StepPluginPhaseError StepPluginPhase = "Error"
)

// StepPluginStatus is what the plugin of a step has done.
type StepPluginStatus struct {
	// index is the index of the step, from 0.
	Index int32 `json:"index"`
	// name is the name of the plugin.
	Name string `json:"name"`
	// message says why it is in its phase.
	// +optional
	Message string `json:"message,omitempty"`
	// phase is Running, Successful, Failed or Error.
	// +optional
	Phase StepPluginPhase `json:"phase,omitempty"`
	// operation is Run, Terminate or Abort.
	Operation StepPluginOperation `json:"operation"`
	// startedAt is when the operation began.
	// +optional
	StartedAt *metav1.Time `json:"startedAt,omitempty"`
	// updatedAt is when the plugin was last called.
	// +optional
	UpdatedAt *metav1.Time `json:"updatedAt,omitempty"`
	// finishedAt is when the operation ended.
	// +optional
	FinishedAt *metav1.Time `json:"finishedAt,omitempty"`
	// backoff is how long to wait before the plugin is called again, as in "30s".
	// +optional
	Backoff string `json:"backoff,omitempty"`
	// executions is how often the plugin was called.
	// +optional
	Executions int32 `json:"executions,omitempty"`
	// disabled tells that the administrator has switched the plugin off, so that the step was skipped.
	// +optional
	Disabled bool `json:"disabled,omitempty"`
	// status is what the plugin wants to remember.
	// +optional
	Status raw.Object `json:"status,omitzero"`
}

// BlueGreenStatus is what blue-green must remember.
type BlueGreenStatus struct {
	// previewSelector is the pod template hash that the preview Service selects.
	// +optional
	PreviewSelector string `json:"previewSelector,omitempty"`
	// activeSelector is the pod template hash that the active Service selects.
	// +optional
	ActiveSelector string `json:"activeSelector,omitempty"`
	// scaleUpPreviewCheckPoint tells that the rollout has passed its pause, so that there are to be as many new pods
	// as replicas.
	// +optional
	ScaleUpPreviewCheckPoint bool `json:"scaleUpPreviewCheckPoint,omitempty"`
	// prePromotionAnalysisRunStatus is the analysis run before the switch.
	// +optional
	PrePromotionAnalysisRunStatus *RolloutAnalysisRunStatus `json:"prePromotionAnalysisRunStatus,omitempty"`
	// postPromotionAnalysisRunStatus is the analysis run after the switch.
	// +optional
	PostPromotionAnalysisRunStatus *RolloutAnalysisRunStatus `json:"postPromotionAnalysisRunStatus,omitempty"`
}

// ALBStatus is what is known of an AWS load balancer.
type ALBStatus struct {
	// loadBalancer is the load balancer.
	// +optional
	LoadBalancer AWSResourceRef `json:"loadBalancer,omitzero"`
	// canaryTargetGroup is the target group of the new pods.
	// +optional
	CanaryTargetGroup AWSResourceRef `json:"canaryTargetGroup,omitzero"`
	// stableTargetGroup is the target group of the old pods.
	// +optional
	StableTargetGroup AWSResourceRef `json:"stableTargetGroup,omitzero"`
	// ingress is the Ingress that it belongs to.
	// +optional
	Ingress string `json:"ingress,omitempty"`
}

// AWSResourceRef names something at AWS.
type AWSResourceRef struct {
	// name is its name.
	Name string `json:"name"`
	// arn is its ARN.
	ARN string `json:"arn"`
	// fullName is the last part of the ARN.
	// +optional
	FullName string `json:"fullName,omitempty"`
}

// CompletionStatus is how the rollout of a version ended.
type CompletionStatus string

const (
	// CompletionPromoted took all steps.
	CompletionPromoted CompletionStatus = "Promoted"
	// CompletionFastPromoted was promoted past its steps.
	CompletionFastPromoted CompletionStatus = "FastPromoted"
	// CompletionAborted was aborted.
	CompletionAborted CompletionStatus = "Aborted"
	// CompletionSuperseded was followed by another version before it ended.
	CompletionSuperseded CompletionStatus = "Superseded"
	// CompletionRolledBack went back to an earlier version, taking all steps.
	CompletionRolledBack CompletionStatus = "RolledBack"
	// CompletionFastRolledBack went back to an earlier version without steps.
	CompletionFastRolledBack CompletionStatus = "FastRolledBack"
)

// RolloutDuration is how long the rollout of a version takes.
type RolloutDuration struct {
	// rolloutStartedAt is when it began.
	// +optional
	RolloutStartedAt *metav1.Time `json:"rolloutStartedAt,omitempty"`
	// manualPauseStartedAt is since when it waits for somebody.
	// +optional
	ManualPauseStartedAt *metav1.Time `json:"manualPauseStartedAt,omitempty"`
	// totalManualPauseDurationSeconds is how many seconds it has waited for somebody before.
	// +optional
	TotalManualPauseDurationSeconds int64 `json:"totalManualPauseDurationSeconds,omitempty"`
	// finishedAt is when it ended.
	// +optional
	FinishedAt *metav1.Time `json:"finishedAt,omitempty"`
	// completionStatus is how it ended: Promoted, FastPromoted, Aborted, Superseded, RolledBack or FastRolledBack.
	// +optional
	CompletionStatus CompletionStatus `json:"completionStatus,omitempty"`
}

// RolloutConditionType is what a condition of a rollout is about.
type RolloutConditionType string

const (
	// RolloutConditionInvalidSpec tells that the spec cannot be followed.
	RolloutConditionInvalidSpec RolloutConditionType = "InvalidSpec"
	// RolloutConditionAvailable tells that as many pods are available as must be.
	RolloutConditionAvailable RolloutConditionType = "Available"
	// RolloutConditionProgressing tells that the rollout goes on, or has ended well.
	RolloutConditionProgressing RolloutConditionType = "Progressing"
	// RolloutConditionReplicaFailure tells that pods could not be created or deleted.
	RolloutConditionReplicaFailure RolloutConditionType = "ReplicaFailure"
	// RolloutConditionPaused tells that the rollout waits.
	RolloutConditionPaused RolloutConditionType = "Paused"
	// RolloutConditionCompleted tells that the wanted version is the one that counts as good.
	RolloutConditionCompleted RolloutConditionType = "Completed"
	// RolloutConditionHealthy tells that the rollout has done all that the spec asks for.
	RolloutConditionHealthy RolloutConditionType = "Healthy"
	// RolloutConditionPromoting tells that somebody has asked to leave a step, and the server has not acted on it yet.
	RolloutConditionPromoting RolloutConditionType = "Promoting"
)

// RolloutCondition is a finding about a rollout.
type RolloutCondition struct {
	// type is what it is about.
	Type RolloutConditionType `json:"type"`
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
