// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application"
	"argosy.dev/argosy/pkg/application/diff"
	"argosy.dev/argosy/pkg/application/object"
	"argosy.dev/argosy/pkg/application/project"
	appsync "argosy.dev/argosy/pkg/application/sync"
	"argosy.dev/argosy/pkg/cluster"
	"argosy.dev/argosy/pkg/manifests"
)

// effectsAtOnce is how many effects of one application are applied at once.
const effectsAtOnce = 16

// begin is the state of an operation that begins: what it syncs is known from here on. An operation for which that cannot
// be found out has ended already.
func (c *Controller) begin(ctx context.Context, s *scene, m *memory, operation *appv1.Operation) (*appv1.OperationState, error) {
	app := s.app
	if operation.Sync == nil {
		return failed(operation, "Invalid operation specification: the operation asks for nothing", c.now()), nil
	}
	sources, revisions := asked(app, operation.Sync)
	resolved := revisions
	if len(operation.Sync.Manifests) == 0 {
		var err error
		resolved, err = c.config.Engine.sources.Resolve(ctx, s.generate(wish{sources: sources, revisions: revisions, refresh: manifests.Latest}))
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			state := failed(operation, err.Error(), m.begin(app, c.now()))
			what := synced(app, operation.Sync, sources, revisions)
			state.SyncResult = &what // it was tried: an automated sync is not tried again and again
			return state, nil
		}
	}
	what := synced(app, operation.Sync, sources, resolved)
	state := appsync.Begin(*operation, what, m.begin(app, c.now()))
	state.Message = "waiting for the sync to begin"
	return &state, nil
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

// again makes an operation sync what its sources are now, for its next try.
func (c *Controller) again(ctx context.Context, s *scene, state *appv1.OperationState) (*appv1.OperationState, error) {
	sources, _ := asked(s.app, state.Operation.Sync)
	resolved, err := c.config.Engine.sources.Resolve(ctx, s.generate(wish{sources: sources, refresh: manifests.Latest}))
	if err != nil {
		if ctx.Err() != nil {
			return state, ctx.Err()
		}
		return state, nil // it goes on with what it has, and fails again if that is wrong
	}
	next, what := state.DeepCopy(), synced(s.app, state.Operation.Sync, sources, resolved)
	if state.SyncResult != nil {
		what.Resources = state.SyncResult.Resources
	}
	next.SyncResult = &what
	return next, nil
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
	revisions = slices.Clone(sync.Revisions)
	if sync.Revision != "" && len(revisions) == 0 {
		revisions = []string{sync.Revision}
	}
	return sources, revisions
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
			w.sources, w.revisions = []appv1.ApplicationSource{*result.Source}, []string{result.Revision}
		}
	}
	return w
}

// during is the scene of an operation: what it says of how objects are applied counts, and not what the application says.
func (s *scene) during(state *appv1.OperationState) *scene {
	now, sync := *s, state.Operation.Sync
	now.began = state.StartedAt.Time
	if len(sync.SyncOptions) > 0 {
		now.options = sync.SyncOptions
	}
	if how := sync.SyncStrategy; how != nil {
		now.force = how.Apply != nil && ptr.Deref(how.Apply.Force, false) || how.Hook != nil && ptr.Deref(how.Hook.Force, false)
	}
	return &now
}

// operate goes on with an operation until it waits or has ended. The state is written where it must be known before anything
// else is done. It returns after which time to go on if nothing happens before.
func (c *Controller) operate(ctx context.Context, s *scene, state *appv1.OperationState, w *writer) (*appv1.OperationState, time.Duration, error) {
	m := w.m
	m.operation(state)
	for {
		l, err := c.config.Engine.look(ctx, s.during(state), pinned(s.app, state), m.known)
		switch trouble := (problem{}); {
		case err == nil:
		case !asProblem(err, &trouble):
			return state, 0, err
		case state.Phase != appv1.OperationTerminating:
			return ended(state, trouble.Message, c.now()), 0, nil
		default: // it needs no manifests, but its hooks are to be seen to be broken off
			if l.all, _, err = l.compare(ctx, nil, m.known); err != nil && !asProblem(err, &trouble) {
				return state, 0, err
			}
		}
		input, err := c.input(ctx, l, m, state)
		if err != nil {
			return state, 0, err
		}
		decision := appsync.Step(input)
		state = &decision.State
		if decision.Ended() {
			return state, 0, nil
		}
		if decision.Refresh {
			if state, err = c.again(ctx, s, state); err != nil {
				return state, 0, err
			}
		}
		if decision.Write {
			if err := w.operation(ctx, state); err != nil {
				return state, 0, err
			}
		}
		if len(decision.Effects) == 0 && !decision.Write && !decision.Refresh {
			return state, decision.After, nil
		}
		if err := c.hold(ctx, w, decision.Effects); err != nil {
			return state, 0, err
		}
		s.app = w.app
		if err := c.applyAll(ctx, s, m, decision.Effects); err != nil {
			return state, 0, err
		}
	}
}

// ended is the state of an operation that cannot go on.
func ended(state *appv1.OperationState, message string, now time.Time) *appv1.OperationState {
	next := state.DeepCopy()
	at := metav1.NewTime(now.Truncate(time.Second))
	next.Phase, next.Message, next.FinishedAt = appv1.OperationError, message, &at
	return next
}

// input is what the core decides on.
func (c *Controller) input(ctx context.Context, l *look, m *memory, state *appv1.OperationState) (appsync.Input, error) {
	app := l.app
	in := appsync.Input{
		State: *state, UID: app.UID, Instance: l.instance, Destination: app.Spec.Destination.Namespace, Options: l.options,
		Approved:         app.Annotations[appv1.AnnotationDeletionApproved],
		MigrationManager: app.Annotations[appv1.AnnotationClientSideApplyMigrationManager],
		Health: func(u *unstructured.Unstructured) *appv1.HealthStatus {
			return m.known.health(u, l.settings.Health, func(error) {})
		},
		Checked: l.checked,
		Done:    m.done, Now: c.now(),
	}
	in.Since = m.trying(state, in.Now)
	if result := state.SyncResult; result != nil {
		in.NamespaceMetadata = result.ManagedNamespaceMetadata
	}
	in.Newer = c.newer(ctx, l.scene, state)
	for _, f := range l.findings {
		if f.Type == appv1.ConditionSharedResourceWarning {
			in.Shared = append(in.Shared, f.Message)
		}
	}
	if in.Destination != "" && in.Options.Is(object.OptionCreateNamespace, "true") {
		live, err := l.cache.Get(ctx, object.Key{Kind: "Namespace", Name: in.Destination}, "v1")
		if err != nil {
			return in, fmt.Errorf("reading namespace %s: %w", in.Destination, err)
		}
		in.Namespace = live
	}
	started, revision := state.StartedAt.Time, ""
	if state.SyncResult != nil {
		revision = state.SyncResult.Revision
		if revision == "" && len(state.SyncResult.Revisions) > 0 {
			revision = state.SyncResult.Revisions[0]
		}
	}
	named, names := map[object.Key]bool{}, appsync.NewNamer(revision, started)
	for i := range l.all {
		compared := &l.all[i]
		if compared.Key.Name != "" {
			continue
		}
		for _, target := range names.Named(compared.Target) {
			one := application.Compared{Key: object.KeyOf(target), Version: compared.Version, Target: target}
			live, err := l.cache.Get(ctx, one.Key, one.Version)
			if unserved := (*cluster.NotServed)(nil); err != nil && !asNotServed(err, &unserved) {
				return in, fmt.Errorf("reading %s: %w", one.Key.Label(), err)
			}
			one.Live, named[one.Key] = live, true
			in.Objects = append(in.Objects, l.object(ctx, &one))
		}
	}
	for i := range l.all {
		if compared := &l.all[i]; compared.Key.Name != "" && !named[compared.Key] {
			in.Objects = append(in.Objects, l.object(ctx, compared))
		}
	}
	return in, nil
}

// newer is the revision that an operation would sync if it began now, if that is another than the one it syncs and the
// operation follows what its sources are.
func (c *Controller) newer(ctx context.Context, s *scene, state *appv1.OperationState) string {
	by, result := state.Operation.InitiatedBy, state.SyncResult
	follows := appsync.Refreshes(&state.Operation) || by != nil && ptr.Deref(by.Automated, false)
	if !follows || result == nil || state.Operation.Sync.Source != nil || len(state.Operation.Sync.Sources) > 0 {
		return ""
	}
	refresh := manifests.Cached
	if s.app.Annotations[appv1.AnnotationRefresh] != "" {
		refresh = manifests.Latest
	}
	now, err := c.config.Engine.sources.Resolve(ctx, s.generate(wishOf(s.app, refresh)))
	if err != nil {
		return "" // what is being synced is still what was last known
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

// object is what the core knows of an object.
func (l *look) object(ctx context.Context, c *application.Compared) appsync.Object {
	out := appsync.Object{
		Key: c.Key, Version: c.Version, Target: c.Target, Live: c.Live, Modified: c.Modified, ByLabel: !l.tracking.Annotate,
		Images: application.Images(c.Target),
	}
	kind, err := l.kinds.Find(c.Key.GroupKind(), c.Version)
	if err != nil {
		kind, err = l.cache.Find(ctx, c.Key.GroupKind(), c.Version) // its definition may have come meanwhile
	}
	out.Served, out.Namespaced = err == nil, err == nil && kind.Namespaced
	out.Coming = err != nil && l.cache.Changing()
	switch err := l.permitted(c.Key); {
	case err != nil:
		out.Refused = err.Error()
	case c.Rejected != "":
		out.Refused = c.Rejected
	case c.Target != nil && c.Live != nil && l.options.Is(object.OptionRespectIgnore, "true"):
		// A rule that does not fit the object ignores nothing.
		if target, err := diff.IgnoreInTarget(c.Target, c.Live, l.diff); err == nil {
			out.Target = target
		}
	}
	return out
}

// applyAll applies effects, and remembers what came of each.
func (c *Controller) applyAll(ctx context.Context, s *scene, m *memory, effects []appsync.Effect) error {
	outcomes := make([]appsync.Outcome, len(effects))
	group, applying := errgroup.WithContext(ctx)
	group.SetLimit(effectsAtOnce)
	for i, effect := range effects {
		group.Go(func() error {
			outcomes[i] = c.applyOne(applying, s, effect)
			return applying.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, effect := range effects {
		m.done[effect.ID()] = outcomes[i]
	}
	return nil
}

// applyOne applies an effect.
func (c *Controller) applyOne(ctx context.Context, s *scene, effect appsync.Effect) appsync.Outcome {
	out := appsync.Outcome{At: c.now()}
	var err error
	switch e := effect.(type) {
	case appsync.Apply:
		request := cluster.ApplyRequest{Object: e.Object, Mode: cluster.Mode(e.Mode), Force: e.Force, NoValidation: e.NoValidation, DryRun: e.DryRun}
		if e.Migrate {
			request.Migrate = slices.Clone(cluster.MigratedManagers)
			if e.MigrationManager != "" {
				request.Migrate = append(request.Migrate, e.MigrationManager)
			}
		}
		var answer cluster.Applied
		if answer, err = s.cache.Apply(ctx, request); err == nil {
			out.Message = answer.Message
			out.ResourceVersion, out.Generation = answer.Object.GetResourceVersion(), answer.Object.GetGeneration()
		}
	case appsync.Delete:
		var answer cluster.Deleted
		answer, err = s.cache.Delete(ctx, cluster.DeleteRequest{Key: e.For.Key, UID: e.For.UID, Propagation: e.Propagation, DryRun: e.DryRun})
		out.Message = answer.Message
	case appsync.RemoveFinalizer:
		err = s.cache.RemoveFinalizer(ctx, e.For.Key, e.For.UID, e.Finalizer)
	default:
		err = fmt.Errorf("unknown effect %T", effect)
	}
	if err != nil {
		out.Err = err.Error()
	}
	return out
}
