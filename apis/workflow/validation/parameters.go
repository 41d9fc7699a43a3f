// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// parameterNames checks the names in one list of parameters, and the lists of allowed values.
func (c *checker) parameterNames(parameters []wfv1.Parameter, path *field.Path) {
	seen := make(sets.Set[string], len(parameters))
	for i := range parameters {
		if c.full() {
			return
		}
		p := &parameters[i]
		at := path.Index(i)
		if c.parameterName(at.Child("name"), p.Name) {
			if seen.Has(p.Name) {
				c.add(field.Duplicate(at.Child("name"), short(p.Name)))
			}
			seen.Insert(p.Name)
		}
		if p.Enum == nil {
			continue
		}
		if len(p.Enum) == 0 {
			c.required(at.Child("enum"), "list at least one allowed value, or leave the field out")
			continue
		}
		c.allowed(at.Child("value"), p, p.Value)
		if p.Value == nil {
			c.allowed(at.Child("default"), p, p.Default)
		}
	}
}

// allowed checks a value against the enum of its parameter.
func (c *checker) allowed(path *field.Path, p *wfv1.Parameter, value *wfv1.AnyString) {
	if value == nil || hasTag(value.Text) || slices.Contains(p.Enum, *value) || slices.ContainsFunc(p.Enum, func(s wfv1.AnyString) bool { return hasTag(s.Text) }) {
		return
	}
	names := make([]string, 0, len(p.Enum))
	for i := range p.Enum {
		names = append(names, p.Enum[i].Text)
	}
	c.invalid(path, value.Text, "must be one of the parameter's enum: %s", shortList(names))
}

// inputs checks the parameters that a template takes.
func (c *checker) inputs(parameters []wfv1.Parameter, path *field.Path) {
	c.parameterNames(parameters, path)
	for i := range parameters {
		c.givenFrom(parameters[i].ValueFrom, path.Index(i).Child("valueFrom"))
		if c.full() {
			return
		}
	}
}

// givenFrom checks where a value comes from that goes into a template or workflow: valueFrom.path and the like find what
// comes out of one.
func (c *checker) givenFrom(from *wfv1.ValueFrom, path *field.Path) {
	if from == nil {
		return
	}
	for _, f := range []struct{ name, value string }{
		{"path", from.Path}, {"parameter", from.Parameter}, {"expression", from.Expression},
	} {
		if f.value != "" {
			c.invalid(path.Child(f.name), f.value, "finds outputs only; give the value in value, which may hold tags such as {{steps.a.outputs.result}} or {{=expressions}}")
		}
	}
	c.eventless(from, path)
}

// eventless checks what is only for resource templates and event bindings in objects that this version only stores.
func (c *checker) eventless(from *wfv1.ValueFrom, path *field.Path) {
	if from.ConfigMapKeyRef != nil && from.ConfigMapKeyRef.Key == "" {
		c.required(path.Child("configMapKeyRef", "key"), "name the key of the ConfigMap")
	}
}

// hasSource tells whether a parameter has a value without an argument. Where it comes from something that this version
// cannot read, that is what is reported.
func hasSource(p *wfv1.Parameter) bool {
	if p.Value != nil || p.Default != nil {
		return true
	}
	f := p.ValueFrom
	return f != nil && (f.Default != nil || f.ConfigMapKeyRef != nil || f.Event != "" || f.JSONPath != "" || f.JQFilter != "")
}

// arguments checks values that are handed to a template. values tells that each must have one.
func (c *checker) arguments(args *wfv1.Arguments, path *field.Path, values bool) {
	path = path.Child("parameters")
	c.parameterNames(args.Parameters, path)
	for i := range args.Parameters {
		if c.full() {
			return
		}
		p := &args.Parameters[i]
		c.givenFrom(p.ValueFrom, path.Index(i).Child("valueFrom"))
		if values && !hasSource(p) {
			c.required(path.Index(i).Child("value"), "give the parameter %q a value", short(p.Name))
		}
	}
}

// supplied checks that all inputs without a value are handed one.
func (c *checker) supplied(t *bound, args *wfv1.Arguments, path *field.Path) {
	declared := t.declared()
	if len(declared.needed) > 0 {
		given := make(sets.Set[string], len(args.Parameters))
		for i := range args.Parameters {
			given.Insert(args.Parameters[i].Name)
		}
		var missing []string
		for _, name := range declared.needed {
			if !given.Has(name) {
				missing = append(missing, name)
			}
		}
		if len(missing) > 0 {
			c.required(path.Child("parameters"), "the template %q takes inputs that have no value and were not supplied: %s", short(t.Name), shortList(missing))
		}
	}
	for i := range args.Parameters {
		if c.full() {
			return
		}
		p := &args.Parameters[i]
		if in := declared.inputs[p.Name]; in != nil && len(in.Enum) > 0 && !declared.allows(in, p.Value.String()) {
			c.allowed(path.Child("parameters").Index(i).Child("value"), in, p.Value)
		}
	}
}

// outputParameters checks where a template's outputs come from.
func (c *checker) outputParameters(t *bound) {
	path := t.path.Child("outputs", "parameters")
	c.parameterNames(t.Outputs.Parameters, path)
	for i := range t.Outputs.Parameters {
		if c.full() {
			return
		}
		p := &t.Outputs.Parameters[i]
		at := path.Index(i)
		if p.GlobalName != "" && !hasTag(p.GlobalName) {
			c.parameterName(at.Child("globalName"), p.GlobalName)
		}
		switch {
		case p.Value != nil && p.ValueFrom != nil:
			c.invalid(at, p.Name, "has both value and valueFrom: keep one")
		case p.ValueFrom != nil:
			c.outputFrom(t, p.ValueFrom, at.Child("valueFrom"))
		case p.Value == nil:
			c.required(at.Child("valueFrom"), "say where the value comes from")
		}
	}
}

// outputFrom checks that there is one source, and that templates of this type have it.
func (c *checker) outputFrom(t *bound, from *wfv1.ValueFrom, path *field.Path) {
	var sources []string
	for _, s := range []struct {
		name  string
		given bool
	}{
		{"path", from.Path != ""}, {"jsonPath", from.JSONPath != ""}, {"jqFilter", from.JQFilter != ""},
		{"parameter", from.Parameter != ""}, {"expression", from.Expression != ""}, {"supplied", from.Supplied != nil},
		{"configMapKeyRef", from.ConfigMapKeyRef != nil}, {"event", from.Event != ""},
	} {
		if s.given {
			sources = append(sources, s.name)
		}
	}
	fits := map[wfv1.TemplateType][]string{
		wfv1.TemplateTypeContainer: {"path"}, wfv1.TemplateTypeScript: {"path"}, wfv1.TemplateTypeContainerSet: {"path"},
		wfv1.TemplateTypeSteps: {"parameter", "expression"}, wfv1.TemplateTypeDAG: {"parameter", "expression"},
		wfv1.TemplateTypeSuspend: {"supplied"}, wfv1.TemplateTypeResource: {"jsonPath", "jqFilter"},
	}[t.Type()]
	switch {
	case len(sources) > 1:
		c.invalid(path, sources[0], "a value has one source; this one has %s: keep one", shortList(sources))
	case fits == nil:
		// Types that this version does not run are reported as such.
	case len(sources) == 0:
		c.required(path.Child(fits[0]), "say where the value comes from: outputs of %s templates have one of %s", t.Type(), shortList(fits))
	case !slices.Contains(fits, sources[0]):
		c.invalid(path.Child(sources[0]), sources[0], "outputs of %s templates come from one of %s", t.Type(), shortList(fits))
	}
}
