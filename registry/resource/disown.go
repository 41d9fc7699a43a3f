// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"bytes"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// disown takes fields that the server itself has taken away, and all below them,
// from their managers. Whoever writes them anew would be in conflict with somebody
// who has nothing there. What cannot be read is left as it is: the machinery of
// server-side apply will say so.
func disown(o metav1.Object, gone ...fieldpath.Path) {
	if len(gone) == 0 {
		return
	}
	taken := fieldpath.NewSet(gone...)
	var left []metav1.ManagedFieldsEntry
	for _, entry := range o.GetManagedFields() {
		if entry.FieldsV1 == nil {
			left = append(left, entry)
			continue
		}
		owned := fieldpath.NewSet()
		if err := owned.FromJSON(bytes.NewReader(entry.FieldsV1.GetRawBytes())); err != nil {
			left = append(left, entry)
			continue
		}
		rest := owned.RecursiveDifference(taken)
		if rest.Empty() {
			continue
		}
		if !rest.Equals(owned) {
			text, err := rest.ToJSON()
			if err != nil {
				left = append(left, entry)
				continue
			}
			entry.FieldsV1 = metav1.NewFieldsV1(string(text))
		}
		left = append(left, entry)
	}
	o.SetManagedFields(left)
}
