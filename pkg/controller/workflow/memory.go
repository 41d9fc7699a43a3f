// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/klog/v2"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// memory is what this process knows of one workflow that the caches do not show yet. Losing it (a restart)
// costs work done twice, never a wrong result. Only the worker that holds the workflow's key touches it;
// the goroutine of a write has the flight to itself.
type memory struct {
	uid types.UID
	// written is the workflow as this process last wrote it; newer than the cache until the watch catches up.
	written *wfv1.Workflow
	// pending is a status that was decided on but not written yet, and basis the resourceVersion of the
	// object that it was decided on.
	pending *wfv1.WorkflowStatus
	basis   string
	// flight is the write of a status that is under way; nil if none is.
	flight *flight
	// refused is the resourceVersion under which a write met a conflict: the watch brings a later one.
	refused string
	// lastWrite and writeTook space the writes of the status.
	lastWrite time.Time
	writeTook time.Duration
	// created holds pods that were created here and that the pod cache has not shown yet.
	created map[string]*corev1.Pod
}

const (
	// spacing is how many times longer than a status write took the next one waits. So writes take at most
	// a fifth of the time: a small workflow's status is written within milliseconds, a large one's when the
	// server has the time for it.
	spacing = 4
	// maxSpacing is the longest that a status may be older than what the loop knows.
	maxSpacing = time.Second
)

// remember returns the memory of the workflow, a new one if another object had the name before.
func (c *Controller) remember(key types.NamespacedName, uid types.UID) *memory {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.running[key]
	if m == nil || m.uid != uid {
		m = &memory{uid: uid, created: map[string]*corev1.Pod{}}
		c.running[key] = m
	}
	return m
}

// writing reports whether a status write of the workflow is under way. Only the worker that holds its key may ask.
func (c *Controller) writing(key types.NamespacedName) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.running[key]
	return m != nil && m.flight != nil
}

// leave forgets a workflow that is gone or completed, once the last write of its status is answered: what that write
// tells of is still to be told, though the cache may have dropped the workflow before the answer came.
func (c *Controller) leave(ctx context.Context, key types.NamespacedName) {
	c.mu.Lock()
	m := c.running[key]
	c.mu.Unlock()
	if m != nil {
		if err := c.land(ctx, key, m); err != nil {
			klog.FromContext(ctx).V(4).Info("A status was not written before its workflow was gone", "workflow", key, "err", err)
		}
		if m.flight != nil {
			return // the answer brings us here again
		}
	}
	c.forget(key)
}

// forget drops the memory of a workflow.
func (c *Controller) forget(key types.NamespacedName) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.running, key)
}

// newest returns the newer of the cached workflow and the one last written here, with the status that was
// decided but not written yet, or is being written. The result is shared with the cache: it must not be changed.
//
// It returns nil while nobody can know what the newest is: a write is under way and the cache has moved on,
// by that very write or by somebody else's. The write's answer, which is due, will tell.
func (m *memory) newest(cached *wfv1.Workflow) *wfv1.Workflow {
	wf := cached
	if m.written != nil {
		if newer(m.written.ResourceVersion, cached.ResourceVersion) {
			wf = m.written
		} else {
			m.written = nil
		}
	}
	if m.flight != nil && m.flight.basis != wf.ResourceVersion {
		return nil
	}
	if m.pending != nil && m.basis == wf.ResourceVersion {
		return withStatus(wf, m.pending)
	}
	m.pending = nil
	if m.flight != nil {
		return withStatus(wf, m.flight.status)
	}
	return wf
}

// withStatus returns the workflow with another status, sharing the rest.
func withStatus(wf *wfv1.Workflow, status *wfv1.WorkflowStatus) *wfv1.Workflow {
	shallow := *wf
	shallow.Status = *status
	return &shallow
}

// observe adds to the pods of the cache those that were created here and that it does not show yet.
// seen is the resourceVersion up to which the cache has seen the cluster: a pod that was created before and
// is not in the cache has been deleted since. It reports whether some pods are still to be seen.
func (m *memory) observe(pods map[string]*corev1.Pod, seen string) (waiting bool) {
	for name, pod := range m.created {
		_, shown := pods[name]
		if shown || (seen != "" && !newer(pod.ResourceVersion, seen)) {
			delete(m.created, name)
			continue
		}
		pods[name] = pod
		waiting = true
	}
	return waiting
}

// delay is how long the status write should still wait.
func (m *memory) delay(now time.Time) time.Duration {
	return m.lastWrite.Add(min(spacing*m.writeTook, maxSpacing)).Sub(now)
}

// newer reports whether resource version a is later than b. Versions that cannot be compared count as
// later, so that what is known here is kept.
func newer(a, b string) bool {
	order, err := resourceversion.CompareResourceVersion(a, b)
	return err != nil || order > 0
}
