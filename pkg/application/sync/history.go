// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
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
