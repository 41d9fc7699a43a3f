// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"

	"argosy.dev/argosy/apis/scheme"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/hack/schemas"
)

// The Go types hold every object that the peer's schemas allow.
func TestSchemas(t *testing.T) { schemas.Test(t, "workflow", wfv1.AddKnownTypes) }

// The peer's examples come back as they were.
func TestExamples(t *testing.T) {
	schemas.TestExamples(t, "workflows", 100, wfv1.AddKnownTypes, nil)
}

// Nothing but older spellings is touched, and doing it twice is doing it once.
func TestDefaultingAddsNothing(t *testing.T) {
	schemas.ForEach(t, "workflow", wfv1.AddKnownTypes, func(t *testing.T, obj runtime.Object) {
		before := marshal(t, obj)
		for range 2 {
			scheme.Scheme.Default(obj)
			if after := marshal(t, obj); !bytes.Equal(before, after) {
				t.Errorf("changed:\n%s\n%s", before, after)
			}
		}
	})
}

func marshal(t interface{ Fatal(...any) }, v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
