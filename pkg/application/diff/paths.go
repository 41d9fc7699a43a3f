// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
)

// resolve makes a path of the steps of a JSON pointer, and tells whether it leads to something.
func resolve(root map[string]any, tokens []string) (path []any, there bool) {
	var at any = root
	for _, token := range tokens {
		switch v := at.(type) {
		case map[string]any:
			if at, there = v[token]; !there {
				return nil, false
			}
			path = append(path, token)
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(v) {
				return nil, false
			}
			at = v[i]
			path = append(path, i)
		default:
			return nil, false
		}
	}
	return path, len(path) > 0
}

// getPath returns the value at a path.
func getPath(root any, path []any) (any, bool) {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, ok := root.(map[string]any)
			if !ok {
				return nil, false
			}
			if root, ok = m[s]; !ok {
				return nil, false
			}
		case int:
			l, ok := root.([]any)
			if ok && s < 0 {
				s += len(l)
			}
			if !ok || s < 0 || s >= len(l) {
				return nil, false
			}
			root = l[s]
		}
	}
	return root, true
}

// setPath puts a copy of a value at a path. Maps on the way are made; elements of lists are not, since it could not be
// said which they are.
func setPath(root map[string]any, path []any, value any) {
	var at any = root
	for i, step := range path {
		last := i == len(path)-1
		switch s := step.(type) {
		case string:
			m, ok := at.(map[string]any)
			if !ok {
				return
			}
			if last {
				m[s] = runtime.DeepCopyJSONValue(value)
				return
			}
			if next, there := m[s]; there {
				at = next
				continue
			}
			if _, isMap := path[i+1].(string); !isMap {
				return
			}
			made := map[string]any{}
			m[s], at = made, made
		case int:
			l, ok := at.([]any)
			if ok && s < 0 {
				s += len(l)
			}
			if !ok || s < 0 || s >= len(l) {
				return
			}
			if last {
				l[s] = runtime.DeepCopyJSONValue(value)
				return
			}
			at = l[s]
		}
	}
}

// removePaths takes what paths lead to out of an object: from the end, so that elements of lists keep their place until
// it is their turn.
func removePaths(root map[string]any, paths [][]any) {
	paths = slices.Clone(paths)
	slices.SortFunc(paths, func(a, b []any) int { return -comparePaths(a, b) })
	paths = slices.CompactFunc(paths, func(a, b []any) bool { return comparePaths(a, b) == 0 })
	for _, path := range paths {
		removePath(root, path)
	}
}

func removePath(root map[string]any, path []any) {
	parent, there := getPath(root, path[:len(path)-1])
	if !there {
		return
	}
	switch s := path[len(path)-1].(type) {
	case string:
		m, ok := parent.(map[string]any)
		if !ok {
			return
		}
		if _, there := m[s]; !there {
			return
		}
		delete(m, s)
		if _, inMap := lastStep(path[:len(path)-1]); inMap && len(m) == 0 {
			removePath(root, path[:len(path)-1]) // the other side may not have had the map at all
		}
	case int:
		l, ok := parent.([]any)
		if ok && s < 0 {
			s += len(l)
		}
		if !ok || s < 0 || s >= len(l) {
			return
		}
		shorter := append(slices.Clone(l[:s]), l[s+1:]...)
		if len(path) == 1 {
			return
		}
		replace(root, path[:len(path)-1], shorter)
	}
}

// lastStep is the last step of a path, if it is into a map.
func lastStep(path []any) (string, bool) {
	if len(path) == 0 {
		return "", false
	}
	s, ok := path[len(path)-1].(string)
	return s, ok
}

// replace puts a value at a path that exists, without copying it.
func replace(root map[string]any, path []any, value any) {
	parent, _ := getPath(root, path[:len(path)-1])
	switch s := path[len(path)-1].(type) {
	case string:
		if m, ok := parent.(map[string]any); ok {
			m[s] = value
		}
	case int:
		if l, ok := parent.([]any); ok {
			if s < 0 {
				s += len(l)
			}
			l[s] = value
		}
	}
}

func comparePaths(a, b []any) int {
	return slices.CompareFunc(a, b, func(a, b any) int {
		x, isInt := a.(int)
		y, isInt2 := b.(int)
		if isInt && isInt2 {
			return cmp.Compare(x, y)
		}
		s, _ := a.(string)
		t, _ := b.(string)
		return strings.Compare(s, t)
	})
}
