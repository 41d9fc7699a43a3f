// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// nameLength checks the length of a name; its form is checked with the rest of the metadata.
func (r *report) nameLength(name string, limit int, why string) {
	if len(name) > limit {
		e := field.TooLong(field.NewPath("metadata", "name"), short(name), limit)
		e.Detail += ": " + why
		r.add(e)
	}
}

// metadata checks labels and annotations that pods will get. Kubernetes would refuse the pod.
func (r *report) metadata(path *field.Path, m *wfv1.Metadata) {
	if m == nil {
		return
	}
	r.labels(path.Child("labels"), m.Labels)
	r.annotations(path.Child("annotations"), m.Annotations)
}

func (r *report) labels(path *field.Path, labels map[string]string) {
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		r.key(path, k)
		if v := labels[k]; !hasTag(v) {
			for _, m := range validation.IsValidLabelValue(v) {
				r.invalid(path.Key(short(k)), v, "%s", m)
			}
		}
		if r.full() {
			return
		}
	}
}

func (r *report) annotations(path *field.Path, annotations map[string]string) {
	for _, k := range slices.Sorted(maps.Keys(annotations)) {
		r.key(path, k)
		if r.full() {
			return
		}
	}
}

func (r *report) key(path *field.Path, key string) {
	if hasTag(key) {
		return
	}
	for _, m := range validation.IsQualifiedName(key) {
		r.invalid(path, key, "%s", m)
	}
}
