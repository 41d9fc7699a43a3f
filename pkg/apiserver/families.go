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
	"argosy.dev/argosy/registry/rollout/rollout"
	sensorfamily "argosy.dev/argosy/registry/sensor"
	workflowfamily "argosy.dev/argosy/registry/workflow"
)

// FamilyOptions are what an administrator decides about kinds.
type FamilyOptions struct {
	// AcceptInvalidRollouts stores what is invalid in the rollout family, with a warning.
	AcceptInvalidRollouts bool
}

// Views are what the loops of this process show of what they see.
type Views struct {
	// Applications is what the subresources of applications show of sources and
	// clusters; nil where no loop looks at them.
	Applications application.Live
	// Rollouts tells of the objects that rollouts name; nil where no loop does.
	Rollouts rollout.Seen
}

// NewFamilies returns the storage of all families. cluster reads what verbs
// show of the cluster, and may be nil where there is none.
func NewFamilies(cluster kubernetes.Interface, events record.EventRecorder, views Views, o FamilyOptions) []Family {
	deps := resource.Deps{Now: time.Now, Events: events, Cluster: cluster}
	return []Family{
		applicationfamily.Family{Deps: deps, Live: views.Applications},
		rolloutfamily.Family{AcceptInvalid: o.AcceptInvalidRollouts, Deps: deps, Seen: views.Rollouts},
		sensorfamily.Family{},
		workflowfamily.Family{Deps: deps},
	}
}
