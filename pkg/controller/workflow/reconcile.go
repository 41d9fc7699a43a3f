// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/workflow"
)

// lookAgain is how soon a workflow is looked at again while the pod cache lags behind what was created.
// The cache's own events come first; this only bounds the wait if a pod was deleted before it was seen.
const lookAgain = 10 * time.Second

// reconcile does what the core decides for one workflow: read, decide, apply. It returns after which time
// to look again without an event, or zero.
func (c *Controller) reconcile(ctx context.Context, key types.NamespacedName) (time.Duration, error) {
	cached, err := c.workflows.Workflows(key.Namespace).Get(key.Name)
	if apierrors.IsNotFound(err) {
		c.forget(key)
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading the workflow: %w", err)
	}
	if cached.DeletionTimestamp != nil {
		return 0, nil // its pods go with it, by their owner references
	}
	m := c.remember(key, cached.UID)
	wf := m.newest(cached)
	if wf.Status.Phase.Completed() && m.pending == nil {
		return 0, nil // written; the cache will drop it
	}

	world, waiting, err := c.observe(wf, m)
	if err != nil {
		return 0, err
	}
	decision := workflow.Reconcile(wf, world)
	for c.createPods(ctx, wf, m, &world, decision.Create) {
		// The status as decided records pods that are not there: let the core say what their absence means, and
		// whether others take their place. It ends, since the core does not ask again for what has failed.
		decision = workflow.Reconcile(wf, world)
	}
	if err := c.endPods(ctx, wf, decision.End); err != nil {
		return 0, err
	}
	again, err := c.writeStatus(ctx, wf, m, decision)
	if err != nil {
		return 0, err
	}
	if waiting {
		again = sooner(again, lookAgain)
	}
	again = sooner(again, decision.RequeueAfter)
	if len(world.PodErrors) > 0 && !completed(decision.Status) {
		return 0, fmt.Errorf("creating pods: %w", firstError(world.PodErrors))
	}
	return again, nil
}

// observe collects the world as the core sees it.
func (c *Controller) observe(wf *wfv1.Workflow, m *memory) (world workflow.World, waiting bool, err error) {
	// Asked before the index is read, and of the store, which is behind what the watch has received: a pod that
	// the store shows by this version is in the index.
	seen := c.pods.GetStore().LastStoreSyncResourceVersion()
	objects, err := c.pods.GetIndexer().ByIndex(podsByWorkflow, string(wf.UID))
	if err != nil {
		return world, false, fmt.Errorf("looking up the workflow's pods: %w", err)
	}
	pods := make(map[string]*corev1.Pod, len(objects)+len(m.created))
	for _, object := range objects {
		pod := object.(*corev1.Pod)
		pods[pod.Name] = pod
	}
	waiting = m.observe(pods, seen)
	return workflow.World{
		Now:           c.config.Clock.Now(),
		Pods:          pods,
		ExecutorImage: c.config.ExecutorImage,
	}, waiting, nil
}

// writeStatus writes what was decided and then tells of it. A write that comes soon after the last one is
// put off: what was decided is kept, and written when the time has come or the workflow has ended.
//
// The write is under the resourceVersion that was decided on, so a verb that came between is never lost.
func (c *Controller) writeStatus(ctx context.Context, wf *wfv1.Workflow, m *memory, decision workflow.Decision) (time.Duration, error) {
	status := decision.Status
	if status == nil {
		status = m.pending
	}
	if status == nil {
		c.tell(wf, decision.Events)
		return 0, nil
	}
	m.pending, m.basis = status, wf.ResourceVersion
	if wait := m.delay(c.config.Clock.Now()); wait > 0 && !completed(status) {
		c.tell(wf, decision.Events)
		return wait, nil
	}
	update := *wf
	update.Status = *status
	began := c.config.Clock.Now()
	written, err := c.config.Argosy.WorkflowV1alpha1().Workflows(wf.Namespace).UpdateStatus(ctx, &update, metav1.UpdateOptions{})
	m.lastWrite = c.config.Clock.Now()
	m.writeTook = m.lastWrite.Sub(began)
	switch {
	case apierrors.IsNotFound(err):
		return 0, nil // deleted meanwhile; the cache will say so
	case apierrors.IsConflict(err):
		// Somebody changed the workflow: decide again on what it is now, which the watch brings.
		m.pending = nil
		klog.FromContext(ctx).V(4).Info("Workflow changed meanwhile", "workflow", klog.KObj(wf))
		return lookAgain, nil
	case err != nil:
		c.tell(wf, decision.Events) // decided for good: the status is kept and written at the next attempt
		return 0, fmt.Errorf("writing the status: %w", err)
	}
	m.written, m.pending = written, nil
	c.tell(wf, decision.Events)
	return 0, nil
}

func completed(status *wfv1.WorkflowStatus) bool {
	return status != nil && status.Phase.Completed()
}

// sooner returns the shorter of two times to wait, where zero means not at all.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || (b != 0 && b < a) {
		return b
	}
	return a
}
