// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"

	"k8s.io/apiserver/pkg/registry/rest"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	core "argosy.dev/argosy/pkg/application"
	"argosy.dev/argosy/registry/resource"
)

// NewSyncREST returns the storage of applications/sync: bring the manifests to
// the destination. Manifests of the caller's own, which no source has and no
// project has agreed to, need the right to override besides.
func NewSyncREST(v verbs) rest.Storage {
	sync := verb("Sync", "sync requested", core.Sync)
	sync.Authorize = func(ctx context.Context, may resource.May, app *appv1.Application, req *appv1.ApplicationSync) error {
		if len(req.Manifests) > 0 && !may(ctx, "create", rightOverride) {
			return forbidden(ctx, app, rightOverride, "brings manifests that its sources do not have")
		}
		return nil
	}
	return resource.NewVerbREST(v.main, v.kind, sync, v.deps.Events)
}
