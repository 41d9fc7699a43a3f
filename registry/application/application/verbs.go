// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"

	"k8s.io/apiserver/pkg/registry/rest"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

// verbs is what all verbs on applications work with.
type verbs struct {
	kind *resource.Kind[*appv1.Application]
	main *resource.REST
	deps resource.Deps
	live Live
}

// newVerb returns the storage of a verb that apply records in an application, on
// behalf of the caller. action is the verb in Events.
func newVerb[R resource.Request](v verbs, action, note string, apply func(*appv1.Application, R, string) error) rest.Storage {
	return resource.NewVerbREST(v.main, v.kind, verb(action, note, apply), v.deps.Events)
}

func verb[R resource.Request](action, note string, apply func(*appv1.Application, R, string) error) resource.Verb[*appv1.Application, R] {
	return resource.Verb[*appv1.Application, R]{
		Apply: func(ctx context.Context, app *appv1.Application, req R) error {
			return apply(app, req, resource.UserName(ctx))
		},
		Reason: action + "Requested",
		Note:   note,
	}
}
