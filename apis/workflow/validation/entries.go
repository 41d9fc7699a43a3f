// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/expression"
	"argosy.dev/argosy/pkg/workflow/template"
)

// know gathers the names by which tags find variables of the workflow.
func (c *checker) know(labels, annotations map[string]string) {
	c.labelKeys, c.annotationKeys, c.parameters = sets.KeySet(labels), sets.KeySet(annotations), sets.New[string]()
	if m := c.spec.WorkflowMetadata; m != nil {
		c.labelKeys = c.labelKeys.Union(sets.KeySet(m.Labels)).Union(sets.KeySet(m.LabelsFrom))
		c.annotationKeys = c.annotationKeys.Union(sets.KeySet(m.Annotations))
	}
	for i := range c.spec.Arguments.Parameters {
		c.parameters.Insert(c.spec.Arguments.Parameters[i].Name)
	}
}

// workflowArguments checks that the arguments of a workflow have values.
func (c *checker) workflowArguments() {
	if c.own == nil {
		c.arguments(&c.spec.Arguments, c.path.Child("arguments"), c.runs)
		return
	}
	var missing []string
	for i := range c.spec.Arguments.Parameters {
		if p := &c.spec.Arguments.Parameters[i]; !hasSource(p) {
			missing = append(missing, p.Name)
		}
	}
	if len(missing) > 0 && c.runs {
		c.from(nil, func() {
			c.required(c.path.Child("arguments", "parameters"), "the template takes arguments that have no value and were not supplied: %s", shortList(missing))
		})
	}
	c.from(nil, func() { c.arguments(&c.own.Arguments, c.path.Child("arguments"), false) })
}

// entries checks what a workflow starts with, and ends with.
func (c *checker) entries() {
	theirs := c.origin
	// What the workflow says itself is reported at its own field, and the rest at the reference to the template.
	origin := func(mine bool) *origin {
		if mine {
			return nil
		}
		return theirs
	}
	switch name := c.spec.Entrypoint; {
	case name != "":
		c.from(origin(c.own != nil && c.own.Entrypoint != ""), func() { c.start(name, c.path.Child("entrypoint")) })
	case c.entry:
		c.from(nil, func() { c.required(c.path.Child("entrypoint"), "name the template to begin with") })
	}
	if name := c.spec.OnExit; name != "" {
		c.from(origin(c.own != nil && c.own.OnExit != ""), func() { c.start(name, c.path.Child("onExit")) })
	}
	c.from(origin(c.own != nil && len(c.own.Hooks) > 0), func() {
		c.hookList(c.spec.Hooks, nil, c.path.Child("hooks"), &scope{c: c})
	})
}

// start checks a template that is run with the arguments of the workflow.
func (c *checker) start(name string, path *field.Path) {
	if hasTag(name) {
		resolved, unresolved, err := template.String(name, argumentValues{&c.spec.Arguments})
		switch {
		case c.open:
			return
		case err != nil:
			c.invalid(path, name, "%v", err)
			return
		case len(unresolved) > 0:
			c.invalid(path, name, "%v: only {{workflow.parameters.NAME}} is known here", unresolved[0])
			return
		}
		name = resolved
	}
	t := c.named(name, nil, path)
	if t != nil && c.runs {
		c.from(nil, func() { c.supplied(t, &c.spec.Arguments, c.path.Child("arguments")) })
	}
}

// argumentValues are the variables that are known before a workflow runs.
type argumentValues struct{ args *wfv1.Arguments }

// Lookup implements template.Variables.
func (a argumentValues) Lookup(name string) (string, template.State) {
	const prefix = "workflow.parameters."
	if len(name) <= len(prefix) || name[:len(prefix)] != prefix {
		return "", template.Unknown
	}
	p := a.args.Parameter(name[len(prefix):])
	switch {
	case p == nil:
		return "", template.Unknown
	case p.Value != nil:
		return p.Value.Text, template.Found
	case p.Default != nil:
		return p.Default.Text, template.Found
	}
	return "", template.Unknown
}

// Env implements template.Variables.
func (a argumentValues) Env([]expression.Ref) (map[string]any, bool) {
	parameters := map[string]any{}
	for i := range a.args.Parameters {
		if p := &a.args.Parameters[i]; p.Value != nil {
			parameters[p.Name] = p.Value.Text
		}
	}
	return map[string]any{"workflow": map[string]any{"parameters": parameters}}, true
}
