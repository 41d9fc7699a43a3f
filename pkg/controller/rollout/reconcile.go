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

// reconcile looks at one rollout, and tells what keeps it from being done: nobody who waits for a rollout reads the log. It
// returns after which time to look again without an event, or zero.
func (c *Controller) reconcile(ctx context.Context, key types.NamespacedName) (time.Duration, error) {
	again, err := c.look(ctx, key)
	m := c.recall(key)
	if m == nil || ctx.Err() != nil || apierrors.IsConflict(err) {
		return again, err // what has changed meanwhile is looked at again at once
	}
	trouble := ""
	if err != nil && !errors.As(err, &told{}) {
		trouble = err.Error()
	}
	if ro, missing := c.rollouts.Rollouts(key.Namespace).Get(key.Name); trouble != "" && trouble != m.trouble && missing == nil {
		c.tell(ro, []rollout.Event{{Type: corev1.EventTypeWarning, Reason: "ReconciliationError", Message: trouble}})
	}
	m.trouble = trouble
	return again, err
}

// told is an error of which the core has told already.
type told struct{ error }

func (t told) Unwrap() error { return t.error }

// look does what the core decides for one rollout: read, decide, apply.
func (c *Controller) look(ctx context.Context, key types.NamespacedName) (time.Duration, error) {
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
		done, err := c.apply(ctx, ro, m, v.World, decision.Effects)
		if err != nil {
			m.untold.keep(decision.Events, done, false)
		}
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
	if annotated, err := c.write(ctx, ro, m, decision); err != nil {
		m.untold.keep(decision.Events, len(decision.Effects), annotated)
		if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
			// Somebody changed the rollout: decide again on what it is now, which the watch brings.
			klog.FromContext(ctx).V(4).Info("Rollout changed meanwhile", "rollout", klog.KObj(ro))
			return lookAgain, nil
		}
		return 0, err
	}
	c.tell(ro, m.untold.release(decision.Events))
	if m.last == nil || !rollout.Invalid(ro, decision) {
		// A rollout that is wrong as it is now may have been right before: its traffic stays as it was.
		if err := c.releaseRoutes(ctx, m, ro); err != nil {
			return 0, err
		}
	}
	if len(v.CreateErrors) > 0 {
		first := slices.Sorted(maps.Keys(v.CreateErrors))[0]
		if err := v.CreateErrors[first]; !apierrors.IsAlreadyExists(err) {
			return 0, told{fmt.Errorf("create ReplicaSet %s: %w", first, err)}
		}
	}
	return loop.Sooner(v.again, decision.RequeueAfter), nil
}

// gone lets go of what a rollout directed. A Service may bear the name of a rollout that was never ours, where the peer
// runs in the same cluster: such a one is left alone.
func (c *Controller) gone(ctx context.Context, key types.NamespacedName) error {
	if m := c.recall(key); m != nil {
		if err := errors.Join(c.release(ctx, key, nil), c.releaseRoutes(ctx, m, nil)); err != nil {
			return err
		}
	}
	c.forget(key)
	return nil
}

// write writes what was decided about the rollout itself: annotations, then status, both under the resourceVersion that
// was decided on, so that a verb that came between is never lost. annotated tells that it has got so far.
func (c *Controller) write(ctx context.Context, ro *rov1.Rollout, m *memory, decision rollout.Decision) (annotated bool, err error) {
	client := c.config.Argosy.RolloutV1alpha1().Rollouts(ro.Namespace)
	if len(decision.Annotations) > 0 {
		patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
			"uid": ro.UID, "resourceVersion": ro.ResourceVersion, "annotations": decision.Annotations,
		}})
		if err != nil {
			return false, fmt.Errorf("encoding annotations: %w", err)
		}
		written, err := client.Patch(ctx, ro.Name, types.MergePatchType, patch, metav1.PatchOptions{})
		if err != nil {
			return false, fmt.Errorf("writing annotations: %w", err)
		}
		ro, m.written = written, written
	}
	if decision.Status == nil {
		return true, nil
	}
	update := *ro
	update.Status = *decision.Status
	written, err := client.UpdateStatus(ctx, &update, metav1.UpdateOptions{})
	if err != nil {
		return true, fmt.Errorf("writing the status: %w", err)
	}
	m.written = written
	return true, nil
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
		c.config.Metrics.Event(keyOf(ro), event.Type, event.Reason)
	}
}
