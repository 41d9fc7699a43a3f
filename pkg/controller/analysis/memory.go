// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"context"
	"maps"

	batchv1 "k8s.io/api/batch/v1"
	"k8s.io/apimachinery/pkg/types"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/controller/loop"
	"argosy.dev/argosy/pkg/rollout/analysis"
)

// memory is what this process knows of one run that the caches do not show. Losing it (a restart) costs a measurement
// taken twice, and never a second Job.
type memory struct {
	uid types.UID
	// written is the run as this process last wrote it, and jobs are the Jobs that it created or deleted. Only the worker
	// that holds the run's key touches them.
	written *rov1.AnalysisRun
	jobs    loop.Overlay[string, *batchv1.Job]

	// The lock of the controller guards what follows: measurements come back at any time.

	// under are the measurements being taken, by metric.
	under map[string]*underway
	// taken are those that came back and are not in the status yet; created are the Jobs that they made.
	taken   map[string]analysis.Taken
	created []*batchv1.Job
}

// underway is a measurement that is being taken.
type underway struct {
	number int32
	cancel context.CancelFunc
}

// remember returns the memory of the run, a new one if another object had the name before.
func (c *Controller) remember(key types.NamespacedName, uid types.UID) *memory {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.known[key]
	if m == nil || m.uid != uid {
		if m != nil {
			m.giveUp()
		}
		m = &memory{uid: uid, under: map[string]*underway{}, taken: map[string]analysis.Taken{}}
		c.known[key] = m
	}
	return m
}

// forget drops the memory of a run that is gone, with what is being measured for it.
func (c *Controller) forget(key types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.known[key]; m != nil {
		m.giveUp()
		delete(c.known, key)
	}
}

// giveUp ends what is being measured.
func (m *memory) giveUp() {
	for metric, u := range m.under {
		u.cancel()
		delete(m.under, metric)
	}
}

// newest returns the newer of the cached run and the one last written here. The result is shared: it must not be
// changed.
func (m *memory) newest(cached *rov1.AnalysisRun) *rov1.AnalysisRun {
	return loop.Newest(&m.written, cached)
}

// cameBack returns the measurements that came back, and takes over the Jobs that they made.
func (c *Controller) cameBack(m *memory) map[string]analysis.Taken {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, job := range m.created {
		m.jobs.Wrote(job.Name, job)
	}
	m.created = nil
	return maps.Clone(m.taken)
}

// recorded forgets measurements that are in the status now, or that it had no place for.
func (c *Controller) recorded(m *memory, taken map[string]analysis.Taken) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for metric, t := range taken {
		if m.taken[metric].Number == t.Number {
			delete(m.taken, metric)
		}
	}
}
