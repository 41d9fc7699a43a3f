// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"argosy.dev/argosy/apis/verb"
)

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// AnalysisRunTerminate asks that an analysis run end now. What has been found so far counts. It is created at
// analysisruns/NAME/terminate.
type AnalysisRunTerminate struct {
	metav1.TypeMeta `json:""`
	// metadata names the analysis run. If it holds a name, it must be that of the request.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	verb.Request      `json:""`
}
