// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"

	"k8s.io/apiserver/pkg/registry/rest"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// NewDiffREST returns the storage of applications/diff: in what the objects of an application differ from their manifests.
func NewDiffREST(v verbs) rest.Storage {
	return &optionsREST[*appv1.ApplicationDiff, *appv1.ApplicationDiffOptions]{
		answers: answers[*appv1.ApplicationDiff]{v.main, v.live},
		get: func(ctx context.Context, app *appv1.Application, options *appv1.ApplicationDiffOptions) (*appv1.ApplicationDiff, error) {
			if err := revisions(app, options.Revision); err != nil {
				return nil, err
			}
			return v.live.Diff(ctx, app, options)
		},
	}
}
