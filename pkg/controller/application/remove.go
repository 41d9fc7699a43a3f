// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application"
	"argosy.dev/argosy/pkg/application/object"
	appsync "argosy.dev/argosy/pkg/application/sync"
)

// remove goes on with the deletion of an application, as its finalizers ask.
func (c *Controller) remove(ctx context.Context, app *appv1.Application, m *memory) (time.Duration, error) {
	if !slices.ContainsFunc(app.Finalizers, ofDeletion) {
		return 0, nil // it goes by itself, and its objects stay
	}
	w := writer{Controller: c, app: app, m: m}
	s, err := c.config.Engine.scene(ctx, app)
	trouble := problem{}
	switch {
	case errors.Is(err, errNoCluster):
		c.loop.Recorder().Event(reference(app), corev1.EventTypeWarning, "ResourceDeleted", "the cluster of its destination is gone, and with it all that could be deleted")
		return 0, c.unfinalize(ctx, app, m, ofDeletion)
	case asProblem(err, &trouble):
		return lookAgain, w.write(ctx, undeletable(app, trouble.Message), false)
	case err != nil:
		return 0, err
	}
	m.rests(s)
	m.operation(&appv1.OperationState{StartedAt: *app.DeletionTimestamp})
	for {
		decision, err := c.removal(ctx, s, m)
		if trouble := (problem{}); asProblem(err, &trouble) {
			return lookAgain, w.write(ctx, undeletable(w.app, trouble.Message), false)
		}
		if err != nil {
			return 0, err
		}
		if len(decision.Effects) > 0 {
			if err := c.applyAll(ctx, s, m, decision.Effects); err != nil {
				return 0, err
			}
			continue
		}
		done := func(finalizer string) bool {
			switch base, _, _ := strings.Cut(finalizer, "/"); base {
			case appv1.FinalizerPreDelete:
				return decision.PreDelete
			case appv1.FinalizerResources:
				return decision.Cascade
			case appv1.FinalizerPostDelete:
				return decision.PostDelete
			}
			return false
		}
		if slices.ContainsFunc(w.app.Finalizers, done) {
			return 0, c.unfinalize(ctx, w.app, m, done)
		}
		if decision.Error != "" {
			// What went wrong is tried again, whatever has failed with it.
			clear(m.done)
			return lookAgain, w.write(ctx, undeletable(w.app, decision.Error), true)
		}
		return lookAgain, nil
	}
}

// removal decides what happens next in a deletion.
func (c *Controller) removal(ctx context.Context, s *scene, m *memory) (appsync.DeleteDecision, error) {
	app := s.app
	in := appsync.DeleteInput{
		Since: app.DeletionTimestamp.Time, UID: app.UID, Instance: s.instance, Options: s.options,
		Approved: app.Annotations[appv1.AnnotationDeletionApproved],
		Health: func(u *unstructured.Unstructured) *appv1.HealthStatus {
			return m.known.health(u, s.settings.Health, func(error) {})
		},
		Done: m.done, Now: c.now(),
	}
	for _, finalizer := range app.Finalizers {
		base, how, _ := strings.Cut(finalizer, "/")
		switch base {
		case appv1.FinalizerPreDelete:
			in.PreDelete = true
		case appv1.FinalizerPostDelete:
			in.PostDelete = true
		case appv1.FinalizerResources:
			in.Cascade = true
			if how == appv1.FinalizerBackground {
				in.Propagation = metav1.DeletePropagationBackground
			}
		}
	}
	l := &look{scene: s}
	if in.PreDelete || in.PostDelete {
		if err := c.config.Engine.want(ctx, l, wishOf(app, refreshOf(app)), m.known); err != nil {
			return appsync.DeleteDecision{}, err
		}
		// Only the hooks of deletion are wanted now: all else is to go.
		var hooks []*unstructured.Unstructured
		for _, target := range l.targets {
			if hookOfDeletion(target) {
				hooks = append(hooks, appsync.Named(target, first(l.revisions), in.Since)...)
			}
		}
		l.targets = hooks
	}
	all, _, err := s.compare(ctx, l.targets, m.known)
	if err != nil {
		return appsync.DeleteDecision{}, err
	}
	for i := range all {
		in.Objects = append(in.Objects, l.object(ctx, &all[i]))
	}
	return appsync.DeleteStep(in), nil
}

// first is the first of some revisions.
func first(revisions []string) string {
	if len(revisions) == 0 {
		return ""
	}
	return revisions[0]
}

// hookOfDeletion tells whether an object is a hook that runs when the application is deleted.
func hookOfDeletion(u *unstructured.Unstructured) bool {
	phases, hook := object.Hooks(u)
	return hook && (slices.Contains(phases, object.PreDelete) || slices.Contains(phases, object.PostDelete))
}

// ofDeletion tells whether a finalizer is one that we act on.
func ofDeletion(finalizer string) bool {
	base, _, _ := strings.Cut(finalizer, "/")
	return base == appv1.FinalizerResources || base == appv1.FinalizerPreDelete || base == appv1.FinalizerPostDelete
}

// undeletable is what is seen of an application that cannot be deleted.
func undeletable(app *appv1.Application, message string) application.Observed {
	return application.Observed{
		Findings:  []application.Finding{{Type: appv1.ConditionDeletionError, Message: message}},
		Operation: app.Status.OperationState, History: app.Status.History,
	}
}

// finalize makes the application wait for the hooks of its deletion, if it has any among its manifests.
func (c *Controller) finalize(ctx context.Context, l *look, w *writer) error {
	missing := map[string]bool{}
	for _, target := range l.targets {
		phases, _ := object.Hooks(target)
		for phase, finalizer := range map[object.Phase]string{object.PreDelete: appv1.FinalizerPreDelete, object.PostDelete: appv1.FinalizerPostDelete} {
			if slices.Contains(phases, phase) && !slices.ContainsFunc(w.app.Finalizers, func(f string) bool { return f == finalizer || strings.HasPrefix(f, finalizer+"/") }) {
				missing[finalizer] = true
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	finalizers := slices.Clone(w.app.Finalizers)
	for _, finalizer := range []string{appv1.FinalizerPreDelete, appv1.FinalizerPostDelete} {
		if missing[finalizer] {
			finalizers = append(finalizers, finalizer)
		}
	}
	written, err := c.setFinalizers(ctx, w.app, finalizers)
	if err != nil {
		return err
	}
	w.app, w.m.written = written, written
	return nil
}

// unfinalize takes finalizers off.
func (c *Controller) unfinalize(ctx context.Context, app *appv1.Application, m *memory, which func(string) bool) error {
	left := slices.DeleteFunc(slices.Clone(app.Finalizers), which)
	written, err := c.setFinalizers(ctx, app, left)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	m.written = written
	return nil
}

// setFinalizers writes the finalizers of an application, if it is still the one that was looked at.
func (c *Controller) setFinalizers(ctx context.Context, app *appv1.Application, finalizers []string) (*appv1.Application, error) {
	if finalizers == nil {
		finalizers = []string{}
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid": app.UID, "resourceVersion": app.ResourceVersion, "finalizers": finalizers,
	}})
	if err != nil {
		return nil, fmt.Errorf("encoding finalizers: %w", err)
	}
	written, err := c.config.Argosy.ApplicationV1alpha1().Applications(app.Namespace).Patch(ctx, app.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return nil, fmt.Errorf("writing finalizers: %w", err)
	}
	return written, nil
}

// cleanup lets go of the hooks of an operation whose end is stored.
func (c *Controller) cleanup(ctx context.Context, l *look, m *memory, state *appv1.OperationState) error {
	try := operationTry{state.StartedAt.Time, state.RetryCount}
	if m.cleaned == try {
		return nil
	}
	for {
		var objects []appsync.Object
		for i := range l.all {
			if compared := &l.all[i]; compared.Key.Name != "" {
				objects = append(objects, l.object(ctx, compared))
			}
		}
		effects := appsync.Cleanup(state, l.app.UID, l.instance, objects)
		if len(effects) == 0 {
			m.cleaned = try
			return nil
		}
		for _, effect := range effects {
			if out := c.applyOne(ctx, l.scene, effect); out.Err != "" {
				return fmt.Errorf("letting go of hook %s: %s", effect.ID().Key.Label(), out.Err)
			}
		}
		all, _, err := l.compare(ctx, l.targets, m.known)
		if err != nil {
			return err
		}
		l.all = all
	}
}
