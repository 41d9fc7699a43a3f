// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"slices"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

// Values of ResourceResult.Status.
const (
	StatusSynced       = "Synced"
	StatusSyncFailed   = "SyncFailed"
	StatusPruned       = "Pruned"
	StatusPruneSkipped = "PruneSkipped"
)

// resultID is what a result is found by.
type resultID struct {
	key   object.Key
	phase object.Phase
}

// results are what became of each task of a try. They grow from step to step, and are all that Step remembers.
type results struct {
	list []appv1.ResourceResult
	at   map[resultID]int
	// shared tells that list is still the input's, and must be copied before it is changed.
	shared, changed bool
}

func (r *results) open(result *appv1.SyncOperationResult) {
	if result == nil {
		r.at = map[resultID]int{}
		return
	}
	r.list, r.shared = result.Resources, true
	r.at = make(map[resultID]int, len(r.list))
	for i := range r.list {
		e := &r.list[i]
		r.at[resultID{object.Key{Group: e.Group, Kind: e.Kind, Namespace: e.Namespace, Name: e.Name}, object.Phase(e.SyncPhase)}] = i
	}
}

// find returns a result, nil if there is none. It must not be changed.
func (r *results) find(key object.Key, phase object.Phase) *appv1.ResourceResult {
	if i, there := r.at[resultID{key, phase}]; there {
		return &r.list[i]
	}
	return nil
}

// set records what became of a task.
func (r *results) set(t *task, status, message string, phase appv1.OperationPhase) {
	id := resultID{t.Key, t.at.phase}
	i, there := r.at[id]
	if there {
		if e := &r.list[i]; e.Status == status && e.Message == message && e.HookPhase == phase {
			return
		}
	}
	if r.shared {
		// Room for growth, since a wave adds its results one by one.
		r.list, r.shared = append(make([]appv1.ResourceResult, 0, 2*len(r.list)+16), r.list...), false
	}
	r.changed = true
	if !there {
		i = len(r.list)
		r.at[id] = i
		result := appv1.ResourceResult{
			Group: t.Key.Group, Version: t.Version, Kind: t.Key.Kind, Namespace: t.Key.Namespace, Name: t.Key.Name,
			SyncPhase: string(t.at.phase), Images: t.Images,
		}
		if t.hook {
			result.HookType = string(t.at.phase)
		}
		r.list = append(r.list, result)
	}
	e := &r.list[i]
	e.Status, e.Message, e.HookPhase = status, message, phase
}

// untouched tells that nothing was done yet, as far as is known.
func (r *results) untouched() bool { return len(r.list) == 0 }

// drop forgets all: another try begins.
func (r *results) drop() { r.list, r.at, r.shared, r.changed = nil, map[resultID]int{}, false, true }

// close puts the results into the state. Those of tasks that were not reached go when the try is over.
func (r *results) close(state *appv1.OperationState) {
	if state.FinishedAt != nil {
		pending := func(e appv1.ResourceResult) bool { return e.Status == "" && e.HookPhase == "" }
		if slices.ContainsFunc(r.list, pending) {
			r.list, r.changed = slices.DeleteFunc(slices.Clone(r.list), pending), true
		}
	}
	if !r.changed {
		return
	}
	result := appv1.SyncOperationResult{}
	if state.SyncResult != nil {
		result = *state.SyncResult
	}
	result.Resources = r.list
	state.SyncResult = &result
}

// known returns the result of a key, nil if there is none.
func (s *stepper) known(key object.Key, phase object.Phase) *appv1.ResourceResult {
	return s.results.find(key, phase)
}

// resultOf returns the result of a task, nil if there is none.
func (s *stepper) resultOf(t *task) *appv1.ResourceResult { return s.results.find(t.Key, t.at.phase) }
