// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation/field"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/expression"
	"argosy.dev/argosy/pkg/workflow/template"
)

// A tag is checked only if it begins as one of ours; anything else in double braces is left alone, since programs have
// templates of their own. This is the peer's list.
var roots = []string{"item.", "steps.", "tasks.", "inputs.", "outputs.", "pod.", "workflow."}

// scope is what tags can refer to at one place.
type scope struct {
	c *checker
	// tmpl is the template around the place; nil outside of templates, where only the workflow's variables are judged.
	tmpl *bound
	// family holds the steps or tasks that can be referred to; nil in other templates.
	family *family
	// sees tells why a member of the family cannot be referred to from here; empty if it can.
	sees func(m *member, rest string) string
	// items is the loop around the place.
	items *items
}

// family are the steps or tasks of one template.
type family struct {
	// kind is "steps" or "tasks".
	kind    string
	members map[string]*member
}

// member is one step or task.
type member struct {
	name  string
	index int
	group int
	// tmpl is what it runs, or nil if that is not known.
	tmpl *bound
	loop bool
}

// items are what {{item}} stands for in a loop.
type items struct {
	// keys are those of all maps among the items; any tells that items are known only when the workflow runs.
	keys map[string]bool
	any  bool
}

// text checks all tags of one text.
func (s *scope) text(path *field.Path, text string) {
	for _, tag := range template.Tags(text) {
		if s.c.full() {
			return
		}
		if tag.Expression {
			s.expression(path, tag.Text)
			continue
		}
		if why := s.tag(tag.Text); why != "" {
			s.c.invalid(path, "{{"+short(tag.Text)+"}}", "failed to resolve {{%s}}: %s", short(tag.Text), why)
		}
	}
}

// expression checks an expression, and the variables that it certainly reads.
func (s *scope) expression(path *field.Path, source string) {
	p := s.c.compile(path, source)
	if p == nil {
		return
	}
	// With these operators an expression can do without a variable.
	careful := strings.Contains(source, "?.") || strings.Contains(source, "??")
	for _, ref := range p.Refs() {
		s.note(ref.Path)
		if careful || ref.Open {
			continue
		}
		if why := s.reference(ref.Path); why != "" {
			s.c.invalid(path, short(source), "failed to resolve %s: %s", short(strings.Join(ref.Path, ".")), why)
		}
	}
}

// maxExpressions bounds the expressions of one object: compiling takes far longer than reading.
const maxExpressions = 20_000

// compile compiles an expression; it returns nil if that cannot be done, and says why.
func (c *checker) compile(path *field.Path, source string) *expression.Program {
	if c.expressions++; c.expressions > maxExpressions {
		if c.expressions == maxExpressions+1 {
			c.add(field.Forbidden(path, fmt.Sprintf("there are more than %d expressions in one object", maxExpressions)))
		}
		return nil
	}
	p, err := expression.Compile(source)
	if err != nil {
		// The compiler draws a picture below its first line.
		why, _, _ := strings.Cut(err.Error(), "\n")
		c.invalid(path, source, "%s", why)
		return nil
	}
	return p
}

// reference tells why a variable of an expression does not exist; empty if it does or may.
func (s *scope) reference(path []string) string {
	switch path[0] {
	case "steps", "tasks":
		if len(path) < 2 || len(path) == 2 && path[1] == "name" {
			return ""
		}
		return s.sibling(path[0], path[1], strings.Join(path[2:], "."))
	case "inputs":
		if len(path) > 2 && path[1] == "parameters" {
			return s.input("parameters." + path[2])
		}
	case "workflow":
		if len(path) > 2 && path[1] == "parameters" && path[2] != "json" {
			return s.workflow("parameters." + path[2])
		}
	}
	return ""
}

// tag tells why a tag cannot be resolved; empty if it can.
func (s *scope) tag(tag string) string {
	known := false
	for _, r := range roots {
		known = known || strings.HasPrefix(tag, r)
	}
	if !known {
		return ""
	}
	root, rest, _ := strings.Cut(tag, ".")
	if root == "workflow" {
		return s.workflow(rest)
	}
	if s.tmpl == nil {
		return ""
	}
	switch root {
	case "item":
		switch {
		case s.items == nil:
			return "there is no loop around it: hand the item on as an argument"
		case !s.items.any && !s.items.keys[rest]:
			return fmt.Sprintf("no item has the key %q", short(rest))
		}
	case "inputs":
		return s.input(rest)
	case "pod":
		if rest != "name" || !s.tmpl.IsPodType() {
			return "only pod.name is known, in templates that run a pod"
		}
	case "steps", "tasks":
		if strings.HasPrefix(rest, "name") && !strings.Contains(rest, ".") {
			return ""
		}
		name, of, _ := strings.Cut(rest, ".")
		s.note(append([]string{root, name}, strings.Split(of, ".")...))
		return s.sibling(root, name, of)
	}
	return ""
}

func (s *scope) input(rest string) string {
	if s.tmpl == nil || rest == "parameters" || rest == "artifacts" {
		return ""
	}
	if name, ok := strings.CutPrefix(rest, "parameters."); ok {
		if s.tmpl.declared().inputs[name] != nil {
			return ""
		}
		return fmt.Sprintf("the template has no input parameter %q (inputs.parameters.%s); declare it in inputs.parameters", short(name), short(name))
	}
	if name, ok := strings.CutPrefix(rest, "artifacts."); ok {
		if name, _, _ := strings.Cut(name, "."); s.tmpl.declared().inputArtifacts.Has(name) {
			return ""
		}
		return fmt.Sprintf("the template has no input artifact %q", short(name))
	}
	return "inputs have parameters only"
}

// sibling tells why a variable of a step or task cannot be read.
func (s *scope) sibling(kind, name, rest string) string {
	if s.tmpl == nil {
		return ""
	}
	noun := strings.TrimSuffix(kind, "s")
	if s.family == nil || s.family.kind != kind {
		return fmt.Sprintf("%s can be referred to in the template that holds them only: hand the value on as an argument", kind)
	}
	m := s.family.members[name]
	if m == nil {
		return fmt.Sprintf("there is no %s %q in this template", noun, short(name))
	}
	if why := s.sees(m, rest); why != "" {
		return why
	}
	if m.tmpl == nil || rest == "" || m.has(rest) {
		return ""
	}
	return fmt.Sprintf("the template %q, which %s %q runs, does not yield %s", short(m.tmpl.Name), noun, short(name), short(rest))
}

// has tells whether a step or task has a variable once it has ended.
func (m *member) has(rest string) bool {
	switch rest {
	case "id", "startedAt", "finishedAt", "hostNodeName", "status":
		return true
	case "ip":
		return m.tmpl.Daemon != nil && *m.tmpl.Daemon
	case "exitCode", "outputs.result", "outputs":
		switch m.tmpl.Type() {
		case wfv1.TemplateTypeSteps, wfv1.TemplateTypeDAG, wfv1.TemplateTypeSuspend:
			return rest == "outputs"
		}
		return true
	case "outputs.parameters", "outputs.artifacts":
		return m.loop || rest == "outputs.artifacts"
	}
	if p, ok := strings.CutPrefix(rest, "outputs.parameters."); ok {
		return m.tmpl.declared().outputs[p] != nil
	}
	if a, ok := strings.CutPrefix(rest, "outputs.artifacts."); ok {
		a, _, _ = strings.Cut(a, ".")
		return m.tmpl.declared().outputArtifacts.Has(a)
	}
	return false
}

// note remembers that the result of a step or task is wanted.
func (s *scope) note(path []string) {
	if s.family == nil || len(path) < 4 || path[0] != s.family.kind || path[2] != "outputs" || path[3] != "result" {
		return
	}
	if m := s.family.members[path[1]]; m != nil && m.tmpl != nil {
		s.c.captured[m.tmpl] = true
	}
}

// workflow tells why a variable of the workflow does not exist.
func (s *scope) workflow(rest string) string {
	switch rest {
	case "name", "namespace", "uid", "mainEntrypoint", "serviceAccountName", "priority", "status", "duration", "creationTimestamp",
		"scheduledTime", "parameters", "parameters.json", "labels", "labels.json", "annotations", "annotations.json":
		return ""
	case "failures":
		if c := s.c; c.open || c.spec.OnExit != "" || len(c.spec.Hooks) > 0 {
			return ""
		}
		return "failures are known to exit handlers only, and this workflow has none: name one in spec.onExit"
	}
	kind, name, _ := strings.Cut(rest, ".")
	switch kind {
	case "parameters":
		if s.c.open || s.c.parameters.Has(name) {
			return ""
		}
		return fmt.Sprintf("the workflow has no parameter %q; declare it in spec.arguments.parameters", short(name))
	case "labels":
		return s.key("label", name, s.c.labelKeys)
	case "annotations":
		return s.key("annotation", name, s.c.annotationKeys)
	case "creationTimestamp", "scheduledTime", "duration":
		return ""
	case "outputs":
		if s.c.open || s.c.anyOutput || s.c.outputs.Has(name) {
			return ""
		}
		return "no template publishes this output by a globalName"
	}
	return fmt.Sprintf("there is no variable workflow.%s", short(kind))
}

// key tells why a label or annotation of the workflow is not known. The server sets some of its own.
func (s *scope) key(noun, name string, known sets.Set[string]) string {
	if known.Has(name) || s.c.open || strings.HasPrefix(name, "workflows.argoproj.io/") {
		return ""
	}
	return fmt.Sprintf("the workflow has no %s %q", noun, short(name))
}

// leafReferences checks the tags of a template that does its work itself.
func (c *checker) leafReferences(t *bound) {
	s := &scope{c: c, tmpl: t}
	eachText(t.Template, t.path, s.text)
}

// specReferences checks the tags outside of templates.
func (c *checker) specReferences() {
	s := &scope{c: c}
	eachText(c.spec, c.path, s.text, "templates", "templateDefaults", "hooks", "entrypoint", "onExit")
}
