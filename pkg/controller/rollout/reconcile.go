// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/controller/loop"
	"argosy.dev/argosy/pkg/rollout"
)

const (
	// lookAgain is how soon a rollout is looked at again while a cache lags behind what was written.
	lookAgain = 10 * time.Second
	// maxRefusals is how often the core may decide again in one look because an effect was refused.
	maxRefusals = 20
)

// reconcile does what the core decides for one rollout: read, decide, apply. It returns after which time to look again
// without an event, or zero.
func (c *Controller) reconcile(ctx context.Context, key types.NamespacedName) (time.Duration, error) {
	cached, err := c.rollouts.Rollouts(key.Namespace).Get(key.Name)
	if apierrors.IsNotFound(err) {
		return 0, c.gone(ctx, key)
	}
	if err != nil {
		return 0, fmt.Errorf("reading the rollout: %w", err)
	}
	if cached.DeletionTimestamp != nil {
		return 0, nil // what it has made goes with it, by owner references
	}
	m := c.remember(key, cached.UID)
	ro := m.newest(cached)
	if err := c.release(ctx, key, ro); err != nil {
		return 0, err
	}

	var decision rollout.Decision
	var v *view
	var notes []func(*rollout.World)
	for {
		if v, err = c.observe(ctx, ro, m); err != nil {
			return 0, err
		}
		for _, note := range notes {
			note(&v.World)
		}
		decision = c.decide(ro, v.World)
		err := c.apply(ctx, ro, m, v.World, decision.Effects)
		refusal := refused{}
		if !errors.As(err, &refusal) {
			if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
				return 0, nil // the rollout goes with its namespace; nothing can be made there any more
			}
			if err != nil {
				return 0, err
			}
			break
		}
		if notes = append(notes, refusal.note); len(notes) > maxRefusals {
			return 0, fmt.Errorf("%d effects were refused, and the core asks for more", len(notes))
		}
	}
	if err := c.write(ctx, ro, m, decision); err != nil {
		if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
			// Somebody changed the rollout: decide again on what it is now, which the watch brings.
			klog.FromContext(ctx).V(4).Info("Rollout changed meanwhile", "rollout", klog.KObj(ro))
			return lookAgain, nil
		}
		return 0, err
	}
	c.tell(ro, decision.Events)
	if len(v.CreateErrors) > 0 {
		first := slices.Sorted(maps.Keys(v.CreateErrors))[0]
		if err := v.CreateErrors[first]; !apierrors.IsAlreadyExists(err) {
			return 0, fmt.Errorf("create ReplicaSet %s: %w", first, err)
		}
	}
	return loop.Sooner(v.again, decision.RequeueAfter), nil
}

// gone lets go of what a rollout directed. A Service may bear the name of a rollout that was never ours, where the peer
// runs in the same cluster: such a one is left alone.
func (c *Controller) gone(ctx context.Context, key types.NamespacedName) error {
	if c.knows(key) {
		if err := c.release(ctx, key, nil); err != nil {
			return err
		}
	}
	c.forget(key)
	return nil
}

// write writes what was decided about the rollout itself: annotations, then status, both under the resourceVersion that
// was decided on, so that a verb that came between is never lost.
func (c *Controller) write(ctx context.Context, ro *rov1.Rollout, m *memory, decision rollout.Decision) error {
	client := c.config.Argosy.RolloutV1alpha1().Rollouts(ro.Namespace)
	if len(decision.Annotations) > 0 {
		patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
			"uid": ro.UID, "resourceVersion": ro.ResourceVersion, "annotations": decision.Annotations,
		}})
		if err != nil {
			return fmt.Errorf("encoding annotations: %w", err)
		}
		written, err := client.Patch(ctx, ro.Name, types.MergePatchType, patch, metav1.PatchOptions{})
		if err != nil {
			return fmt.Errorf("writing annotations: %w", err)
		}
		ro, m.written = written, written
	}
	if decision.Status == nil {
		return nil
	}
	update := *ro
	update.Status = *decision.Status
	written, err := client.UpdateStatus(ctx, &update, metav1.UpdateOptions{})
	if err != nil {
		return fmt.Errorf("writing the status: %w", err)
	}
	m.written = written
	return nil
}

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

// tell sends Events about the rollout. The reference is always of the native group, whichever group the rollout came
// by, so that `kubectl describe` finds all of them in one place.
func (c *Controller) tell(ro *rov1.Rollout, events []rollout.Event) {
	if len(events) == 0 {
		return
	}
	about := &corev1.ObjectReference{
		APIVersion: rov1.SchemeGroupVersion.String(), Kind: "Rollout",
		Namespace: ro.Namespace, Name: ro.Name, UID: ro.UID, ResourceVersion: ro.ResourceVersion,
	}
	for _, event := range events {
		c.loop.Recorder().Event(about, event.Type, event.Reason, event.Message)
	}
}
