// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"sync/atomic"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"argosy.dev/argosy/pkg/rollout/traffic"
)

// Seen shows the API server of the same process what the loop has in its caches. Nothing is known where the loop does not run
// (it runs in one replica only), before its caches have filled, and of resources that no rollout has named so far. The zero
// value is ready, and safe for concurrent use.
type Seen struct{ loop atomic.Pointer[Controller] }

// Seen tells whether an object is there that a rollout may name. known is false where no cache tells.
func (s *Seen) Seen(ref traffic.Ref) (there, known bool) {
	c := s.loop.Load()
	if c == nil {
		return false, false
	}
	informer := c.services
	if ref.Resource != "services" || ref.Group != "" {
		if informer = c.others.begun(schema.GroupResource{Group: ref.Group, Resource: ref.Resource}); informer == nil {
			return false, false
		}
	}
	if !informer.HasSynced() {
		return false, false
	}
	_, there, err := informer.GetStore().GetByKey(ref.Namespace + "/" + ref.Name)
	return there, err == nil
}
