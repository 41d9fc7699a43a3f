// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/workflow"
)

// lookAgain is how soon a workflow is looked at again while the pod cache lags behind what was created.
// The cache's own events come first; this only bounds the wait if a pod was deleted before it was seen.
const lookAgain = 10 * time.Second

// reconcile does what the core decides for one workflow: read, decide, apply. It never waits for a status to be
// written: a pod that ends meanwhile is followed by the next one at once. It returns after which time
// to look again without an event, or zero.
func (c *Controller) reconcile(ctx context.Context, key types.NamespacedName) (time.Duration, error) {
	cached, err := c.workflows.Workflows(key.Namespace).Get(key.Name)
	if apierrors.IsNotFound(err) {
		c.leave(ctx, key)
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading the workflow: %w", err)
	}
	if cached.DeletionTimestamp != nil {
		return 0, nil // its pods go with it, by their owner references
	}
	m := c.remember(key, cached.UID)
	unwritten := c.land(ctx, key, m)
	wf := m.newest(cached)
	if wf == nil {
		return 0, unwritten // a write is about to be answered, which brings us here again
	}
	if m.refused != "" && wf.ResourceVersion == m.refused && c.config.Clock.Since(m.lastWrite) < lookAgain {
		return lookAgain, nil // somebody changed the workflow: decide on what it is now, which the watch brings
	}
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
	var again time.Duration
	if unwritten != nil {
		m.keep(wf, decision) // and write it after a while, not at once
		c.tell(wf, decision.Events)
	} else {
		again = c.writeStatus(ctx, key, wf, m, decision)
	}
	if waiting {
		again = sooner(again, lookAgain)
	}
	again = sooner(again, decision.RequeueAfter)
	if len(world.PodErrors) > 0 && !completed(decision.Status) {
		return 0, errors.Join(unwritten, fmt.Errorf("creating pods: %w", firstError(world.PodErrors)))
	}
	return again, unwritten
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
