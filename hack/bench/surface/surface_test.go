// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package surface

import (
	"strings"
	"testing"
	"time"
)

// The sizes are part of what is measured.
func TestObjectSizes(t *testing.T) {
	if n := len(small("bench.argosy.dev/v1alpha1", "by64-1")); n < 2000 || n > 3000 {
		t.Errorf("a small workflow has %d bytes, want 2 to 3 KB", n)
	}
	if n := len(large("bench.argosy.dev/v1alpha1", "large-1")); n < 50_000 || n > 70_000 {
		t.Errorf("a large workflow has %d bytes, want about 60 KB", n)
	}
}

func TestVersions(t *testing.T) {
	object := `{"kind":"Workflow","metadata":{"name":"resourceVersion","labels":{"resourceVersion":"1"},"resourceVersion":"42"},"spec":{}}`
	if v, err := versionOf([]byte(object)); err != nil || v != "42" {
		t.Errorf("the object's version is %q, %v, want 42", v, err)
	}
	if v, err := versionOf([]byte(`{"metadata":{}}`)); err == nil {
		t.Errorf("an object without a version has %q", v)
	}
	if v, err := eventVersion([]byte(`{"type":"ADDED","object":` + object + `}`)); err != nil || v != "42" {
		t.Errorf("the event's version is %q, %v, want 42", v, err)
	}
	if _, err := eventVersion([]byte(`{"type":"ERROR","object":{"message":"too old"}}`)); err == nil || !strings.Contains(err.Error(), "too old") {
		t.Errorf("an error event gives %v", err)
	}
}

func TestTableMet(t *testing.T) {
	for name, tc := range map[string]struct {
		row Row
		met bool
	}{
		"faster":               {Row{Figures: []float64{100, 120, 130}}, true},
		"within the margin":    {Row{Figures: []float64{100, 95, 130}}, true},
		"slower":               {Row{Figures: []float64{100, 80, 130}}, false},
		"slower by the hop":    {Row{Figures: []float64{100, 50, 130}, Hop: true}, true},
		"nothing to compare":   {Row{}, true},
		"nothing to divide by": {Row{Figures: []float64{0, 1, 1}}, true},
	} {
		if got := (&Table{Rows: []Row{tc.row}}).Met(); got != tc.met {
			t.Errorf("%s: met is %t", name, got)
		}
	}
}

func TestUsagePer(t *testing.T) {
	if got, want := (usage{2 * time.Second, time.Second, 0}).per(1000), "3.00 ms (2.00+1.00+0.00)"; got != want {
		t.Errorf("use of one operation is %q, want %q", got, want)
	}
}
