// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package appproject serves projects. What a project allows is decided in
// pkg/application, never here.
package appproject

import (
	"k8s.io/apimachinery/pkg/runtime"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/apis/application/validation"
	"argosy.dev/argosy/registry/resource"
)

// Kind describes projects.
func Kind() *resource.Kind[*appv1.AppProject] {
	return &resource.Kind[*appv1.AppProject]{
		GroupVersion: appv1.SchemeGroupVersion,
		Resource:     "appprojects",
		Singular:     "appproject",
		ShortNames:   []string{"appproj", "appprojs"},
		StatusOnMain: true,
		New:          func() *appv1.AppProject { return &appv1.AppProject{} },
		NewList:      func() runtime.Object { return &appv1.AppProjectList{} },
		Spec:         func(p *appv1.AppProject) any { return &p.Spec },
		Status:       func(p *appv1.AppProject) any { return &p.Status },
		Check:        resource.OnlyNew(validation.ValidateAppProject),
		Warn:         validation.WarnAppProject,
		Table:        table(),
	}
}
