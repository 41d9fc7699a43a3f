// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/kubernetes/scheme"

	"argosy.dev/argosy/pkg/application/glob"
)

// KnownType says of which type of Kubernetes a field of a custom resource is (knownTypeFields of the settings).
type KnownType struct {
	// Group and Kind are globs.
	Group, Kind string
	// Field is the path of the field, with dots. Lists on the way are gone through.
	Field string
	// Type is core/v1/NAME, core/Quantity or meta/v1/Duration.
	Type string
}

// Validate returns an error if there is no such type, or no field.
func (k KnownType) Validate() error {
	if _, known := knownTypes()[k.Type]; !known {
		return fmt.Errorf("type %q is not known", k.Type)
	}
	if k.Field == "" {
		return fmt.Errorf("the field of type %q is not named", k.Type)
	}
	return nil
}

// ours are the fields of the peer's and our own kinds that hold pod specs.
var ours = []KnownType{
	{Group: "argoproj.io", Kind: "Rollout", Field: "spec.template.spec", Type: "core/v1/PodSpec"},
	{Group: "*.argosy.dev", Kind: "Rollout", Field: "spec.template.spec", Type: "core/v1/PodSpec"},
}

// knownTypes are the types of core/v1, by the names that the peer gives them.
var knownTypes = sync.OnceValue(func() map[string]reflect.Type {
	out := map[string]reflect.Type{
		"core/Quantity": reflect.TypeFor[resource.Quantity](), "core/v1/Quantity": reflect.TypeFor[resource.Quantity](),
		"meta/v1/Duration": reflect.TypeFor[metav1.Duration](), "meta/v1/duration": reflect.TypeFor[metav1.Duration](),
	}
	home := reflect.TypeFor[corev1.Pod]().PkgPath()
	var visit func(t reflect.Type)
	visit = func(t reflect.Type) {
		if t.PkgPath() == home {
			name := "core/v1/" + t.Name()
			if _, known := out[name]; known {
				return
			}
			out[name] = t
		}
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			visit(t.Elem())
		case reflect.Struct:
			for i := range t.NumField() {
				if t.PkgPath() == home {
					visit(t.Field(i).Type)
				}
			}
		}
	}
	for _, t := range scheme.Scheme.KnownTypes(corev1.SchemeGroupVersion) {
		visit(t)
	}
	return out
})

// retype writes what can be spelled in several ways (quantities, durations, times, empty values) in one: of the kinds of
// Kubernetes by their Go types, of others in the fields whose types are known. What does not fit stays as it is.
func retype(u *unstructured.Unstructured, known []KnownType) {
	gvk := u.GroupVersionKind()
	if typed, err := scheme.Scheme.New(gvk); err == nil {
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, typed); err != nil {
			return
		}
		again, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
		if err != nil {
			return
		}
		if merged, ok := respell(u.Object, again).(map[string]any); ok {
			u.Object = merged
		}
		return
	}
	for _, k := range append(ours[:len(ours):len(ours)], known...) {
		if t, ok := knownTypes()[k.Type]; ok && glob.Match(k.Group, gvk.Group) && glob.Match(k.Kind, gvk.Kind) {
			retypeField(u.Object, strings.Split(k.Field, "."), t)
		}
	}
}

func retypeField(v any, path []string, t reflect.Type) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			retypeField(item, path, t)
		}
	case map[string]any:
		inner, there := v[path[0]]
		if !there {
			return
		}
		if len(path) > 1 {
			retypeField(inner, path[1:], t)
			return
		}
		if list, ok := inner.([]any); ok && t.Kind() != reflect.Slice {
			for i := range list {
				list[i] = roundTrip(list[i], t)
			}
			return
		}
		v[path[0]] = roundTrip(inner, t)
	}
}

// roundTrip reads a value as a type and writes it again.
func roundTrip(v any, t reflect.Type) any {
	raw, err := utiljson.Marshal(v)
	if err != nil {
		return v
	}
	typed := reflect.New(t)
	if err := utiljson.Unmarshal(raw, typed.Interface()); err != nil {
		return v
	}
	if raw, err = utiljson.Marshal(typed.Interface()); err != nil {
		return v
	}
	var again any
	if err := utiljson.Unmarshal(raw, &again); err != nil {
		return v
	}
	return respell(v, again)
}

// respell returns what was written, in the spelling of again, but without the values that the type adds. Empty values that
// the type leaves out are left out.
func respell(written, again any) any {
	switch w := written.(type) {
	case map[string]any:
		a, ok := again.(map[string]any)
		if !ok {
			return written
		}
		out := make(map[string]any, len(w))
		for key, value := range w {
			spelled, there := a[key]
			switch {
			case there && spelled != nil:
				out[key] = respell(value, spelled)
			case !isEmpty(value):
				out[key] = value
			}
		}
		return out
	case []any:
		a, ok := again.([]any)
		if !ok || len(a) != len(w) {
			return written
		}
		out := make([]any, len(w))
		for i := range w {
			out[i] = respell(w[i], a[i])
		}
		return out
	}
	switch again.(type) {
	case map[string]any, []any:
		return written
	}
	return again
}

func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	case string:
		return v == ""
	case bool:
		return !v
	case int64:
		return v == 0
	case float64:
		return v == 0
	}
	return false
}
