// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/expression"
	"argosy.dev/argosy/pkg/workflow/template"
)

// frame is a steps or dag template that runs as a node.
type frame struct {
	r    *run
	c    *call
	t    *boundTemplate
	plan *plan
	// kind is "steps" or "tasks".
	kind     string
	id, name string
	vars     *vars
}

func (r *run) frame(n *wfv1.NodeStatus, c *call, t *boundTemplate, kind string) (*frame, error) {
	p, err := r.plan(t)
	if err != nil {
		return nil, err
	}
	f := &frame{r: r, c: c, t: t, plan: p, kind: kind, id: n.ID, name: n.Name}
	f.vars = r.leafVars(c, n, t.tmpl)
	f.vars.frame = f
	return f, nil
}

// nodeName is the name of the node of a part, without the suffix that loops add.
func (f *frame) nodeName(p *part) string {
	if f.kind == "steps" {
		return fmt.Sprintf("%s[%d].%s", f.name, p.group, p.name)
	}
	return f.name + "." + p.name
}

// call prepares the use of a part's template.
func (f *frame) call(p *part, name string) *call {
	h := p.holder
	if h.inline != nil {
		h.inline = f.inline(p, name)
	}
	return &call{
		holder: h, name: name, scope: f.t.scope, boundaryID: f.id, depth: f.c.depth + 1, kind: f.kind, caller: p.name,
		capture: f.plan.captures(p.name), onExit: f.c.onExit,
	}
}

// inline returns the inline template of a part as the node of that name sees it: what it says of the caller's variables,
// the item of the loop among them, holds; the rest is left for the template's own.
func (f *frame) inline(p *part, name string) *wfv1.Template {
	v := f.vars
	if suffix, ok := strings.CutPrefix(name, f.nodeName(p)+"("); ok && p.expands() {
		number, _, _ := strings.Cut(suffix, ":")
		items, err := f.items(p)
		if i, numErr := strconv.Atoi(number); err == nil && numErr == nil && i < len(items) {
			own := *f.vars
			own.item, v = items[i], &own
		}
	}
	out, _, err := template.Object(p.inline, v)
	if err != nil {
		// Then running it fails for the same reason, and says so.
		return p.inline
	}
	return out
}

// find returns the node of a part, or the nodes into which it was expanded.
func (f *frame) find(p *part) (one *wfv1.NodeStatus, many []*wfv1.NodeStatus) {
	name := f.nodeName(p)
	one = f.r.node(f.r.wf.NodeID(name))
	var ids []string
	switch {
	case one != nil && one.Type == wfv1.NodeTypeTaskGroup:
		ids = f.r.ownChildren(one)
	case one == nil && f.kind == "steps":
		if group := f.r.node(f.r.wf.NodeID(fmt.Sprintf("%s[%d]", f.name, p.group))); group != nil {
			ids = group.Children
		}
	}
	for _, id := range ids {
		if n := f.r.node(id); n != nil && strings.HasPrefix(n.Name, name+"(") {
			many = append(many, n)
		}
	}
	return one, many
}

// lookup resolves steps.NAME.FIELD.
func (f *frame) lookup(name, field string) (string, template.State) {
	i, ok := f.plan.index[name]
	if !ok {
		return "", template.Unknown
	}
	p := &f.plan.parts[i]
	one, many := f.find(p)
	if many != nil && strings.HasPrefix(field, "outputs.") {
		return aggregate(many, field)
	}
	if one == nil {
		return "", template.Unknown
	}
	if s, ok := nodeField(one, field); ok {
		return s, template.Found
	}
	if !strings.HasPrefix(field, "outputs.") || one.Phase != wfv1.NodeSkipped && one.Phase != wfv1.NodeOmitted {
		return "", template.Unknown
	}
	if param, ok := strings.CutPrefix(field, "outputs.parameters."); ok {
		if value := f.outputDefault(p, param); value != nil {
			return value.String(), template.Found
		}
	}
	return "", template.Absent
}

// outputDefault is the default that a part's template declares for an output, which stands in when the part was skipped.
func (f *frame) outputDefault(p *part, param string) *wfv1.AnyString {
	t, err := f.r.lookup(p.holder, f.t.scope)
	if err != nil {
		// The part cannot run either, and says so itself.
		return nil
	}
	if out := t.tmpl.Outputs.Parameter(param); out != nil && out.ValueFrom != nil {
		return out.ValueFrom.Default
	}
	return nil
}

func nodeField(n *wfv1.NodeStatus, field string) (string, bool) {
	text := func(s string) (string, bool) { return s, s != "" }
	switch field {
	case "id":
		return text(n.ID)
	case "ip":
		return text(n.PodIP)
	case "status":
		return text(string(n.Phase))
	case "hostNodeName":
		return text(n.HostNodeName)
	case "startedAt":
		return n.StartedAt.UTC().Format(time.RFC3339), !n.StartedAt.IsZero()
	case "finishedAt":
		return n.FinishedAt.UTC().Format(time.RFC3339), !n.FinishedAt.IsZero()
	}
	if n.Outputs == nil {
		return "", false
	}
	switch field {
	case "exitCode":
		if n.Outputs.ExitCode != nil {
			return *n.Outputs.ExitCode, true
		}
	case "outputs.result":
		if n.Outputs.Result != nil {
			return *n.Outputs.Result, true
		}
	case "outputs.parameters":
		return parametersJSON(n.Outputs.Parameters), true
	}
	if name, ok := strings.CutPrefix(field, "outputs.parameters."); ok {
		if p := n.Outputs.Parameter(name); p != nil && p.Value != nil {
			return p.Value.String(), true
		}
	}
	return "", false
}

// aggregate gives the outputs of a loop as JSON lists, in the order of the items, of those that succeeded.
func aggregate(nodes []*wfv1.NodeStatus, field string) (string, template.State) {
	results, sets, values := []json.RawMessage{}, []map[string]string{}, []string{}
	param, one := strings.CutPrefix(field, "outputs.parameters.")
	declared := false
	for _, n := range nodes {
		if n.Phase != wfv1.NodeSucceeded || n.Outputs == nil {
			continue
		}
		if n.Outputs.Result != nil {
			results = append(results, asJSON(*n.Outputs.Result))
		}
		set := map[string]string{}
		for _, p := range n.Outputs.Parameters {
			if p.Value == nil {
				continue
			}
			set[p.Name] = p.Value.String()
			if one && p.Name == param {
				declared = true
				values = append(values, p.Value.String())
			}
		}
		if len(set) > 0 {
			sets = append(sets, set)
		}
	}
	switch {
	case field == "outputs.result":
		return mustJSON(results), template.Found
	case field == "outputs.parameters":
		return mustJSON(sets), template.Found
	case one && declared:
		return mustJSON(values), template.Found
	case one:
		return "", template.Absent
	}
	return "", template.Unknown
}

// asJSON takes a result as JSON if it is, else as a JSON string: programs in loops print words as well as values.
func asJSON(s string) json.RawMessage {
	if json.Valid([]byte(s)) {
		return json.RawMessage(s)
	}
	return json.RawMessage(mustJSON(s))
}

// env offers the sibling that an expression refers to, or all of them if that only shows on evaluation.
func (f *frame) env(siblings map[string]any, ref expression.Ref) {
	if len(ref.Path) < 2 {
		for i := range f.plan.parts {
			f.siblingEnv(siblings, &f.plan.parts[i])
		}
		return
	}
	if i, ok := f.plan.index[ref.Path[1]]; ok {
		f.siblingEnv(siblings, &f.plan.parts[i])
	}
}

func (f *frame) siblingEnv(siblings map[string]any, p *part) {
	if _, ok := siblings[p.name]; ok {
		return
	}
	one, many := f.find(p)
	if one == nil && many == nil {
		return
	}
	env, outputs, parameters := map[string]any{}, map[string]any{}, map[string]any{}
	env["outputs"], outputs["parameters"] = outputs, parameters
	siblings[p.name] = env
	if one != nil {
		for _, field := range []string{"id", "ip", "status", "hostNodeName", "startedAt", "finishedAt", "exitCode"} {
			if s, ok := nodeField(one, field); ok {
				env[field] = s
			}
		}
	}
	names := map[string]bool{}
	if many == nil {
		many = []*wfv1.NodeStatus{one}
	}
	for _, n := range many {
		if n.Outputs == nil {
			continue
		}
		for _, out := range n.Outputs.Parameters {
			names[out.Name] = true
		}
	}
	if one != nil && (one.Phase == wfv1.NodeSkipped || one.Phase == wfv1.NodeOmitted) {
		if t, err := f.r.lookup(p.holder, f.t.scope); err == nil {
			for _, out := range t.tmpl.Outputs.Parameters {
				names[out.Name] = true
			}
		}
	}
	for name := range names {
		if s, state := f.lookup(p.name, "outputs.parameters."+name); state == template.Found {
			parameters[name] = s
		}
	}
	if s, state := f.lookup(p.name, "outputs.result"); state == template.Found {
		outputs["result"] = s
	}
}
