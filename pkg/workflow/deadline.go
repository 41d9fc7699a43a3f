// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

const (
	// deadlineMessage is the peer's message for what took too long.
	deadlineMessage = "Step exceeded its deadline"
	// deadlineGrace is how long after its deadline a pod that runs is left to the kubelet, which ends it, keeps its logs
	// and reports its exit code. A lost kubelet must not keep a workflow from ending.
	deadlineGrace = 60 * time.Second
)

// deadline is when the workflow has to have ended; ok is false if it may take as long as it likes.
func (r *run) deadline() (time.Time, bool) {
	if r.spec.ActiveDeadlineSeconds == nil || r.status.StartedAt.IsZero() {
		return time.Time{}, false
	}
	return r.status.StartedAt.Add(time.Duration(*r.spec.ActiveDeadlineSeconds) * time.Second), true
}

func (r *run) pastDeadline() bool {
	at, ok := r.deadline()
	return ok && !r.world.Now.Before(at)
}

func (r *run) requeueAtDeadline() {
	if at, ok := r.deadline(); ok && r.world.Now.Before(at) {
		r.requeue(at)
	}
}

// ended tells whether a call may not run (any longer) because of the workflow as a whole, and the reason. Exit handlers
// run after a stop and after the deadline, but not after termination.
func (r *run) ended(c *call) (bool, string) {
	switch {
	case r.spec.Shutdown == wfv1.ShutdownStrategyTerminate, r.spec.Shutdown == wfv1.ShutdownStrategyStop && !c.onExit:
		return true, fmt.Sprintf("workflow shutdown with strategy: %s", r.spec.Shutdown)
	case !c.onExit && r.pastDeadline():
		return true, deadlineMessage
	}
	return false, ""
}

func (r *run) endPod(p *corev1.Pod, why string) {
	if deadline := p.Spec.ActiveDeadlineSeconds; p.DeletionTimestamp != nil || deadline != nil && *deadline <= EndDeadline {
		return // it is ending
	}
	keep := slices.ContainsFunc(p.Status.ContainerStatuses, func(c corev1.ContainerStatus) bool {
		return c.State.Running != nil || c.State.Terminated != nil
	})
	r.decision.End = append(r.decision.End, PodEnd{Name: p.Name, UID: p.UID, Keep: keep, Why: why})
}
