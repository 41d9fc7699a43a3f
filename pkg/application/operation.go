// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"reflect"

	apiequality "k8s.io/apimachinery/pkg/api/equality"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/apis/raw"
)

// SameOperation tells whether an operation is as it was. Patches and server-side apply put the keys of free JSON into
// another order, also of what they do not touch.
func SameOperation(op, old *appv1.Operation) bool {
	return apiequality.Semantic.DeepEqual(op, old) || op != nil && old != nil && raw.Same(op, old)
}

// Completed tells whether an operation has ended, and will not be tried again.
func Completed(state *appv1.OperationState) bool {
	if state == nil || state.FinishedAt == nil {
		return false
	}
	switch state.Phase {
	case appv1.OperationSucceeded, appv1.OperationFailed, appv1.OperationError:
		return true
	}
	return false
}

// IsRollback tells whether the operation is what the peer's clients write for a rollback: a sync to the source and the
// revision of one past sync, and to nothing else, without hooks. Whatever goes beyond that is a sync.
func IsRollback(op *appv1.Operation, history []appv1.RevisionHistory) bool {
	s := op.Sync
	if s == nil || s.Source == nil && len(s.Sources) == 0 || s.SyncStrategy == nil || s.SyncStrategy.Apply == nil || s.SyncStrategy.Hook != nil ||
		len(s.Manifests) > 0 || len(s.Resources) > 0 {
		return false
	}
	for i := range history {
		h := &history[i]
		if s.Revision == h.Revision && apiequality.Semantic.DeepEqual(s.Revisions, h.Revisions) &&
			(isEmpty(s.Source) && isEmpty(h.Source) || raw.Same(s.Source, h.Source)) &&
			len(s.Sources) == len(h.Sources) && (len(s.Sources) == 0 || raw.Same(s.Sources, h.Sources)) {
			return true
		}
	}
	return false
}

// IsOverride tells whether the operation brings what the application's sources, in whatever revision, do not have:
// manifests of the caller's own, or another source.
func IsOverride(op *appv1.Operation, spec *appv1.ApplicationSpec) bool {
	s := op.Sync
	if s == nil {
		return false
	}
	own := spec.GetSources()
	return len(s.Manifests) > 0 || !isEmpty(s.Source) && (len(own) != 1 || !sameSource(*s.Source, own[0])) ||
		len(s.Sources) > 0 && !sameSources(s.Sources, own)
}

func sameSources(a, b []appv1.ApplicationSource) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !sameSource(a[i], b[i]) {
			return false
		}
	}
	return true
}

// sameSource tells whether two sources are one but for the revision.
func sameSource(a, b appv1.ApplicationSource) bool {
	a.TargetRevision, b.TargetRevision = "", ""
	return raw.Same(a, b)
}

// isEmpty tells that there is no source. Applications with several have an empty one in their history.
func isEmpty(source *appv1.ApplicationSource) bool {
	return source == nil || reflect.ValueOf(*source).IsZero()
}
