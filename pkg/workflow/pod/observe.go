// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package pod

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/workflow/report"
)

// Outcome is what a pod tells about its node.
type Outcome struct {
	// Phase is Pending, Running, Succeeded, Failed (the user's program failed, or the pod was ended from outside) or Error (it could not
	// be run, or its outputs could not be had).
	Phase wfv1.NodePhase
	// Message explains the phase; empty for an ordinary one.
	Message string
	// ExitCode is that of the user's command; nil until it has ended, and if it did not run.
	ExitCode *string
	// Result is the captured standard output; nil if it was not captured.
	Result *string
	// Parameters are the output parameters read from files, by name. After a failure they may be incomplete.
	Parameters map[string]string
	// StartedAt and FinishedAt are when main's process ran, to the second; zero where that is not known.
	StartedAt, FinishedAt metav1.Time
	// PodIP is the pod's address; empty before it has one.
	PodIP string
	// HostNodeName is the node of the cluster that the pod was assigned to; empty before that.
	HostNodeName string
	// Ready tells whether all containers are ready.
	Ready bool
}

const (
	exitInternal     = 64  // the executor's own failure
	exitSupervisor   = 65  // the peer's code for a failure before main
	exitKilled       = 137 // 128 + SIGKILL
	exitTerminated   = 143 // 128 + SIGTERM
	reasonNodeLost   = "NodeLost"
	reasonStartError = "StartError"         // containerd, CRI-O: the process could not be started
	reasonCannotRun  = "ContainerCannotRun" // the same, of older runtimes
	reasonCreating   = "ContainerCreating"
	reasonInitialize = "PodInitializing"
)

// Observe says what a pod made by Build tells about its node. It reads annotations, spec.{nodeName,activeDeadlineSeconds}, the name and
// restart policy of containers, and the status; whatever else is missing in p (an informer may drop it) makes no difference.
//
// The end of main is the end of the node: it is reported as soon as the container's status says so, which may be a second or more before
// the pod's phase does, except where the pod itself may have ended main and only its phase will tell why.
func Observe(p *corev1.Pod) Outcome {
	o := Outcome{PodIP: p.Status.PodIP, HostNodeName: p.Spec.NodeName}
	for _, c := range p.Status.Conditions {
		o.Ready = o.Ready || c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	}
	ended := p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
	t := mainEnd(p)
	switch {
	case t != nil && endedByItself(p, t):
		o.byMain(p, t)
	case ended && p.Status.Phase == corev1.PodFailed && p.Status.Message != "":
		o.byPod(p, t)
	case ended && t != nil:
		o.byMain(p, t)
	case ended:
		o.withoutMain(p)
	case p.Status.Phase == corev1.PodPending || p.Status.Phase == "":
		o.Phase, o.Message = wfv1.NodePending, pendingReason(p)
	case p.Status.Phase == corev1.PodRunning:
		o.Phase = wfv1.NodeRunning
		if s := mainStatus(p); s != nil && s.State.Running != nil {
			o.StartedAt = s.State.Running.StartedAt
		}
	default:
		o.Phase, o.Message = wfv1.NodeError, fmt.Sprintf("unexpected pod phase %q", p.Status.Phase)
	}
	return o
}

func mainStatus(p *corev1.Pod) *corev1.ContainerStatus {
	for i := range p.Status.ContainerStatuses {
		if p.Status.ContainerStatuses[i].Name == wfv1.MainContainerName {
			return &p.Status.ContainerStatuses[i]
		}
	}
	return nil
}

// mainEnd returns how main ended, nil if it has not.
func mainEnd(p *corev1.Pod) *corev1.ContainerStateTerminated {
	if s := mainStatus(p); s != nil {
		return s.State.Terminated
	}
	return nil
}

// endedByItself tells whether main surely ended of its own accord and for good, so that the pod's phase has nothing to add.
func endedByItself(p *corev1.Pod, t *corev1.ContainerStateTerminated) bool {
	if t.ExitCode == exitKilled || t.ExitCode == exitTerminated {
		return false
	}
	for _, c := range p.Spec.Containers {
		if c.Name == wfv1.MainContainerName && c.RestartPolicy != nil && *c.RestartPolicy != corev1.ContainerRestartPolicyNever {
			return false // It may run again.
		}
		if c.Name == wfv1.MainContainerName && len(c.RestartPolicyRules) > 0 {
			return false
		}
	}
	// A program may end in good order when it is told to because of a deadline, an eviction or a preemption: then it was cut short,
	// whatever its exit code.
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue {
			return false
		}
	}
	if limit := p.Spec.ActiveDeadlineSeconds; limit != nil && p.Status.StartTime != nil {
		// Both times are cut to seconds.
		if t.FinishedAt.Sub(p.Status.StartTime.Time) >= time.Duration(*limit-1)*time.Second {
			return false
		}
	}
	return true
}

// byMain fills the outcome from how main ended.
func (o *Outcome) byMain(p *corev1.Pod, t *corev1.ContainerStateTerminated) {
	o.StartedAt, o.FinishedAt = t.StartedAt, t.FinishedAt
	code, text, started := t.ExitCode, t.Message, t.Reason != reasonStartError && t.Reason != reasonCannotRun
	if p.Annotations[AnnotationWrapped] == "true" {
		r, err := report.Decode(t.Message)
		switch {
		case err == nil:
			o.Result, o.Parameters = r.Result, r.Parameters
			text, started = r.Message, started && !r.NotStarted
			if r.ExitCode != nil {
				code = *r.ExitCode
			}
		case t.ExitCode == 0:
			o.Phase, o.Message = wfv1.NodeError, fmt.Sprintf("main: the outputs are lost: %v", err)
			o.setExitCode(code)
			return
		case !errors.Is(err, report.ErrNotReport):
			text = err.Error()
		}
	}
	if started {
		o.setExitCode(code)
	}
	switch {
	case t.ExitCode == 0:
		o.Phase = wfv1.NodeSucceeded
		return
	case !started, t.ExitCode == exitInternal, t.ExitCode == exitSupervisor:
		o.Phase = wfv1.NodeError
	default:
		o.Phase = wfv1.NodeFailed
	}
	o.Message = containerMessage(wfv1.MainContainerName, t.Reason, t.ExitCode, text)
}

// byPod fills the outcome from what the pod's status says, which takes precedence over how the containers ended: the deadline has
// passed, the pod was evicted, the kubelet did not admit it.
func (o *Outcome) byPod(p *corev1.Pod, t *corev1.ContainerStateTerminated) {
	o.Phase, o.Message = wfv1.NodeFailed, p.Status.Message
	if p.Status.Reason == reasonNodeLost {
		o.Phase = wfv1.NodeError
	}
	if t != nil {
		o.StartedAt, o.FinishedAt = t.StartedAt, t.FinishedAt
		o.setExitCode(t.ExitCode)
	}
}

// withoutMain fills the outcome of a pod that has ended although main did not: an init container failed, or the node went away.
func (o *Outcome) withoutMain(p *corev1.Pod) {
	if p.Status.Phase == corev1.PodSucceeded {
		o.Phase = wfv1.NodeSucceeded
		if p.Annotations[AnnotationWrapped] == "true" {
			o.Phase, o.Message = wfv1.NodeError, "the pod succeeded, but its outputs are lost: the status of container main is missing"
		}
		return
	}
	for _, s := range p.Status.InitContainerStatuses {
		t := s.State.Terminated
		if t == nil || t.ExitCode == 0 {
			continue
		}
		o.Phase = wfv1.NodeFailed
		if s.Name == wfv1.InitContainerName {
			o.Phase = wfv1.NodeError // ours; the others are the user's
		}
		o.Message = containerMessage(s.Name, t.Reason, t.ExitCode, t.Message)
		o.FinishedAt = t.FinishedAt
		return
	}
	o.Phase = wfv1.NodeError
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.DisruptionTarget && c.Status == corev1.ConditionTrue {
			o.Message = withText(c.Reason, c.Message)
			return
		}
	}
	o.Message = withText("the pod failed, and no container says why", p.Status.Reason)
}

func (o *Outcome) setExitCode(code int32) {
	s := strconv.Itoa(int(code))
	o.ExitCode = &s
}

// containerMessage is the peer's form, which users' expressions match.
func containerMessage(name, reason string, code int32, text string) string {
	reason = either(reason, "Error")
	return withText(fmt.Sprintf("%s: %s (exit code %d)", name, reason, code), strings.TrimSpace(text))
}

// withText joins two parts of a message of which the second may be empty.
func withText(head, text string) string {
	switch {
	case text == "":
		return head
	case head == "":
		return text
	default:
		return head + ": " + text
	}
}

// pendingReason says what a pod waits for, empty if that is only the normal course of starting.
func pendingReason(p *corev1.Pod) string {
	for _, statuses := range [][]corev1.ContainerStatus{p.Status.InitContainerStatuses, p.Status.ContainerStatuses} {
		for _, s := range statuses {
			if w := s.State.Waiting; w != nil && w.Reason != "" && w.Reason != reasonCreating && w.Reason != reasonInitialize {
				return withText(w.Reason, w.Message)
			}
		}
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return withText(c.Reason, c.Message)
		}
	}
	return ""
}
