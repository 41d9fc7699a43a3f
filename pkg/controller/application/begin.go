// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/project"
	appsync "argosy.dev/argosy/pkg/application/sync"
	"argosy.dev/argosy/pkg/git"
	"argosy.dev/argosy/pkg/manifests"
)

// begin is the state of an operation that begins: what it syncs is known from here on. One for which that cannot be found out
// has ended already, or waits for its next try.
func (c *Controller) begin(ctx context.Context, s *scene, m *memory, operation *appv1.Operation) (*appv1.OperationState, error) {
	app := s.app
	if operation.Sync == nil {
		return failed(operation, "Invalid operation specification: the operation asks for nothing", c.now()), nil
	}
	state := opened(app, operation, m.begin(app, c.now()))
	m.operation(state)
	if !appsync.Unresolved(state) {
		return state, nil
	}
	return c.resolve(ctx, s, m, state, named(operation))
}

// opened is the state of an operation whose revisions are not known yet.
func opened(app *appv1.Application, operation *appv1.Operation, at time.Time) *appv1.OperationState {
	sources, revisions := asked(app, operation.Sync)
	if len(operation.Sync.Manifests) == 0 {
		revisions = nil
	}
	state := appsync.Begin(*operation, synced(app, operation.Sync, sources, revisions), at)
	state.Message = "waiting for the sync to begin"
	return &state
}

// resolve is an operation with the commits of its sources. If they cannot be found out its try is over.
func (c *Controller) resolve(ctx context.Context, s *scene, m *memory, state *appv1.OperationState, revisions []string) (*appv1.OperationState, error) {
	w := pinned(s.app, state)
	w.revisions, w.refresh = revisions, manifests.Latest
	resolved, err := c.config.Engine.sources.Resolve(ctx, s.generate(w))
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		broken := appsync.Break(state, m.done, err.Error(), c.now())
		return &broken, nil
	}
	next, what := *state, synced(s.app, state.Operation.Sync, w.sources, nil)
	if state.SyncResult != nil {
		what = *state.SyncResult
	}
	if len(what.Sources) > 0 {
		what.Revisions = resolved
	} else {
		what.Revision = resolved[0]
	}
	next.SyncResult = &what
	return &next, nil
}

// named are the revisions that an operation asks for, one for each source; nil if it asks for none.
func named(operation *appv1.Operation) []string {
	if sync := operation.Sync; len(sync.Revisions) > 0 || sync.Revision == "" {
		return slices.Clone(sync.Revisions)
	}
	return []string{operation.Sync.Revision}
}

// moving are the revisions that an operation asks for and that may be other commits by now: a name that somebody chose stays,
// a commit is what its branch was when it began.
func moving(operation *appv1.Operation) []string {
	if automated(operation) {
		return nil
	}
	revisions := named(operation)
	for i := range revisions {
		if git.IsSHA(revisions[i]) {
			revisions[i] = ""
		}
	}
	return revisions
}

func automated(operation *appv1.Operation) bool {
	return operation.InitiatedBy != nil && ptr.Deref(operation.InitiatedBy.Automated, false)
}

// synced is what an operation syncs.
func synced(app *appv1.Application, sync *appv1.SyncOperation, sources []appv1.ApplicationSource, revisions []string) appv1.SyncOperationResult {
	what := appv1.SyncOperationResult{}
	if several(app, sync) {
		what.Sources, what.Revisions = sources, revisions
	} else if len(sources) > 0 {
		what.Source = &sources[0]
		if len(revisions) > 0 {
			what.Revision = revisions[0]
		}
	}
	if policy := app.Spec.SyncPolicy; policy != nil {
		what.ManagedNamespaceMetadata = policy.ManagedNamespaceMetadata
	}
	return what
}

// begin is when an operation begins. It is what tells the hooks of one operation from those of another, so no two of an
// application begin in the same second. Whoever asks for an operation takes the state of the last away, so that is
// remembered here.
func (m *memory) begin(app *appv1.Application, now time.Time) time.Time {
	m.begun = beginning(app, m.begun, now)
	return m.begun
}

func beginning(app *appv1.Application, last, now time.Time) time.Time {
	now = now.Truncate(time.Second)
	if state := app.Status.OperationState; state != nil && state.StartedAt.After(last) {
		last = state.StartedAt.Time
	}
	for i := range app.Status.History {
		if at := app.Status.History[i].DeployStartedAt; at != nil && at.After(last) {
			last = at.Time
		}
	}
	if !now.After(last) {
		return last.Add(time.Second)
	}
	return now
}

// failed is the state of an operation that cannot begin.
func failed(operation *appv1.Operation, message string, now time.Time) *appv1.OperationState {
	at := metav1.NewTime(now.Truncate(time.Second))
	return &appv1.OperationState{Operation: *operation, Phase: appv1.OperationError, Message: message, StartedAt: at, FinishedAt: &at}
}

// asked are the sources and revisions that an operation syncs: the application's own where it says nothing else.
func asked(app *appv1.Application, sync *appv1.SyncOperation) (sources []appv1.ApplicationSource, revisions []string) {
	switch {
	case len(sync.Sources) > 0:
		sources = sync.Sources
	case sync.Source != nil:
		sources = []appv1.ApplicationSource{*sync.Source}
	default:
		sources = project.Sources(app)
	}
	return sources, named(&appv1.Operation{Sync: sync})
}

// several tells whether an operation is one of several sources.
func several(app *appv1.Application, sync *appv1.SyncOperation) bool {
	return len(sync.Sources) > 0 || sync.Source == nil && len(app.Spec.Sources) > 0
}

// pinned is what an operation that runs syncs.
func pinned(app *appv1.Application, state *appv1.OperationState) wish {
	sync := state.Operation.Sync
	w := wish{manifests: sync.Manifests, refresh: manifests.Cached}
	w.sources, w.revisions = asked(app, sync)
	if result := state.SyncResult; result != nil {
		switch {
		case len(result.Sources) > 0:
			w.sources, w.revisions = result.Sources, result.Revisions
		case result.Source != nil:
			w.sources, w.revisions = []appv1.ApplicationSource{*result.Source}, nil
			if result.Revision != "" {
				w.revisions = []string{result.Revision}
			}
		}
	}
	return w
}

// newer is the revision that an operation would sync if it began now, if that is another than the one it syncs and the
// operation follows what its sources are.
func (c *Controller) newer(ctx context.Context, s *scene, state *appv1.OperationState) string {
	result, sync := state.SyncResult, state.Operation.Sync
	follows := appsync.Refreshes(&state.Operation) || automated(&state.Operation)
	if !follows || sync == nil || result == nil || appsync.Unresolved(state) || len(sync.Manifests) > 0 || sync.Source != nil || len(sync.Sources) > 0 {
		return ""
	}
	w := pinned(s.app, state)
	if w.revisions = moving(&state.Operation); s.app.Annotations[appv1.AnnotationRefresh] != "" {
		w.refresh = manifests.Latest
	}
	now, err := c.config.Engine.sources.Resolve(ctx, s.generate(w))
	if err != nil {
		return "" // what is being synced is still what was last known, and the comparison says what is wrong
	}
	is := result.Revisions
	if len(is) == 0 {
		is = []string{result.Revision}
	}
	if slices.Equal(now, is) {
		return ""
	}
	return strings.Join(now, ",")
}
