// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package expression adapts the expression languages that users of workflows write: expr-lang (`{{=…}}`, output
// expressions), govaluate (`when`) and the small boolean language of `depends`.
//
// Everything here evaluates text that users supply inside the server process, so each evaluation is bounded in source
// size, nesting, memory and time, and has no access to the process's environment, files or network. The package must
// not know what a workflow is: callers hand it variables.
package expression

import (
	"errors"
	"fmt"
	"sync"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"
)

// Limits of one expression. They are far above what real workflows use and far below what harms the server.
const (
	// MaxSource is the longest expression text accepted, in bytes.
	MaxSource = 32 << 10
	// maxNodes bounds the syntax tree.
	maxNodes = 2000
	// maxNesting bounds brackets, because the parsers are recursive.
	maxNesting = 100
	// memoryBudget bounds the elements that the virtual machine allocates in collections.
	memoryBudget = 200_000
)

// ErrTooLarge reports an expression whose text, tree or nesting exceeds the limits of this package.
var ErrTooLarge = errors.New("expression is too large")

// Program is a compiled expr-lang expression. It is immutable and safe for concurrent use.
type Program struct {
	source string
	prog   *vm.Program
	refs   []Ref
}

// Ref is a variable that an expression reads, as far as it is known without evaluating: `steps['a'].outputs[x]` reads
// Path ["steps" "a" "outputs"] with Open true, since more path follows that only evaluation can tell.
type Ref struct {
	Path []string
	Open bool
}

// Source returns the text the program was compiled from.
func (p *Program) Source() string { return p.source }

// Refs returns the variables the program reads. Callers must not change the result.
func (p *Program) Refs() []Ref { return p.refs }

// programs memoizes compilation: the same few expressions are evaluated for every node of a workflow.
var programs = newCache[*Program](4096)

// Compile parses and checks an expr-lang expression. Variables are untyped: a misspelt name is found by comparing
// Refs with what the caller offers, not by the compiler.
func Compile(source string) (*Program, error) {
	return programs.get(source, compile)
}

func compile(source string) (p *Program, err error) {
	if err := checkSource(source, MaxSource); err != nil {
		return nil, err
	}
	// The compiler is a third party's code on hostile input: a panic in it must stay an error of this expression.
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, fmt.Errorf("compile expression: %v", r)
		}
	}()
	refs := &refCollector{}
	opts := append([]expr.Option{
		expr.MaxNodes(maxNodes),
		expr.Patch(refs),
		expr.Patch(&guardPatcher{}),
	}, functions()...)
	prog, err := expr.Compile(source, opts...)
	if err != nil {
		return nil, fmt.Errorf("compile expression: %w", err)
	}
	return &Program{source: source, prog: prog, refs: refs.result()}, nil
}

// Run evaluates the program over env, whose keys are the root variables. env is not changed. A result is nil, bool, a
// number, string, or slices and maps of these.
func (p *Program) Run(env map[string]any) (result any, err error) {
	defer func() {
		if r := recover(); r != nil {
			result, err = nil, fmt.Errorf("evaluate expression: %v", r)
		}
	}()
	scope := make(map[string]any, len(env)+2)
	for k, v := range env {
		scope[k] = v
	}
	scope["sprig"] = sprigFunctions()
	scope[budgetVar] = newBudget()
	machine := vm.VM{MemoryBudget: memoryBudget}
	result, err = machine.Run(p.prog, scope)
	if err != nil {
		return nil, fmt.Errorf("evaluate expression: %w", err)
	}
	return result, nil
}

// checkSource refuses text that could exhaust a recursive parser.
func checkSource(source string, limit int) error {
	if len(source) > limit {
		return fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrTooLarge, len(source), limit)
	}
	depth, unary := 0, 0
	for i := 0; i < len(source); i++ {
		switch source[i] {
		case '(', '[', '{':
			if depth++; depth > maxNesting {
				return fmt.Errorf("%w: brackets are nested deeper than %d", ErrTooLarge, maxNesting)
			}
		case ')', ']', '}':
			if depth > 0 {
				depth--
			}
		}
		// Prefix operators and the ternary recurse without brackets.
		switch source[i] {
		case '!', '-', '+', '~', '?':
			if unary++; unary > maxNodes {
				return fmt.Errorf("%w: more than %d operators", ErrTooLarge, maxNodes)
			}
		}
	}
	return nil
}

// refCollector gathers the variables that a syntax tree reads, and the names it declares itself.
type refCollector struct {
	refs     []Ref
	declared map[string]bool
}

// Visit implements ast.Visitor. The walk is post-order, so a shorter path is seen before the longer one around it.
func (c *refCollector) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.VariableDeclaratorNode:
		if c.declared == nil {
			c.declared = map[string]bool{}
		}
		c.declared[n.Name] = true
	case *ast.CallNode:
		// The callee is a function, not a variable.
		if id, ok := n.Callee.(*ast.IdentifierNode); ok {
			c.drop(id.Value, 1)
		}
	case *ast.IdentifierNode:
		c.refs = append(c.refs, Ref{Path: []string{n.Value}})
	case *ast.MemberNode:
		path, ok := memberPath(n.Node)
		if !ok {
			return
		}
		if prop, ok := n.Property.(*ast.StringNode); ok {
			c.extend(path, prop.Value)
		} else {
			c.open(path)
		}
	}
}

// extend replaces the latest reference to path by the one with a further segment.
func (c *refCollector) extend(path []string, segment string) {
	for i := len(c.refs) - 1; i >= 0; i-- {
		if !c.refs[i].Open && equalPath(c.refs[i].Path, path) {
			c.refs[i] = Ref{Path: append(append([]string{}, path...), segment)}
			return
		}
	}
}

func (c *refCollector) open(path []string) {
	for i := len(c.refs) - 1; i >= 0; i-- {
		if equalPath(c.refs[i].Path, path) {
			c.refs[i].Open = true
			return
		}
	}
}

func (c *refCollector) drop(name string, length int) {
	for i := len(c.refs) - 1; i >= 0; i-- {
		if len(c.refs[i].Path) == length && c.refs[i].Path[0] == name {
			c.refs = append(c.refs[:i], c.refs[i+1:]...)
			return
		}
	}
}

// result returns the references without declared names, functions' namespaces and what the guard added.
func (c *refCollector) result() []Ref {
	out := make([]Ref, 0, len(c.refs))
	for _, r := range c.refs {
		if c.declared[r.Path[0]] || r.Path[0] == "sprig" || r.Path[0] == budgetVar || r.Path[0] == "$env" {
			continue
		}
		out = append(out, r)
	}
	return out
}

func memberPath(n ast.Node) ([]string, bool) {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return []string{n.Value}, true
	case *ast.ChainNode:
		return memberPath(n.Node)
	case *ast.MemberNode:
		path, ok := memberPath(n.Node)
		prop, isString := n.Property.(*ast.StringNode)
		if !ok || !isString {
			return nil, false
		}
		return append(path, prop.Value), true
	}
	return nil, false
}

func equalPath(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// cache is a bounded memo of a pure function. When full it starts afresh: the entries in use come back at once.
type cache[T any] struct {
	mu      sync.RWMutex
	max     int
	entries map[string]cacheEntry[T]
}

type cacheEntry[T any] struct {
	value T
	err   error
}

func newCache[T any](max int) *cache[T] {
	return &cache[T]{max: max, entries: map[string]cacheEntry[T]{}}
}

func (c *cache[T]) get(key string, make func(string) (T, error)) (T, error) {
	c.mu.RLock()
	e, ok := c.entries[key]
	c.mu.RUnlock()
	if ok {
		return e.value, e.err
	}
	value, err := make(key)
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.entries) >= c.max {
		clear(c.entries)
	}
	c.entries[key] = cacheEntry[T]{value, err}
	return value, err
}
