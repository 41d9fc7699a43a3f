// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
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

// pending tells that a result says no more than that something is to be done.
func pending(e appv1.ResourceResult) bool { return e.Status == "" && e.HookPhase == "" }

// untouched tells that nothing was done yet, as far as is known.
func (r *results) untouched() bool {
	return !slices.ContainsFunc(r.list, func(e appv1.ResourceResult) bool { return !pending(e) })
}

// anew are the results with which another try begins: none, but that what was to be synced is still to be synced.
func anew(list []appv1.ResourceResult) (out []appv1.ResourceResult) {
	for _, e := range list {
		if e.HookType == "" && (pending(e) || e.Status == appv1.ResultSynced || e.Status == appv1.ResultSyncFailed) {
			e.Status, e.Message, e.HookPhase = "", "", ""
			out = append(out, e)
		}
	}
	return out
}

// keep leaves the results in the state as they are there.
func (r *results) keep() { r.list, r.shared, r.changed = nil, false, false }

// close puts the results into the state. Those of tasks that were not reached go when the operation is over.
func (r *results) close(state *appv1.OperationState) {
	if ended(state.Phase) {
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

// touched tells whether an object that is no hook was, or is to be, applied in this try.
func (s *stepper) touched(key object.Key) bool {
	for _, phase := range phaseOrder {
		if s.results.find(key, phase) != nil {
			return true
		}
		if _, done := s.in.Done[ID{Key: key, Phase: phase, Retry: s.in.State.RetryCount, Verb: VerbApply}]; done {
			return true
		}
	}
	return false
}

// recall records what came of effects that no step has seen.
func (r *results) recall(done map[ID]Outcome, retry int64) {
	ids := slices.SortedFunc(maps.Keys(done), func(a, b ID) int {
		return cmp.Or(strings.Compare(a.Key.String(), b.Key.String()), strings.Compare(string(a.Phase), string(b.Phase)), strings.Compare(string(a.Verb), string(b.Verb)))
	})
	for _, id := range ids {
		outcome, known := done[id], r.find(id.Key, id.Phase)
		switch {
		case id.Retry != retry || known != nil && !pending(*known):
			continue
		case id.Verb == VerbDelete && known != nil && known.HookType == "":
		case id.Verb != VerbApply:
			continue
		}
		t := &task{Object: &Object{Key: id.Key, Version: outcome.Version}, facts: facts{hook: outcome.Hook}, at: place{phase: id.Phase}}
		switch {
		case outcome.Err != "":
			r.set(t, appv1.ResultSyncFailed, outcome.Err, appv1.OperationFailed)
		case id.Verb == VerbDelete:
			r.set(t, appv1.ResultPruned, orElse(outcome.Message, "pruned"), appv1.OperationRunning)
		case outcome.Hook:
			r.set(t, "", id.Key.Label()+" created", appv1.OperationRunning)
		default:
			r.set(t, appv1.ResultSynced, orElse(outcome.Message, id.Key.Label()+" configured"), appv1.OperationRunning)
		}
	}
}

// gone records what was pruned and has left the plan with its live object.
func (s *stepper) gone() {
	for i := range s.results.list {
		r := &s.results.list[i]
		key := object.Key{Group: r.Group, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}
		if r.Status == appv1.ResultPruned && r.HookPhase == appv1.OperationRunning && !s.planned[key] {
			s.results.set(&task{Object: &Object{Key: key}, at: place{phase: object.Phase(r.SyncPhase)}}, appv1.ResultPruned, r.Message, appv1.OperationSucceeded)
		}
	}
	for id, outcome := range s.in.Done {
		if id.Verb != VerbDelete || id.Retry != s.in.State.RetryCount || outcome.Err != "" {
			continue
		}
		if result := s.results.find(id.Key, id.Phase); result != nil && result.HookType == "" && pending(*result) && !s.planned[id.Key] {
			t := &task{Object: &Object{Key: id.Key}, at: place{phase: id.Phase}}
			s.results.set(t, appv1.ResultPruned, orElse(outcome.Message, "pruned"), appv1.OperationSucceeded)
		}
	}
}

// undone tells that nothing has come of a task yet.
func (s *stepper) undone(t *task) bool {
	result := s.resultOf(t)
	return result == nil || pending(*result)
}

// resultOf returns the result of a task, nil if there is none.
func (s *stepper) resultOf(t *task) *appv1.ResourceResult { return s.results.find(t.Key, t.at.phase) }
