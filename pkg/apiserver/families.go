// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/record"

	applicationfamily "argosy.dev/argosy/registry/application"
	"argosy.dev/argosy/registry/application/application"
	"argosy.dev/argosy/registry/resource"
	rolloutfamily "argosy.dev/argosy/registry/rollout"
	sensorfamily "argosy.dev/argosy/registry/sensor"
	workflowfamily "argosy.dev/argosy/registry/workflow"
)

// FamilyOptions are what an administrator decides about kinds.
type FamilyOptions struct {
	// AcceptInvalidRollouts stores what is invalid in the rollout family, with a warning.
	AcceptInvalidRollouts bool
}

// NewFamilies returns the storage of all families. cluster reads what verbs
// show of the cluster, and may be nil where there is none; live is what they show
// of the sources and clusters of applications, and may be nil where no loop looks
// at them.
func NewFamilies(cluster kubernetes.Interface, events record.EventRecorder, live application.Live, o FamilyOptions) []Family {
	deps := resource.Deps{Now: time.Now, Events: events, Cluster: cluster}
	return []Family{
		applicationfamily.Family{Deps: deps, Live: live},
		rolloutfamily.Family{AcceptInvalid: o.AcceptInvalidRollouts, Deps: deps},
		sensorfamily.Family{},
		workflowfamily.Family{Deps: deps},
	}
}
