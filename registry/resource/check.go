// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// OnlyNew returns a kind's check of what validate finds. An update does not have
// to mend what was stored before, or nobody could finish or delete an object that
// an older version has accepted.
func OnlyNew[T Object](validate func(T) field.ErrorList) func(ctx context.Context, obj, old T) field.ErrorList {
	return func(_ context.Context, obj, old T) field.ErrorList {
		errs := validate(obj)
		var none T
		if len(errs) == 0 || Object(old) == Object(none) {
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
