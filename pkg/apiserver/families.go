// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/record"

	workflowfamily "argosy.dev/argosy/registry/workflow"
	"argosy.dev/argosy/registry/workflow/workflow"
)

// NewFamilies returns the storage of all families. cluster reads what verbs
// show of the cluster, and may be nil where there is none.
func NewFamilies(cluster kubernetes.Interface, events record.EventRecorder) []Family {
	return []Family{
		workflowfamily.Family{Deps: workflow.Deps{Now: time.Now, Events: events, Cluster: cluster}},
	}
}
