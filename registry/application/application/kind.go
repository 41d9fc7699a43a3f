// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package application serves applications and their subresources. What an
// application's objects should be is decided in pkg/application, never here.
package application

import (
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/registry/rest"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/apis/application/validation"
	"argosy.dev/argosy/pkg/application/project"
	"argosy.dev/argosy/registry/resource"
)

// Kind describes applications. live is nil where there is no loop that looks at
// sources and clusters.
func Kind(deps resource.Deps, live Live) *resource.Kind[*appv1.Application] {
	return &resource.Kind[*appv1.Application]{
		GroupVersion: appv1.SchemeGroupVersion,
		Resource:     "applications",
		Singular:     "application",
		ShortNames:   []string{"app", "apps"},
		StatusOnMain: true,
		New:          func() *appv1.Application { return &appv1.Application{} },
		NewList:      func() runtime.Object { return &appv1.ApplicationList{} },
		Spec:         func(app *appv1.Application) any { return &app.Spec },
		Status:       func(app *appv1.Application) any { return &app.Status },
		Beside:       []string{"operation"},
		Authorize:    authorize,
		TakeStatus:   takeStatus,
		AfterStatus:  afterStatus,
		Check:        resource.OnlyNew(validation.ValidateApplication),
		Warn:         warn,
		Fields: func(app *appv1.Application) fields.Set {
			set := fields.Set{
				appv1.FieldProject:              app.Spec.GetProject(),
				appv1.FieldDestinationServer:    app.Spec.Destination.Server,
				appv1.FieldDestinationName:      app.Spec.Destination.Name,
				appv1.FieldDestinationNamespace: app.Spec.Destination.Namespace,
				appv1.FieldHealthStatus:         string(app.Status.Health.Status),
				appv1.FieldSyncStatus:           string(app.Status.Sync.Status),
				appv1.FieldOperationPhase:       "",
			}
			if state := app.Status.OperationState; state != nil {
				set[appv1.FieldOperationPhase] = string(state.Phase)
			}
			return set
		},
		Indexed: []string{appv1.FieldProject, appv1.FieldHealthStatus, appv1.FieldSyncStatus},
		Table:   table(),
		Subresources: func(kind *resource.Kind[*appv1.Application], main *resource.REST) map[string]rest.Storage {
			v := verbs{kind, main, deps, live}
			return map[string]rest.Storage{
				"sync":      NewSyncREST(v),
				"rollback":  NewRollbackREST(v),
				"terminate": NewTerminateREST(v),
				"refresh":   NewRefreshREST(v),
				"manifests": NewManifestsREST(v),
				"diff":      NewDiffREST(v),
				"tree":      NewTreeREST(v),
				"log":       NewLogREST(v),
			}
		},
	}
}

// warn says what the writer of an application should know: also what it asks for and nothing acts on.
func warn(app *appv1.Application) []string {
	warnings := validation.WarnApplication(app)
	for _, finding := range project.Unsupported(app, nil) {
		warnings = append(warnings, finding.Path.String()+": "+finding.Reason)
	}
	return warnings
}
