// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/workflow"
)

// flight is a status write under way. Its worker does not wait for it, since what follows from the next event
// needs no more than what is in memory: the pods that a decision asks for may exist before the status that
// records the decision before it, as after a crash.
type flight struct {
	// status is what is being written, and basis the resourceVersion of the object it was decided on.
	status *wfv1.WorkflowStatus
	basis  string
	// events are told once what they tell of is written: those of this status and of what was decided since.
	events []workflow.Event
	// landed is closed when the rest is set.
	landed chan struct{}
	// written is the workflow as it came back, err why it did not; began and ended frame the request.
	written      *wfv1.Workflow
	err          error
	began, ended time.Time
}

// writeStatus begins to write what was decided, and returns when to look again for it, or zero. A write that
// comes soon after the last one, or while it is under way, is put off: what was decided is kept, and written when
// the time has come. Each workflow has one write under way at most.
//
// The write is under the resourceVersion that was decided on, so a verb that came between is never lost.
func (c *Controller) writeStatus(ctx context.Context, key types.NamespacedName, wf *wfv1.Workflow, m *memory, decision workflow.Decision) time.Duration {
	if m.flight != nil {
		m.keep(wf, decision)
		m.flight.events = append(m.flight.events, decision.Events...)
		return 0
	}
	m.keep(wf, decision)
	if m.pending == nil {
		c.tell(wf, decision.Events)
		return 0
	}
	if wait := m.delay(c.config.Clock.Now()); wait > 0 && !completed(m.pending) {
		c.tell(wf, decision.Events)
		return wait
	}
	f := &flight{status: m.pending, basis: wf.ResourceVersion, events: decision.Events, landed: make(chan struct{}), began: c.config.Clock.Now()}
	m.pending, m.flight = nil, f
	update := withStatus(wf, f.status)
	c.flights.Go(func() {
		f.written, f.err = c.config.Argosy.WorkflowV1alpha1().Workflows(key.Namespace).UpdateStatus(ctx, update, metav1.UpdateOptions{})
		f.ended = c.config.Clock.Now()
		close(f.landed)
		c.loop.Add(key)
	})
	return 0
}

// land takes in the answer to a status write that was under way, if it has come. An error means that the
// status is still to be written.
func (c *Controller) land(ctx context.Context, key types.NamespacedName, m *memory) error {
	f := m.flight
	if f == nil {
		return nil
	}
	select {
	case <-f.landed:
	default:
		return nil
	}
	m.flight = nil
	m.lastWrite, m.writeTook = f.ended, f.ended.Sub(f.began)
	about := &wfv1.Workflow{ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name, UID: m.uid, ResourceVersion: f.basis}}
	switch {
	case apierrors.IsNotFound(f.err), apierrors.IsConflict(f.err):
		m.pending, m.refused = nil, f.basis // deleted or changed meanwhile: the cache will say so
		klog.FromContext(ctx).V(4).Info("Workflow changed meanwhile", "workflow", key)
	case f.err != nil:
		if m.pending == nil {
			m.pending, m.basis = f.status, f.basis
		}
		c.tell(about, f.events) // decided for good: the status is kept and written at the next attempt
		return fmt.Errorf("writing the status: %w", f.err)
	default:
		m.written = f.written
		if m.pending != nil {
			m.basis = f.written.ResourceVersion // what was decided meanwhile was decided on what is now written
		}
		c.tell(about, f.events)
		c.loop.Forget(key)
	}
	return nil
}

// keep makes the decided status the one that is to be written next.
func (m *memory) keep(wf *wfv1.Workflow, decision workflow.Decision) {
	if decision.Status != nil {
		m.pending, m.basis = decision.Status, wf.ResourceVersion
	}
}
