// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rules decides what becomes of an object of the rollout family that
// breaks the family's rules: by default it is refused, as whatever cannot run
// is. What the rules are is said in apis/rollout/validation, never here.
package rules

import (
	"context"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"argosy.dev/argosy/registry/resource"
)

// Rules is how strictly the rules are taken.
type Rules struct {
	// AcceptInvalid stores objects that break them, as the peer does, with a
	// warning for each rule. A condition will say so, too.
	AcceptInvalid bool
}

// Check returns a kind's check of what validate finds. An update does not have
// to mend what was stored before, or nobody could finish or delete an object
// that an older version or another mode has accepted.
func Check[T resource.Object](r Rules, validate func(T) field.ErrorList) func(context.Context, T, T) field.ErrorList {
	return func(_ context.Context, obj, old T) field.ErrorList {
		if r.AcceptInvalid {
			return nil
		}
		errs := validate(obj)
		var none T
		if len(errs) == 0 || any(old) == any(none) {
			return errs
		}
		known := map[string]bool{}
		for _, err := range validate(old) {
			known[err.Error()] = true
		}
		var fresh field.ErrorList
		for _, err := range errs {
			if !known[err.Error()] {
				fresh = append(fresh, err)
			}
		}
		return fresh
	}
}

// Warn returns a kind's warnings: what validate finds in an object that is stored all the same.
func Warn[T resource.Object](r Rules, validate func(T) field.ErrorList) func(T) []string {
	if !r.AcceptInvalid {
		return nil
	}
	return func(obj T) []string {
		var warnings []string
		for _, err := range validate(obj) {
			warnings = append(warnings, "invalid, and nothing will be done with it: "+err.Error())
		}
		return warnings
	}
}
