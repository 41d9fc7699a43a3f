// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"fmt"
	"strconv"
	"strings"
)

// pathParser is a recursive descent parser; depth bounds the recursion.
type pathParser struct {
	s     string
	i     int
	depth int
}

func parseJSONPath(s string) (*pathQuery, error) {
	if err := checkSource(s, 4096); err != nil {
		return nil, err
	}
	p := &pathParser{s: strings.TrimSpace(s)}
	q, err := p.query()
	if err != nil {
		return nil, err
	}
	if p.i != len(p.s) {
		return nil, p.errorf("unexpected %q", p.s[p.i:])
	}
	return q, nil
}

func (p *pathParser) errorf(format string, args ...any) error {
	return fmt.Errorf("invalid path %q at %d: %s", p.s, p.i, fmt.Sprintf(format, args...))
}

func (p *pathParser) space() {
	for p.i < len(p.s) && (p.s[p.i] == ' ' || p.s[p.i] == '\t' || p.s[p.i] == '\n') {
		p.i++
	}
}

// eat consumes the token if it comes next.
func (p *pathParser) eat(token string) bool {
	if strings.HasPrefix(p.s[p.i:], token) {
		p.i += len(token)
		return true
	}
	return false
}

func (p *pathParser) query() (*pathQuery, error) {
	q := &pathQuery{}
	switch {
	case p.eat("$"):
	case p.eat("@"):
		q.relative = true
	default:
		return nil, p.errorf("a path begins with $")
	}
	for p.i < len(p.s) {
		var seg pathSegment
		switch {
		case p.eat(".."):
			seg.descend = true
			if !strings.HasPrefix(p.s[p.i:], "[") {
				sel, err := p.member()
				if err != nil {
					return nil, err
				}
				seg.selectors = []pathSelector{sel}
				break
			}
			p.i++
			sels, err := p.bracket()
			if err != nil {
				return nil, err
			}
			seg.selectors = sels
		case p.eat("."):
			sel, err := p.member()
			if err != nil {
				return nil, err
			}
			seg.selectors = []pathSelector{sel}
		case p.eat("["):
			sels, err := p.bracket()
			if err != nil {
				return nil, err
			}
			seg.selectors = sels
		default:
			return q, nil
		}
		q.segments = append(q.segments, seg)
	}
	return q, nil
}

// member parses what follows a dot.
func (p *pathParser) member() (pathSelector, error) {
	if p.eat("*") {
		return pathSelector{kind: '*'}, nil
	}
	start := p.i
	for p.i < len(p.s) {
		c := p.s[p.i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c >= 0x80 {
			p.i++
			continue
		}
		break
	}
	if start == p.i {
		return pathSelector{}, p.errorf("a name is missing")
	}
	return pathSelector{kind: 'n', name: p.s[start:p.i]}, nil
}

// bracket parses the selectors after `[` with the closing bracket.
func (p *pathParser) bracket() (out []pathSelector, err error) {
	for {
		p.space()
		var sel pathSelector
		switch {
		case p.i >= len(p.s):
			return nil, p.errorf("] is missing")
		case p.eat("*"):
			sel.kind = '*'
		case p.s[p.i] == '\'' || p.s[p.i] == '"':
			sel.kind = 'n'
			if sel.name, err = p.text(); err != nil {
				return nil, err
			}
		case p.eat("?"):
			sel.kind = '?'
			if sel.filter, err = p.or(); err != nil {
				return nil, err
			}
		default:
			if sel, err = p.indexOrSlice(); err != nil {
				return nil, err
			}
		}
		out = append(out, sel)
		p.space()
		if p.eat("]") {
			return out, nil
		}
		if !p.eat(",") {
			return nil, p.errorf("] or , is missing")
		}
	}
}

func (p *pathParser) indexOrSlice() (sel pathSelector, err error) {
	sel.kind = 'i'
	for part := 0; part < 3; part++ {
		p.space()
		if sel.bounds[part], err = p.integer(); err != nil {
			return sel, err
		}
		p.space()
		if part == 2 || !p.eat(":") {
			break
		}
		sel.kind = 's'
	}
	if sel.kind == 'i' && sel.bounds[0] == nil {
		return sel, p.errorf("an index, name or filter is missing")
	}
	return sel, nil
}

func (p *pathParser) integer() (*int, error) {
	start := p.i
	p.eat("-")
	for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
		p.i++
	}
	if start == p.i {
		return nil, nil
	}
	n, err := strconv.ParseInt(p.s[start:p.i], 10, 32)
	if err != nil {
		return nil, p.errorf("%q is not an index", p.s[start:p.i])
	}
	i := int(n)
	return &i, nil
}

// text parses a quoted string with backslash escapes.
func (p *pathParser) text() (string, error) {
	quote := p.s[p.i]
	p.i++
	var b strings.Builder
	for p.i < len(p.s) {
		c := p.s[p.i]
		p.i++
		switch {
		case c == quote:
			return b.String(), nil
		case c == '\\' && p.i < len(p.s):
			c = p.s[p.i]
			p.i++
			if r, ok := map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'b': '\b', 'f': '\f'}[c]; ok {
				c = r
			}
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return "", p.errorf("a string is not closed")
}
