// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package schemas

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"argosy.dev/argosy/apis/raw"
)

// What must come back is a tree of strings, booleans, json.Number, []any, and of these.

// object is an object with these fields. A lenient one may have more, if they are empty: types of Kubernetes' own
// write required fields and structures even if they are absent.
type object struct {
	fields  map[string]any
	lenient bool
}

// unordered is JSON without its nulls, in any order of keys.
type unordered struct{ value any }

type absence struct{}

// nothing is a field that was null: it is absent, or still null.
var nothing absence

// Compare returns what got does not hold of what want holds, and what it holds more, by path. Digits of numbers count,
// and so does the order of the keys of free JSON.
func Compare(path string, want any, got json.RawMessage) []string {
	differs := func() []string {
		return []string{fmt.Sprintf("%s: %s is now %s", path, show(want), short(got))}
	}
	switch want := want.(type) {
	case unordered:
		w, err := withoutNulls(mustMarshal(want.value))
		if err != nil {
			return []string{path + ": " + err.Error()}
		}
		g, err := withoutNulls(got)
		if err != nil || !bytes.Equal(w, g) {
			return differs()
		}
		return nil
	case object:
		return compareObject(path, want, got)
	case map[string]any:
		return compareObject(path, object{fields: want}, got)
	case []any:
		var list []json.RawMessage
		if err := json.Unmarshal(got, &list); err != nil || list == nil || len(list) != len(want) {
			return differs()
		}
		var paths []string
		for i := range want {
			paths = append(paths, Compare(fmt.Sprintf("%s[%d]", path, i), want[i], list[i])...)
		}
		return paths
	default:
		w, err := raw.Compact(mustMarshal(want))
		if err != nil {
			return []string{path + ": " + err.Error()}
		}
		g, err := raw.Compact(got)
		if err != nil || !bytes.Equal(w, g) {
			return differs()
		}
		return nil
	}
}

func compareObject(path string, want object, got json.RawMessage) []string {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(got, &fields); err != nil || fields == nil {
		return []string{fmt.Sprintf("%s: an object is now %s", path, short(got))}
	}
	var paths []string
	for _, name := range sortedKeys(want.fields) {
		g, ok := fields[name]
		switch {
		case want.fields[name] == nothing:
			if ok && string(g) != "null" {
				paths = append(paths, fmt.Sprintf("%s.%s: null is now %s", path, name, short(g)))
			}
		case !ok:
			paths = append(paths, fmt.Sprintf("%s.%s: %s is lost", path, name, show(want.fields[name])))
		default:
			paths = append(paths, Compare(path+"."+name, want.fields[name], g)...)
		}
	}
	for _, name := range sortedKeys(fields) {
		if _, ok := want.fields[name]; ok {
			continue
		}
		// A quantity held by value, in a type of Kubernetes' own, is written as 0.
		zeroQuantity := name == "divisor" && string(fields[name]) == `"0"`
		if !want.lenient || !isEmpty(decoded(fields[name])) && !zeroQuantity {
			paths = append(paths, fmt.Sprintf("%s.%s: %s is added", path, name, short(fields[name])))
		}
	}
	return paths
}

func decoded(data []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return string(data)
	}
	return v
}

// withoutNulls brings JSON into one form: keys in order, digits as they are, no fields that are null.
func withoutNulls(data []byte) ([]byte, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	dropNulls(v)
	return json.Marshal(v)
}

func dropNulls(v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if e == nil {
				delete(v, k)
			} else {
				dropNulls(e)
			}
		}
	case []any:
		for _, e := range v {
			dropNulls(e)
		}
	}
}

func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool:
		return !v
	case json.Number:
		return v == "0"
	case []any:
		return len(v) == 0
	case map[string]any:
		for _, e := range v {
			if !isEmpty(e) {
				return false
			}
		}
		return true
	}
	return false
}

// Digest is a few lines on differences, each kind of place once: the elements of lists look alike.
func Digest(paths []string) string {
	const most = 40
	var lines []string
	seen := map[string]bool{}
	for _, p := range paths {
		place, rest, _ := strings.Cut(p, ": ")
		general := indices.ReplaceAllString(place, "[]")
		if seen[general] {
			continue
		}
		seen[general] = true
		if len(lines) < most {
			lines = append(lines, place+": "+rest)
		}
	}
	if n := len(seen) - len(lines); n > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", n))
	}
	return strings.Join(lines, "\n")
}

var indices = regexp.MustCompile(`\[\d+\]|\.k\d+\b|\{k\d+\}`)

func show(want any) string {
	switch w := want.(type) {
	case unordered:
		return show(w.value)
	case object:
		return "an object"
	case []any:
		return fmt.Sprintf("a list of %d", len(w))
	default:
		return short(mustMarshal(want))
	}
}

func short(data []byte) string {
	const most = 200
	if len(data) > most {
		return string(data[:most]) + "…"
	}
	return string(data)
}
