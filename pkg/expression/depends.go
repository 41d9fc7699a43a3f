// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"fmt"
	"strings"
)

// TaskResult is what a `depends` expression can ask of a task.
type TaskResult string

// The results of a task.
const (
	TaskSucceeded    TaskResult = "Succeeded"
	TaskFailed       TaskResult = "Failed"
	TaskErrored      TaskResult = "Errored"
	TaskSkipped      TaskResult = "Skipped"
	TaskOmitted      TaskResult = "Omitted"
	TaskDaemoned     TaskResult = "Daemoned"
	TaskAnySucceeded TaskResult = "AnySucceeded"
	TaskAllFailed    TaskResult = "AllFailed"
)

var taskResults = map[TaskResult]bool{TaskSucceeded: true, TaskFailed: true, TaskErrored: true, TaskSkipped: true,
	TaskOmitted: true, TaskDaemoned: true, TaskAnySucceeded: true, TaskAllFailed: true}

// maxDepends bounds a `depends`: a fan-in of thousands of tasks is legal.
const maxDepends = 1 << 20

// Depends is a parsed `depends` expression: tasks, optionally with a result, joined by && || ! and parentheses. A bare
// task means that it succeeded, was skipped, or is a daemon that runs.
type Depends struct {
	tasks []string
	terms []DependsTerm
	root  dependsNode
}

// DependsTerm is one mention of a task; Result is empty for a bare one.
type DependsTerm struct {
	Task   string
	Result TaskResult
}

// Tasks returns the tasks mentioned, each once, in the order of their first mention. Callers must not change it.
func (d *Depends) Tasks() []string { return d.tasks }

// Terms returns every mention. Callers must not change it.
func (d *Depends) Terms() []DependsTerm { return d.terms }

// Eval evaluates the expression; is tells whether a task has a result.
func (d *Depends) Eval(is func(task string, result TaskResult) bool) bool {
	return d.root.eval(func(t DependsTerm) bool {
		if t.Result != "" {
			return is(t.Task, t.Result)
		}
		return is(t.Task, TaskSucceeded) || is(t.Task, TaskSkipped) || is(t.Task, TaskDaemoned)
	})
}

// dependsNode is an operator with operands, or a term. A chain of one operator is one flat node, so that the depth of
// the tree is the depth of the parentheses.
type dependsNode struct {
	op   byte // '&', '|', '!', or 0 for a term
	args []dependsNode
	term DependsTerm
}

func (n *dependsNode) eval(is func(DependsTerm) bool) bool {
	switch n.op {
	case '&':
		for i := range n.args {
			if !n.args[i].eval(is) {
				return false
			}
		}
		return true
	case '|':
		for i := range n.args {
			if n.args[i].eval(is) {
				return true
			}
		}
		return false
	case '!':
		return !n.args[0].eval(is)
	}
	return is(n.term)
}

var dependsCache = newCache[*Depends](20_000)

// ParseDepends parses a `depends` expression.
func ParseDepends(source string) (*Depends, error) {
	return dependsCache.get(source, parseDepends)
}

func parseDepends(source string) (*Depends, error) {
	if len(source) > maxDepends {
		return nil, fmt.Errorf("depends: %w", ErrTooLarge)
	}
	p := &dependsParser{s: source, seen: map[string]bool{}}
	root, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.space(); p.i < len(p.s) {
		return nil, p.errorf("unexpected %q", rest(p.s[p.i:]))
	}
	return &Depends{tasks: p.tasks, terms: p.terms, root: root}, nil
}

type dependsParser struct {
	s     string
	i     int
	tasks []string
	terms []DependsTerm
	seen  map[string]bool
}

func (p *dependsParser) errorf(format string, args ...any) error {
	return fmt.Errorf("invalid depends at position %d: %s", p.i+1, fmt.Sprintf(format, args...))
}

func (p *dependsParser) space() {
	for p.i < len(p.s) && strings.IndexByte(" \t\r\n", p.s[p.i]) >= 0 {
		p.i++
	}
}

func (p *dependsParser) or(depth int) (dependsNode, error) {
	return p.chain('|', depth, func() (dependsNode, error) {
		return p.chain('&', depth, func() (dependsNode, error) { return p.unary(depth) })
	})
}

func (p *dependsParser) chain(op byte, depth int, next func() (dependsNode, error)) (dependsNode, error) {
	if depth > maxNesting {
		return dependsNode{}, fmt.Errorf("depends: %w: parentheses are nested deeper than %d", ErrTooLarge, maxNesting)
	}
	first, err := next()
	if err != nil {
		return first, err
	}
	args := []dependsNode{first}
	for p.space(); strings.HasPrefix(p.s[p.i:], string([]byte{op, op})); p.space() {
		p.i += 2
		n, err := next()
		if err != nil {
			return n, err
		}
		args = append(args, n)
	}
	if len(args) == 1 {
		return first, nil
	}
	return dependsNode{op: op, args: args}, nil
}

func (p *dependsParser) unary(depth int) (dependsNode, error) {
	negated := false
	for p.space(); p.i < len(p.s) && p.s[p.i] == '!'; p.space() {
		p.i++
		negated = !negated
	}
	var n dependsNode
	var err error
	if p.i < len(p.s) && p.s[p.i] == '(' {
		p.i++
		if n, err = p.or(depth + 1); err != nil {
			return n, err
		}
		if p.space(); p.i >= len(p.s) || p.s[p.i] != ')' {
			return n, p.errorf("a closing parenthesis is missing")
		}
		p.i++
	} else if n, err = p.task(); err != nil {
		return n, err
	}
	if negated {
		n = dependsNode{op: '!', args: []dependsNode{n}}
	}
	return n, nil
}

func (p *dependsParser) word() string {
	start := p.i
	for p.i < len(p.s) {
		c := p.s[p.i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' {
			p.i++
			continue
		}
		break
	}
	return p.s[start:p.i]
}

func (p *dependsParser) task() (dependsNode, error) {
	name := p.word()
	if name == "" {
		if p.i >= len(p.s) {
			return dependsNode{}, p.errorf("a task is missing at the end")
		}
		return dependsNode{}, p.errorf("a task is expected, found %q", rest(p.s[p.i:]))
	}
	t := DependsTerm{Task: name}
	if p.i < len(p.s) && p.s[p.i] == '.' {
		p.i++
		result := TaskResult(p.word())
		if !taskResults[result] {
			return dependsNode{}, p.errorf("task result '%s' for task '%s' is invalid: it must be one of Succeeded, Failed, "+
				"Errored, Skipped, Omitted, Daemoned, AnySucceeded, AllFailed", result, name)
		}
		t.Result = result
	}
	if !p.seen[name] {
		p.seen[name] = true
		p.tasks = append(p.tasks, name)
	}
	p.terms = append(p.terms, t)
	return dependsNode{term: t}, nil
}

// rest shortens text for a message.
func rest(s string) string {
	if len(s) > 20 {
		return s[:20] + "…"
	}
	return s
}
