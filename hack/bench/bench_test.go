// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestQuantile(t *testing.T) {
	var ds []time.Duration
	for i := 100; i > 0; i-- {
		ds = append(ds, time.Duration(i))
	}
	for q, want := range map[float64]time.Duration{0: 1, 0.5: 51, 0.99: 100, 1: 100} {
		if got := quantile(ds, q); got != want {
			t.Errorf("quantile %v is %d, want %d", q, got, want)
		}
	}
	if ds[0] != 100 {
		t.Error("quantile sorted its argument")
	}
}

func TestHasEnded(t *testing.T) {
	for text, want := range map[string]bool{
		`{"kind":"Pod","status":{"phase":"Running","containerStatuses":[{"state":{"running":{}}}]}}`:                false,
		`{"kind":"Pod","status":{"phase":"Running","containerStatuses":[{"state":{"terminated":{"exitCode":0}}}]}}`: true,
		`{"kind":"Pod","status":{"phase":"Failed"}}`:                                                                true,
		`{"kind":"Pod","status":{"phase":"Pending"}}`:                                                               false,
	} {
		o := &unstructured.Unstructured{}
		if err := o.UnmarshalJSON([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if got := hasEnded(o); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
}
