// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/controller/loop"
	"argosy.dev/argosy/pkg/rollout/traffic"
)

// memory is what this process knows of one rollout that the caches do not show yet. Losing it (a restart) costs work
// done twice, never a wrong result. Only the worker that holds the rollout's key touches it.
type memory struct {
	uid types.UID
	// written is the rollout as this process last wrote it.
	written *rov1.Rollout
	// What it wrote around the rollout, by name.
	replicaSets loop.Overlay[string, *appsv1.ReplicaSet]
	pods        loop.Overlay[string, *corev1.Pod]
	services    loop.Overlay[string, *corev1.Service]
	runs        loop.Overlay[string, *rov1.AnalysisRun]
	routes      loop.Overlay[traffic.Ref, *unstructured.Unstructured]
	// last is the rollout as it was when it was last looked at: what it named then and names no more is to be left.
	last *rov1.Rollout
	// trouble is the error with which the last look ended, of which an Event has told.
	trouble string
	// untold are the Events of looks whose end could not be written, with what was done by then.
	untold untold
}

// remember returns the memory of the rollout, a new one if another object had the name before.
func (c *Controller) remember(key types.NamespacedName, uid types.UID) *memory {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.memories[key]
	if m == nil || m.uid != uid {
		before := m
		m = &memory{uid: uid}
		if before != nil {
			m.last = before.last
		}
		c.memories[key] = m
	}
	return m
}

// recall returns what is known of a rollout; nil if this process has not driven it.
func (c *Controller) recall(key types.NamespacedName) *memory {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.memories[key]
}

// forget drops what is known of a rollout that is gone.
func (c *Controller) forget(key types.NamespacedName) {
	c.named.forget(key)
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.memories, key)
}

// newest returns the newer of the cached rollout and the one last written here. The result is shared with the cache: it
// must not be changed.
func (m *memory) newest(cached *rov1.Rollout) *rov1.Rollout {
	return loop.Newest(&m.written, cached)
}
