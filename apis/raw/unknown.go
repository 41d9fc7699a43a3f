// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package raw

import (
	"encoding/json"
	"reflect"
	"strings"
)

// addUnknown adds to a JSON value what another has in fields that the Go type of both does not have.
func addUnknown(t reflect.Type, from, into any) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Implements(unmarshaler) || reflect.PointerTo(t).Implements(unmarshaler) {
		return // it reads its JSON by itself
	}
	switch t.Kind() {
	case reflect.Struct:
		from, _ := from.(map[string]any)
		into, ok := into.(map[string]any)
		if !ok {
			return
		}
		fields := fieldsOf(t)
		for key, value := range from {
			field, known := fields[key]
			if !known {
				into[key] = value
				continue
			}
			addAt(into, key, field, value)
		}
	case reflect.Map:
		from, _ := from.(map[string]any)
		into, ok := into.(map[string]any)
		if !ok {
			return
		}
		for key, value := range from {
			addUnknown(t.Elem(), value, into[key])
		}
	case reflect.Slice:
		from, _ := from.([]any)
		into, _ := into.([]any)
		if len(from) > len(into) {
			return // some were left out: places say nothing
		}
		for i := range from {
			addUnknown(t.Elem(), from[i], into[i])
		}
	}
}

// addAt adds what is unknown below a field. One that was left out since nothing known is in it comes back with the rest.
func addAt(into map[string]any, key string, t reflect.Type, value any) {
	if there, ok := into[key]; ok {
		addUnknown(t, value, there)
		return
	}
	if _, isObject := value.(map[string]any); !isObject {
		return
	}
	made := map[string]any{}
	if addUnknown(t, value, made); len(made) > 0 {
		into[key] = made
	}
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// fieldsOf returns the types of the fields of a struct by their names in JSON.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case f.Anonymous && name == "":
			inner := f.Type
			for inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			for key, of := range fieldsOf(inner) {
				fields[key] = of
			}
		case name == "":
			fields[f.Name] = f.Type
		default:
			fields[name] = f.Type
		}
	}
	return fields
}
