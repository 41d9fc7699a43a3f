// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

func TestDisown(t *testing.T) {
	fields := func(text string) *metav1.FieldsV1 { return metav1.NewFieldsV1(text) }
	o := &metav1.ObjectMeta{ManagedFields: []metav1.ManagedFieldsEntry{
		{Manager: "cli", FieldsV1: fields(`{"f:operation":{".":{},"f:sync":{"f:prune":{}}},"f:spec":{"f:project":{}}}`)},
		{Manager: "only", FieldsV1: fields(`{"f:operation":{"f:sync":{}}}`)},
		{Manager: "annotator", FieldsV1: fields(`{"f:metadata":{"f:annotations":{"f:a.b/c":{},"f:other":{}}}}`)},
		{Manager: "broken", FieldsV1: fields(`{"f:`)},
		{Manager: "none"},
	}}
	disown(o, fieldpath.MakePathOrDie("operation"), fieldpath.MakePathOrDie("metadata", "annotations", "a.b/c"))
	got := map[string]string{}
	for _, entry := range o.ManagedFields {
		text := ""
		if entry.FieldsV1 != nil {
			text = entry.FieldsV1.GetRawString()
		}
		got[entry.Manager] = text
	}
	want := map[string]string{
		"cli":       `{"f:spec":{"f:project":{}}}`,
		"annotator": `{"f:metadata":{"f:annotations":{"f:other":{}}}}`,
		"broken":    `{"f:`,
		"none":      "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
