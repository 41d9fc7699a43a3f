// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"fmt"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/workflow/template"
)

// holder says which template a step, task or hook uses.
type holder struct {
	template string
	ref      *wfv1.TemplateRef
	inline   *wfv1.Template
}

// call is one use of a template.
type call struct {
	holder
	// name is the name of the node.
	name string
	// args are the arguments, resolved. They matter when the node is started; later its inputs are on record.
	args wfv1.Arguments
	// scope is where the holder's names are looked up.
	scope      templateScope
	boundaryID string
	// depth counts the templates around the call.
	depth int
	// kind and caller are "steps" or "tasks" and the name of the step or task.
	kind, caller string
	// locals are further variables of this call: those of a retry.
	locals map[string]string
	// capture wants the result, because something refers to it.
	capture bool
	// onExit tells that the node is part of an exit handler.
	onExit          bool
	hooked, retried bool
	// attempt tells that the retry strategy is applied already: this is one of the attempts.
	attempt bool
	// inputs are those of the parent Retry node, for an attempt.
	inputs *wfv1.Inputs
}

// start creates the node of a call, and goes on with it.
func (r *run) start(c *call) *wfv1.NodeStatus {
	if c.depth >= maxDepth {
		return r.createError(c, fmt.Errorf("maximum recursion depth of %d templates exceeded", maxDepth))
	}
	if len(r.wf.Status.Nodes)+len(r.nodes) > maxNodes {
		return r.createError(c, fmt.Errorf("the workflow has more than %d nodes", maxNodes))
	}
	t, err := r.lookup(c.holder, c.scope)
	if err != nil {
		return r.createError(c, err)
	}
	inputs := c.inputs
	if !c.attempt {
		if inputs, err = r.inputs(t.tmpl, c); err != nil {
			return r.createError(c, err)
		}
	}
	if !c.attempt && t.retry != nil {
		return r.started(c, t, wfv1.NodeTypeRetry, wfv1.NodeRunning, inputs)
	}
	switch t.tmpl.Type() {
	case wfv1.TemplateTypeContainer, wfv1.TemplateTypeScript:
		n := r.started(c, t, wfv1.NodeTypePod, wfv1.NodePending, inputs)
		return r.node(n.ID)
	case wfv1.TemplateTypeSteps:
		return r.started(c, t, wfv1.NodeTypeSteps, wfv1.NodeRunning, inputs)
	case wfv1.TemplateTypeDAG:
		return r.started(c, t, wfv1.NodeTypeDAG, wfv1.NodeRunning, inputs)
	case wfv1.TemplateTypeSuspend:
		return r.started(c, t, wfv1.NodeTypeSuspend, wfv1.NodeRunning, inputs)
	}
	return r.createError(c, fmt.Errorf("template %q: its type is not supported by this version", t.tmpl.Name))
}

// started creates a node that runs a template and moves it on for the first time.
func (r *run) started(c *call, t *boundTemplate, kind wfv1.NodeType, phase wfv1.NodePhase, inputs *wfv1.Inputs) *wfv1.NodeStatus {
	n := r.create(c, kind, phase, "")
	n.Inputs = inputs
	if text := t.tmpl.Annotations[wfv1.AnnotationDisplayName]; text != "" {
		// A name for people: where it cannot be resolved it is shown as it is written.
		if name, _, err := template.String(text, r.leafVars(c, n, t.tmpl)); err == nil {
			n.DisplayName = name
		}
	}
	if kind == wfv1.NodeTypePod {
		n.Progress = "0/1"
		r.count(0, 1)
		r.startPod(n, c, t)
	} else {
		n.Progress = "0/0"
		if kind == wfv1.NodeTypeSuspend {
			n.Progress = ""
			n.Outputs = suspendOutputs(t.tmpl)
		}
		r.advance(n, c)
	}
	return r.node(n.ID)
}

// advance moves a node on that has been started.
func (r *run) advance(n *wfv1.NodeStatus, c *call) {
	if n.Phase.Fulfilled() {
		return
	}
	t, err := r.lookup(c.holder, c.scope)
	if err != nil {
		r.finish(n.ID, wfv1.NodeError, err.Error())
		return
	}
	if n.Type != wfv1.NodeTypePod && n.Type != wfv1.NodeTypeSuspend {
		r.path = append(r.path, n.ID)
		defer func() { r.path = r.path[:len(r.path)-1] }()
	}
	switch n.Type {
	case wfv1.NodeTypePod:
		r.advancePod(n, c, t)
	case wfv1.NodeTypeRetry:
		r.advanceRetry(n, c, t)
	case wfv1.NodeTypeSteps:
		r.advanceSteps(n, c, t)
	case wfv1.NodeTypeDAG:
		r.advanceDAG(n, c, t)
	case wfv1.NodeTypeSuspend:
		r.advanceSuspend(n, c, t)
	default:
		r.finish(n.ID, wfv1.NodeError, fmt.Sprintf("a node of type %s cannot be run by this version", n.Type))
	}
}
