// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/record"
)

// Deps are what the verbs of any kind need besides its store.
type Deps struct {
	// Now is the clock.
	Now func() time.Time
	// Events records who did what. Never nil.
	Events record.EventRecorder
	// Cluster reads what verbs show of the cluster. It is nil where there is no
	// cluster, and then what needs it is unavailable.
	Cluster kubernetes.Interface
}
