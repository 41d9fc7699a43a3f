// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"
	"fmt"
	"maps"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/record"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application"
)

// writer writes the status of one application, each time upon what it wrote last.
type writer struct {
	*Controller
	app *appv1.Application
	m   *memory
}

// operation writes how far the operation is, and nothing else.
func (w *writer) operation(ctx context.Context, state *appv1.OperationState) error {
	next := *w.app
	next.Status.OperationState = state
	return w.put(ctx, &next)
}

// write writes what a look has found out, if it says anything new. compared tells that it has done what the annotation
// refresh asks.
func (w *writer) write(ctx context.Context, seen application.Observed, compared bool) error {
	status, changed := application.Status(w.app, seen, w.now())
	next := *w.app
	next.Status = status
	if _, asked := w.app.Annotations[appv1.AnnotationRefresh]; asked && compared {
		next.Annotations = maps.Clone(w.app.Annotations)
		delete(next.Annotations, appv1.AnnotationRefresh)
		at := metav1.NewTime(w.now().Truncate(time.Second))
		next.Status.ReconciledAt = &at
		changed = true
	}
	if !changed {
		return nil
	}
	return w.put(ctx, &next)
}

// put writes an application's status and tells what has changed by Events.
func (w *writer) put(ctx context.Context, next *appv1.Application) error {
	written, err := w.config.Argosy.ApplicationV1alpha1().Applications(next.Namespace).UpdateStatus(ctx, next, metav1.UpdateOptions{})
	if err != nil {
		return fmt.Errorf("writing the status: %w", err)
	}
	before := w.app
	w.app, w.m.written = written, written
	tell(w.loop.Recorder(), before, written)
	w.counted(before, written)
	return nil
}

// tell sends Events about what has changed, with the peer's reasons. The reference is always of the native group,
// whichever group the application came by, so that `kubectl describe` finds all of them in one place.
func tell(recorder record.EventRecorder, before, after *appv1.Application) {
	about := reference(after)
	event := func(kind, reason, format string, args ...any) {
		recorder.Eventf(about, kind, reason, format, args...)
	}
	if old, now := before.Status.Sync.Status, after.Status.Sync.Status; old != now {
		event(corev1.EventTypeNormal, "ResourceUpdated", "Updated sync status: %s -> %s", old, now)
	}
	if old, now := before.Status.Health.Status, after.Status.Health.Status; old != now {
		event(corev1.EventTypeNormal, "ResourceUpdated", "Updated health status: %s -> %s", old, now)
	}
	old, now := before.Status.OperationState, after.Status.OperationState
	switch {
	case now == nil:
	case runs(now) && (old == nil || !old.StartedAt.Equal(&now.StartedAt)):
		event(corev1.EventTypeNormal, "OperationStarted", "%s initiated %s to %s", initiator(&now.Operation), verb(&now.Operation, after), what(now))
	case over(now) && (old == nil || !over(old) || !old.StartedAt.Equal(&now.StartedAt)):
		kind := corev1.EventTypeNormal
		if now.Phase != appv1.OperationSucceeded {
			kind = corev1.EventTypeWarning
		}
		word := map[appv1.OperationPhase]string{appv1.OperationSucceeded: "succeeded", appv1.OperationFailed: "failed", appv1.OperationError: "failed"}[now.Phase]
		event(kind, "OperationCompleted", "%s operation to %s %s: %s", verb(&now.Operation, after), what(now), word, now.Message)
	}
	for _, c := range after.Status.Conditions {
		if c.Status == "" && !apiequality.Semantic.DeepEqual(conditionOf(before, c), &c) {
			event(corev1.EventTypeWarning, string(c.Type), "%s", c.Message)
		}
	}
}

// reference is what Events are about.
func reference(app *appv1.Application) *corev1.ObjectReference {
	return &corev1.ObjectReference{
		APIVersion: appv1.SchemeGroupVersion.String(), Kind: "Application",
		Namespace: app.Namespace, Name: app.Name, UID: app.UID, ResourceVersion: app.ResourceVersion,
	}
}

// conditionOf returns the condition as it was before, nil if it was not there.
func conditionOf(app *appv1.Application, c appv1.ApplicationCondition) *appv1.ApplicationCondition {
	for i := range app.Status.Conditions {
		if old := &app.Status.Conditions[i]; old.Type == c.Type && old.Message == c.Message {
			return old
		}
	}
	return nil
}

// initiator is who asked for an operation.
func initiator(operation *appv1.Operation) string {
	if by := operation.InitiatedBy; by != nil {
		if by.Username != "" {
			return by.Username
		}
		if ptr.Deref(by.Automated, false) {
			return "automated policy"
		}
	}
	return "Unknown user"
}

// verb is what an operation does.
func verb(operation *appv1.Operation, app *appv1.Application) string {
	switch sync := operation.Sync; {
	case sync == nil:
		return "operation"
	case application.IsRollback(operation, app.Status.History):
		return "rollback"
	case len(sync.Resources) > 0:
		return "partial sync"
	}
	return "sync"
}

// what is to what an operation leads: its revisions.
func what(state *appv1.OperationState) string {
	if result := state.SyncResult; result != nil {
		if len(result.Revisions) > 0 {
			return fmt.Sprintf("revisions %v", result.Revisions)
		}
		if result.Revision != "" {
			return "revision " + result.Revision
		}
	}
	return "what was given"
}
