// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"fmt"
	"k8s.io/utils/ptr"
	"regexp"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"argosy.dev/argosy/apis/raw"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/expression"
)

// part is a step or a task: what the two have in common.
type part struct {
	holder
	name         string
	args         *wfv1.Arguments
	withItems    []raw.JSON
	withParam    string
	withSequence *wfv1.Sequence
	when         string
	continueOn   *wfv1.ContinueOn
	exit         *wfv1.LifecycleHook
	// group is the number of the step group.
	group int
}

func (p *part) expands() bool {
	return p.withItems != nil || p.withParam != "" || p.withSequence != nil
}

// continues tells whether the phase of the part does not count as a failure.
func (p *part) continues(phase wfv1.NodePhase) bool {
	return p.continueOn != nil &&
		(phase == wfv1.NodeFailed && ptr.Deref(p.continueOn.Failed, false) || phase == wfv1.NodeError && ptr.Deref(p.continueOn.Error, false))
}

// exitHook returns the exit handler of a step or task: hooks.exit, or the older onExit.
func exitHook(hooks wfv1.LifecycleHooks, onExit string) *wfv1.LifecycleHook {
	if h, ok := hooks[wfv1.ExitLifecycleEvent]; ok {
		return &h
	}
	if onExit != "" {
		return &wfv1.LifecycleHook{Template: onExit}
	}
	return nil
}

// plan is what can be said about a steps or dag template without running it.
type plan struct {
	parts []part
	index map[string]int
	// captured are the parts whose result something refers to; all of them if captureAll.
	captured   map[string]bool
	captureAll bool

	// The rest is for dags. depends is nil for tasks without dependencies.
	depends []*expression.Depends
	deps    [][]int
	errs    []error
	// order is topological; leaves are the tasks that no other depends on.
	order  []int
	leaves []int
}

func (p *plan) captures(name string) bool { return p.captureAll || p.captured[name] }

// planKey identifies a template within a version of a workflow's spec. What is stored in the status never changes.
type planKey struct {
	uid        types.UID
	generation int64
	template   string
}

// plans memoizes analysis: a dag of 10,000 tasks is looked at after the end of each of them.
var plans = struct {
	sync.Mutex
	byKey map[planKey]*plan
}{byKey: map[planKey]*plan{}}

const maxPlans = 256

func (r *run) plan(t *boundTemplate) (*plan, error) {
	// Templates without a name, and workflows that do not come from a server, have no identity to go by.
	cacheable := r.wf.UID != "" && r.wf.Generation > 0 && t.tmpl.Name != ""
	key := planKey{r.wf.UID, r.wf.Generation, storedKey(t.scope, t.tmpl.Name)}
	if cacheable {
		plans.Lock()
		p := plans.byKey[key]
		plans.Unlock()
		if p != nil {
			return p, nil
		}
	}
	p, err := makePlan(t)
	if err != nil || !cacheable {
		return p, err
	}
	plans.Lock()
	defer plans.Unlock()
	if len(plans.byKey) >= maxPlans {
		clear(plans.byKey)
	}
	plans.byKey[key] = p
	return p, nil
}

func makePlan(t *boundTemplate) (*plan, error) {
	p := &plan{index: map[string]int{}}
	for g, group := range t.tmpl.Steps {
		for i := range group {
			s := &group[i]
			p.parts = append(p.parts, part{
				holder: holder{s.Template, s.TemplateRef, s.Inline}, name: s.Name, args: &s.Arguments,
				withItems: s.WithItems, withParam: s.WithParam, withSequence: s.WithSequence, when: s.When,
				continueOn: s.ContinueOn, exit: exitHook(s.Hooks, s.OnExit), group: g,
			})
		}
	}
	if t.tmpl.DAG != nil {
		for i := range t.tmpl.DAG.Tasks {
			s := &t.tmpl.DAG.Tasks[i]
			p.parts = append(p.parts, part{
				holder: holder{s.Template, s.TemplateRef, s.Inline}, name: s.Name, args: &s.Arguments,
				withItems: s.WithItems, withParam: s.WithParam, withSequence: s.WithSequence, when: s.When,
				continueOn: s.ContinueOn, exit: exitHook(s.Hooks, s.OnExit),
			})
		}
	}
	for i := range p.parts {
		p.index[p.parts[i].name] = i
	}
	if t.tmpl.DAG != nil {
		if err := p.sortTasks(t.tmpl.DAG); err != nil {
			return nil, err
		}
	}
	text, err := t.json()
	if err != nil {
		return nil, err
	}
	p.captured, p.captureAll = capturedResults(string(text))
	return p, nil
}

// TaskDepends returns the parsed dependencies of a task: its depends, or its dependencies with what their continueOn
// adds; nil if it has none. task finds a task by name.
func TaskDepends(t *wfv1.DAGTask, task func(name string) *wfv1.DAGTask) (*expression.Depends, error) {
	if t.Depends != "" || len(t.Dependencies) == 0 {
		if strings.TrimSpace(t.Depends) == "" {
			return nil, nil
		}
		return expression.ParseDepends(t.Depends)
	}
	terms := make([]string, len(t.Dependencies))
	for i, name := range t.Dependencies {
		terms[i] = name
		dep := task(name)
		if dep == nil || dep.ContinueOn == nil {
			continue
		}
		if ptr.Deref(dep.ContinueOn.Failed, false) {
			terms[i] += " || " + name + "." + string(expression.TaskFailed)
		}
		if ptr.Deref(dep.ContinueOn.Error, false) {
			terms[i] += " || " + name + "." + string(expression.TaskErrored)
		}
		terms[i] = "(" + terms[i] + ")"
	}
	return expression.ParseDepends(strings.Join(terms, " && "))
}

// sortTasks resolves dependencies and sorts the tasks.
func (p *plan) sortTasks(dag *wfv1.DAGTemplate) error {
	n := len(dag.Tasks)
	p.depends, p.deps, p.errs = make([]*expression.Depends, n), make([][]int, n), make([]error, n)
	hasDependent := make([]bool, n)
	find := func(name string) *wfv1.DAGTask {
		if i, ok := p.index[name]; ok {
			return &dag.Tasks[i]
		}
		return nil
	}
	for i := range dag.Tasks {
		d, err := TaskDepends(&dag.Tasks[i], find)
		if err != nil {
			p.errs[i] = err
			continue
		}
		if d == nil {
			continue
		}
		p.depends[i] = d
		for _, name := range d.Tasks() {
			j, ok := p.index[name]
			if !ok {
				p.errs[i] = fmt.Errorf("depends on task %q, which does not exist", name)
				p.depends[i], p.deps[i] = nil, nil
				break
			}
			p.deps[i] = append(p.deps[i], j)
			hasDependent[j] = true
		}
	}
	state := make([]byte, n)
	var visit func(i int) error
	visit = func(i int) error {
		state[i] = 1
		for _, j := range p.deps[i] {
			if state[j] == 1 {
				return fmt.Errorf("the dependencies of task %q form a cycle", p.parts[i].name)
			}
			if state[j] == 0 {
				if err := visit(j); err != nil {
					return err
				}
			}
		}
		state[i] = 2
		p.order = append(p.order, i)
		return nil
	}
	for i := range p.parts {
		if state[i] == 0 {
			if err := visit(i); err != nil {
				return err
			}
		}
		if !hasDependent[i] {
			p.leaves = append(p.leaves, i)
		}
	}
	return nil
}

// ancestors returns the given tasks with all they depend on, as a set over the tasks.
func (p *plan) ancestors(targets []int) []bool {
	in := make([]bool, len(p.parts))
	stack := append([]int{}, targets...)
	for len(stack) > 0 {
		i := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if in[i] {
			continue
		}
		in[i] = true
		stack = append(stack, p.deps[i]...)
	}
	return in
}

var (
	// resultRef finds references to results in the JSON of a template: steps.a.outputs.result, steps['a'].outputs.result
	// and the spellings between. The text is JSON, so double quotes bear a backslash.
	resultRef = regexp.MustCompile(`(?:steps|tasks)(?:\??\.([-\w]+)|\??\.?\[\s*(?:'|\\")([-\w]+)(?:'|\\")\s*\])` +
		`\??(?:\.outputs|\.?\[\s*(?:'|\\")outputs(?:'|\\")\s*\])(?:\??\.result\b|\??\.?\[\s*(?:'|\\")result|\W*$|\??\.?\[\s*[^'\\\s])`)
	// anyRef finds references that only evaluation can resolve: steps[x], keys(steps).
	anyRef = regexp.MustCompile(`\b(?:steps|tasks)\s*(?:\??\.?\[\s*[^'\\\s]|[),|}])`)
)

// capturedResults tells the results of which parts the template refers to.
func capturedResults(text string) (map[string]bool, bool) {
	if !strings.Contains(text, "result") {
		return nil, false
	}
	captured := map[string]bool{}
	for _, m := range resultRef.FindAllStringSubmatch(text, -1) {
		captured[m[1]+m[2]] = true
	}
	return captured, anyRef.MatchString(text)
}
