// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/record"

	rolloutfamily "argosy.dev/argosy/registry/rollout"
	workflowfamily "argosy.dev/argosy/registry/workflow"
	"argosy.dev/argosy/registry/workflow/workflow"
)

// FamilyOptions are what an administrator decides about kinds.
type FamilyOptions struct {
	// AcceptInvalidRollouts stores what is invalid in the rollout family, with a warning.
	AcceptInvalidRollouts bool
}

// NewFamilies returns the storage of all families. cluster reads what verbs
// show of the cluster, and may be nil where there is none.
func NewFamilies(cluster kubernetes.Interface, events record.EventRecorder, o FamilyOptions) []Family {
	return []Family{
		rolloutfamily.Family{AcceptInvalid: o.AcceptInvalidRollouts},
		workflowfamily.Family{Deps: workflow.Deps{Now: time.Now, Events: events, Cluster: cluster}},
	}
}
