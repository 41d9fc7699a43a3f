// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"fmt"
	"strings"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/expression"
)

// taskState is where a task stands.
type taskState struct {
	// node is the id of the task's node; exists tells whether it is there.
	node   string
	exists bool
	phase  wfv1.NodePhase
	// done tells that nothing of the task is left to wait for, its exit handler included.
	done bool
	// branch is the phase that counts for the dag: that of the task or, for one that did not run, that of what it came
	// after.
	branch wfv1.NodePhase
}

// dagRun is one look at a dag.
type dagRun struct {
	*frame
	states   []taskState
	relevant []bool
	targets  []int
	failFast bool
	failed   bool
}

// advanceDAG starts the tasks whose dependencies are met, moves the others on, and ends the dag with its last task.
func (r *run) advanceDAG(n *wfv1.NodeStatus, c *call, t *boundTemplate) {
	f, err := r.frame(n, c, t, "tasks")
	if err != nil {
		r.finish(n.ID, wfv1.NodeError, err.Error())
		return
	}
	d := &dagRun{frame: f, states: make([]taskState, len(f.plan.parts))}
	d.failFast = t.tmpl.DAG.FailFast == nil || *t.tmpl.DAG.FailFast
	if t.tmpl.FailFast != nil && *t.tmpl.FailFast {
		d.failFast = true
	}
	if err := d.setTargets(t.tmpl.DAG.Target); err != nil {
		r.finish(n.ID, wfv1.NodeError, err.Error())
		return
	}
	names := newNodeNames(r.wf.Name, n.Name+".")
	for _, i := range f.plan.order {
		if d.relevant[i] {
			d.states[i].node = names.id(f.plan.parts[i].name)
			d.observe(i)
		}
	}
	d.judge()
	if !r.paused {
		for _, i := range f.plan.order {
			if d.relevant[i] && !d.states[i].exists {
				d.consider(i)
			}
		}
		d.judge()
	}
	d.conclude()
}

// setTargets finds the tasks that decide how the dag ends, and all that they need.
func (d *dagRun) setTargets(target string) error {
	d.targets = d.plan.leaves
	if target != "" {
		text, err := d.text("dag.target", target)
		if err != nil {
			return err
		}
		d.targets = nil
		for _, name := range strings.Fields(text) {
			i, ok := d.plan.index[name]
			if !ok {
				return fmt.Errorf("dag.target: task %q does not exist", name)
			}
			d.targets = append(d.targets, i)
		}
		d.relevant = d.plan.ancestors(d.targets)
		return nil
	}
	d.relevant = make([]bool, len(d.plan.parts))
	for i := range d.relevant {
		d.relevant[i] = true
	}
	return nil
}

// observe moves the node of a task on and notes where it stands.
func (d *dagRun) observe(i int) {
	s, p := &d.states[i], &d.plan.parts[i]
	phase, exists := d.r.phase(s.node)
	if !exists {
		return
	}
	if n := d.r.nameOf(s.node); len(n) != len(d.name)+1+len(p.name) || !strings.HasSuffix(n, p.name) {
		d.r.sameID(s.node, n, d.nodeName(p))
		return
	}
	if !phase.Fulfilled() {
		n := d.r.node(s.node)
		if n.Type == wfv1.NodeTypeTaskGroup {
			d.advanceGroup(n, p)
		} else {
			d.r.advance(n, d.call(p, n.Name))
		}
		phase, _ = d.r.phase(s.node)
	}
	d.note(i, phase)
}

// note records the phase of a task that has a node.
func (d *dagRun) note(i int, phase wfv1.NodePhase) {
	s, p := &d.states[i], &d.plan.parts[i]
	s.exists, s.phase = true, phase
	if !phase.Fulfilled() {
		return
	}
	s.done = p.exit == nil || d.exitDone(s.node, p)
	switch {
	case phase.FailedOrError() && !p.continues(phase):
		s.branch = phase
	case phase.Completed():
		s.branch = wfv1.NodeSucceeded
	default:
		s.branch = wfv1.NodeSucceeded
		for _, j := range d.plan.deps[i] {
			if d.states[j].branch.FailedOrError() {
				s.branch = d.states[j].branch
			}
		}
	}
}

// judge notes whether a target has failed, after which the dag cannot succeed any more.
func (d *dagRun) judge() {
	for _, i := range d.targets {
		if d.states[i].branch.FailedOrError() {
			d.failed = true
		}
	}
}

// consider starts a task without a node, or omits it, if what it depends on has ended.
func (d *dagRun) consider(i int) {
	for _, j := range d.plan.deps[i] {
		if !d.states[j].done {
			return
		}
	}
	p := &d.plan.parts[i]
	name := d.nodeName(p)
	if err := d.plan.errs[i]; err != nil {
		d.connect(i)
		d.r.createError(d.call(p, name), err)
		d.note(i, wfv1.NodeError)
		return
	}
	if dep := d.plan.depends[i]; dep != nil && !dep.Eval(d.is) {
		d.connect(i)
		d.r.create(d.call(p, name), wfv1.NodeTypeSkipped, wfv1.NodeOmitted, "omitted: depends condition not met")
		d.note(i, wfv1.NodeOmitted)
		if d.states[i].branch.FailedOrError() {
			d.judge()
		}
		return
	}
	// Fail fast: nothing new begins once the dag cannot succeed, except what is there to deal with a failure.
	if d.failFast && d.failed && !d.handlesFailure(i) {
		return
	}
	d.startTask(i)
	if phase, ok := d.r.phase(d.states[i].node); ok {
		d.note(i, phase)
		d.judge()
	}
}

// handlesFailure tells whether a task was asked to run because another one failed.
func (d *dagRun) handlesFailure(i int) bool {
	dep := d.plan.depends[i]
	if dep == nil {
		return false
	}
	for _, t := range dep.Terms() {
		switch t.Result {
		case expression.TaskFailed, expression.TaskErrored, expression.TaskAllFailed:
			if d.is(t.Task, t.Result) {
				return true
			}
		}
	}
	return false
}

// is answers a depends expression.
func (d *dagRun) is(task string, result expression.TaskResult) bool {
	s := &d.states[d.plan.index[task]]
	switch result {
	case expression.TaskSucceeded:
		return s.phase == wfv1.NodeSucceeded
	case expression.TaskFailed:
		return s.phase == wfv1.NodeFailed
	case expression.TaskErrored:
		return s.phase == wfv1.NodeError
	case expression.TaskSkipped:
		return s.phase == wfv1.NodeSkipped
	case expression.TaskOmitted:
		return s.phase == wfv1.NodeOmitted
	case expression.TaskAnySucceeded, expression.TaskAllFailed:
		n := d.r.node(s.node)
		if n == nil || n.Type != wfv1.NodeTypeTaskGroup {
			return false
		}
		any, all := false, true
		for _, id := range d.r.ownChildren(n) {
			phase, _ := d.r.phase(id)
			any = any || phase == wfv1.NodeSucceeded
			all = all && phase == wfv1.NodeFailed
		}
		if result == expression.TaskAnySucceeded {
			return any
		}
		return all
	}
	// No daemons run in this version.
	return false
}

// connect makes a task's node follow what the task depends on.
func (d *dagRun) connect(i int) {
	child := d.states[i].node
	if len(d.plan.deps[i]) == 0 {
		d.r.addChild(d.id, child)
		return
	}
	seen := map[string]bool{}
	for _, j := range d.plan.deps[i] {
		for _, o := range d.r.outbound(d.states[j].node) {
			if !seen[o] {
				seen[o] = true
				d.r.addChild(o, child)
			}
		}
	}
}

// startTask creates the node of a task, or for a loop that of its group with those of its items.
func (d *dagRun) startTask(i int) {
	r, p := d.r, &d.plan.parts[i]
	name := d.nodeName(p)
	all, err := d.instances(p)
	d.connect(i)
	if err != nil {
		r.createError(d.call(p, name), err)
		return
	}
	if len(all) == 1 && all[0].name == name {
		d.startInstance(&all[0])
		return
	}
	group := r.create(d.call(p, name), wfv1.NodeTypeTaskGroup, wfv1.NodeRunning, "")
	group.Progress = "0/0"
	r.path = append(r.path, group.ID)
	for k := range all {
		r.addChild(group.ID, r.wf.NodeID(all[k].name))
		d.startInstance(&all[k])
	}
	r.path = r.path[:len(r.path)-1]
	d.endGroup(group.ID)
}

// advanceGroup moves the items of a loop on.
func (d *dagRun) advanceGroup(n *wfv1.NodeStatus, p *part) {
	r := d.r
	r.path = append(r.path, n.ID)
	for _, id := range r.ownChildren(n) {
		if phase, _ := r.phase(id); !phase.Fulfilled() {
			child := r.node(id)
			r.advance(child, d.call(p, child.Name))
		}
	}
	r.path = r.path[:len(r.path)-1]
	d.endGroup(n.ID)
}

// endGroup ends a loop when all its items have ended.
func (d *dagRun) endGroup(id string) {
	result := wfv1.NodeSucceeded
	for _, child := range d.r.ownChildren(d.r.node(id)) {
		phase, _ := d.r.phase(child)
		if !phase.Fulfilled() {
			return
		}
		if phase.FailedOrError() {
			result = phase
		}
	}
	d.r.finish(id, result, "")
}

// conclude ends the dag if nothing of it is left to wait for.
func (d *dagRun) conclude() {
	for i := range d.states {
		if s := &d.states[i]; d.relevant[i] && (s.exists && !s.done || !s.exists && !(d.failFast && d.failed)) {
			return
		}
	}
	phase := wfv1.NodeSucceeded
	var out []string
	for _, i := range d.targets {
		if branch := d.states[i].branch; branch.FailedOrError() && phase == wfv1.NodeSucceeded {
			phase = branch
		}
		if d.states[i].exists {
			out = append(out, d.r.outbound(d.states[i].node)...)
		}
	}
	d.r.edit(d.id).OutboundNodes = out
	if phase == wfv1.NodeSucceeded {
		d.succeed()
		return
	}
	message := ""
	if d.t.tmpl.FailFast != nil && *d.t.tmpl.FailFast {
		message = failFastMessage
	}
	d.r.finish(d.id, phase, message)
}
