// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package schemas

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"argosy.dev/argosy/apis/raw"
)

// Value makes up a value of a Go type with a JSON form of its own: as it is sent, and as it must come back. zero asks
// for the zero of the type, where it has one.
type Value func(g *Generator, path string, s *Schema, zero bool) (in, want any)

// same is a Value that comes back as it was sent.
func same(f func(g *Generator, s *Schema, zero bool) any) Value {
	return func(g *Generator, _ string, s *Schema, zero bool) (any, any) {
		v := f(g, s, zero)
		return v, v
	}
}

const (
	workflowTypes = "argosy.dev/argosy/apis/workflow/v1alpha1."
	sensorTypes   = "argosy.dev/argosy/apis/sensor/v1alpha1."
)

var objectMeta = reflect.TypeFor[metav1.ObjectMeta]()

// values are the Go types with a JSON form of their own.
var values = map[reflect.Type]Value{
	reflect.TypeFor[raw.JSON]():            free((*Generator).anyJSON),
	reflect.TypeFor[raw.Object]():          free((*Generator).anyObject),
	reflect.TypeFor[raw.PodTemplateSpec](): canonical,
	reflect.TypeFor[raw.JobSpec]():         canonical,
	reflect.TypeFor[metav1.Time](): same(func(g *Generator, _ *Schema, _ bool) any {
		return g.time().Format(time.RFC3339)
	}),
	reflect.TypeFor[metav1.MicroTime](): same(func(g *Generator, _ *Schema, _ bool) any {
		return g.time().Format("2006-01-02T15:04:05.000000Z07:00")
	}),
	reflect.TypeFor[metav1.Duration](): same(func(g *Generator, _ *Schema, _ bool) any {
		return (time.Duration(1+g.rng.IntN(100000)) * time.Second).String()
	}),
	reflect.TypeFor[resource.Quantity](): same(func(g *Generator, _ *Schema, _ bool) any {
		return strconv.Itoa(1+g.rng.IntN(9)) + "Gi"
	}),
	reflect.TypeFor[intstr.IntOrString](): same(func(g *Generator, _ *Schema, zero bool) any {
		if g.rng.IntN(2) == 0 {
			return g.text(zero)
		}
		if zero {
			return json.Number("0")
		}
		return json.Number(strconv.Itoa(int(g.rng.Int32())))
	}),
	reflect.TypeFor[[]byte](): same(func(g *Generator, _ *Schema, _ bool) any {
		return base64.StdEncoding.EncodeToString([]byte(g.text(false)))
	}),
}

// named are types of families with a JSON form of their own, by name.
var named = map[string]Value{
	workflowTypes + "AnyString": anyString,
	workflowTypes + "Amount":    same(func(g *Generator, _ *Schema, _ bool) any { return g.number() }),
	sensorTypes + "Amount":      same(func(g *Generator, _ *Schema, _ bool) any { return g.number() }),
	sensorTypes + "Int64OrString": same(func(g *Generator, s *Schema, zero bool) any {
		if g.rng.IntN(2) == 0 {
			return g.text(zero)
		}
		return g.integer(s, 64, zero)
	}),
}

func valueOf(t reflect.Type) (Value, bool) {
	if v, ok := values[t]; ok {
		return v, true
	}
	v, ok := named[nameOf(t)]
	return v, ok
}

// free is a Value that is kept as JSON, of which the schema may say more than the Go type.
func free(otherwise func(*Generator, int) any) Value {
	return func(g *Generator, path string, s *Schema, _ bool) (in, want any) {
		v := otherwise(g, 2)
		if !s.silent() {
			v = g.Untyped(path, s)
		}
		return v, v
	}
}

// canonical is a Value that is kept as JSON without nulls and in the order of its keys.
func canonical(g *Generator, path string, s *Schema, _ bool) (in, want any) {
	if s.silent() {
		s = &Schema{Properties: map[string]*Schema{"spec": {PreserveUnknown: true, Type: "object"}}}
	}
	v := g.Untyped(path, s)
	return v, unordered{v}
}

// anyString is text that may be written as a number or a boolean, and is always read as text.
func anyString(g *Generator, path string, s *Schema, zero bool) (in, want any) {
	switch {
	case zero:
		return "", ""
	case g.Text != nil:
		v := g.Text(path, s)
		return v, v
	case g.rng.IntN(2) == 0:
		v := g.text(false)
		return v, v
	case g.rng.IntN(4) == 0:
		return true, "true"
	default:
		n := g.number()
		return n, n.String()
	}
}

// Numbers, text and JSON of any shape.

func (g *Generator) time() time.Time {
	return time.Date(2026, 11, 22, 20, 50, g.rng.IntN(60), 1000*(1+g.rng.IntN(999_999)), time.UTC)
}

func (g *Generator) text(zero bool) string {
	if zero {
		return ""
	}
	words := []string{"a", "{{workflow.name}}", "line\nbreak", "ünïcode ☃", `quote " \ <&>`, "null", "1.0"}
	return words[g.rng.IntN(len(words))]
}

// number makes up a number that only its digits tell.
func (g *Generator) number() json.Number {
	numbers := []json.Number{"1", "-3", "0.5", "9007199254740993"}
	if !g.Plain {
		numbers = append(numbers, "1.0", "1e3", "-0", "12345678901234567890", "0.1000", "1E+300")
	}
	return numbers[g.rng.IntN(len(numbers))]
}

// integer makes up an integer of so many bits that the schema allows, beyond 2^53 where it can be.
func (g *Generator) integer(s *Schema, bits int, zero bool) json.Number {
	low, high := int64(1), int64(1)<<(bits-2)
	if s.Minimum != nil {
		low = max(low, int64(*s.Minimum))
	}
	if s.Maximum != nil {
		high = min(high, int64(*s.Maximum)+1)
	}
	if zero && (s.Minimum == nil || *s.Minimum <= 0) {
		return "0"
	}
	if bits == 64 && high > 1<<60 {
		low = 1<<53 + 1
	}
	return json.Number(strconv.FormatInt(low+g.rng.Int64N(max(1, high-low)), 10))
}

// anyJSON makes up any JSON value. Objects are written as text, so that the order of their keys counts.
func (g *Generator) anyJSON(depth int) any {
	switch g.rng.IntN(6) {
	case 0:
		return g.text(g.rng.IntN(4) == 0)
	case 1:
		return g.rng.IntN(2) == 0
	case 2:
		return json.RawMessage("null")
	case 3:
		if depth > 0 {
			return []any{g.anyJSON(depth - 1), g.anyJSON(depth - 1)}
		}
	case 4:
		if depth > 0 {
			return g.anyObject(depth - 1)
		}
	}
	return g.number()
}

// anyObject makes up a JSON object whose keys are not in the order of the alphabet.
func (g *Generator) anyObject(depth int) any {
	if g.Plain {
		return map[string]any{"name": g.anyJSON(depth), "a": g.anyJSON(depth)}
	}
	return json.RawMessage(`{"name":` + string(mustMarshal(g.anyJSON(depth))) + `,"a":` + string(mustMarshal(g.anyJSON(depth))) + `}`)
}

func mustMarshal(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // it was made up here
	}
	return data
}
