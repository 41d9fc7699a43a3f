// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package health

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// fields reads values of an object. A value that is absent, or of another type, is the zero value: a check of health
// must say something of any object.
type fields map[string]any

func (f fields) text(path ...string) string {
	s, _, _ := unstructured.NestedString(f, path...)
	return s
}

func (f fields) boolean(path ...string) bool {
	b, _, _ := unstructured.NestedBool(f, path...)
	return b
}

func (f fields) has(path ...string) bool {
	v, there, err := unstructured.NestedFieldNoCopy(f, path...)
	return there && err == nil && v != nil
}

func (f fields) number(path ...string) int64 {
	v, _, _ := unstructured.NestedFieldNoCopy(f, path...)
	switch n := v.(type) {
	case int64:
		return n
	case float64:
		return int64(n)
	case int:
		return int64(n)
	}
	return 0
}

// numberOr is number, or otherwise where there is none.
func (f fields) numberOr(otherwise int64, path ...string) int64 {
	if !f.has(path...) {
		return otherwise
	}
	return f.number(path...)
}

// list returns the elements of a list that are objects.
func (f fields) list(path ...string) []fields {
	v, _, _ := unstructured.NestedFieldNoCopy(f, path...)
	items, _ := v.([]any)
	var out []fields
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// condition returns a condition of the status, or nil.
func (f fields) condition(kind string) fields {
	for _, c := range f.list("status", "conditions") {
		if c.text("type") == kind {
			return c
		}
	}
	return nil
}

// is tells whether a condition has the status True.
func (f fields) is(kind string) bool { return f.condition(kind).text("status") == "True" }

// observed tells whether the controller has seen the spec as it is.
func (f fields) observed() bool {
	return f.number("metadata", "generation") <= f.number("status", "observedGeneration")
}
