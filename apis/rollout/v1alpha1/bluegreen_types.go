// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import "k8s.io/apimachinery/pkg/util/intstr"

// BlueGreenStrategy brings up all new pods beside the old ones, then switches the traffic at once.
type BlueGreenStrategy struct {
	// activeService is the Service that the traffic comes through. Its selector is what is switched.
	ActiveService string `json:"activeService"`
	// previewService is a Service that selects the new pods before the switch.
	// +optional
	PreviewService string `json:"previewService,omitempty"`
	// previewReplicaCount is how many new pods there are before the switch. Absent means as many as replicas.
	// +optional
	PreviewReplicaCount *int32 `json:"previewReplicaCount,omitempty"`
	// autoPromotionEnabled switches as soon as the new pods are ready. If false, the rollout pauses before it. Default:
	// true.
	// +optional
	AutoPromotionEnabled *bool `json:"autoPromotionEnabled,omitempty"`
	// autoPromotionSeconds switches after a pause of this many seconds, unless somebody does so before. 0 means never.
	// +optional
	AutoPromotionSeconds *int32 `json:"autoPromotionSeconds,omitempty"`
	// maxUnavailable is how many pods may be unavailable when pods are restarted: a number, or a percentage of
	// replicas, rounded down. Default: 25%.
	// +optional
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable,omitempty"`
	// scaleDownDelaySeconds is how many seconds after the switch the old pods are taken away, so that traffic which
	// still finds them is served, and one can switch back. Default: 30.
	// +optional
	ScaleDownDelaySeconds *int32 `json:"scaleDownDelaySeconds,omitempty"`
	// scaleDownDelayRevisionLimit is how many old versions may wait for that at a time. Absent means any number.
	// +optional
	ScaleDownDelayRevisionLimit *int32 `json:"scaleDownDelayRevisionLimit,omitempty"`
	// abortScaleDownDelaySeconds is how many seconds after an abort the new pods are taken away. 0 means never.
	// Default: 30.
	// +optional
	AbortScaleDownDelaySeconds *int32 `json:"abortScaleDownDelaySeconds,omitempty"`
	// prePromotionAnalysis judges the new pods before the switch.
	// +optional
	PrePromotionAnalysis *RolloutAnalysis `json:"prePromotionAnalysis,omitempty"`
	// postPromotionAnalysis judges the new pods after the switch. If it fails, the traffic is switched back.
	// +optional
	PostPromotionAnalysis *RolloutAnalysis `json:"postPromotionAnalysis,omitempty"`
	// antiAffinity keeps old and new pods on different cluster nodes.
	// +optional
	AntiAffinity *AntiAffinity `json:"antiAffinity,omitempty"`
	// previewMetadata is put on the new pods as long as they are a preview.
	// +optional
	PreviewMetadata *Metadata `json:"previewMetadata,omitempty"`
	// activeMetadata is put on the pods that the traffic goes to, as long as it does.
	// +optional
	ActiveMetadata *Metadata `json:"activeMetadata,omitempty"`
}
