// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"fmt"
	"strings"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// failFastMessage is the message of a template that its own failFast has ended.
const failFastMessage = "template has failed or errored children and failFast enabled"

// advanceSteps runs the groups of a steps template one after the other.
func (r *run) advanceSteps(n *wfv1.NodeStatus, c *call, t *boundTemplate) {
	f, err := r.frame(n, c, t, "steps")
	if err != nil {
		r.finish(n.ID, wfv1.NodeError, err.Error())
		return
	}
	for g := range t.tmpl.Steps {
		id := r.wf.NodeID(f.groupName(g))
		phase, exists := r.phase(id)
		switch {
		case !exists && r.paused:
			return
		case !exists:
			f.startGroup(g)
		case !phase.Fulfilled():
			f.advanceGroup(id)
		}
		if phase, _ = r.phase(id); !phase.Fulfilled() {
			return
		}
		if phase.FailedOrError() {
			f.setOutbound()
			message := r.node(id).Message
			if t.tmpl.FailFast != nil && *t.tmpl.FailFast {
				message = failFastMessage
			}
			r.finish(n.ID, wfv1.NodeFailed, message)
			return
		}
	}
	f.setOutbound()
	f.succeed()
}

// succeed ends a steps or dag node whose parts have ended well, with its outputs.
func (f *frame) succeed() {
	out, err := f.outputs()
	if err != nil {
		f.r.finish(f.id, wfv1.NodeError, err.Error())
		return
	}
	if out != nil {
		f.r.edit(f.id).Outputs = out
		f.r.addGlobals(out)
	}
	f.r.finish(f.id, wfv1.NodeSucceeded, "")
}

func (f *frame) groupName(g int) string { return fmt.Sprintf("%s[%d]", f.name, g) }

// startGroup creates the node of a group, and its steps.
func (f *frame) startGroup(g int) {
	r := f.r
	group := r.create(&call{name: f.groupName(g), boundaryID: f.id}, wfv1.NodeTypeStepGroup, wfv1.NodeRunning, "")
	group.Progress = "0/0"
	f.connectGroup(g, group.ID)
	// First everything is resolved, so that a mistake in one step does not leave others running without a group.
	var all []instance
	for i := range f.plan.parts {
		p := &f.plan.parts[i]
		if p.group != g {
			continue
		}
		in, err := f.instances(p)
		if err != nil {
			r.finish(group.ID, wfv1.NodeError, fmt.Sprintf("step %s: %v", p.name, err))
			return
		}
		all = append(all, in...)
	}
	r.path = append(r.path, group.ID)
	for i := range all {
		r.addChild(group.ID, r.wf.NodeID(all[i].name))
		f.startInstance(&all[i])
	}
	r.path = r.path[:len(r.path)-1]
	f.advanceGroup(group.ID)
}

// startInstance creates the node of a step or task, which may be one that is skipped or in error.
func (f *frame) startInstance(in *instance) {
	c := f.call(in.part, in.name)
	switch {
	case in.err != nil:
		f.r.createError(c, in.err)
	case in.skip != "":
		f.r.create(c, wfv1.NodeTypeSkipped, wfv1.NodeSkipped, in.skip)
	default:
		c.args = in.args
		f.r.start(c)
	}
}

// connectGroup makes the group's node follow what comes before it.
func (f *frame) connectGroup(g int, id string) {
	r := f.r
	if g == 0 {
		r.addChild(f.id, id)
		return
	}
	before := r.node(r.wf.NodeID(f.groupName(g - 1)))
	if len(before.Children) == 0 {
		r.addChild(before.ID, id)
		return
	}
	for _, child := range before.Children {
		for _, o := range r.outbound(child) {
			r.addChild(o, id)
		}
	}
}

// setOutbound records after which nodes the next node comes.
func (f *frame) setOutbound() {
	r := f.r
	var out []string
	for g := len(f.t.tmpl.Steps) - 1; g >= 0; g-- {
		group := r.node(r.wf.NodeID(f.groupName(g)))
		if group == nil {
			continue
		}
		for _, child := range group.Children {
			out = append(out, r.outbound(child)...)
		}
		if len(group.Children) == 0 {
			out = []string{group.ID}
		}
		break
	}
	r.edit(f.id).OutboundNodes = out
}

// advanceGroup moves the steps of a group on, and ends the group when all of them have ended.
func (f *frame) advanceGroup(id string) {
	r := f.r
	group := r.node(id)
	r.path = append(r.path, id)
	done, hooks := true, f.hasHooks()
	for _, child := range group.Children {
		if phase, _ := r.phase(child); !phase.Fulfilled() {
			n := r.node(child)
			r.advance(n, f.call(f.partOf(group.Name, n.Name), n.Name))
		}
		if phase, _ := r.phase(child); !phase.Fulfilled() {
			done = false
			continue
		}
		if hooks && !f.exitDone(child, f.partOf(group.Name, r.node(child).Name)) {
			done = false
		}
	}
	r.path = r.path[:len(r.path)-1]
	if !done {
		return
	}
	for _, child := range group.Children {
		phase, _ := r.phase(child)
		if phase.FailedOrError() && !f.partOf(group.Name, r.node(child).Name).continues(phase) {
			r.finish(id, wfv1.NodeFailed, fmt.Sprintf("child '%s' failed", child))
			return
		}
	}
	r.finish(id, wfv1.NodeSucceeded, "")
}

// partOf finds the step of a node: its name without the group's and without the loop's suffix.
func (f *frame) partOf(groupName, nodeName string) *part {
	name := strings.TrimPrefix(strings.TrimPrefix(nodeName, groupName), ".")
	if i, ok := f.plan.index[name]; ok {
		return &f.plan.parts[i]
	}
	if i := strings.IndexByte(name, '('); i >= 0 {
		name = name[:i]
	}
	if i, ok := f.plan.index[name]; ok {
		return &f.plan.parts[i]
	}
	// The spec was edited while it ran and the step is gone. What it started ends without it.
	return &part{name: name, args: &wfv1.Arguments{}}
}

func (f *frame) hasHooks() bool {
	for i := range f.plan.parts {
		if f.plan.parts[i].exit != nil {
			return true
		}
	}
	return false
}
