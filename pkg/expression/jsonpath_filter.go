// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"reflect"
	"strconv"
)

// filterNode is a logical expression inside `[?…]`.
type filterNode interface {
	test(e *pathEval, current any) bool
}

type (
	filterOr  []filterNode
	filterAnd []filterNode
	filterNot struct{ inner filterNode }
	// filterCompare compares two operands; with an empty operator it tests that left selects something.
	filterCompare struct {
		op          string
		left, right filterOperand
	}
	// filterOperand is a query or a literal.
	filterOperand struct {
		query   *pathQuery
		literal any
	}
)

func (f filterOr) test(e *pathEval, current any) bool {
	for _, n := range f {
		if n.test(e, current) {
			return true
		}
	}
	return false
}

func (f filterAnd) test(e *pathEval, current any) bool {
	for _, n := range f {
		if !n.test(e, current) {
			return false
		}
	}
	return true
}

func (f filterNot) test(e *pathEval, current any) bool { return !f.inner.test(e, current) }

func (f filterCompare) test(e *pathEval, current any) bool {
	left, okLeft := f.left.value(e, current)
	if f.op == "" {
		return okLeft
	}
	right, okRight := f.right.value(e, current)
	switch f.op {
	case "==":
		return okLeft == okRight && reflect.DeepEqual(left, right)
	case "!=":
		return okLeft != okRight || !reflect.DeepEqual(left, right)
	}
	if !okLeft || !okRight {
		return false
	}
	c, comparable := order(left, right)
	if !comparable {
		return false
	}
	switch f.op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	default:
		return c >= 0
	}
}

func (o filterOperand) value(e *pathEval, current any) (any, bool) {
	if o.query == nil {
		return o.literal, true
	}
	found := e.query(o.query, current)
	if len(found) == 0 {
		return nil, false
	}
	return found[0], true
}

// order compares two numbers or two strings.
func order(a, b any) (int, bool) {
	switch a := a.(type) {
	case float64:
		if b, ok := b.(float64); ok {
			switch {
			case a < b:
				return -1, true
			case a > b:
				return 1, true
			}
			return 0, true
		}
	case string:
		if b, ok := b.(string); ok {
			switch {
			case a < b:
				return -1, true
			case a > b:
				return 1, true
			}
			return 0, true
		}
	}
	return 0, false
}

func (p *pathParser) or() (filterNode, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxNesting {
		return nil, ErrTooLarge
	}
	var terms filterOr
	for {
		t, err := p.and()
		if err != nil {
			return nil, err
		}
		terms = append(terms, t)
		p.space()
		if !p.eat("||") {
			break
		}
	}
	if len(terms) == 1 {
		return terms[0], nil
	}
	return terms, nil
}

func (p *pathParser) and() (filterNode, error) {
	var terms filterAnd
	for {
		t, err := p.basic()
		if err != nil {
			return nil, err
		}
		terms = append(terms, t)
		p.space()
		if !p.eat("&&") {
			break
		}
	}
	if len(terms) == 1 {
		return terms[0], nil
	}
	return terms, nil
}

func (p *pathParser) basic() (filterNode, error) {
	p.space()
	negated := false
	for p.i < len(p.s) && p.s[p.i] == '!' {
		p.i++
		negated = !negated
		p.space()
	}
	var node filterNode
	if p.eat("(") {
		inner, err := p.or()
		if err != nil {
			return nil, err
		}
		p.space()
		if !p.eat(")") {
			return nil, p.errorf(") is missing")
		}
		node = inner
	} else {
		left, err := p.operand()
		if err != nil {
			return nil, err
		}
		cmp := filterCompare{left: left}
		p.space()
		for _, op := range []string{"==", "!=", "<=", ">=", "<", ">"} {
			if p.eat(op) {
				cmp.op = op
				if cmp.right, err = p.operand(); err != nil {
					return nil, err
				}
				break
			}
		}
		if cmp.op == "" && left.query == nil {
			return nil, p.errorf("a comparison is missing")
		}
		node = cmp
	}
	if negated {
		node = filterNot{node}
	}
	return node, nil
}

func (p *pathParser) operand() (filterOperand, error) {
	p.space()
	if p.i >= len(p.s) {
		return filterOperand{}, p.errorf("an operand is missing")
	}
	switch c := p.s[p.i]; {
	case c == '@' || c == '$':
		p.depth++
		defer func() { p.depth-- }()
		if p.depth > maxNesting {
			return filterOperand{}, ErrTooLarge
		}
		q, err := p.query()
		return filterOperand{query: q}, err
	case c == '\'' || c == '"':
		s, err := p.text()
		return filterOperand{literal: s}, err
	case p.eat("true"):
		return filterOperand{literal: true}, nil
	case p.eat("false"):
		return filterOperand{literal: false}, nil
	case p.eat("null"):
		return filterOperand{}, nil
	}
	start := p.i
	for p.i < len(p.s) && (p.s[p.i] >= '0' && p.s[p.i] <= '9' || p.s[p.i] == '-' || p.s[p.i] == '+' || p.s[p.i] == '.' ||
		p.s[p.i] == 'e' || p.s[p.i] == 'E') {
		p.i++
	}
	f, err := strconv.ParseFloat(p.s[start:p.i], 64)
	if err != nil {
		return filterOperand{}, p.errorf("%q is not a value", p.s[start:])
	}
	return filterOperand{literal: f}, nil
}
