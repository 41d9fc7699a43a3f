// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	core "argosy.dev/argosy/pkg/application"
)

var (
	pathOperation = fieldpath.MakePathOrDie("operation")
	pathRefresh   = fieldpath.MakePathOrDie("metadata", "annotations", appv1.AnnotationRefresh)
)

// afterStatus spares the loop a second write where it has done what was asked for:
//
//   - A write that ends an operation takes the request for it away, if the request
//     is still that one: status.operationState says that it has ended, which it did
//     not say before, and its operation equals the field operation. Therefore an
//     operation that is there has not ended, also if it is equal to the last one.
//   - A write that leaves out the annotation argocd.argoproj.io/refresh, and in which
//     status.reconciledAt does not go back, takes it away. The loop leaves it out if
//     it has compared as the annotation asks. A write is conditional on the version
//     that the loop has read (a PUT always is, a patch if it says so), so that it
//     takes no request away that it has not seen. A server-side apply leaves nothing
//     out: what others own stays.
func afterStatus(app, asked, old *appv1.Application) []fieldpath.Path {
	var gone []fieldpath.Path
	if state := app.Status.OperationState; app.Operation != nil && ends(state, old.Status.OperationState) && core.SameOperation(app.Operation, &state.Operation) {
		app.Operation = nil
		gone = append(gone, pathOperation)
	}
	_, wanted := app.Annotations[appv1.AnnotationRefresh]
	_, kept := asked.Annotations[appv1.AnnotationRefresh]
	if wanted && !kept && app.Status.ReconciledAt != nil && !app.Status.ReconciledAt.Before(old.Status.ReconciledAt) {
		delete(app.Annotations, appv1.AnnotationRefresh)
		gone = append(gone, pathRefresh)
	}
	return gone
}

// ends tells whether an operation has ended that had not before.
func ends(state, old *appv1.OperationState) bool {
	return core.Completed(state) && !(core.Completed(old) && old.StartedAt.Equal(&state.StartedAt) && old.FinishedAt.Equal(state.FinishedAt))
}
