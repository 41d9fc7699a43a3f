// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/apis/argoproj"
	core "argosy.dev/argosy/pkg/application"
	"argosy.dev/argosy/registry/resource"
)

// Who may write operation. The peer's clients ask for a sync by writing the
// whole application with an operation in it, and end one by writing that its
// phase is Terminating. Whoever may update applications must not therefore be
// able to sync them, so such a write needs the right to the verb that it stands
// for, besides the right to the write, and in the group through which it comes:
//
//	operation is set or changed       create applications/sync
//	... to what history has           create applications/rollback
//	... with manifests or sources
//	that the spec does not have       create applications/override besides
//	operation is taken away           create applications/sync or applications/terminate:
//	                                  it withdraws what was asked for
//	phase becomes Terminating         create applications/terminate
//
// The last is about the main resource in the compatibility group. Status that is
// written through applications/status is the loop's: who may do that may write
// whatever he likes there, but never an operation. What the state of the
// application forbids to the verbs is forbidden here, too, but for the loop, which
// may write status, and for an operation in place of one that has not begun.
const (
	rightSync      = "sync"
	rightRollback  = "rollback"
	rightTerminate = "terminate"
	rightOverride  = "override"
)

// authorize decides about the operation of an application that is written, and
// signs it with the name of the caller.
func authorize(ctx context.Context, may resource.May, app, old *appv1.Application) error {
	if err := authorizeTermination(ctx, may, app, old); err != nil {
		return err
	}
	switch {
	case core.SameOperation(app.Operation, old.Operation):
		app.Operation = old.Operation.DeepCopy()
		return nil
	case app.Operation == nil:
		if may(ctx, "create", rightSync) || may(ctx, "create", rightTerminate) {
			return nil
		}
		return forbidden(ctx, app, rightTerminate, "takes away the operation that was asked for")
	case core.IsRollback(app.Operation, old.Status.History):
		if !may(ctx, "create", rightRollback) {
			return forbidden(ctx, app, rightRollback, "asks for a rollback by the field operation")
		}
	case !may(ctx, "create", rightSync):
		return forbidden(ctx, app, rightSync, "asks for a sync by the field operation")
	case core.IsOverride(app.Operation, &app.Spec) && !may(ctx, "create", rightOverride):
		return forbidden(ctx, app, rightOverride, "asks by the field operation for what the sources do not have")
	}
	if err := permit(ctx, may, app, old); err != nil {
		return err
	}
	sign(ctx, may, app.Operation)
	return nil
}

// permit refuses an operation that the state of the application forbids.
func permit(ctx context.Context, may resource.May, app, old *appv1.Application) error {
	now := *app
	now.Operation, now.Status, now.DeletionTimestamp = nil, old.Status, old.DeletionTimestamp
	err := core.Permit(&now, app.Operation)
	if err != nil && may(ctx, "update", "status") {
		return nil
	}
	return err
}

// authorizeTermination decides about a phase that becomes Terminating.
func authorizeTermination(ctx context.Context, may resource.May, app, old *appv1.Application) error {
	created := old.GetUID() == ""
	if created || groupOf(ctx) != argoproj.GroupName || !terminates(app, old) {
		return nil
	}
	if !may(ctx, "create", rightTerminate) {
		return forbidden(ctx, app, rightTerminate, "ends the operation by the field status.operationState.phase")
	}
	if phaseOf(old) != appv1.OperationRunning {
		return apierrors.NewConflict(resourceOf(ctx), app.Name, fmt.Errorf("no operation is running that could be ended"))
	}
	return nil
}

// takeStatus takes over what the peer's clients write of status along with a
// request that authorize has allowed: the phase Terminating. When they ask for
// a sync they also clear what the last one has left, which the loop does anyway.
func takeStatus(app, asked, old *appv1.Application) {
	idle := phaseOf(old) != appv1.OperationRunning && phaseOf(old) != appv1.OperationTerminating
	requested := app.Operation != nil && !core.SameOperation(app.Operation, old.Operation)
	switch {
	case terminates(asked, old) && phaseOf(old) == appv1.OperationRunning:
		state := old.Status.OperationState.DeepCopy()
		state.Phase = appv1.OperationTerminating
		app.Status.OperationState = state
	case requested && idle && asked.Status.OperationState == nil:
		app.Status.OperationState = nil
	}
}

// terminates tells whether the phase of app becomes Terminating.
func terminates(app, old *appv1.Application) bool {
	return phaseOf(app) == appv1.OperationTerminating && phaseOf(old) != appv1.OperationTerminating
}

func phaseOf(app *appv1.Application) appv1.OperationPhase {
	if app.Status.OperationState == nil {
		return ""
	}
	return app.Status.OperationState.Phase
}

// sign writes who asks for the operation, whatever the request says: it is what
// people and audits go by. Only who may write status, as the loop may, can speak
// for somebody else and for the automation: he could write the same into the
// history. Our roles give that right to nobody but cluster-admin.
func sign(ctx context.Context, may resource.May, op *appv1.Operation) {
	if by := op.InitiatedBy; by != nil && (by.Username != "" || by.Automated != nil) {
		if may(ctx, "update", "status") {
			return
		}
		if ptr.Deref(by.Automated, false) {
			warning.AddWarning(ctx, "", "operation.initiatedBy.automated: ignored, since you may not update applications/status")
		}
	}
	op.InitiatedBy = &appv1.OperationInitiator{Username: resource.UserName(ctx)}
}

// forbidden says which right is missing, in the words of Kubernetes.
func forbidden(ctx context.Context, app *appv1.Application, right, why string) error {
	gr := resourceOf(ctx)
	return apierrors.NewForbidden(gr, app.Name, fmt.Errorf("user %q cannot create resource \"%s/%s\" in API group %q in the namespace %q, which a write needs that %s",
		resource.UserName(ctx), gr.Resource, right, gr.Group, app.Namespace, why))
}

// groupOf is the group through which the request comes.
func groupOf(ctx context.Context) string {
	if info, ok := request.RequestInfoFrom(ctx); ok && info.APIGroup == argoproj.GroupName {
		return argoproj.GroupName
	}
	return appv1.GroupName
}

func resourceOf(ctx context.Context) schema.GroupResource {
	return schema.GroupResource{Group: groupOf(ctx), Resource: "applications"}
}
