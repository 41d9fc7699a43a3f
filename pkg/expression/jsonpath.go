// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"encoding/json"
	"fmt"
	"sort"
)

// JSONPath evaluates a JSONPath (RFC 9535, and the looser spellings that users of Argo write: `$.a-b`, `?(@.x)`) over a
// JSON text. A path that can only select one place yields the value there, or an error if nothing is there; any other
// path yields the list of what it selects, perhaps empty. Members are visited in the order of their names.
func JSONPath(text, path string) (any, error) {
	var doc any
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		return nil, fmt.Errorf("jsonpath: the first argument is not JSON: %w", err)
	}
	q, err := paths.get(path, parseJSONPath)
	if err != nil {
		return nil, fmt.Errorf("jsonpath: %w", err)
	}
	e := &pathEval{root: doc, left: 1_000_000}
	found := e.query(q, doc)
	if e.left < 0 {
		return nil, fmt.Errorf("jsonpath: %w", ErrTooLarge)
	}
	if !q.singular() {
		if found == nil {
			found = []any{}
		}
		return found, nil
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("jsonpath: nothing at %s", path)
	}
	return found[0], nil
}

var paths = newCache[*pathQuery](1024)

// pathQuery is `$` or `@` followed by segments.
type pathQuery struct {
	relative bool
	segments []pathSegment
}

type pathSegment struct {
	descend   bool
	selectors []pathSelector
}

// pathSelector is one of: name, wildcard, index, slice, filter.
type pathSelector struct {
	kind   byte // 'n', '*', 'i', 's', '?'
	name   string
	bounds [3]*int
	filter filterNode
}

func (q *pathQuery) singular() bool {
	for _, s := range q.segments {
		if s.descend || len(s.selectors) != 1 || (s.selectors[0].kind != 'n' && s.selectors[0].kind != 'i') {
			return false
		}
	}
	return true
}

// pathEval walks a document. left bounds the visits, because filters nest queries.
type pathEval struct {
	root any
	left int
}

func (e *pathEval) query(q *pathQuery, current any) []any {
	nodes := []any{e.root}
	if q.relative {
		nodes = []any{current}
	}
	for _, seg := range q.segments {
		if seg.descend {
			var all []any
			for _, n := range nodes {
				all = e.descendants(n, all)
			}
			nodes = all
		}
		var next []any
		for _, n := range nodes {
			for i := range seg.selectors {
				if e.left--; e.left < 0 {
					return nil
				}
				next = e.apply(&seg.selectors[i], n, next)
			}
		}
		nodes = next
	}
	return nodes
}

func (e *pathEval) descendants(n any, out []any) []any {
	if e.left--; e.left < 0 {
		return out
	}
	out = append(out, n)
	for _, c := range children(n) {
		out = e.descendants(c, out)
	}
	return out
}

func children(n any) []any {
	switch n := n.(type) {
	case []any:
		return n
	case map[string]any:
		keys := make([]string, 0, len(n))
		for k := range n {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		out := make([]any, len(keys))
		for i, k := range keys {
			out[i] = n[k]
		}
		return out
	}
	return nil
}

func (e *pathEval) apply(s *pathSelector, n any, out []any) []any {
	switch s.kind {
	case 'n':
		if m, ok := n.(map[string]any); ok {
			if v, ok := m[s.name]; ok {
				return append(out, v)
			}
		}
	case '*':
		c := children(n)
		e.left -= len(c)
		return append(out, c...)
	case 'i':
		if l, ok := n.([]any); ok {
			i := *s.bounds[0]
			if i < 0 {
				i += len(l)
			}
			if i >= 0 && i < len(l) {
				return append(out, l[i])
			}
		}
	case 's':
		if l, ok := n.([]any); ok {
			return append(out, e.slice(l, s.bounds)...)
		}
	case '?':
		for _, c := range children(n) {
			if e.left--; e.left < 0 {
				return out
			}
			if s.filter.test(e, c) {
				out = append(out, c)
			}
		}
	}
	return out
}

func (e *pathEval) slice(l []any, bounds [3]*int) (out []any) {
	step := 1
	if bounds[2] != nil {
		step = *bounds[2]
	}
	if step == 0 {
		return nil
	}
	norm := func(p *int, whenNil int) int {
		if p == nil {
			return whenNil
		}
		i := *p
		if i < 0 {
			i += len(l)
		}
		return i
	}
	if step > 0 {
		for i := max(norm(bounds[0], 0), 0); i < min(norm(bounds[1], len(l)), len(l)); i += step {
			out = append(out, l[i])
			if step > len(l) {
				break
			}
		}
		return out
	}
	for i := min(norm(bounds[0], len(l)-1), len(l)-1); i > max(norm(bounds[1], -1), -1); i += step {
		out = append(out, l[i])
		if -step > len(l) {
			break
		}
	}
	return out
}
