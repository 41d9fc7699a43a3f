// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"context"
	"time"

	"k8s.io/apiserver/pkg/registry/rest"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

// verbs is what all verbs on rollouts work with.
type verbs struct {
	kind *resource.Kind[*rov1.Rollout]
	main *resource.REST
	deps resource.Deps
}

// newVerb returns the storage of a verb that apply records in a rollout. action
// is the verb in Events.
func newVerb[R resource.Request](v verbs, action, note string, apply func(*rov1.Rollout, R, time.Time) error) rest.Storage {
	return resource.NewVerbREST(v.main, v.kind, resource.Verb[*rov1.Rollout, R]{
		Apply:  func(_ context.Context, ro *rov1.Rollout, req R) error { return apply(ro, req, v.deps.Now()) },
		Reason: action + "Requested",
		Note:   note,
	}, v.deps.Events)
}
