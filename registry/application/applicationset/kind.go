// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package applicationset serves application sets. Which applications there
// should be is decided in pkg/application, never here.
package applicationset

import (
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/apis/application/validation"
	"argosy.dev/argosy/registry/resource"
)

// Kind describes application sets. The peer's have a status subresource, so
// status is written through it in both groups.
func Kind() *resource.Kind[*appv1.ApplicationSet] {
	return &resource.Kind[*appv1.ApplicationSet]{
		GroupVersion: appv1.SchemeGroupVersion,
		Resource:     "applicationsets",
		Singular:     "applicationset",
		ShortNames:   []string{"appset", "appsets"},
		Idle:         "no applications are made",
		New:          func() *appv1.ApplicationSet { return &appv1.ApplicationSet{} },
		NewList:      func() runtime.Object { return &appv1.ApplicationSetList{} },
		Spec:         func(set *appv1.ApplicationSet) any { return &set.Spec },
		Status:       func(set *appv1.ApplicationSet) any { return &set.Status },
		Check:        resource.OnlyNew(validation.ValidateApplicationSet),
		Warn:         validation.WarnApplicationSet,
		Fields: func(set *appv1.ApplicationSet) fields.Set {
			return fields.Set{appv1.FieldHealthStatus: string(set.Status.Health.Status)}
		},
		Table: table(),
	}
}
