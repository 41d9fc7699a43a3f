// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"

	"k8s.io/apiserver/pkg/registry/rest"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// NewManifestsREST returns the storage of applications/manifests: the manifests that the sources of an application make.
func NewManifestsREST(v verbs) rest.Storage {
	return &optionsREST[*appv1.ApplicationManifests, *appv1.ApplicationManifestsOptions]{
		answers: answers[*appv1.ApplicationManifests]{v.main, v.live},
		get: func(ctx context.Context, app *appv1.Application, options *appv1.ApplicationManifestsOptions) (*appv1.ApplicationManifests, error) {
			if err := revisions(app, options.Revision); err != nil {
				return nil, err
			}
			return v.live.Manifests(ctx, app, options)
		},
	}
}
