// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"argosy.dev/argosy/apis/raw"
)

// eachText calls visit for every text with tags inside a value, with the path of its field. Fields of the value itself
// that are named in skip are left out.
func eachText(v any, path *field.Path, visit func(path *field.Path, text string), skip ...string) {
	w := textWalker{visit}
	rv := reflect.Indirect(reflect.ValueOf(v))
	if !rv.IsValid() {
		return
	}
	if rv.Kind() != reflect.Struct {
		w.walk(rv, path)
		return
	}
	w.fields(rv, path, skip)
}

type textWalker struct {
	visit func(path *field.Path, text string)
}

var (
	itemType        = reflect.TypeFor[raw.JSON]()
	intOrStringType = reflect.TypeFor[intstr.IntOrString]()
)

func (w textWalker) walk(v reflect.Value, path *field.Path) {
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); hasTag(s) {
			w.visit(path, s)
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			w.walk(v.Elem(), path)
		}
	case reflect.Struct:
		switch v.Type() {
		case itemType:
			w.item(v.Interface().(raw.JSON), path)
		case intOrStringType:
			w.walk(reflect.ValueOf(v.Interface().(intstr.IntOrString).StrVal), path)
		default:
			w.fields(v, path, nil)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		for i := range v.Len() {
			w.walk(v.Index(i), path.Index(i))
		}
	case reflect.Map:
		if v.Type().Key().Kind() != reflect.String || v.Len() == 0 {
			return
		}
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			if hasTag(k.String()) {
				w.visit(path, k.String())
			}
			w.walk(v.MapIndex(k), path.Key(short(k.String())))
		}
	}
}

func (w textWalker) fields(v reflect.Value, path *field.Path, skip []string) {
	for _, f := range fieldsOf(v.Type()) {
		if fv := v.Field(f.index); !fv.IsZero() && !slices.Contains(skip, f.name) {
			w.walk(fv, child(path, f.name))
		}
	}
}

// item walks through the JSON value of one element of withItems.
func (w textWalker) item(i raw.JSON, path *field.Path) {
	if !hasTag(string(i.Raw)) {
		return
	}
	var v any
	if json.Unmarshal(i.Raw, &v) == nil {
		w.json(v, path)
	}
}

func (w textWalker) json(v any, path *field.Path) {
	switch v := v.(type) {
	case string:
		if hasTag(v) {
			w.visit(path, v)
		}
	case []any:
		for _, e := range v {
			w.json(e, path)
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			w.json(v[k], path)
		}
	}
}

// child is the path of a field; fields of embedded structures have no name of their own.
func child(path *field.Path, name string) *field.Path {
	if name == "" {
		return path
	}
	return path.Child(name)
}
