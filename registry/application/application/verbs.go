// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"

	"k8s.io/apiserver/pkg/registry/rest"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/project"
	"argosy.dev/argosy/registry/resource"
)

// verbs is what all verbs on applications work with.
type verbs struct {
	kind *resource.Kind[*appv1.Application]
	main *resource.REST
	deps resource.Deps
	live Live
}

// applicationRequest is the request of a verb on applications: policies see the project in it.
type applicationRequest interface {
	resource.Request
	SetProject(string)
}

// newVerb returns the storage of a verb that apply records in an application, on
// behalf of the caller. action is the verb in Events.
func newVerb[R applicationRequest](v verbs, action, note string, apply func(*appv1.Application, R, string) error) rest.Storage {
	return resource.NewVerbREST(v.main, v.kind, verb(action, note, apply), v.deps.Events)
}

func verb[R applicationRequest](action, note string, apply func(*appv1.Application, R, string) error) resource.Verb[*appv1.Application, R] {
	return resource.Verb[*appv1.Application, R]{
		Describe: func(app *appv1.Application, req R) { req.SetProject(project.NameOf(app)) },
		Apply: func(ctx context.Context, app *appv1.Application, req R) error {
			return apply(app, req, resource.UserName(ctx))
		},
		Reason: action + "Requested",
		Note:   note,
	}
}
