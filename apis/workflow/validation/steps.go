// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import "fmt"

// steps checks a steps template.
func (c *checker) steps(t *bound) {
	path := t.path.Child("steps")
	f := &family{kind: "steps", members: map[string]*member{}}
	var calls []*call
	var members []*member
	for g := range t.Steps {
		for i := range t.Steps[g] {
			if c.full() {
				return
			}
			k := stepCall(&t.Steps[g][i], path.Index(g).Index(i))
			m := &member{name: k.name, index: len(calls), group: g, loop: k.loops(), tmpl: c.target(k, t)}
			if c.fieldName(k.path.Child("name"), k.name) {
				if other := f.members[k.name]; other != nil {
					c.invalid(k.path.Child("name"), k.name, "another step of this template has this name")
				} else {
					f.members[k.name] = m
				}
			}
			calls, members = append(calls, k), append(members, m)
		}
	}
	for n, k := range calls {
		if c.full() {
			return
		}
		group := members[n].group
		s := &scope{c: c, tmpl: t, family: f}
		s.sees = func(m *member, rest string) string {
			switch {
			case m.group < group:
				return ""
			case m.group == group && rest == "status":
				// The peer knows the status of steps of the same group.
				return ""
			case m.group == group:
				return fmt.Sprintf("the step %q runs beside this one; only steps of earlier groups have outputs by now", short(m.name))
			}
			return fmt.Sprintf("the step %q comes later", short(m.name))
		}
		c.inside(k, t, members[n].tmpl, s)
	}
	c.aroundFamily(t, f)
}

// aroundFamily checks the rest of a steps or dag template: its outputs see all that is in it.
func (c *checker) aroundFamily(t *bound, f *family) {
	all := &scope{c: c, tmpl: t, family: f, sees: func(*member, string) string { return "" }}
	outputs := t.path.Child("outputs")
	eachText(&t.Outputs, outputs, all.text)
	for i := range t.Outputs.Parameters {
		if from := t.Outputs.Parameters[i].ValueFrom; from != nil && from.Expression != "" {
			all.expression(outputs.Child("parameters").Index(i).Child("valueFrom", "expression"), from.Expression)
		}
	}
	// Metrics see what the node has come to, and locks and caches are not built.
	own := &scope{c: c, tmpl: t}
	eachText(t.Template, t.path, own.text, "steps", "dag", "outputs", "metrics", "memoize", "synchronization")
	if t.DAG != nil {
		own.text(t.path.Child("dag", "target"), t.DAG.Target)
	}
}
