// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package conditions reads the conditions of triggers: names of dependencies with &&, || and parentheses. It must not
// know what a dependency is.
package conditions

import (
	"errors"
	"fmt"
	"strings"
)

// Limits of conditions, far above what people write.
const (
	maxLength  = 64 << 10
	maxNesting = 100
)

// ErrTooLarge reports conditions that exceed the limits of this package.
var ErrTooLarge = errors.New("conditions are too large")

// Conditions are parsed conditions. They are immutable.
type Conditions struct {
	names []string
	root  node
}

// node is an operator with operands, or a name.
type node struct {
	op   byte // '&', '|', or 0 for a name
	args []node
	name string
}

// Names returns the names that are mentioned, each once, in the order of their first mention. Callers must not change it.
func (c *Conditions) Names() []string { return c.names }

// Hold tells whether the conditions hold; has tells whether a name does.
func (c *Conditions) Hold(has func(name string) bool) bool { return c.root.hold(has) }

func (n *node) hold(has func(string) bool) bool {
	if n.op == 0 {
		return has(n.name)
	}
	for i := range n.args {
		// One that fails decides for all, and one that holds for any.
		if n.args[i].hold(has) == (n.op == '|') {
			return n.op == '|'
		}
	}
	return n.op == '&'
}

// Parse reads conditions. && binds more strongly than ||.
func Parse(text string) (*Conditions, error) {
	if len(text) > maxLength {
		return nil, fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrTooLarge, len(text), maxLength)
	}
	p := &parser{text: text, seen: map[string]bool{}}
	root, err := p.any(0)
	if err != nil {
		return nil, err
	}
	if p.blanks(); p.at < len(text) {
		return nil, p.unexpected("&& or ||")
	}
	return &Conditions{names: p.names, root: root}, nil
}

type parser struct {
	text  string
	at    int
	names []string
	seen  map[string]bool
}

func (p *parser) blanks() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *parser) unexpected(wanted string) error {
	if p.at >= len(p.text) {
		return fmt.Errorf("%s is expected at the end", wanted)
	}
	const most = 20
	rest := p.text[p.at:]
	if len(rest) > most {
		rest = rest[:most] + "…"
	}
	return fmt.Errorf("%s is expected at position %d, found %q", wanted, p.at+1, rest)
}

// any reads operands of ||.
func (p *parser) any(depth int) (node, error) {
	return p.chain('|', func() (node, error) {
		return p.chain('&', func() (node, error) { return p.operand(depth) })
	})
}

func (p *parser) chain(op byte, next func() (node, error)) (node, error) {
	first, err := next()
	if err != nil {
		return node{}, err
	}
	args := []node{first}
	for p.blanks(); strings.HasPrefix(p.text[p.at:], string([]byte{op, op})); p.blanks() {
		p.at += 2
		n, err := next()
		if err != nil {
			return node{}, err
		}
		args = append(args, n)
	}
	if len(args) == 1 {
		return first, nil
	}
	return node{op: op, args: args}, nil
}

func (p *parser) operand(depth int) (node, error) {
	p.blanks()
	if !strings.HasPrefix(p.text[p.at:], "(") {
		return p.word()
	}
	if depth == maxNesting {
		return node{}, fmt.Errorf("%w: parentheses are nested deeper than %d", ErrTooLarge, maxNesting)
	}
	p.at++
	n, err := p.any(depth + 1)
	if err != nil {
		return node{}, err
	}
	if p.blanks(); !strings.HasPrefix(p.text[p.at:], ")") {
		return node{}, p.unexpected("a closing parenthesis")
	}
	p.at++
	return n, nil
}

// word reads a name: everything up to a blank, an operator or a parenthesis.
func (p *parser) word() (node, error) {
	start := p.at
	if end := strings.IndexAny(p.text[p.at:], " \t\r\n()&|!"); end >= 0 {
		p.at += end
	} else {
		p.at = len(p.text)
	}
	name := p.text[start:p.at]
	if name == "" {
		return node{}, p.unexpected("the name of a dependency")
	}
	if !p.seen[name] {
		p.seen[name] = true
		p.names = append(p.names, name)
	}
	return node{name: name}, nil
}
