// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// RolloutTree is a rollout with all that it has made, as of now: its revisions with their ReplicaSets, pods and analysis
// runs. It is read from rollouts/NAME/tree, by whoever may get that, whether or not they may read the parts.
type RolloutTree struct {
	metav1.TypeMeta `json:""`
	// metadata is that of the rollout, in part: name, namespace, uid, resourceVersion, generation, time of creation.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// phase is where the rollout stands: Healthy, Degraded, Progressing or Paused. It is Progressing while the server
	// has not looked at the latest spec.
	// +optional
	Phase RolloutPhase `json:"phase,omitempty"`
	// message says what is waited for, or what is wrong.
	// +optional
	Message string `json:"message,omitempty"`
	// strategy is Canary or BlueGreen.
	// +optional
	Strategy string `json:"strategy,omitempty"`
	// step is how many steps are done, of how many: 3/8. Only for canaries with steps.
	// +optional
	Step string `json:"step,omitempty"`
	// setWeight is the part of the traffic that the canary should have, in percent. Only for canaries.
	// +optional
	SetWeight *int32 `json:"setWeight,omitempty"`
	// actualWeight is the part of the traffic that the canary has: by the routes, or by its part of the available pods.
	// Only for canaries.
	// +optional
	ActualWeight *int32 `json:"actualWeight,omitempty"`
	// images are the images of the containers, with the parts they play.
	// +optional
	// +listType=atomic
	Images []RolloutTreeImage `json:"images,omitzero"`
	// replicas counts the pods.
	Replicas RolloutTreeReplicas `json:"replicas"`
	// revisions are the revisions that there still are, newest first.
	// +optional
	// +listType=atomic
	Revisions []RolloutTreeRevision `json:"revisions,omitzero"`
}

// RolloutTreeImage is an image and where it is used.
type RolloutTreeImage struct {
	// image is the image, as the pod template names it.
	Image string `json:"image"`
	// roles are the parts that the ReplicaSets with this image play: canary, stable, active, preview.
	// +optional
	// +listType=atomic
	Roles []string `json:"roles,omitzero"`
}

// RolloutTreeReplicas counts the pods of a rollout.
type RolloutTreeReplicas struct {
	// desired is how many are wanted.
	Desired int32 `json:"desired"`
	// current is how many there are.
	Current int32 `json:"current"`
	// updated is how many of them are of the latest template.
	Updated int32 `json:"updated"`
	// ready is how many are ready.
	Ready int32 `json:"ready"`
	// available is how many have been ready for long enough.
	Available int32 `json:"available"`
}

// RolloutTreeRevision is a revision of a rollout.
type RolloutTreeRevision struct {
	// revision is its number.
	Revision int64 `json:"revision"`
	// replicaSets are its ReplicaSets; one, unless two templates have one revision.
	// +optional
	// +listType=atomic
	ReplicaSets []RolloutTreeReplicaSet `json:"replicaSets,omitzero"`
	// analysisRuns are the analyses that judged it, oldest first.
	// +optional
	// +listType=atomic
	AnalysisRuns []RolloutTreeAnalysisRun `json:"analysisRuns,omitzero"`
}

// RolloutTreeReplicaSet is a ReplicaSet of a rollout.
type RolloutTreeReplicaSet struct {
	// name is its name.
	Name string `json:"name"`
	// creationTimestamp is when it was created.
	// +optional
	CreationTimestamp metav1.Time `json:"creationTimestamp,omitzero"`
	// status is Healthy, Progressing, Degraded or ScaledDown.
	Status string `json:"status"`
	// roles are the parts it plays: canary, stable, active, preview.
	// +optional
	// +listType=atomic
	Roles []string `json:"roles,omitzero"`
	// images are the images of its containers.
	// +optional
	// +listType=atomic
	Images []string `json:"images,omitzero"`
	// replicas is how many pods it should have.
	Replicas int32 `json:"replicas"`
	// available is how many of its pods have been ready for long enough.
	Available int32 `json:"available"`
	// scaleDownAt is when its pods are taken away, if that is put off.
	// +optional
	ScaleDownAt *metav1.Time `json:"scaleDownAt,omitempty"`
	// pods are its pods, oldest first.
	// +optional
	// +listType=atomic
	Pods []RolloutTreePod `json:"pods,omitzero"`
}

// RolloutTreePod is a pod of a rollout.
type RolloutTreePod struct {
	// name is its name.
	Name string `json:"name"`
	// creationTimestamp is when it was created.
	// +optional
	CreationTimestamp metav1.Time `json:"creationTimestamp,omitzero"`
	// status is what "kubectl get pods" shows: the phase, or why a container does not run.
	Status string `json:"status"`
	// ready is how many of its containers are ready.
	Ready int32 `json:"ready"`
	// containers is how many containers it has.
	Containers int32 `json:"containers"`
	// restarts is how often its containers were restarted.
	// +optional
	Restarts int32 `json:"restarts,omitempty"`
}

// RolloutTreeAnalysisRun is an analysis run of a rollout.
type RolloutTreeAnalysisRun struct {
	// name is its name.
	Name string `json:"name"`
	// creationTimestamp is when it was created.
	// +optional
	CreationTimestamp metav1.Time `json:"creationTimestamp,omitzero"`
	// type is what it is for: Step, Background, PrePromotion or PostPromotion.
	// +optional
	Type string `json:"type,omitempty"`
	// status is its phase.
	// +optional
	Status AnalysisPhase `json:"status,omitempty"`
	// message says why it is in its phase.
	// +optional
	Message string `json:"message,omitempty"`
	// successful counts the measurements that succeeded.
	// +optional
	Successful int32 `json:"successful,omitempty"`
	// failed counts the measurements that failed.
	// +optional
	Failed int32 `json:"failed,omitempty"`
	// inconclusive counts the measurements that say neither.
	// +optional
	Inconclusive int32 `json:"inconclusive,omitempty"`
	// error counts the measurements that could not be taken.
	// +optional
	Error int32 `json:"error,omitempty"`
}
