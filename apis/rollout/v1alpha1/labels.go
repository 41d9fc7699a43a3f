// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// The labels and annotations that users' tools select by. They are those of Argo Rollouts, in both groups, so that an
// existing selector keeps finding what it found, and ReplicaSets can be taken over.

// Labels.
const (
	// LabelPodTemplateHash is set on ReplicaSets and pods, and in the selectors of Services. The value is the hash of
	// the pod template.
	LabelPodTemplateHash = "rollouts-pod-template-hash"
	// LabelRolloutType is set on analysis runs of a rollout: Step, Background, PrePromotion or PostPromotion.
	LabelRolloutType = "rollout-type"
	// LabelStepIndex is set on analysis runs and experiments of a step. The value is its index, from 0.
	LabelStepIndex = "step-index"
	// LabelControllerInstanceID names the Argo installation that an object is meant for.
	LabelControllerInstanceID = "argo-rollouts.argoproj.io/controller-instance-id"
	// LabelAnalysisRunUID is set on the Jobs of an analysis run. The value is the run's uid.
	LabelAnalysisRunUID = "analysisrun.argoproj.io/uid"
)

// Values of LabelRolloutType.
const (
	// RolloutTypeStep is an analysis that is a step.
	RolloutTypeStep = "Step"
	// RolloutTypeBackground is an analysis beside the steps.
	RolloutTypeBackground = "Background"
	// RolloutTypePrePromotion is an analysis before the switch of blue-green.
	RolloutTypePrePromotion = "PrePromotion"
	// RolloutTypePostPromotion is an analysis after the switch of blue-green.
	RolloutTypePostPromotion = "PostPromotion"
)

// Annotations.
const (
	// AnnotationManagedByRollout is set on a Service that a rollout directs. The value is the rollout's name.
	AnnotationManagedByRollout = "argo-rollouts.argoproj.io/managed-by-rollouts"
	// AnnotationScaleDownDeadline is set on a ReplicaSet that is taken away at a time. The value is that time.
	AnnotationScaleDownDeadline = "scale-down-deadline"
	// AnnotationRevision is set on rollouts, ReplicaSets and what is made for a revision. The value is its number.
	AnnotationRevision = "rollout.argoproj.io/revision"
	// AnnotationRevisionHistory is set on a ReplicaSet that was used for several revisions. The value are the numbers
	// of the earlier ones, separated by commas.
	AnnotationRevisionHistory = "rollout.argoproj.io/revision-history"
	// AnnotationDesiredReplicas is set on ReplicaSets. The value is the number of replicas of the rollout when the
	// ReplicaSet was last scaled.
	AnnotationDesiredReplicas = "rollout.argoproj.io/desired-replicas"
	// AnnotationWorkloadGeneration is set on a rollout with a workloadRef. The value is the metadata.generation of the
	// workload.
	AnnotationWorkloadGeneration = "rollout.argoproj.io/workload-generation"
	// AnnotationEphemeralMetadata is set on a ReplicaSet. The value is the JSON of the labels and annotations that its
	// pods bear for the time being.
	AnnotationEphemeralMetadata = "rollout.argoproj.io/ephemeral-metadata"
)
