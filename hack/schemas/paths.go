// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package schemas

import "strings"

// Paths returns the paths of all properties of a kind besides its metadata, as in .spec.steps[].name or
// .spec.hooks{}.template, sorted.
func (k *Kind) Paths() []string {
	found := map[string]bool{}
	k.parts().paths("", found)
	return sortedKeys(found)
}

func (s *Schema) paths(path string, found map[string]bool) {
	for name, p := range s.Properties {
		found[path+"."+name] = true
		p.paths(path+"."+name, found)
	}
	if s.Items != nil {
		s.Items.paths(path+"[]", found)
	}
	if s.AdditionalProperties != nil {
		s.AdditionalProperties.paths(path+"{}", found)
	}
}

// Present adds the paths of those properties that an object of the kind has, as it is decoded from JSON.
func (k *Kind) Present(obj map[string]any, found map[string]bool) { k.parts().present("", obj, found) }

func (s *Schema) present(path string, value any, found map[string]bool) {
	switch value := value.(type) {
	case map[string]any:
		for name, v := range value {
			switch {
			case s.Properties[name] != nil:
				found[path+"."+name] = true
				s.Properties[name].present(path+"."+name, v, found)
			case s.AdditionalProperties != nil:
				s.AdditionalProperties.present(path+"{}", v, found)
			}
		}
	case []any:
		if s.Items == nil {
			return
		}
		for _, v := range value {
			s.Items.present(path+"[]", v, found)
		}
	}
}

// General returns the path, as Paths names it, of a place in an object: KIND.spec.steps[3].name.
func General(path string) string {
	if i := strings.IndexByte(path, '.'); i > 0 {
		path = path[i:]
	}
	var b strings.Builder
	inside := false
	for _, c := range path {
		switch {
		case c == '[' || c == '{':
			inside = true
			b.WriteRune(c)
		case c == ']' || c == '}':
			inside = false
			b.WriteRune(c)
		case !inside:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// Find returns the schema of the property at a path as Paths names it, nil if there is none.
func (k *Kind) Find(path string) *Schema {
	var steps []string
	for _, part := range strings.Split(strings.TrimPrefix(path, "."), ".") {
		name := strings.TrimRight(part, "[]{}")
		steps = append(steps, name)
		for rest := part[len(name):]; len(rest) >= 2; rest = rest[2:] {
			steps = append(steps, rest[:2])
		}
	}
	return k.Schema.find(steps...)
}

// PathOf returns the path, as Paths names it, of a place in an object of the kind: names are strings, places in lists
// are numbers.
func (k *Kind) PathOf(steps []any) string {
	var b strings.Builder
	s := k.Schema
	for _, step := range steps {
		name, ok := step.(string)
		switch {
		case !ok:
			b.WriteString("[]")
			s = s.find("[]")
		case s != nil && s.Properties[name] == nil && s.AdditionalProperties != nil:
			b.WriteString("{}")
			s = s.AdditionalProperties
		default:
			b.WriteString("." + name)
			s = s.find(name)
		}
	}
	return b.String()
}
