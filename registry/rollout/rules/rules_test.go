// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rules

import (
	"context"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// broken finds one mistake for each label.
func broken(ro *rov1.Rollout) field.ErrorList {
	var errs field.ErrorList
	for _, k := range []string{"a", "b", "c"} {
		if v, ok := ro.Labels[k]; ok {
			errs = append(errs, field.Invalid(field.NewPath("labels", k), v, "wrong"))
		}
	}
	return errs
}

func labelled(labels map[string]string) *rov1.Rollout {
	ro := &rov1.Rollout{}
	ro.Labels = labels
	return ro
}

// What is wrong is refused, but for what was wrong before.
func TestCheck(t *testing.T) {
	check := Check(Rules{}, broken)
	wrong := labelled(map[string]string{"a": "1", "b": "2"})
	for _, tc := range []struct {
		name string
		old  *rov1.Rollout
		want []string
	}{
		{"created", nil, []string{"labels.a", "labels.b"}},
		{"right before", labelled(nil), []string{"labels.a", "labels.b"}},
		{"wrong before", labelled(map[string]string{"a": "1"}), []string{"labels.b"}},
		{"wrong before in another way", labelled(map[string]string{"a": "0", "b": "2", "c": "3"}), []string{"labels.a"}},
		{"as before", wrong, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, err := range check(context.Background(), wrong, tc.old) {
				got = append(got, err.Field)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("refused for %v, want %v", got, tc.want)
			}
		})
	}
	if errs := Check(Rules{AcceptInvalid: true}, broken)(context.Background(), wrong, nil); len(errs) != 0 {
		t.Errorf("refused for %v", errs)
	}
}

// Whoever writes what is wrong is told, where it is stored all the same.
func TestWarn(t *testing.T) {
	wrong := labelled(map[string]string{"a": "1", "c": "2"})
	if warn := Warn(Rules{}, broken); warn != nil && len(warn(wrong)) != 0 {
		t.Errorf("warned of what is refused: %v", warn(wrong))
	}
	if got := Warn(Rules{AcceptInvalid: true}, broken)(wrong); len(got) != 2 {
		t.Errorf("warnings: %v", got)
	}
}
