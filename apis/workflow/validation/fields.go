// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"reflect"
	"strings"
	"sync"
)

// structField is an exported field of a structure. The name is that in JSON, or empty for what is inlined.
type structField struct {
	name  string
	index int
}

var fieldCache sync.Map // reflect.Type → []structField

// fieldsOf returns the fields of a structure that are part of its JSON form.
func fieldsOf(t reflect.Type) []structField {
	if f, ok := fieldCache.Load(t); ok {
		return f.([]structField)
	}
	var fields []structField
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		if !f.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(tag, ",")
		if name == "-" {
			// The text of an AnyString is no field of its own, yet it is the value.
			if f.Type.Kind() != reflect.String {
				continue
			}
			name = ""
		}
		if name == "" && !f.Anonymous && tag != "-" {
			name = f.Name
		}
		fields = append(fields, structField{name, i})
	}
	fieldCache.Store(t, fields)
	return fields
}
