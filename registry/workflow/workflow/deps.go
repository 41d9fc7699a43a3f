// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/record"
)

// Deps are what the verbs need besides the store.
type Deps struct {
	// Now is the clock.
	Now func() time.Time
	// Events records who did what. Never nil.
	Events record.EventRecorder
	// Cluster reads the pods and their logs. It is nil where there is no
	// cluster, and then what needs it is unavailable.
	Cluster kubernetes.Interface
}
