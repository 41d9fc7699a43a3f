// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/apis/application/validation"
	"argosy.dev/argosy/pkg/application/object"
)

// The verbs change the application they are given, which is a copy of the caller's, to record what is wanted, in the
// fields by which the peer's clients do; the loop does it. They return a Conflict (409) where the state of the application
// forbids it, and Invalid (422) where the request is wrong. Then the application is unchanged.

// Sync asks for a sync, on behalf of the user.
func Sync(app *appv1.Application, req *appv1.ApplicationSync, user string) error {
	errs := validation.ValidateApplicationSync(req)
	errs = append(errs, versions(app, req.Revision, req.Revisions, "revision", "revisions")...)
	errs = append(errs, versions(app, req.ComparedRevision, req.ComparedRevisions, "comparedRevision", "comparedRevisions")...)
	if len(errs) > 0 {
		return invalid(app, "ApplicationSync", errs...)
	}
	if err := compared(app, req); err != nil {
		return err
	}
	op := &appv1.Operation{
		Sync: &appv1.SyncOperation{
			Revision: req.Revision, Revisions: req.Revisions, Prune: given(req.Prune), DryRun: given(req.DryRun), SyncStrategy: req.Strategy,
			Resources: req.Resources, Manifests: req.Manifests, SyncOptions: options(app, req.SyncOptions),
		},
		InitiatedBy: &appv1.OperationInitiator{Username: user},
		Info:        req.Info,
		Retry:       req.Retry,
	}
	if p := app.Spec.SyncPolicy; op.Retry == nil && p != nil {
		if op.Retry = p.Retry.DeepCopy(); op.Retry != nil && (req.Revision != "" || len(req.Revisions) > 0) {
			op.Retry.Refresh = nil // who asks for a revision does not want a newer one
		}
	}
	return request(app, op)
}

// versions refuses versions that do not go with the sources of the application.
func versions(app *appv1.Application, one string, all []string, oneName, allName string) field.ErrorList {
	n := len(app.Spec.GetSources())
	many := len(app.Spec.Sources) > 0 && app.Spec.SourceHydrator == nil
	switch {
	case one != "" && many:
		return field.ErrorList{field.Forbidden(field.NewPath(oneName), fmt.Sprintf("the application has %d sources: give %s", n, allName))}
	case len(all) > 0 && !many:
		return field.ErrorList{field.Forbidden(field.NewPath(allName), "the application has a single source: give "+oneName)}
	case len(all) > 0 && len(all) != n:
		return field.ErrorList{field.Invalid(field.NewPath(allName), len(all), fmt.Sprintf("must be as many as the application has sources: %d", n))}
	}
	return nil
}

// compared refuses a request whose preconditions on what was compared do not hold.
func compared(app *appv1.Application, req *appv1.ApplicationSync) error {
	is := &app.Status.Sync
	switch {
	case req.ComparedRevision != "" && req.ComparedRevision != is.Revision:
		return conflict(app, "the precondition on comparedRevision failed: %q was asked for, it was compared with %q", req.ComparedRevision, is.Revision)
	case len(req.ComparedRevisions) > 0 && !slices.Equal(req.ComparedRevisions, is.Revisions):
		return conflict(app, "the precondition on comparedRevisions failed: %q were asked for, it was compared with %q", req.ComparedRevisions, is.Revisions)
	}
	return nil
}

// options are those of the application and, since the last one of a name counts, those that are asked for.
func options(app *appv1.Application, asked []string) []string {
	var out []string
	if p := app.Spec.SyncPolicy; p != nil {
		out = slices.Clone(p.SyncOptions)
	}
	return append(out, asked...)
}

// Rollback asks for what a past sync has brought, on behalf of the user.
func Rollback(app *appv1.Application, req *appv1.ApplicationRollback, user string) error {
	past, err := past(app, req.ID)
	if err != nil {
		return err
	}
	return request(app, &appv1.Operation{
		Sync: &appv1.SyncOperation{
			Revision: past.Revision, Revisions: slices.Clone(past.Revisions), Source: past.Source.DeepCopy(), Sources: past.DeepCopy().Sources,
			Prune: given(req.Prune), DryRun: given(req.DryRun), SyncOptions: options(app, nil),
			SyncStrategy: &appv1.SyncStrategy{Apply: &appv1.SyncStrategyApply{}},
		},
		InitiatedBy: &appv1.OperationInitiator{Username: user},
	})
}

// past is the past sync of the given number, or the one before the last.
func past(app *appv1.Application, id *int64) (*appv1.RevisionHistory, error) {
	history := app.Status.History
	at := len(history) - 2
	if id != nil {
		at = slices.IndexFunc(history, func(h appv1.RevisionHistory) bool { return h.ID == *id })
		if at < 0 {
			return nil, invalid(app, "ApplicationRollback", field.NotFound(field.NewPath("id"), *id))
		}
	}
	switch {
	case at < 0:
		return nil, conflict(app, "there is no sync before the last to go back to")
	case len(history[at].Sources) == 0 && isEmpty(history[at].Source):
		return nil, conflict(app, "what was synced by number %d is not known any longer", history[at].ID)
	}
	return &history[at], nil
}

// Terminate asks that the operation that runs be ended, or withdraws one that has not begun.
func Terminate(app *appv1.Application, _ *appv1.ApplicationTerminate, _ string) error {
	switch phase := phaseOf(app); {
	case phase == appv1.OperationTerminating:
		return conflict(app, "its operation is being ended already")
	case phase == appv1.OperationRunning:
		app.Status.OperationState.Phase = appv1.OperationTerminating
	case app.Operation != nil:
		app.Operation = nil
	default:
		return conflict(app, "no operation is running that could be ended")
	}
	return nil
}

// Refresh asks that what there is be compared with what is wanted. A hard refresh that was asked for before stays one.
func Refresh(app *appv1.Application, req *appv1.ApplicationRefresh, _ string) error {
	kind := req.Type
	switch kind {
	case "":
		kind = appv1.RefreshNormal
	case appv1.RefreshNormal, appv1.RefreshHard:
	default:
		return invalid(app, "ApplicationRefresh", field.NotSupported(field.NewPath("type"), kind, []string{appv1.RefreshNormal, appv1.RefreshHard}))
	}
	if app.Annotations[appv1.AnnotationRefresh] != appv1.RefreshHard {
		object.Annotate(app, appv1.AnnotationRefresh, kind)
	}
	return nil
}

// request records an operation in an application, as the peer's clients do: what the last one has left goes, so that an
// operation without a state is one that has not begun.
func request(app *appv1.Application, op *appv1.Operation) error {
	if err := Permit(app, op); err != nil {
		return err
	}
	app.Operation, app.Status.OperationState = op, nil
	return nil
}

// Permit refuses, as a Conflict, an operation that the state of the application forbids, whoever asks for it and by which
// request.
func Permit(app *appv1.Application, op *appv1.Operation) error {
	automated := app.Spec.IsAutomated() && (op.Sync == nil || !ptr.Deref(op.Sync.DryRun, false))
	switch phase := phaseOf(app); {
	case app.DeletionTimestamp != nil:
		return conflict(app, "it is being deleted")
	case phase == appv1.OperationRunning:
		return conflict(app, "an operation is running; terminate it, or wait until it has ended")
	case phase == appv1.OperationTerminating:
		return conflict(app, "an operation is being ended; wait until it has")
	case app.Operation != nil:
		return conflict(app, "an operation is asked for already, and has not begun; terminate withdraws it")
	case automated && IsRollback(op, app.Status.History):
		return conflict(app, "it is synced without anybody's doing (spec.syncPolicy.automated), which would undo a rollback at once")
	case automated && op.Sync != nil && len(op.Sync.Manifests) > 0:
		return conflict(app, "it is synced without anybody's doing (spec.syncPolicy.automated), which would undo this at once: only a dryRun of manifests may be asked for")
	}
	return nil
}

func phaseOf(app *appv1.Application) appv1.OperationPhase {
	if app.Status.OperationState == nil {
		return ""
	}
	return app.Status.OperationState.Phase
}

// given is a flag as the peer writes it: absent rather than false.
func given(flag bool) *bool {
	if !flag {
		return nil
	}
	return &flag
}

func conflict(app *appv1.Application, format string, args ...any) error {
	return apierrors.NewConflict(appv1.Resource("applications"), app.Name, fmt.Errorf(format, args...))
}

func invalid(app *appv1.Application, kind string, errs ...*field.Error) error {
	return apierrors.NewInvalid(appv1.Kind(kind), app.Name, errs)
}
