// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package random

import "slices"

// Trees of map[string]any and []any.

func get(tree any, path []any) (any, bool) {
	for _, step := range path {
		switch t := tree.(type) {
		case map[string]any:
			name, ok := step.(string)
			if !ok {
				return nil, false
			}
			if tree, ok = t[name]; !ok {
				return nil, false
			}
		case []any:
			i, ok := step.(int)
			if !ok || i < 0 || i >= len(t) {
				return nil, false
			}
			tree = t[i]
		default:
			return nil, false
		}
	}
	return tree, true
}

// set sets what is at path, below something that is there, and tells whether it could.
func set(tree any, path []any, value any) bool {
	parent, ok := get(tree, path[:len(path)-1])
	if !ok {
		return false
	}
	switch p := parent.(type) {
	case map[string]any:
		name, ok := path[len(path)-1].(string)
		if ok {
			p[name] = value
		}
		return ok
	case []any:
		i, ok := path[len(path)-1].(int)
		if ok && i < len(p) {
			p[i] = value
			return true
		}
	}
	return false
}

// remove takes out what is at path.
func remove(tree any, path []any) {
	parent, ok := get(tree, path[:len(path)-1])
	if !ok {
		return
	}
	switch p := parent.(type) {
	case map[string]any:
		if name, ok := path[len(path)-1].(string); ok {
			delete(p, name)
		}
	case []any:
		if i, ok := path[len(path)-1].(int); ok && i < len(p) {
			set(tree, path[:len(path)-1], slices.Delete(slices.Clone(p), i, i+1))
		}
	}
}

// merge lays b over a. Elements of lists are joined, those of b first, or laid over each other.
func merge(a, b any, join bool) any {
	switch b := b.(type) {
	case map[string]any:
		m, ok := a.(map[string]any)
		if !ok {
			return b
		}
		for k, v := range b {
			if old, both := m[k]; both && old != nil {
				m[k] = merge(old, v, join)
			} else {
				m[k] = v
			}
		}
		return m
	case []any:
		l, ok := a.([]any)
		switch {
		case !ok:
		case join:
			return append(slices.Clone(b), l...)
		default:
			out := slices.Clone(b)
			for i := range out {
				if i < len(l) {
					out[i] = merge(l[i], out[i], join)
				}
			}
			return append(out, l[min(len(out), len(l)):]...)
		}
	}
	return b
}

func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = clone(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = clone(e)
		}
		return out
	}
	return v
}
