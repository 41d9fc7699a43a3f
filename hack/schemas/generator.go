// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package schemas

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Generator makes up JSON values that a peer's schema allows. It walks the schema and the Go type together, so that a
// property which the type lacks is found by its path.
type Generator struct {
	// Full gives every property a value, other than an empty one.
	Full bool
	// Plain makes up only numbers and objects that survive being decoded into Go maps.
	Plain bool
	// Text makes up text for a place, if set.
	Text func(path string, s *Schema) string
	// Missing collects what the Go types lack, by path.
	Missing []string

	rng *rand.Rand
	// toward are the places that shall be there, and what leads to them; others are there rarely. nil means none.
	toward map[string]bool
	// within counts how often each type occurs above the place at hand.
	within map[reflect.Type]int
}

// NewGenerator returns a generator whose every choice follows from the seed.
func NewGenerator(seed uint64) *Generator {
	return &Generator{rng: rand.New(rand.NewPCG(seed, 1)), within: map[reflect.Type]int{}}
}

// Object makes up the parts of an object of a kind besides apiVersion, kind and metadata, for its Go type: as it is
// sent, and as it must come back. The latter is for Compare only.
func (g *Generator) Object(k *Kind, t reflect.Type) (in map[string]any, want any) {
	i, w := g.value(k.Name, k.parts(), t, place{ours: true, spec: true})
	return i.(map[string]any), w
}

// place is what a value must know of where it stands.
type place struct {
	// ours tells that a type of ours holds the value, which keeps the empty apart from the absent.
	ours bool
	// spec tells that users write there: their zeros must not be lost.
	spec bool
	// omitted tells that the field is left out if it is zero.
	omitted bool
}

// Toward makes the generator set the properties at these paths, as Paths names them, and few others.
func (g *Generator) Toward(paths []string) {
	g.toward = map[string]bool{}
	for _, p := range paths {
		g.toward[p] = true
		for i, c := range p {
			if c == '.' || c == '[' || c == '{' {
				g.toward[p[:i]] = true
			}
		}
	}
}

// wanted tells that the place must be there, if anything else allows it.
func (g *Generator) wanted(path string) bool {
	if g.Full || g.toward == nil {
		return g.Full
	}
	return g.toward[General(path)]
}

// sometimes decides whether an optional property is there.
func (g *Generator) sometimes(path string) bool {
	if g.toward != nil {
		return g.wanted(path) || g.rng.IntN(12) == 0
	}
	return g.Full || g.rng.IntN(3) == 0
}

// rarely is true for one in n, but never where everything is to be full.
func (g *Generator) rarely(n int) bool { return !g.Full && g.rng.IntN(n) == 0 }

func (g *Generator) value(path string, s *Schema, t reflect.Type, at place) (in, want any) {
	pointer := t.Kind() == reflect.Pointer
	if pointer {
		t = t.Elem()
	}
	special, isSpecial := valueOf(t)
	// What a manifest says must be kept, also where it says no or none.
	saysNo := at.ours && at.spec && (t.Kind() == reflect.Bool || t.Kind() == reflect.Int32 || t.Kind() == reflect.Int64)
	zero := (pointer || at.ours && !at.omitted && !isSpecial || saysNo) && !g.wanted(path) && g.rarely(4)
	if isSpecial {
		return special(g, path, s, zero)
	}
	if why := mismatch(s, t); why != "" {
		g.Missing = append(g.Missing, path+": "+why)
		return nil, nil
	}
	switch t.Kind() {
	case reflect.Struct:
		return g.structure(path, s, t, at)
	case reflect.Slice:
		return g.list(path, s, t, at)
	case reflect.Map:
		return g.dictionary(path, s, t, at)
	case reflect.String:
		v := g.stringOf(path, s, zero)
		return v, v
	case reflect.Bool:
		return !zero, !zero
	case reflect.Int8, reflect.Uint8:
		v := g.integer(s, 8, zero)
		return v, v
	case reflect.Int32, reflect.Uint32:
		v := g.integer(s, 32, zero)
		return v, v
	case reflect.Int64, reflect.Int, reflect.Uint64:
		v := g.integer(s, 64, zero)
		return v, v
	case reflect.Float32, reflect.Float64:
		v := json.Number(strconv.FormatFloat(float64(1+g.rng.IntN(1000))/8, 'g', -1, 64))
		if zero {
			v = "0"
		}
		return v, v
	}
	g.Missing = append(g.Missing, fmt.Sprintf("%s: no values of Go type %s are known: add them to hack/schemas/values.go", path, t))
	return nil, nil
}

// mismatch says why values of s do not go into t, or "" if they may.
func mismatch(s *Schema, t reflect.Type) string {
	var ok bool
	switch s.Type {
	case "string":
		ok = t.Kind() == reflect.String
	case "boolean":
		ok = t.Kind() == reflect.Bool
	case "integer":
		ok = t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64
		if s.Format == "int64" {
			ok = t.Kind() == reflect.Int64 || t.Kind() == reflect.Uint64
		}
	case "number":
		ok = t.Kind() == reflect.Float64 || t.Kind() == reflect.Float32
	case "array":
		ok = t.Kind() == reflect.Slice
	case "object":
		ok = t.Kind() == reflect.Struct || t.Kind() == reflect.Map
		if t.Kind() == reflect.Map && len(s.Properties) > 0 {
			ok = false
		}
		if t.Kind() == reflect.Struct && s.AdditionalProperties != nil {
			ok = false
		}
	default:
		ok = true
	}
	if ok {
		return ""
	}
	return fmt.Sprintf("%s in the peer's schema, %s in Go", strings.TrimSpace(string(s.Type)+" "+s.Format), t)
}

func (g *Generator) stringOf(path string, s *Schema, zero bool) string {
	if len(s.Enum) > 0 {
		from := slices.DeleteFunc(slices.Clone(s.Enum), func(v any) bool { return v == "" && !zero })
		v, _ := from[g.rng.IntN(len(from))].(string)
		return v
	}
	if g.Text != nil && !zero {
		return g.Text(path, s)
	}
	return g.text(zero && s.MinLength == 0)
}

func (g *Generator) list(path string, s *Schema, t reflect.Type, at place) (in, want any) {
	items := s.Items
	if items == nil {
		items = &Schema{PreserveUnknown: true}
	}
	ins, wants := []any{}, []any{}
	elem := place{ours: at.ours, spec: at.spec}
	for i := range g.length(path, s.MinItems) {
		in, want := g.value(fmt.Sprintf("%s[%d]", path, i), items, t.Elem(), elem)
		ins, wants = append(ins, in), append(wants, want)
	}
	return ins, wants
}

func (g *Generator) dictionary(path string, s *Schema, t reflect.Type, at place) (in, want any) {
	items := s.AdditionalProperties
	if items == nil {
		items = &Schema{PreserveUnknown: true}
	}
	ins, wants := map[string]any{}, map[string]any{}
	elem := place{ours: at.ours, spec: at.spec}
	for i := range g.length(path, 0) {
		key := g.key(path, i)
		ins[key], wants[key] = g.value(path+"{"+key+"}", items, t.Elem(), elem)
	}
	return ins, object{fields: wants}
}

// key makes up a key of a map. Where objects shall be accepted, the keys of different maps differ.
func (g *Generator) key(path string, i int) string {
	if g.toward == nil {
		return "k" + strconv.Itoa(i)
	}
	return strings.ToLower(path[strings.LastIndexByte(path, '.')+1:]) + strconv.Itoa(i)
}

// length makes up the length of a list or map.
func (g *Generator) length(path string, least int) int {
	if least == 0 && !g.wanted(path+"[]") && !g.wanted(path+"{}") && g.rarely(4) {
		return 0
	}
	if g.toward != nil {
		// Where elements have names, made-up ones would have the same.
		return max(1, least)
	}
	return max(1, least) + g.rng.IntN(2)
}

func (g *Generator) structure(path string, s *Schema, t reflect.Type, at place) (in, want any) {
	s = g.complete(s, t)
	g.within[t]++
	defer func() { g.within[t]-- }()
	fields := jsonFields(t)
	ins, wants := map[string]any{}, object{fields: map[string]any{}}
	for _, field := range fields {
		// Types of Kubernetes' own write required fields even if they are absent.
		wants.lenient = wants.lenient || !field.ours()
	}
	for _, name := range sortedKeys(s.Properties) {
		field, ok := fields[name]
		if !ok {
			g.Missing = append(g.Missing, path+"."+name)
			continue
		}
		required := slices.Contains(s.Required, name)
		here := path + "." + name
		if !required && !g.sometimes(here) || g.within[dereferenced(field.Type)] > deepest {
			continue
		}
		inner := place{ours: field.ours(), omitted: field.omitted()}
		inner.spec = at.spec && name != "status"
		if !required && inner.ours && inner.omitted && !g.wanted(here) && g.rarely(12) {
			ins[name], wants.fields[name] = nil, nothing
			continue
		}
		in, want := g.value(here, s.Properties[name], field.Type, inner)
		// They do not tell empty from absent either, nor do structures held by value.
		_, keepsEmpty := in.(json.RawMessage)
		if !inner.ours && isEmpty(in) || field.Type.Kind() == reflect.Struct && inner.omitted && !keepsEmpty && isEmpty(in) {
			continue
		}
		if text, free := in.(json.RawMessage); inner.omitted && (in == nil || free && string(text) == "null") {
			// Where any JSON may stand null is one, and says no more than that the field is absent.
			want = nothing
		}
		ins[name], wants.fields[name] = in, want
	}
	return ins, wants
}

func dereferenced(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	return t
}

// jsonField is a field with the structure that declares it.
type jsonField struct {
	reflect.StructField
	owner reflect.Type
}

// ours tells that a type of ours declares the field, not one of Kubernetes' own.
func (f jsonField) ours() bool { return strings.HasPrefix(f.owner.PkgPath(), "argosy.dev/") }

// omitted tells that the field is left out if it is zero.
func (f jsonField) omitted() bool {
	tag := f.Tag.Get("json")
	return strings.Contains(tag, ",omitzero") || strings.Contains(tag, ",omitempty")
}

// jsonFields returns the fields of a structure by their JSON names, those of embedded structures included.
func jsonFields(t reflect.Type) map[string]jsonField {
	fields := map[string]jsonField{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported():
		case name == "" && f.Anonymous:
			for name, inner := range jsonFields(dereferenced(f.Type)) {
				fields[name] = inner
			}
		default:
			fields[name] = jsonField{StructField: f, owner: t}
		}
	}
	return fields
}
