// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"encoding/json"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// mask stands for a value of a Secret. Values that differ have masks that differ in length, as the peer's.
const mask = "++++++++"

// public are the fields of a Secret that are no secret.
var public = []string{"apiVersion", "kind", "metadata", "type", "immutable"}

// Mask returns objects with the values of Secrets masked: the same value under the same key has the same mask in all of
// the objects, another value another one. Masks say nothing of the values. In all objects the annotations that sensitive
// names are masked, too. Objects that have nothing to mask are returned as they are, others as copies; nil stays nil.
func Mask(sensitive []string, objects ...*unstructured.Unstructured) []*unstructured.Unstructured {
	m := masks{}
	out := slices.Clone(objects)
	for i, u := range objects {
		if u == nil {
			continue
		}
		secret := isSecret(u)
		if !secret && !slices.ContainsFunc(sensitive, func(name string) bool { _, there := u.GetAnnotations()[name]; return there }) {
			continue
		}
		u = u.DeepCopy()
		if secret {
			joinSecret(u.Object)
			for key, value := range u.Object {
				if !slices.Contains(public, key) {
					u.Object[key] = m.fields(key, value)
				}
			}
		}
		if metadata, ok := u.Object["metadata"].(map[string]any); ok {
			if annotations, ok := metadata["annotations"].(map[string]any); ok {
				for name, value := range annotations {
					if slices.Contains(sensitive, name) || secret && name == corev1.LastAppliedConfigAnnotation {
						annotations[name] = m.of("annotation "+name, value)
					}
				}
			}
		}
		out[i] = u
	}
	return out
}

// masks are the masks that were given out, by key and value.
type masks map[string]map[string]string

func (m masks) fields(name string, value any) any {
	fields, ok := value.(map[string]any)
	if !ok {
		return m.of(name, value)
	}
	out := make(map[string]any, len(fields))
	for key, value := range fields {
		out[key] = m.of(name+"/"+key, value)
	}
	return out
}

func (m masks) of(key string, value any) string {
	raw, _ := json.Marshal(value) // values of JSON can always be written
	if m[key] == nil {
		m[key] = map[string]string{}
	}
	if m[key][string(raw)] == "" {
		m[key][string(raw)] = mask + strings.Repeat("+", len(m[key]))
	}
	return m[key][string(raw)]
}
