// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"time"

	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/record"
)

// Deps are what the verbs need besides the store.
type Deps struct {
	// Now is the clock.
	Now func() time.Time
	// Events records who did what. Never nil.
	Events record.EventRecorder
	// Cluster reads the ReplicaSets and pods. It is nil where there is no
	// cluster, and then what needs it is unavailable.
	Cluster kubernetes.Interface
	// AnalysisRuns reads the analysis runs.
	AnalysisRuns rest.Lister
}
