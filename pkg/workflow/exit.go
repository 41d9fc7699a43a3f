// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"errors"
	"fmt"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/workflow/template"
)

// exitHandler runs the workflow's exit handler after the entrypoint has ended with the given phase. It returns its node,
// if there is one, and whether to wait for it.
func (r *run) exitHandler(phase wfv1.WorkflowPhase) (node *wfv1.NodeStatus, wait bool) {
	hook := exitHook(r.spec.Hooks, r.spec.OnExit)
	if hook == nil {
		return nil, false
	}
	name := r.wf.Name + ".onExit"
	node = r.node(r.wf.NodeID(name))
	if node != nil && node.Phase.Fulfilled() {
		return node, false
	}
	// Terminate means that nothing more is to run, a handler neither.
	if node == nil && r.spec.Shutdown == wfv1.ShutdownStrategyTerminate {
		return nil, false
	}
	r.final, r.failures = phase, r.failuresJSON()
	var conditionErr error
	if node == nil && hook.Expression != "" {
		ok, err := template.Evaluate(hook.Expression, &vars{r: r})
		if err == nil && ok != "true" {
			return nil, false
		}
		conditionErr = err
	}
	tmpl, err := r.globalText(hook.Template)
	c := &call{holder: holder{template: tmpl, ref: hook.TemplateRef}, name: name, onExit: true, hooked: true}
	node = r.entry(c, hook.Arguments.Parameters, errors.Join(conditionErr, err))
	return node, node == nil || !node.Phase.Fulfilled()
}

// exitDone runs the exit handler of a step or task that has ended, and tells whether nothing of it is left to wait for.
func (f *frame) exitDone(id string, p *part) bool {
	r := f.r
	if p.exit == nil {
		return true
	}
	n := r.node(id)
	if !n.Phase.Completed() {
		return true
	}
	name := n.Name + ".onExit"
	hookID := r.wf.NodeID(name)
	c := &call{
		holder: holder{template: p.exit.Template, ref: p.exit.TemplateRef}, name: name, scope: f.t.scope, boundaryID: f.id,
		depth: f.c.depth + 1, kind: f.kind, caller: p.name, onExit: true, hooked: true,
	}
	if hook := r.node(hookID); hook != nil {
		r.advance(hook, c)
		phase, _ := r.phase(hookID)
		return phase.Fulfilled()
	}
	if r.spec.Shutdown == wfv1.ShutdownStrategyTerminate {
		return true
	}
	if r.paused {
		return false
	}
	if p.exit.Expression != "" {
		ok, err := template.Evaluate(p.exit.Expression, f.vars)
		if err != nil {
			r.addChild(id, hookID)
			r.createError(c, fmt.Errorf("hooks.exit.expression: %w", err))
			return true
		}
		if ok != "true" {
			return true
		}
	}
	args, err := r.arguments(p.exit.Arguments, f.vars)
	r.addChild(id, hookID)
	if err != nil {
		r.createError(c, err)
		return true
	}
	c.args = args
	r.start(c)
	phase, _ := r.phase(hookID)
	return phase.Fulfilled()
}
