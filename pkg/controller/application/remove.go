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
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application"
	"argosy.dev/argosy/pkg/application/object"
	"argosy.dev/argosy/pkg/application/project"
	appsync "argosy.dev/argosy/pkg/application/sync"
	"argosy.dev/argosy/pkg/manifests"
)

// patience is how long an application that takes nothing along waits until its hooks can be let go. What cannot be reached
// by then is left as it is.
const patience = time.Minute

// remove goes on with the deletion of an application, as its finalizers ask.
func (c *Controller) remove(ctx context.Context, app *appv1.Application, m *memory) (time.Duration, error) {
	if !slices.ContainsFunc(app.Finalizers, ofDeletion) {
		return 0, nil // it goes by itself, and its objects stay
	}
	w := writer{Controller: c, app: app, m: m}
	again, err := c.removeAs(ctx, &w)
	trouble := problem{}
	switch {
	case errors.Is(err, errNoCluster):
		c.loop.Recorder().Event(reference(app), corev1.EventTypeWarning, "ResourceDeleted", "the cluster of its destination is gone, and with it all that could be deleted")
		return 0, c.unfinalize(ctx, w.app, m, ofDeletion)
	case err == nil || ctx.Err() != nil || apierrors.IsConflict(err):
		return again, err
	case c.now().Sub(app.DeletionTimestamp.Time) > patience && !slices.ContainsFunc(w.app.Finalizers, func(f string) bool { return ofDeletion(f) && f != appv1.FinalizerHooks }):
		c.loop.Recorder().Eventf(reference(app), corev1.EventTypeWarning, "ResourceDeleted", "hooks of its last sync could not be let go, and may bear the finalizer %s: %v", object.FinalizerHook, err)
		return 0, c.unfinalize(ctx, w.app, m, ofDeletion)
	case asProblem(err, &trouble):
		return lookAgain, w.write(ctx, undeletable(w.app, trouble.Message), trouble.Type == appv1.ConditionDeletionError)
	}
	return 0, err
}

// removeAs goes on with a deletion. What went wrong in it is a problem of type DeletionError.
func (c *Controller) removeAs(ctx context.Context, w *writer) (time.Duration, error) {
	m := w.m
	s, err := c.config.Engine.lastScene(ctx, w.app)
	if err != nil {
		return 0, err
	}
	m.rests(s)
	m.operation(&appv1.OperationState{StartedAt: *w.app.DeletionTimestamp})
	for {
		decision, err := c.removal(ctx, s, w)
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
			switch base, how, _ := strings.Cut(finalizer, "/"); {
			case !ofDeletion(finalizer):
				return false
			case how == appv1.FinalizerCleanup, finalizer == appv1.FinalizerHooks:
				return decision.Cleanup
			case base == appv1.FinalizerPreDelete:
				return decision.PreDelete
			case base == appv1.FinalizerPostDelete:
				return decision.PostDelete
			}
			return decision.Cascade
		}
		if slices.ContainsFunc(w.app.Finalizers, done) {
			return 0, c.unfinalize(ctx, w.app, m, done)
		}
		if decision.Error != "" {
			// What went wrong is tried again, whatever has failed with it.
			clear(m.done)
			return 0, problem{application.Finding{Type: appv1.ConditionDeletionError, Message: decision.Error}}
		}
		if m.waits(decision.Message, c.now()) {
			c.loop.Recorder().Event(reference(w.app), corev1.EventTypeNormal, "ResourceDeleted", decision.Message)
		}
		return lookAgain, nil
	}
}

// removal decides what happens next in a deletion.
func (c *Controller) removal(ctx context.Context, s *scene, w *writer) (appsync.DeleteDecision, error) {
	app, m := w.app, w.m
	in := appsync.DeleteInput{
		Since: app.DeletionTimestamp.Time, UID: app.UID, Instance: s.instance, Options: s.options,
		Approved: app.Annotations[appv1.AnnotationDeletionApproved],
		Health: func(u *unstructured.Unstructured) *appv1.HealthStatus {
			return m.known.health(u, s.settings.Health, func(error) {})
		},
		Checked: s.checked,
		Done:    m.done, Now: c.now(),
	}
	for _, finalizer := range app.Finalizers {
		base, how, _ := strings.Cut(finalizer, "/")
		switch {
		case !ofDeletion(finalizer):
		case how == appv1.FinalizerCleanup, finalizer == appv1.FinalizerHooks:
			in.Cleanup = true
		case base == appv1.FinalizerPreDelete:
			in.PreDelete = true
		case base == appv1.FinalizerPostDelete:
			in.PostDelete = true
		default:
			in.Cascade = true
			if how == appv1.FinalizerBackground {
				in.Propagation = metav1.DeletePropagationBackground
			}
		}
	}
	var hooks []*unstructured.Unstructured
	if in.PreDelete || in.PostDelete {
		var err error
		if hooks, err = c.lastHooks(ctx, s, w); err != nil {
			return appsync.DeleteDecision{}, err
		}
	}
	l := &look{scene: s, targets: hooks}
	all, _, err := s.compare(ctx, l.targets, m.known)
	if err != nil {
		return appsync.DeleteDecision{}, err
	}
	for i := range all {
		in.Objects = append(in.Objects, l.object(ctx, &all[i]))
	}
	return appsync.DeleteStep(in), nil
}

// lastHooks are the hooks of an application's deletion: those of what was compared last before it, whatever is committed
// meanwhile. Only where the deletion has failed, or somebody asks for a refresh, are the sources asked what they are now:
// that is how a hook is mended.
func (c *Controller) lastHooks(ctx context.Context, s *scene, w *writer) ([]*unstructured.Unstructured, error) {
	app := w.app
	if s.unfit != "" {
		// They are not known, or must not run, and the application is not kept for them.
		if !w.m.told {
			c.loop.Recorder().Eventf(reference(app), corev1.EventTypeWarning, "ResourceDeleted", "hooks of its deletion do not run: %s", s.unfit)
			w.m.told = true
		}
		return nil, nil
	}
	wish := wishOf(app, refreshOf(app))
	known := comparedRevisions(app)
	if wish.refresh == manifests.Cached && !hasCondition(app, appv1.ConditionDeletionError) {
		wish.revisions = known
	}
	l := &look{scene: s}
	if err := c.config.Engine.want(ctx, l, wish, w.m.known); err != nil {
		return nil, err
	}
	if !slices.Equal(l.revisions, known) {
		// From here on these count, also after a crash.
		now := undeletable(app, "")
		now.Revisions, now.Types, now.Findings = l.revisions, l.types, nil
		if err := w.write(ctx, now, true); err != nil {
			return nil, err
		}
		s.app = w.app
	}
	// Their names do not depend on the revision, so that one that has run does not run again by another name.
	names := appsync.NewNamer(string(app.UID), app.DeletionTimestamp.Time)
	var hooks []*unstructured.Unstructured
	for _, target := range l.targets {
		if hookOfDeletion(target) {
			hooks = append(hooks, names.Named(target)...)
		}
	}
	return hooks, nil
}

// comparedRevisions are the revisions with which an application was compared last; none if it was not, or if its sources are
// others by now.
func comparedRevisions(app *appv1.Application) []string {
	sync, sources := &app.Status.Sync, project.Sources(app)
	revisions, compared := sync.Revisions, []appv1.ApplicationSource(nil)
	if sync.ComparedTo == nil {
		return nil
	}
	if compared = sync.ComparedTo.Sources; len(app.Spec.Sources) == 0 {
		revisions, compared = []string{sync.Revision}, nil
		if sync.ComparedTo.Source != nil {
			compared = []appv1.ApplicationSource{*sync.ComparedTo.Source}
		}
	}
	if len(revisions) != len(sources) || slices.Contains(revisions, "") || !apiequality.Semantic.DeepEqual(compared, sources) {
		return nil
	}
	return revisions
}

func hasCondition(app *appv1.Application, kind appv1.ApplicationConditionType) bool {
	return slices.ContainsFunc(app.Status.Conditions, func(c appv1.ApplicationCondition) bool { return c.Type == kind })
}

// hookOfDeletion tells whether an object is a hook that runs when the application is deleted.
func hookOfDeletion(u *unstructured.Unstructured) bool {
	phases, hook := object.Hooks(u)
	return hook && (slices.Contains(phases, object.PreDelete) || slices.Contains(phases, object.PostDelete))
}

// ofDeletion tells whether a finalizer is one that we act on.
func ofDeletion(finalizer string) bool {
	base, _, _ := strings.Cut(finalizer, "/")
	return base == appv1.FinalizerResources || base == appv1.FinalizerPreDelete || base == appv1.FinalizerPostDelete || finalizer == appv1.FinalizerHooks
}

// undeletable is what is seen of an application that cannot be deleted.
func undeletable(app *appv1.Application, message string) application.Observed {
	return application.Observed{
		Findings:  []application.Finding{{Type: appv1.ConditionDeletionError, Message: message}},
		Operation: app.Status.OperationState, History: app.Status.History,
	}
}

// finalize makes the application wait for the hooks of its deletion, if it has any among its manifests, and no longer if they
// have left them.
func (c *Controller) finalize(ctx context.Context, l *look, w *writer) error {
	finalizers := hookFinalizers(w.app.Finalizers, l.targets)
	if slices.Equal(finalizers, w.app.Finalizers) {
		return nil
	}
	return c.refinalize(ctx, w, finalizers)
}

// hookFinalizers are the finalizers that an application with these manifests has: its own, and those of the hooks of
// deletion that it has, each with one for what is left to do with them once they have run. That one must be there from the
// beginning: an object that is being deleted gets no new ones.
func hookFinalizers(has []string, targets []*unstructured.Unstructured) []string {
	wanted := map[object.Phase]bool{}
	for _, target := range targets {
		phases, _ := object.Hooks(target)
		for _, phase := range phases {
			wanted[phase] = true
		}
	}
	out := slices.Clone(has)
	for _, phase := range []object.Phase{object.PreDelete, object.PostDelete} {
		finalizer := map[object.Phase]string{object.PreDelete: appv1.FinalizerPreDelete, object.PostDelete: appv1.FinalizerPostDelete}[phase]
		for _, name := range []string{finalizer, finalizer + "/" + appv1.FinalizerCleanup} {
			switch there := slices.Contains(out, name); {
			case wanted[phase] && !there:
				out = append(out, name)
			case !wanted[phase] && there:
				out = slices.DeleteFunc(out, func(f string) bool { return f == name })
			}
		}
	}
	return out
}

// hold makes the application wait until its hooks are let go, before the first that bears our finalizer is made: one that is
// deleted in the middle of a sync must not leave a hook that cannot be deleted.
func (c *Controller) hold(ctx context.Context, w *writer, effects []appsync.Effect) error {
	holds := slices.ContainsFunc(effects, func(effect appsync.Effect) bool {
		apply, is := effect.(appsync.Apply)
		return is && !apply.DryRun && slices.Contains(apply.Object.GetFinalizers(), object.FinalizerHook)
	})
	if !holds || slices.Contains(w.app.Finalizers, appv1.FinalizerHooks) {
		return nil
	}
	return c.refinalize(ctx, w, append(slices.Clone(w.app.Finalizers), appv1.FinalizerHooks))
}

// refinalize writes the finalizers of the application that is written.
func (c *Controller) refinalize(ctx context.Context, w *writer, finalizers []string) error {
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

// cleanup lets go of the hooks of an operation whose end is stored, and then of the application.
func (c *Controller) cleanup(ctx context.Context, l *look, w *writer, state *appv1.OperationState) error {
	m := w.m
	try := operationTry{state.StartedAt.Time, state.RetryCount}
	if m.cleaned != try {
		err := c.letGo(ctx, l, m, state)
		if trouble := (problem{}); asProblem(err, &trouble) {
			return nil // what there is cannot be seen now, which the conditions tell: it is done when it can be
		}
		if err != nil {
			return err
		}
		m.cleaned = try
	}
	if !over(state) || !slices.Contains(w.app.Finalizers, appv1.FinalizerHooks) {
		return nil
	}
	return c.refinalize(ctx, w, slices.DeleteFunc(slices.Clone(w.app.Finalizers), func(f string) bool { return f == appv1.FinalizerHooks }))
}

// letGo lets go of the hooks of an operation. It takes no manifests to know them, which may be why it has failed.
func (c *Controller) letGo(ctx context.Context, l *look, m *memory, state *appv1.OperationState) error {
	all := l.all
	for known := l.compared; ; known = false {
		if !known {
			var err error
			if all, _, err = l.compare(ctx, l.targets, m.known); err != nil {
				return err
			}
		}
		var objects []appsync.Object
		for i := range all {
			if compared := &all[i]; compared.Key.Name != "" {
				objects = append(objects, l.object(ctx, compared))
			}
		}
		effects := appsync.Cleanup(state, l.app.UID, l.instance, objects)
		if len(effects) == 0 {
			return nil
		}
		var errs []error
		for _, effect := range effects {
			if out := c.applyOne(ctx, l.scene, effect); out.Err != "" {
				errs = append(errs, fmt.Errorf("letting go of hook %s: %s", effect.ID().Key.Label(), out.Err))
			}
		}
		if len(errs) > 0 {
			return errors.Join(errs...) // one that may not be deleted does not keep others
		}
	}
}
