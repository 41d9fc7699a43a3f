// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"argosy.dev/argosy/apis/raw"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/expression"
	"argosy.dev/argosy/pkg/workflow"
	"argosy.dev/argosy/pkg/workflow/template"
)

// call is what steps and tasks have in common.
type call struct {
	name, template, when, onExit string

	ref    *wfv1.TemplateRef
	inline *wfv1.Template
	args   *wfv1.Arguments
	items  []raw.JSON
	param  string
	seq    *wfv1.Sequence
	hooks  wfv1.LifecycleHooks
	path   *field.Path
	// object is the step or task.
	object any
}

func stepCall(s *wfv1.WorkflowStep, path *field.Path) *call {
	return &call{
		name: s.Name, template: s.Template, when: s.When, onExit: s.OnExit, ref: s.TemplateRef, inline: s.Inline, args: &s.Arguments,
		items: s.WithItems, param: s.WithParam, seq: s.WithSequence, hooks: s.Hooks, path: path, object: s,
	}
}

func taskCall(t *wfv1.DAGTask, path *field.Path) *call {
	return &call{
		name: t.Name, template: t.Template, when: t.When, onExit: t.OnExit, ref: t.TemplateRef, inline: t.Inline, args: &t.Arguments,
		items: t.WithItems, param: t.WithParam, seq: t.WithSequence, hooks: t.Hooks, path: path, object: t,
	}
}

func (k *call) loops() bool { return k.items != nil || k.param != "" || k.seq != nil }

// target checks what a step or task runs, and returns it, or nil if that cannot be known.
func (c *checker) target(k *call, from *bound) *bound {
	given := 0
	for _, g := range []bool{k.template != "", k.ref != nil, k.inline != nil} {
		if g {
			given++
		}
	}
	switch {
	case given == 0:
		c.required(k.path, "say what to run: give one of template, templateRef, inline")
		return nil
	case given > 1:
		c.invalid(k.path, k.name, "template, templateRef and inline exclude each other: keep one")
		return nil
	case k.inline != nil:
		return c.inline(k, from)
	case k.ref != nil:
		return c.referred(k.ref, from, k.path.Child("templateRef"))
	}
	return c.named(k.template, from, k.path.Child("template"))
}

func (c *checker) inline(k *call, from *bound) *bound {
	path := k.path.Child("inline")
	if from.inline {
		c.invalid(path, k.name, "an inline template holds no other inline template: give it a name in spec.templates")
		return nil
	}
	if k.inline.Name != "" {
		c.invalid(path.Child("name"), k.inline.Name, "inline templates have no name")
	}
	t := c.bind(&bound{Template: k.inline, path: path, scope: from.scope, origin: from.origin, inline: true})
	c.template(t)
	return t
}

// named finds a template by its name alone.
func (c *checker) named(name string, from *bound, path *field.Path) *bound {
	t, ok := c.lookup(name, nil, from, path)
	if !ok {
		hint := ""
		if hasTag(name) {
			hint = "; names of templates cannot be computed"
		}
		c.invalid(path, name, "there is no template %q%s", short(name), hint)
	}
	return t
}

// referred finds a template of another object.
func (c *checker) referred(ref *wfv1.TemplateRef, from *bound, path *field.Path) *bound {
	if ref.Name == "" {
		c.required(path.Child("name"), "name the WorkflowTemplate")
	}
	if ref.Template == "" {
		c.required(path.Child("template"), "name the template in it")
	}
	if ref.Name == "" || ref.Template == "" {
		return nil
	}
	t, ok := c.lookup(ref.Template, ref, from, path)
	if !ok {
		c.invalid(path, ref.Name, "there is no template %q of %q among those that were found when the workflow was created", short(ref.Template), short(ref.Name))
	}
	return t
}

// inside checks what a step or task says besides the template that it runs.
func (c *checker) inside(k *call, from *bound, to *bound, s *scope) {
	c.arguments(k.args, k.path.Child("arguments"), true)
	if to != nil {
		c.supplied(to, k.args, k.path.Child("arguments"))
	}
	s.items = c.loop(k)
	c.condition(k.path.Child("when"), k.when)
	eachText(k.object, k.path, s.text, "inline", "hooks")

	// Hooks run when the step or task has ended, so they can refer to it.
	own := *s
	own.sees = func(m *member, rest string) string {
		if m.name == k.name {
			return ""
		}
		return s.sees(m, rest)
	}
	if k.onExit != "" {
		c.named(k.onExit, from, k.path.Child("onExit"))
	}
	c.hookList(k.hooks, from, k.path.Child("hooks"), &own)
}

// hookList checks hooks of a step, a task or the workflow.
func (c *checker) hookList(hooks wfv1.LifecycleHooks, from *bound, path *field.Path, s *scope) {
	for _, name := range slices.Sorted(maps.Keys(hooks)) {
		if c.full() {
			return
		}
		h := hooks[name]
		at := path.Key(short(string(name)))
		var to *bound
		switch {
		case h.Template != "" && h.TemplateRef != nil:
			c.invalid(at, string(name), "template and templateRef exclude each other: keep one")
		case h.TemplateRef != nil:
			to = c.referred(h.TemplateRef, from, at.Child("templateRef"))
		case h.Template != "":
			to = c.named(h.Template, from, at.Child("template"))
		default:
			c.required(at.Child("template"), "say what to run: give one of template, templateRef")
		}
		c.arguments(&h.Arguments, at.Child("arguments"), true)
		// The exit handler of a workflow without arguments of its own is handed those of the workflow.
		if to != nil && (from != nil || len(h.Arguments.Parameters) > 0) {
			c.supplied(to, &h.Arguments, at.Child("arguments"))
		}
		if h.Expression == "" && name != wfv1.ExitLifecycleEvent {
			c.required(at.Child("expression"), "say when to run it; only the hook \"exit\" goes without")
		}
		if h.Expression != "" {
			s.expression(at.Child("expression"), h.Expression)
		}
		eachText(&h.Arguments, at.Child("arguments"), s.text)
	}
}

// loop checks a loop, and returns what its items look like; nil if there is none.
func (c *checker) loop(k *call) *items {
	given := 0
	for _, g := range []bool{k.items != nil, k.param != "", k.seq != nil} {
		if g {
			given++
		}
	}
	switch {
	case given == 0:
		return nil
	case given > 1:
		c.invalid(k.path, k.name, "withItems, withParam and withSequence exclude each other: keep one")
		return &items{any: true}
	case k.seq != nil:
		c.sequence(k.seq, k.path.Child("withSequence"))
		return &items{}
	case k.param != "":
		var list []json.RawMessage
		if !hasTag(k.param) && json.Unmarshal([]byte(k.param), &list) != nil {
			c.invalid(k.path.Child("withParam"), k.param, "must be a JSON list, or a tag that yields one")
		}
		return &items{any: true}
	}
	i := &items{keys: map[string]bool{}}
	for n, item := range k.items {
		switch {
		case c.full():
			return i
		case len(item.Raw) == 0:
			c.invalid(k.path.Child("withItems").Index(n), "null", "an item is text, a number, a boolean, a list or a map")
		case item.Raw[0] == '{':
			var m map[string]json.RawMessage
			if err := json.Unmarshal(item.Raw, &m); err != nil {
				c.invalid(k.path.Child("withItems").Index(n), string(item.Raw), "%v", err)
			}
			for key := range m {
				i.keys[key] = true
			}
		}
	}
	return i
}

func (c *checker) sequence(s *wfv1.Sequence, path *field.Path) {
	switch {
	case s.Count == nil && s.End == nil:
		c.required(path, "say how long the sequence is: give one of count, end")
	case s.Count != nil && s.End != nil:
		c.invalid(path, s.Count.String(), "count and end exclude each other: keep one")
	}
	if s.Count != nil {
		if n, tagged, ok := c.number(path.Child("count"), s.Count); ok && !tagged && n < 0 {
			c.invalid(path.Child("count"), s.Count.String(), "must not be negative")
		}
	}
	if s.Start != nil {
		c.number(path.Child("start"), s.Start)
	}
	if s.End != nil {
		c.number(path.Child("end"), s.End)
	}
	if s.Format != "" && !hasTag(s.Format) {
		if _, err := workflow.SequenceText(s.Format, 1); err != nil {
			c.invalid(path.Child("format"), s.Format, "must be a printf format for one whole number, such as %q", "item%02d")
		}
	}
}

// condition checks a when. What stands in the place of tags is not known, so only what no value can mend is refused.
func (c *checker) condition(path *field.Path, when string) {
	if when == "" {
		return
	}
	var err error
	for _, word := range []string{"1", "x", "true"} {
		text, certain := fill(when, word)
		if err = expression.CheckWhen(text); err == nil || !certain {
			return
		}
	}
	c.invalid(path, when, "%v", err)
}

// fill puts a word in the place of tags. certain is false if tags follow each other, so that one may be an operator.
func fill(text, word string) (out string, certain bool) {
	var b strings.Builder
	certain = true
	tags, after := template.Tags(text), false
	for len(tags) > 0 {
		i := strings.Index(text, "{{")
		end := i + 2 + strings.Index(text[i+2:], tags[0].Text) + len(tags[0].Text)
		closes := strings.Index(text[end:], "}}")
		if closes < 0 {
			break
		}
		if after && strings.TrimSpace(text[:i]) == "" {
			certain = false
		}
		b.WriteString(text[:i])
		b.WriteString(word)
		text, tags, after = text[end+closes+2:], tags[1:], true
	}
	b.WriteString(text)
	return b.String(), certain
}
