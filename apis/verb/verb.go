// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package verb

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Request is embedded in the request of every verb.
type Request struct {
	// preconditions must hold for the object (uid, resourceVersion), or the request is refused as a conflict.
	// +optional
	Preconditions *metav1.Preconditions `json:"preconditions,omitempty"`
	// message says why. It is recorded in an Event, and in the status of the object where it has a place for it.
	// +optional
	Message string `json:"message,omitempty"`
}

// GetPreconditions returns what must hold for the object; nil if nothing.
func (r *Request) GetPreconditions() *metav1.Preconditions { return r.Preconditions }

// GetMessage returns what the caller says about the request.
func (r *Request) GetMessage() string { return r.Message }
