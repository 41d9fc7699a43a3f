// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/controller/loop"
	"argosy.dev/argosy/pkg/rollout"
	"argosy.dev/argosy/pkg/rollout/traffic"
)

// release lets go of the Services that bear the rollout's name without being named by it. ro is nil once it is gone.
func (c *Controller) release(ctx context.Context, key types.NamespacedName, ro *rov1.Rollout) error {
	objects, err := c.services.GetIndexer().ByIndex(byManager, key.String())
	if err != nil {
		return fmt.Errorf("looking up Services: %w", err)
	}
	for _, object := range objects {
		service := object.(*corev1.Service)
		free := rollout.ReleaseService(service, ro)
		if free == nil {
			continue
		}
		patch, err := difference(service, free, service.UID, service.ResourceVersion)
		if err != nil {
			return fmt.Errorf("releasing Service %s: %w", service.Name, err)
		}
		_, err = c.config.Cluster.CoreV1().Services(service.Namespace).Patch(ctx, service.Name, types.MergePatchType, patch, metav1.PatchOptions{})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) { // else its event brings it up again
			return fmt.Errorf("releasing Service %s: %w", service.Name, err)
		}
	}
	return nil
}

// releaseRoutes lets go of the objects of traffic routers that the rollout has named and names no more. ro is nil once it is
// gone. What it named before this process has first looked at it is not known.
func (c *Controller) releaseRoutes(ctx context.Context, m *memory, ro *rov1.Rollout) error {
	was := m.last
	if was == nil || ro != nil && was.UID == ro.UID && was.Generation == ro.Generation {
		m.last = ro
		return nil
	}
	observed := traffic.Observed{}
	seen := ""
	for _, ref := range traffic.Refs(was) {
		object, at, err := c.others.get(ctx, ref)
		switch {
		case errors.Is(err, errNotServed):
		case err != nil:
			return fmt.Errorf("looking at %s %s, which the rollout names no more: %w", ref.Resource, ref.Name, err)
		case object != nil:
			observed[ref] = object
		}
		if seen == "" || at != "" && loop.Newer(seen, at) {
			seen = at
		}
	}
	m.routes.Apply(observed, seen)
	for _, change := range rollout.ReleaseRoutes(was, ro, observed) {
		if err := c.putRoute(ctx, m, observed, change); err != nil && !apierrors.IsNotFound(err) {
			return fmt.Errorf("releasing %s %s: %w", change.Ref.Resource, change.Ref.Name, err)
		}
	}
	m.last = ro
	return nil
}
