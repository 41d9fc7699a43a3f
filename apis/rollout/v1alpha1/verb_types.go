// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"argosy.dev/argosy/apis/verb"
)

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// RolloutPromote asks that a rollout go on: past the pause, analysis or step at which it is, or to its end. It is created
// at rollouts/NAME/promote. Of two requests at once, one moves the rollout by a step, and the other is a conflict; so is
// a request for a rollout that is aborted or fully promoted.
type RolloutPromote struct {
	metav1.TypeMeta `json:""`
	// metadata names the rollout. If it holds a name, it must be that of the request.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	verb.Request      `json:""`
	// full skips all pauses, analyses and steps that are left. Default: false, which goes on by one step.
	// +optional
	Full bool `json:"full,omitempty"`
	// allSteps skips all steps that are left, but not what comes after them. Only for canaries. Default: false.
	// +optional
	AllSteps bool `json:"allSteps,omitempty"`
	// step is a precondition: the index, from 0, of the step at which the rollout must be, or the request is refused as
	// a conflict. Only for canaries with steps.
	// +optional
	Step *int32 `json:"step,omitempty"`
	// podHash is a precondition: the hash of the pod template that is being rolled out (status.currentPodHash).
	// +optional
	PodHash string `json:"podHash,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// RolloutAbort asks that a rollout give up its new version: traffic and pods go back to the stable one. It is created
// at rollouts/NAME/abort.
type RolloutAbort struct {
	metav1.TypeMeta `json:""`
	// metadata names the rollout. If it holds a name, it must be that of the request.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	verb.Request      `json:""`
	// podHash is a precondition: the hash of the pod template that is being rolled out (status.currentPodHash).
	// +optional
	PodHash string `json:"podHash,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// RolloutRetry asks that an aborted rollout begin anew. It is created at rollouts/NAME/retry.
type RolloutRetry struct {
	metav1.TypeMeta `json:""`
	// metadata names the rollout. If it holds a name, it must be that of the request.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	verb.Request      `json:""`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// RolloutPause asks that a rollout stay where it is (spec.paused). It is created at rollouts/NAME/pause.
type RolloutPause struct {
	metav1.TypeMeta `json:""`
	// metadata names the rollout. If it holds a name, it must be that of the request.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	verb.Request      `json:""`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// RolloutResume asks that a rollout that was paused by hand go on. It does not skip the pause of a step: that is what
// promote does. It is created at rollouts/NAME/resume.
type RolloutResume struct {
	metav1.TypeMeta `json:""`
	// metadata names the rollout. If it holds a name, it must be that of the request.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	verb.Request      `json:""`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// RolloutUndo asks that a rollout go back to the pod template of an earlier revision. It is created at
// rollouts/NAME/undo.
type RolloutUndo struct {
	metav1.TypeMeta `json:""`
	// metadata names the rollout. If it holds a name, it must be that of the request.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	verb.Request      `json:""`
	// toRevision is the revision to go back to. Default: 0, which means the one before the latest.
	// +optional
	ToRevision int64 `json:"toRevision,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// RolloutRestart asks that all pods of a rollout be replaced by new ones of the same template, a few at a time
// (spec.restartAt). It is created at rollouts/NAME/restart.
type RolloutRestart struct {
	metav1.TypeMeta `json:""`
	// metadata names the rollout. If it holds a name, it must be that of the request.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	verb.Request      `json:""`
	// at is the time to begin. Default: at once.
	// +optional
	At *metav1.Time `json:"at,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// RolloutSetImage asks that containers of a rollout's pods run other images. It is created at rollouts/NAME/setimage.
type RolloutSetImage struct {
	metav1.TypeMeta `json:""`
	// metadata names the rollout. If it holds a name, it must be that of the request.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	verb.Request      `json:""`
	// images are the new images, by the names of the containers (init containers included). The name * stands for all
	// containers.
	Images map[string]string `json:"images"`
}
