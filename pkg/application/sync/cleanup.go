// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

// Cleanup returns what is left to do with the hooks of an operation whose end, or whose try's end, is stored: those whose
// policy says so are deleted, and our finalizer is taken off all. It is not done before, since after a crash a hook that is
// gone would run again. The shell applies the effects and asks again, until there are none; a crash in between does no harm.
func Cleanup(state *appv1.OperationState, uid types.UID, instance string, objects []Object) []Effect {
	if !ended(state.Phase) && state.FinishedAt == nil {
		return nil
	}
	operation := operationName(state.StartedAt.Time, uid, 0)
	var r results
	r.open(state.SyncResult)
	var out []Effect
	for i := range objects {
		o := &objects[i]
		if o.Live == nil || annotation(o.Live, AnnotationOperation) == "" || !ours(o, instance) {
			continue
		}
		made, phase := madeIn(o.Live)
		if made != operation && !strings.HasPrefix(made, operation+"-") {
			continue
		}
		id := ID{Key: o.Key, Phase: phase, Retry: state.RetryCount, UID: o.Live.GetUID()}
		if o.Live.GetDeletionTimestamp() == nil && condemned(o, r.find(o.Key, phase)) {
			id.Verb = VerbDelete
			out = append(out, Delete{For: id, Propagation: metav1.DeletePropagationBackground})
		}
		if hasHookFinalizer(o.Live) {
			id.Verb = VerbFinalize
			out = append(out, RemoveFinalizer{For: id, Finalizer: object.FinalizerHook})
		}
	}
	return out
}

// condemned tells whether a hook is deleted by what became of it.
func condemned(o *Object, result *appv1.ResourceResult) bool {
	if result == nil {
		return false
	}
	policies := object.DeletePolicies(o.Live)
	switch result.HookPhase {
	case appv1.OperationSucceeded:
		return slices.Contains(policies, object.HookSucceeded)
	case appv1.OperationFailed, appv1.OperationError:
		return result.Message == terminated || slices.Contains(policies, object.HookFailed)
	}
	return false
}
