// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"argosy.dev/argosy/apis/sensor/conditions"
	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
)

// sensor checks the spec of a sensor.
func (r *report) sensor(s *snv1.SensorSpec, path *field.Path) {
	r.notNegative(s.Replicas, path.Child("replicas"))
	r.notNegative(s.RevisionHistoryLimit, path.Child("revisionHistoryLimit"))
	known := dependencies{}
	at := path.Child("dependencies")
	if len(s.Dependencies) == 0 {
		r.required(at, "name at least one event that is waited for")
	}
	for i := range s.Dependencies {
		if r.full() {
			return
		}
		r.dependency(&s.Dependencies[i], at.Index(i), known)
	}
	at = path.Child("triggers")
	if len(s.Triggers) == 0 {
		r.required(at, "say at least one thing to do")
	}
	names := map[string]bool{}
	for i := range s.Triggers {
		if r.full() {
			return
		}
		t := &s.Triggers[i]
		r.trigger(t, at.Index(i), known)
		if t.Template == nil || t.Template.Name == "" {
			continue
		}
		if names[t.Template.Name] {
			r.add(field.Duplicate(at.Index(i).Child("template", "name"), short(t.Template.Name)))
		}
		names[t.Template.Name] = true
	}
}

func (r *report) notNegative(n *int32, path *field.Path) {
	if n != nil && *n < 0 {
		r.add(field.Invalid(path, *n, "must not be negative"))
	}
}

// dependencies are the names of dependencies. As in the conditions of the peer, - and _ are the same.
type dependencies map[string]bool

func canonical(name string) string { return strings.ReplaceAll(name, "-", "_") }

func (d dependencies) has(name string) bool { return d[canonical(name)] }

func (r *report) dependency(d *snv1.EventDependency, path *field.Path, known dependencies) {
	r.need(path.Child("name"), d.Name, "name the dependency, so that triggers can refer to it")
	r.need(path.Child("eventSourceName"), d.EventSourceName, "name the event source")
	r.need(path.Child("eventName"), d.EventName, "name the event of the event source")
	if d.Name != "" && known.has(d.Name) {
		r.add(field.Duplicate(path.Child("name"), short(d.Name)))
	}
	known[canonical(d.Name)] = true
	if t := d.Transform; t != nil {
		at := path.Child("transform")
		r.parses(jq, at.Child("jq"), t.JQ)
		r.parses(lua, at.Child("script"), t.Script)
		switch {
		case t.JQ != "" && t.Script != "":
			r.warn(at, "jq and script are both set; only jq has an effect")
		case t.JQ == "" && t.Script == "":
			r.warn(at, "neither jq nor script is set, so that nothing is changed")
		}
	}
	r.logicalOperator(d.FiltersLogicalOperator, path.Child("filtersLogicalOperator"))
	if d.Filters != nil {
		r.filters(d.Filters, path.Child("filters"))
	}
}

func (r *report) logicalOperator(o snv1.LogicalOperator, path *field.Path) {
	oneOf(r, path, o, snv1.AndLogicalOperator, snv1.OrLogicalOperator)
}

// conditions checks that the conditions of a trigger can be read, and ask for dependencies that there are.
func (r *report) conditions(text string, path *field.Path, known dependencies) {
	if text == "" {
		return
	}
	c, err := conditions.Parse(text)
	if err != nil {
		r.invalid(path, text, "%v; write names of dependencies with &&, || and parentheses", err)
		return
	}
	for _, name := range c.Names() {
		if !known.has(name) {
			r.invalid(path, text, "there is no dependency %q", short(name))
		}
	}
}
