// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

const (
	// maxDepth bounds how deep templates may nest at run time, as the peer does: recursion is a way to loop.
	maxDepth = 100
	// maxNodes bounds a workflow that multiplies by recursion, before its status outgrows any storage.
	maxNodes = 50_000
	// maxItems bounds one loop.
	maxItems = 20_000
)

// Reconcile decides what should happen next with a workflow. It never changes wf or what is in the world, and gives the
// same answer for the same arguments, unless the workflow's own expressions use random numbers or the time of day.
func Reconcile(wf *wfv1.Workflow, w World) Decision {
	r := newRun(wf, w)
	if !wf.Status.Phase.Completed() && wf.DeletionTimestamp == nil {
		r.operate()
	}
	if r.fatal != "" {
		r.decision.Create = nil
		r.complete(wfv1.WorkflowError, r.fatal)
	}
	if r.status.Phase.Completed() {
		r.endLeftovers()
	}
	return r.result()
}

// run is one reconciliation. It works on an overlay of changed nodes: the work is proportional to what happens.
type run struct {
	wf    *wfv1.Workflow
	world World
	// now is the time in the precision that the status stores.
	now  metav1.Time
	spec *wfv1.WorkflowSpec
	// status is the new status; its Nodes are those of wf until result merges the overlay.
	status wfv1.WorkflowStatus
	nodes  map[string]*wfv1.NodeStatus
	dirty  bool
	// fresh are the nodes whose pods this reconciliation asks for: the world cannot hold them yet.
	fresh map[string]bool
	// path holds the ids of the nodes being walked, from the root: what is counted for a pod counts for them too.
	path []string
	// paused tells that nothing new may begin: spec.suspend.
	paused bool
	// alive counts pods that run.
	alive     int
	templates map[string]*boundTemplate
	podSpec   *wfv1.WorkflowSpec
	params    map[string]string
	failures  string
	final     wfv1.WorkflowPhase
	decision  Decision
	requeueAt time.Time
	// fatal is why the workflow cannot go on at all.
	fatal string
}

func newRun(wf *wfv1.Workflow, w World) *run {
	r := &run{
		wf: wf, world: w, now: metav1.NewTime(w.Now.UTC().Truncate(time.Second)), status: wf.Status,
		nodes: map[string]*wfv1.NodeStatus{}, templates: map[string]*boundTemplate{},
		fresh: map[string]bool{},
	}
	r.spec = EffectiveSpec(wf)
	return r
}

// EffectiveSpec returns the spec that the workflow runs by: its own, or the one that was merged with the referenced
// template at submission. Of the latter only suspend and shutdown follow later changes of the workflow.
// The result must not be changed.
func EffectiveSpec(wf *wfv1.Workflow) *wfv1.WorkflowSpec {
	if wf.Status.StoredWorkflowTemplateSpec == nil {
		return &wf.Spec
	}
	spec := *wf.Status.StoredWorkflowTemplateSpec
	spec.Suspend, spec.Shutdown = wf.Spec.Suspend, wf.Spec.Shutdown
	return &spec
}

// operate moves the workflow on.
func (r *run) operate() {
	if r.status.Phase == "" || r.status.Phase == wfv1.WorkflowPending {
		r.begin()
	}
	r.paused = r.spec.Suspend != nil && *r.spec.Suspend && r.spec.Shutdown == "" && !r.pastDeadline()
	r.requeueAtDeadline()
	if err := r.globalParameters(); err != nil {
		r.complete(wfv1.WorkflowError, err.Error())
		return
	}
	name, err := r.globalText(r.spec.Entrypoint)
	main := r.entry(&call{holder: holder{template: name}, name: r.wf.Name}, nil, err)
	if main == nil || !main.Phase.Fulfilled() {
		r.countPods()
		return
	}
	phase, message := r.outcome(main)
	exit, wait := r.exitHandler(phase)
	r.countPods()
	if wait || r.paused {
		return
	}
	if exit != nil && exit.FailedOrError() && phase == wfv1.WorkflowSucceeded {
		phase, message = wfv1.WorkflowPhase(exit.Phase), exit.Message
	}
	r.complete(phase, message)
}

// begin is the first thing that happens to a workflow.
func (r *run) begin() {
	r.dirty = true
	r.status.Phase = wfv1.WorkflowRunning
	r.status.StartedAt = r.now
	r.status.Progress = "0/0"
	r.condition(wfv1.ConditionTypeCompleted, metav1.ConditionFalse)
	r.event(corev1.EventTypeNormal, "WorkflowRunning", "Workflow Running", nil)
}

// entry executes a template that no other node calls: the entrypoint, or the workflow's exit handler. Its arguments are
// those given, or else those of the workflow. It returns the node, or nil if there is none yet.
func (r *run) entry(c *call, arguments []wfv1.Parameter, err error) *wfv1.NodeStatus {
	c.scope = templateScope{kind: scopeLocal, name: r.wf.Name}
	id := r.wf.NodeID(c.name)
	node := r.node(id)
	switch {
	case node != nil:
		r.advance(node, c)
		return r.node(id)
	case r.paused:
		return nil
	case err != nil:
		return r.createError(c, err)
	case len(arguments) == 0:
		c.args = r.globalArguments()
	default:
		if c.args, err = r.arguments(wfv1.Arguments{Parameters: arguments}, &vars{r: r}); err != nil {
			return r.createError(c, err)
		}
	}
	return r.start(c)
}

// outcome derives the workflow's phase and message from the node of its entrypoint.
func (r *run) outcome(main *wfv1.NodeStatus) (wfv1.WorkflowPhase, string) {
	switch main.Phase {
	case wfv1.NodeFailed, wfv1.NodeError:
		message := main.Message
		if r.spec.Shutdown != "" {
			message = fmt.Sprintf("Stopped with strategy '%s'", r.spec.Shutdown)
		}
		return wfv1.WorkflowPhase(main.Phase), message
	}
	return wfv1.WorkflowSucceeded, ""
}

// complete ends the workflow.
func (r *run) complete(phase wfv1.WorkflowPhase, message string) {
	r.dirty = true
	r.endOthers()
	r.status.Phase, r.status.Message, r.status.FinishedAt = phase, message, r.now
	r.condition(wfv1.ConditionTypeCompleted, metav1.ConditionTrue)
	switch {
	case phase == wfv1.WorkflowSucceeded:
		r.event(corev1.EventTypeNormal, "WorkflowSucceeded", "Workflow completed", nil)
	case r.pastDeadline() && r.spec.Shutdown == "":
		r.event(corev1.EventTypeWarning, "WorkflowTimedOut", "Workflow exceeded its deadline of "+
			(time.Duration(*r.spec.ActiveDeadlineSeconds)*time.Second).String(), nil)
		r.event(corev1.EventTypeWarning, "WorkflowFailed", message, nil)
	default:
		r.event(corev1.EventTypeWarning, "WorkflowFailed", message, nil)
	}
	r.requeueAt = time.Time{}
}

// endOthers ends the nodes that have not ended although the workflow does: those of steps that were edited out of the
// spec while they ran, and all if the workflow is given up.
func (r *run) endOthers() {
	var ids []string
	for id := range r.wf.Status.Nodes {
		if phase, _ := r.phase(id); !phase.Fulfilled() {
			ids = append(ids, id)
		}
	}
	for id, n := range r.nodes {
		if _, old := r.wf.Status.Nodes[id]; !old && !n.Phase.Fulfilled() {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		r.finish(id, wfv1.NodeError, "the workflow ended without it")
	}
}

// countPods records whether pods run.
func (r *run) countPods() {
	if r.alive > 0 {
		r.condition(wfv1.ConditionTypePodRunning, metav1.ConditionTrue)
		return
	}
	for _, c := range r.status.Conditions {
		if c.Type == wfv1.ConditionTypePodRunning {
			r.condition(wfv1.ConditionTypePodRunning, metav1.ConditionFalse)
		}
	}
}

func (r *run) condition(t wfv1.ConditionType, s metav1.ConditionStatus) {
	i := slices.IndexFunc(r.status.Conditions, func(c wfv1.Condition) bool { return c.Type == t })
	if i >= 0 && r.status.Conditions[i].Status == s {
		return
	}
	r.dirty = true
	r.status.Conditions = slices.Clone(r.status.Conditions)
	if i >= 0 {
		r.status.Conditions[i].Status = s
		return
	}
	r.status.Conditions = append(r.status.Conditions, wfv1.Condition{Type: t, Status: s})
}

// endLeftovers ends pods that run although their workflow has ended: those that were created just before a crash
// and never recorded.
func (r *run) endLeftovers() {
	names := slices.Sorted(maps.Keys(r.world.Pods))
	for _, name := range names {
		p := r.world.Pods[name]
		if p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed || p.DeletionTimestamp != nil {
			continue
		}
		// The pod of a recorded node ends by itself: its main container has ended, and the phase is about to say so.
		if node := r.node(p.Annotations[wfv1.AnnotationNodeID]); node == nil || node.Phase == wfv1.NodeError {
			r.endPod(p, "its workflow has ended")
		}
	}
}

// requeue asks to look again at a time.
func (r *run) requeue(at time.Time) {
	if r.requeueAt.IsZero() || at.Before(r.requeueAt) {
		r.requeueAt = at
	}
}

// result assembles the decision.
func (r *run) result() Decision {
	d := r.decision
	if len(r.nodes) > 0 || r.dirty {
		status := r.status
		if len(r.nodes) > 0 {
			nodes := make(wfv1.Nodes, len(r.wf.Status.Nodes)+len(r.nodes))
			maps.Copy(nodes, r.wf.Status.Nodes)
			for id, n := range r.nodes {
				nodes[id] = *n
			}
			status.Nodes = nodes
		}
		d.Status = &status
	}
	if !r.requeueAt.IsZero() {
		d.RequeueAfter = max(r.requeueAt.Sub(r.world.Now), time.Millisecond)
	}
	return d
}
