// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package schemas

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Untyped makes up a value by the schema alone: for places that are kept as JSON.
func (g *Generator) Untyped(path string, s *Schema) any {
	switch {
	case s.Open():
		return g.loose(path)
	case s.loose() && strings.Contains(s.Pattern, "KMGTPE"):
		return []any{"1Gi", "500m", json.Number("2"), "1.50"}[g.rng.IntN(4)]
	case s.loose():
		if g.rng.IntN(2) == 0 {
			return g.text(false)
		}
		if s.Format == "int64-or-string" {
			return g.integer(s, 64, false)
		}
		return g.integer(s, 32, false)
	}
	switch s.Type {
	case "object":
		if s.silent() {
			return g.anyObject(2)
		}
		return g.untypedObject(path, s)
	case "array":
		out := []any{}
		for range g.length(path, s.MinItems) {
			out = append(out, g.Untyped(path+"[]", s.Items))
		}
		return out
	case "string":
		switch s.Format {
		case "date-time":
			return g.time().Format(time.RFC3339)
		case "byte":
			return base64.StdEncoding.EncodeToString([]byte(g.text(false)))
		}
		return g.stringOf(path, s, g.rarely(4))
	case "boolean":
		return g.rng.IntN(2) == 0
	case "integer":
		bits := 64
		if s.Format == "int32" {
			bits = 32
		}
		return g.integer(s, bits, g.rarely(4))
	case "number":
		return g.number()
	default:
		return g.untypedObject(path, s)
	}
}

func (g *Generator) untypedObject(path string, s *Schema) any {
	out := map[string]any{}
	for _, name := range sortedKeys(s.Properties) {
		required, here := slices.Contains(s.Required, name), path+"."+name
		switch {
		case !required && !g.sometimes(here):
		case !required && !g.wanted(here) && g.rarely(12):
			out[name] = nil
		default:
			out[name] = g.Untyped(here, s.Properties[name])
		}
	}
	if s.AdditionalProperties != nil {
		for i := range g.length(path, 0) {
			out[g.key(path, i)] = g.Untyped(path+"{}", s.AdditionalProperties)
		}
	}
	return out
}

// loose makes up what the peer's schema says nothing of. Within pod templates these are places that the peer's
// definition leaves open on purpose, while their shape is known.
func (g *Generator) loose(path string) any {
	switch path[strings.LastIndex(path, ".")+1:] {
	case "limits", "requests":
		return map[string]any{"cpu": []any{"1", json.Number("0.5"), "{{inputs.cpu}}", json.Number("2")}[g.rng.IntN(4)]}
	case "volumes":
		return []any{map[string]any{"name": "v", "emptyDir": map[string]any{}}, map[string]any{"name": "w", "configMap": map[string]any{"name": "c"}}}
	default:
		return g.anyJSON(2)
	}
}
