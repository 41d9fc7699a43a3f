// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/workflow/pod"
	"argosy.dev/argosy/pkg/workflow/template"
)

// notCreated begins the message of a node whose pod could not be created yet. It is how the next reconciliation, perhaps
// of another process, knows that a missing pod was never there and has not been deleted.
const notCreated = "pod not created yet: "

// startPod creates the pod of a node that has just been created.
func (r *run) startPod(n *wfv1.NodeStatus, c *call, t *boundTemplate) {
	if ended, why := r.ended(c); ended {
		r.finish(n.ID, wfv1.NodeFailed, why)
		// It may have been created already, and the status that says so was lost.
		if p := r.world.Pods[wfv1.PodName(r.wf, n.Name, t.tmpl.Name)]; p != nil && p.DeletionTimestamp == nil {
			r.endPod(p, why)
		}
		return
	}
	r.createPod(n, c, t)
}

// createPod asks for the pod of a node, unless the last try failed.
func (r *run) createPod(n *wfv1.NodeStatus, c *call, t *boundTemplate) {
	name := wfv1.PodName(r.wf, n.Name, t.tmpl.Name)
	if r.world.Pods[name] != nil {
		// It was created, and the status that says so was lost.
		return
	}
	r.fresh[n.ID] = true
	if err := r.world.PodErrors[name]; err != nil {
		switch {
		case apierrors.IsAlreadyExists(err):
			r.finish(n.ID, wfv1.NodeError, fmt.Sprintf("pod %s exists already and does not belong to this workflow", name))
		case apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsForbidden(err) && !quota(err),
			apierrors.IsRequestEntityTooLargeError(err), apierrors.IsNotFound(err):
			r.finish(n.ID, wfv1.NodeError, err.Error())
		default:
			if message := notCreated + err.Error(); n.Message != message {
				r.edit(n.ID).Message = message
			}
		}
		return
	}
	p, err := r.buildPod(n, c, t)
	if err != nil {
		r.finish(n.ID, wfv1.NodeError, err.Error())
		return
	}
	r.decision.Create = append(r.decision.Create, p)
	if n.Message != "" {
		r.edit(n.ID).Message = ""
	}
}

// quota tells whether a request was refused for lack of quota, which passes.
func quota(err error) bool { return strings.Contains(err.Error(), "exceeded quota") }

func (r *run) buildPod(n *wfv1.NodeStatus, c *call, t *boundTemplate) (*corev1.Pod, error) {
	tmpl, err := t.substituted(r.leafVars(c, n, t.tmpl))
	if err != nil {
		return nil, err
	}
	spec, err := r.specForPods()
	if err != nil {
		return nil, err
	}
	in := pod.Input{
		Workflow: r.wf, Spec: spec, Template: tmpl, NodeName: n.Name, NodeID: n.ID, ExecutorImage: r.world.ExecutorImage,
		CaptureResult: c.capture, OnExit: c.onExit,
	}
	if at, ok := r.deadline(); ok && !c.onExit {
		left := max(int64(math.Ceil(at.Sub(r.world.Now).Seconds())), 1)
		in.Deadline = &left
	}
	return pod.Build(in)
}

// specForPods is the spec with its tags replaced, without templates: what all pods of the workflow have in common.
func (r *run) specForPods() (*wfv1.WorkflowSpec, error) {
	if r.podSpec != nil {
		return r.podSpec, nil
	}
	spec := *r.spec
	spec.Templates, spec.TemplateDefaults, spec.Arguments = nil, nil, wfv1.Arguments{}
	out, _, err := template.Object(&spec, &vars{r: r})
	if err != nil {
		return nil, fmt.Errorf("spec: %w", err)
	}
	r.podSpec = out
	return out, nil
}

// advancePod takes over what is observed of a node's pod.
func (r *run) advancePod(n *wfv1.NodeStatus, c *call, t *boundTemplate) {
	if r.fresh[n.ID] {
		return
	}
	name := wfv1.PodName(r.wf, n.Name, t.tmpl.Name)
	p := r.world.Pods[name]
	var o pod.Outcome
	if p != nil {
		if o = pod.Observe(p); o.Phase.Fulfilled() {
			r.finishPod(n, t, p, &o)
			return
		}
	}
	if r.killed(n, c, t, p) {
		return
	}
	switch {
	case p == nil && n.Phase == wfv1.NodePending && strings.HasPrefix(n.Message, notCreated):
		if !r.paused {
			r.createPod(n, c, t)
		}
	case p == nil:
		r.finish(n.ID, wfv1.NodeError, "pod deleted")
	default:
		r.observePod(n, &o)
	}
}

// observePod takes over the state of a pod that has not ended.
func (r *run) observePod(n *wfv1.NodeStatus, o *pod.Outcome) {
	phase, message := o.Phase, o.Message
	if phase == wfv1.NodeRunning {
		r.alive++
	} else if n.Phase == wfv1.NodeRunning {
		// A stale or restarting view; a node does not go back.
		phase, message = n.Phase, n.Message
		r.alive++
	}
	if n.Phase == phase && n.Message == message && n.HostNodeName == o.HostNodeName {
		return
	}
	e := r.edit(n.ID)
	e.Message, e.HostNodeName = message, o.HostNodeName
	if e.Phase != phase {
		e.Phase = phase
		r.nodeEvent(e)
	}
}

// killed ends a node whose time is over or whose workflow is being shut down.
func (r *run) killed(n *wfv1.NodeStatus, c *call, t *boundTemplate, p *corev1.Pod) bool {
	ended, why := r.ended(c)
	at, limited := r.leafDeadline(n, c, t)
	if !ended || why == deadlineMessage {
		if why == deadlineMessage {
			if w, _ := r.deadline(); !limited || w.Before(at) {
				at, limited = w, true
			}
		}
		if !limited {
			return false
		}
		// What runs is ended by its kubelet, which knows the deadline too.
		if p != nil && p.Status.StartTime != nil && p.DeletionTimestamp == nil {
			at = at.Add(deadlineGrace)
		}
		if r.world.Now.Before(at) {
			r.requeue(at)
			return false
		}
		why = deadlineMessage
	}
	r.finish(n.ID, wfv1.NodeFailed, why)
	if p != nil {
		r.edit(n.ID).HostNodeName = p.Spec.NodeName
		r.endPod(p, why)
	}
	return true
}

// leafDeadline is when a pod has to have ended by its template's own deadline.
func (r *run) leafDeadline(n *wfv1.NodeStatus, c *call, t *boundTemplate) (time.Time, bool) {
	d := t.tmpl.ActiveDeadlineSeconds
	if d == nil {
		return time.Time{}, false
	}
	text, _, err := template.String(d.String(), r.leafVars(c, n, t.tmpl))
	if err != nil {
		return time.Time{}, false
	}
	// Build has refused what is not a number, so there is no pod to wait for then.
	seconds, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
	if err != nil {
		return time.Time{}, false
	}
	return n.StartedAt.Add(time.Duration(seconds) * time.Second), true
}

// finishPod records the end of a pod.
func (r *run) finishPod(n *wfv1.NodeStatus, t *boundTemplate, p *corev1.Pod, o *pod.Outcome) {
	phase, message := o.Phase, o.Message
	out, err := podOutputs(t.tmpl, o)
	if err != nil && phase == wfv1.NodeSucceeded {
		phase, message = wfv1.NodeError, err.Error()
	}
	e := r.edit(n.ID)
	e.Outputs, e.HostNodeName = out, o.HostNodeName
	if !o.FinishedAt.IsZero() && !o.FinishedAt.Before(&e.StartedAt) && !r.now.Before(&o.FinishedAt) {
		e.FinishedAt = o.FinishedAt
	}
	e.ResourcesDuration = resourcesDuration(p)
	r.use(e.ResourcesDuration)
	if phase == wfv1.NodeSucceeded {
		e.Progress = "1/1"
		r.count(1, 0)
		r.addGlobals(out)
	}
	// A node that was never seen running has run all the same, and its workflow's condition says so.
	r.condition(wfv1.ConditionTypePodRunning, "True")
	r.finish(n.ID, phase, message)
}

// podOutputs are the outputs of a pod node; nil if it has none.
func podOutputs(tmpl *wfv1.Template, o *pod.Outcome) (*wfv1.Outputs, error) {
	out := &wfv1.Outputs{ExitCode: o.ExitCode, Result: o.Result}
	var missing error
	for i := range tmpl.Outputs.Parameters {
		p := tmpl.Outputs.Parameters[i]
		if s, ok := o.Parameters[p.Name]; ok {
			p.Value = wfv1.ToAnyString(s)
		} else if p.Value == nil && p.ValueFrom != nil && p.ValueFrom.Default != nil {
			p.Value = p.ValueFrom.Default
		}
		if p.Value == nil {
			if missing == nil {
				missing = fmt.Errorf("the pod ended without output parameter %s", p.Name)
			}
			continue
		}
		out.Parameters = append(out.Parameters, p)
	}
	if out.ExitCode == nil && out.Result == nil && out.Parameters == nil {
		return nil, missing
	}
	return out, missing
}

// resourceBases are the units in which resource seconds are counted, with what a container counts for that asks for
// nothing. The peer's.
var resourceBases = map[corev1.ResourceName]resource.Quantity{
	corev1.ResourceCPU:              resource.MustParse("1"),
	corev1.ResourceMemory:           resource.MustParse("100Mi"),
	corev1.ResourceStorage:          resource.MustParse("10Gi"),
	corev1.ResourceEphemeralStorage: resource.MustParse("10Gi"),
}

var resourceDefaults = map[corev1.ResourceName]resource.Quantity{
	corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("100Mi"),
}

// resourcesDuration is for how long a pod's containers have held how much. nil if the pod's containers are not known.
func resourcesDuration(p *corev1.Pod) wfv1.ResourcesDuration {
	sum := wfv1.ResourcesDuration{}
	for i := range p.Status.ContainerStatuses {
		s := &p.Status.ContainerStatuses[i]
		if s.State.Terminated == nil {
			continue
		}
		seconds := s.State.Terminated.FinishedAt.Sub(s.State.Terminated.StartedAt.Time).Seconds()
		if s.State.Terminated.StartedAt.IsZero() || seconds < 0 {
			continue
		}
		held := map[corev1.ResourceName]resource.Quantity{}
		for name, q := range resourceDefaults {
			held[name] = q
		}
		for j := range p.Spec.Containers {
			if p.Spec.Containers[j].Name != s.Name {
				continue
			}
			for _, list := range []corev1.ResourceList{p.Spec.Containers[j].Resources.Requests, p.Spec.Containers[j].Resources.Limits} {
				for name, q := range list {
					held[name] = q
				}
			}
		}
		for name, q := range held {
			base := int64(1000)
			if b, ok := resourceBases[name]; ok {
				base = b.MilliValue()
			}
			sum[name] += int64(math.Ceil(seconds * float64(q.MilliValue()) / float64(base)))
		}
	}
	if len(sum) == 0 {
		return nil
	}
	return sum
}
