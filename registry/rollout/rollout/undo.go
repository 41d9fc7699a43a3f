// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"context"

	"k8s.io/apiserver/pkg/registry/rest"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	core "argosy.dev/argosy/pkg/rollout"
	"argosy.dev/argosy/registry/resource"
)

// NewUndoREST returns the storage of rollouts/undo: go back to the pod template of an earlier revision, which its
// ReplicaSet has kept.
func NewUndoREST(v verbs) rest.Storage {
	return resource.NewVerbREST(v.main, v.kind, resource.Verb[*rov1.Rollout, *rov1.RolloutUndo]{
		Apply: func(ctx context.Context, ro *rov1.Rollout, req *rov1.RolloutUndo) error {
			sets, err := replicaSets(ctx, v.deps, ro, "")
			if err != nil {
				return err
			}
			set, err := core.UndoTo(ro, req, sets)
			if err != nil {
				return err
			}
			whole, err := wholeTemplate(ctx, v.deps, set)
			if err != nil {
				return err
			}
			return core.Undo(ro, set, whole)
		},
		Reason: "UndoRequested",
		Note:   "undo requested",
	}, v.deps.Events)
}
