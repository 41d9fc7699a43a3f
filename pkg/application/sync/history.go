// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"fmt"
	"slices"

	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// Complete returns the history of an application after an operation that has ended. Only a sync of everything, in earnest,
// from the sources, that has succeeded becomes part of it. limit is how many entries are kept
// (ApplicationSpec.GetRevisionHistoryLimit); the oldest go. The history given is not changed.
func Complete(history []appv1.RevisionHistory, state *appv1.OperationState, limit int64) []appv1.RevisionHistory {
	out := slices.Clone(history)
	if sync, result := state.Operation.Sync, state.SyncResult; state.Phase == appv1.OperationSucceeded && sync != nil && result != nil &&
		len(sync.Resources) == 0 && len(sync.Manifests) == 0 && !ptr.Deref(sync.DryRun, false) {
		var id int64
		for i := range history {
			id = max(id, history[i].ID+1)
		}
		entry := appv1.RevisionHistory{
			ID: id, Revision: result.Revision, Revisions: slices.Clone(result.Revisions), Source: result.Source.DeepCopy(),
			DeployStartedAt: ptr.To(state.StartedAt), DeployedAt: state.StartedAt, InitiatedBy: state.Operation.InitiatedBy.DeepCopy(),
		}
		for i := range result.Sources {
			entry.Sources = append(entry.Sources, *result.Sources[i].DeepCopy())
		}
		if state.FinishedAt != nil {
			entry.DeployedAt = *state.FinishedAt
		}
		out = append(out, entry)
	}
	if over := len(out) - int(max(limit, 0)); over > 0 {
		out = out[over:]
	}
	return out
}

// Rollback is the operation that brings back what an entry of the history has brought: its sources at its revisions,
// without hooks. It is refused if there is no such entry, or if the next sync without anybody's doing would undo it.
func Rollback(app *appv1.Application, id int64, prune, dryRun bool) (*appv1.Operation, error) {
	if app.Spec.IsAutomated() {
		return nil, fmt.Errorf("rollback cannot be initiated when auto-sync is enabled")
	}
	at := slices.IndexFunc(app.Status.History, func(h appv1.RevisionHistory) bool { return h.ID == id })
	if at < 0 {
		return nil, fmt.Errorf("application %s does not have deployment id %d in history", app.Name, id)
	}
	entry := app.Status.History[at]
	if entry.Source == nil && len(entry.Sources) == 0 {
		return nil, fmt.Errorf("deployment id %d has no source to go back to", id)
	}
	operation := &appv1.Operation{Sync: &appv1.SyncOperation{
		Revision: entry.Revision, Revisions: slices.Clone(entry.Revisions), Source: entry.Source.DeepCopy(),
		Prune: ptr.To(prune), DryRun: ptr.To(dryRun), SyncStrategy: &appv1.SyncStrategy{Apply: &appv1.SyncStrategyApply{}},
	}}
	for i := range entry.Sources {
		operation.Sync.Sources = append(operation.Sync.Sources, *entry.Sources[i].DeepCopy())
	}
	if app.Spec.SyncPolicy != nil {
		operation.Sync.SyncOptions = slices.Clone(app.Spec.SyncPolicy.SyncOptions)
	}
	return operation, nil
}
