// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"encoding/json"
	"strings"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/expression"
	"argosy.dev/argosy/pkg/workflow/template"
)

// vars are the variables that one place in a workflow can refer to. They are looked up when a tag names them: a large
// workflow has far more variables than any tag reads.
type vars struct {
	r *run
	// locals are variables of this one place, such as retries, pod.name.
	locals map[string]string
	// inputs are those of the template around the place; nil if there are none.
	inputs *wfv1.Inputs
	// frame holds the steps or tasks that can be referred to; nil outside of steps and dag templates.
	frame *frame
	// item is the element of a loop.
	item *item
	// tmpl is the leaf template whose output paths can be referred to.
	tmpl *wfv1.Template
}

// Lookup implements template.Variables.
func (v *vars) Lookup(name string) (string, template.State) {
	if s, ok := v.locals[name]; ok {
		return s, template.Found
	}
	root, rest, _ := strings.Cut(name, ".")
	switch root {
	case "item":
		if v.item == nil {
			return "", template.Unknown
		}
		return v.item.lookup(rest)
	case "inputs":
		return v.input(rest)
	case "outputs":
		return v.outputPath(rest)
	case "workflow":
		return v.r.global(rest)
	case "steps", "tasks":
		if v.frame == nil || v.frame.kind != root {
			return "", template.Unknown
		}
		sibling, field, ok := strings.Cut(rest, ".")
		if !ok {
			return "", template.Unknown
		}
		return v.frame.lookup(sibling, field)
	}
	return "", template.Unknown
}

func (v *vars) input(rest string) (string, template.State) {
	if v.inputs == nil {
		return "", template.Unknown
	}
	if rest == "parameters" {
		return parametersJSON(v.inputs.Parameters), template.Found
	}
	name, ok := strings.CutPrefix(rest, "parameters.")
	if !ok {
		return "", template.Unknown
	}
	if p := v.inputs.Parameter(name); p != nil && p.Value != nil {
		return p.Value.String(), template.Found
	}
	return "", template.Unknown
}

// outputPath resolves outputs.parameters.NAME.path.
func (v *vars) outputPath(rest string) (string, template.State) {
	name, ok := strings.CutPrefix(rest, "parameters.")
	if v.tmpl == nil || !ok {
		return "", template.Unknown
	}
	if name, ok = strings.CutSuffix(name, ".path"); !ok {
		return "", template.Unknown
	}
	if p := v.tmpl.Outputs.Parameter(name); p != nil && p.ValueFrom != nil && p.ValueFrom.Path != "" {
		return p.ValueFrom.Path, template.Found
	}
	return "", template.Unknown
}

// parametersJSON is the form of {{inputs.parameters}} and {{workflow.parameters}}.
func parametersJSON(parameters []wfv1.Parameter) string {
	type pair struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	list := make([]pair, 0, len(parameters))
	for _, p := range parameters {
		if p.Value != nil {
			list = append(list, pair{p.Name, p.Value.String()})
		}
	}
	return mustJSON(list)
}

// mustJSON marshals strings, numbers, and lists and maps of them, which cannot fail.
func mustJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// Env implements template.Variables.
func (v *vars) Env(refs []expression.Ref) (map[string]any, bool) {
	env := map[string]any{}
	for _, ref := range refs {
		root := ref.Path[0]
		switch root {
		case "item":
			if v.item == nil {
				return nil, false
			}
			env[root] = v.item.env()
		case "inputs":
			if v.inputs == nil {
				return nil, false
			}
			env[root] = map[string]any{"parameters": parametersEnv(v.inputs.Parameters)}
		case "workflow":
			if len(ref.Path) > 1 && ref.Path[1] == "failures" && v.r.final == "" {
				return nil, false
			}
			if env[root] == nil {
				env[root] = v.r.globalEnv()
			}
		case "steps", "tasks":
			if v.frame == nil || v.frame.kind != root {
				return nil, false
			}
			siblings, ok := env[root].(map[string]any)
			if !ok {
				siblings = map[string]any{}
				env[root] = siblings
			}
			v.frame.env(siblings, ref)
		default:
			if !v.localEnv(env, root) {
				return nil, false
			}
		}
	}
	return env, true
}

// localEnv puts the locals under a root variable into env: retries, and lastRetry.status as a map.
func (v *vars) localEnv(env map[string]any, root string) bool {
	if s, ok := v.locals[root]; ok {
		env[root] = s
		return true
	}
	members := map[string]any{}
	for k, s := range v.locals {
		if member, ok := strings.CutPrefix(k, root+"."); ok {
			members[member] = s
		}
	}
	env[root] = members
	return len(members) > 0
}

func parametersEnv(parameters []wfv1.Parameter) map[string]any {
	m := make(map[string]any, len(parameters))
	for _, p := range parameters {
		if p.Value != nil {
			m[p.Name] = p.Value.String()
		}
	}
	return m
}

// leafVars are the variables inside a template that runs as a node.
func (r *run) leafVars(c *call, n *wfv1.NodeStatus, tmpl *wfv1.Template) *vars {
	v := &vars{r: r, inputs: n.Inputs, tmpl: tmpl, locals: r.callLocals(c, tmpl)}
	if v.inputs == nil {
		v.inputs = &wfv1.Inputs{}
	}
	return v
}

// callLocals are the names that a called template knows of itself.
func (r *run) callLocals(c *call, tmpl *wfv1.Template) map[string]string {
	locals := map[string]string{"node.name": c.name}
	if tmpl.IsPodType() {
		locals["pod.name"] = wfv1.PodName(r.wf, c.name, tmpl.Name)
	}
	if c.kind != "" {
		locals[c.kind+".name"] = c.caller
	}
	for k, s := range c.locals {
		locals[k] = s
	}
	return locals
}
