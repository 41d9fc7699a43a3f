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

// Check returns a kind's check of what validate finds, on creation and of what an
// update makes wrong.
func Check[T resource.Object](r Rules, validate func(T) field.ErrorList) func(context.Context, T, T) field.ErrorList {
	if r.AcceptInvalid {
		return func(context.Context, T, T) field.ErrorList { return nil }
	}
	return resource.OnlyNew(validate)
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
