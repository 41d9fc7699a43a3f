// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/expression"
)

// graph is the graph of one DAG. Tasks are numbered as they are listed.
type graph struct {
	tasks []wfv1.DAGTask
	path  *field.Path
	// before are the tasks that each task depends on.
	before [][]int
	// order lists tasks after all that they depend on.
	order []int
}

// dag checks a dag template.
func (c *checker) dag(t *bound) {
	path := t.path.Child("dag")
	tasks := t.DAG.Tasks
	if len(tasks) == 0 {
		c.required(path.Child("tasks"), "a DAG has at least one task")
		return
	}
	f := &family{kind: "tasks", members: make(map[string]*member, len(tasks))}
	calls, members := make([]*call, len(tasks)), make([]*member, len(tasks))
	for i := range tasks {
		if c.full() {
			return
		}
		k := taskCall(&tasks[i], path.Child("tasks").Index(i))
		m := &member{name: k.name, index: i, loop: k.loops(), tmpl: c.target(k, t)}
		calls[i], members[i] = k, m
		if !c.fieldName(k.path.Child("name"), k.name) {
			continue
		}
		if f.members[k.name] != nil {
			c.invalid(k.path.Child("name"), k.name, "another task of this template has this name")
			continue
		}
		f.members[k.name] = m
	}
	g := c.graph(tasks, f, path.Child("tasks"))
	acyclic := c.cycle(g)
	c.dagTarget(t, f)

	var refs []taskReference
	for i, k := range calls {
		if c.full() {
			return
		}
		at := i
		s := &scope{c: c, tmpl: t, family: f}
		s.sees = func(m *member, rest string) string {
			// Whether it is an ancestor is found out for all references together.
			if m.index == at {
				return "a task cannot refer to itself, except in its hooks"
			}
			refs = append(refs, taskReference{at, m.index, k.path, strings.TrimSuffix("tasks."+m.name+"."+rest, ".")})
			return ""
		}
		c.inside(k, t, members[i].tmpl, s)
	}
	if acyclic {
		c.ancestors(g, refs)
	}
	c.aroundFamily(t, f)
}

// dagTarget checks the names in dag.target.
func (c *checker) dagTarget(t *bound, f *family) {
	for name := range strings.FieldsSeq(t.DAG.Target) {
		if c.full() || hasTag(t.DAG.Target) {
			return
		}
		if f.members[name] == nil {
			c.invalid(t.path.Child("dag", "target"), t.DAG.Target, "there is no task %q in this DAG", short(name))
		}
	}
}

// graph reads what tasks depend on.
func (c *checker) graph(tasks []wfv1.DAGTask, f *family, path *field.Path) *graph {
	g := &graph{tasks: tasks, path: path, before: make([][]int, len(tasks))}
	depends := slices.ContainsFunc(tasks, func(t wfv1.DAGTask) bool { return t.Depends != "" })
	for i := range tasks {
		if c.full() {
			return g
		}
		t, at := &tasks[i], path.Index(i)
		if (depends || len(t.Dependencies) > 0) && t.Name != "" && t.Name[0] >= '0' && t.Name[0] <= '9' {
			c.invalid(at.Child("name"), t.Name, "must not begin with a digit where depends or dependencies is used")
		}
		if depends && len(t.Dependencies) > 0 {
			c.invalid(at.Child("dependencies"), t.Name, "other tasks of this DAG use depends: write depends: %q instead", short(strings.Join(t.Dependencies, " && ")))
		}
		if depends && t.ContinueOn != nil {
			c.invalid(at.Child("continueOn"), t.Name, "tasks of this DAG use depends: say there which outcomes of this task are good enough, such as %s.Failed or %s.Errored", short(t.Name), short(t.Name))
		}
		for n, name := range t.Dependencies {
			if m := f.members[name]; m != nil {
				g.before[i] = append(g.before[i], m.index)
			} else {
				c.invalid(at.Child("dependencies").Index(n), name, "there is no task %q in this DAG", short(name))
			}
		}
		if strings.TrimSpace(t.Depends) != "" {
			c.depends(g, i, f, at.Child("depends"))
		}
	}
	return g
}

func (c *checker) depends(g *graph, i int, f *family, path *field.Path) {
	source := g.tasks[i].Depends
	d, err := expression.ParseDepends(source)
	if err != nil {
		c.invalid(path, source, "%v", err)
		return
	}
	for _, name := range d.Tasks() {
		if m := f.members[name]; m != nil {
			g.before[i] = append(g.before[i], m.index)
		} else {
			c.invalid(path, source, "there is no task %q in this DAG", short(name))
		}
	}
	for _, term := range d.Terms() {
		if m := f.members[term.Task]; m != nil && !m.loop && (term.Result == expression.TaskAnySucceeded || term.Result == expression.TaskAllFailed) {
			c.invalid(path, source, "%s is for loops, and the task %q is none: give it withItems, withParam or withSequence, or ask for Succeeded or Failed", term.Result, short(term.Task))
		}
		if c.full() {
			return
		}
	}
}

// cycle reports one cycle, if there is any, and otherwise puts the tasks into order. Each edge is followed once, and
// without recursion, since a chain can be as long as the object is large.
func (c *checker) cycle(g *graph) (acyclic bool) {
	const white, grey, black = 0, 1, 2
	colour := make([]byte, len(g.tasks))
	next := make([]int, len(g.tasks))
	var stack []int
	for root := range g.tasks {
		if colour[root] != white {
			continue
		}
		stack = append(stack[:0], root)
		colour[root] = grey
		for len(stack) > 0 {
			v := stack[len(stack)-1]
			if next[v] == len(g.before[v]) {
				colour[v] = black
				g.order = append(g.order, v)
				stack = stack[:len(stack)-1]
				continue
			}
			w := g.before[v][next[v]]
			next[v]++
			switch colour[w] {
			case white:
				colour[w] = grey
				stack = append(stack, w)
			case grey:
				c.reportCycle(g, stack[slices.Index(stack, w):])
				return false
			}
		}
	}
	return true
}

func (c *checker) reportCycle(g *graph, cycle []int) {
	const most = 20
	var names []string
	for _, v := range cycle[:min(len(cycle), most)] {
		names = append(names, short(g.tasks[v].Name))
	}
	if len(cycle) > most {
		names = append(names, fmt.Sprintf("… %d more", len(cycle)-most))
	}
	names = append(names, names[0])
	last := &g.tasks[cycle[len(cycle)-1]]
	at := g.path.Index(cycle[len(cycle)-1]).Child("depends")
	value := last.Depends
	if last.Depends == "" {
		at, value = g.path.Index(cycle[len(cycle)-1]).Child("dependencies"), strings.Join(last.Dependencies, " ")
	}
	c.invalid(at, value, "dependency cycle detected: %s; take one of these dependencies out", strings.Join(names, "->"))
}

// taskReference is a reference of one task to another.
type taskReference struct {
	from, to int
	path     *field.Path
	tag      string
}

// ancestors reports references to tasks that need not have ended. 64 tasks are followed through the graph at a time, as
// the bits of a word, which takes no more memory than the graph itself.
func (c *checker) ancestors(g *graph, refs []taskReference) {
	slices.SortStableFunc(refs, func(a, b taskReference) int { return cmp.Or(a.to-b.to, a.from-b.from) })
	refs = slices.CompactFunc(refs, func(a, b taskReference) bool { return a.to == b.to && a.from == b.from })
	reach, bit := make([]uint64, len(g.tasks)), make([]uint64, len(g.tasks))
	var missing []taskReference
	for len(refs) > 0 {
		n, followed := 0, 0
		for ; n < len(refs) && (followed < 64 || bit[refs[n].to] != 0); n++ {
			if bit[refs[n].to] == 0 {
				bit[refs[n].to] = 1 << followed
				followed++
			}
		}
		for _, v := range g.order {
			reach[v] = 0
			for _, w := range g.before[v] {
				reach[v] |= reach[w] | bit[w]
			}
		}
		for _, r := range refs[:n] {
			if reach[r.from]&bit[r.to] == 0 {
				missing = append(missing, r)
			}
		}
		for _, r := range refs[:n] {
			bit[r.to] = 0
		}
		refs = refs[n:]
	}
	slices.SortStableFunc(missing, func(a, b taskReference) int { return a.from - b.from })
	for _, r := range missing {
		if c.full() {
			return
		}
		c.invalid(r.path, short(r.tag), "failed to resolve {{%s}}: missing dependency: task %q refers to task %q, which need not have ended by then; let it depend on %q",
			short(r.tag), short(g.tasks[r.from].Name), short(g.tasks[r.to].Name), short(g.tasks[r.to].Name))
	}
}
