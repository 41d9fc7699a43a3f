// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// WatchError says that a kind cannot be watched.
type WatchError struct {
	Kind schema.GroupKind
	// Namespace is where. Empty: in the whole cluster.
	Namespace string
	Err       error
}

func (e *WatchError) Error() string {
	if e.Namespace != "" {
		return fmt.Sprintf("%s in namespace %s cannot be watched: %v", e.Kind, e.Namespace, e.Err)
	}
	return fmt.Sprintf("%s cannot be watched: %v", e.Kind, e.Err)
}

// Unwrap returns the reason.
func (e *WatchError) Unwrap() error { return e.Err }
