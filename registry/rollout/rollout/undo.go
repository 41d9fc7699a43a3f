// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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
			sets, err := replicaSets(ctx, v.deps, ro)
			if err != nil {
				return err
			}
			return core.Undo(ro, req, sets)
		},
		Reason: "UndoRequested",
		Note:   "undo requested",
	}, v.deps.Events)
}

// replicaSets reads the ReplicaSets that the rollout controls.
func replicaSets(ctx context.Context, deps resource.Deps, ro *rov1.Rollout) ([]appsv1.ReplicaSet, error) {
	if deps.Cluster == nil {
		return nil, apierrors.NewServiceUnavailable("there is no cluster to read ReplicaSets from")
	}
	selector, err := hashed(ro.Status.Selector)
	if err != nil {
		return nil, apierrors.NewInternalError(fmt.Errorf("status.selector of rollout %s: %w", ro.Name, err))
	}
	list, err := deps.Cluster.AppsV1().ReplicaSets(ro.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, fmt.Errorf("reading the ReplicaSets of rollout %s: %w", ro.Name, err)
	}
	var sets []appsv1.ReplicaSet
	for _, rs := range list.Items {
		if metav1.IsControlledBy(&rs, ro) {
			sets = append(sets, rs)
		}
	}
	return sets, nil
}
