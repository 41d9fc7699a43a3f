// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application"
	"argosy.dev/argosy/pkg/application/diff"
	"argosy.dev/argosy/pkg/application/object"
	appsync "argosy.dev/argosy/pkg/application/sync"
	"argosy.dev/argosy/pkg/cluster"
)

// effectsAtOnce is how many effects of one application are applied at once.
const effectsAtOnce = 16

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
		input, err := c.sight(ctx, s, m, state)
		if trouble := (problem{}); asProblem(err, &trouble) {
			state, after := c.broken(state, m, trouble)
			return state, after, nil
		}
		if err != nil {
			return state, 0, err
		}
		decision := appsync.Step(input)
		state = &decision.State
		if decision.Ended() {
			return state, 0, nil
		}
		if _, waits := retrying(state); decision.Write && !waits && (decision.Refresh || appsync.Unresolved(state)) {
			revisions := named(&state.Operation)
			if decision.Refresh {
				revisions = moving(&state.Operation)
			}
			if state, err = c.resolve(ctx, s, m, state, revisions); err != nil {
				return state, 0, err
			}
			if over(state) {
				return state, 0, nil
			}
		}
		if decision.Write {
			if err := w.operation(ctx, state); err != nil {
				return state, 0, err
			}
		}
		if len(decision.Effects) == 0 && !decision.Write && !decision.Refresh {
			if state.Phase == appv1.OperationTerminating {
				maps.DeleteFunc(m.done, func(_ appsync.ID, outcome appsync.Outcome) bool { return outcome.Silent })
			}
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

// sight is what the core decides on. Where it waits for its next try nothing need be looked at, and where it is being
// terminated no manifests: what it has made is found by whose it is. An error that is a problem ends the try.
func (c *Controller) sight(ctx context.Context, s *scene, m *memory, state *appv1.OperationState) (appsync.Input, error) {
	if state.Operation.Sync == nil {
		return appsync.Input{State: *state, Now: c.now()}, nil // somebody has written so
	}
	s = s.during(state)
	if _, waits := retrying(state); waits {
		return appsync.Input{State: *state, UID: s.app.UID, Options: s.options, Newer: c.newer(ctx, s, state), Now: c.now()}, nil
	}
	l, err := c.config.Engine.look(ctx, s, pinned(s.app, state), m.known)
	if state.Phase == appv1.OperationTerminating && asProblem(err, &problem{}) {
		l.all, _, err = s.compare(ctx, nil, m.known)
	}
	if err != nil {
		return appsync.Input{}, err
	}
	return c.input(ctx, l, m, state)
}

// broken is the state of an operation that runs and cannot go on, and after which time to look again. One that is being
// terminated waits for a cluster that is silent: there may be hooks in it that run.
func (c *Controller) broken(state *appv1.OperationState, m *memory, trouble problem) (*appv1.OperationState, time.Duration) {
	if state.Phase == appv1.OperationTerminating && trouble.Type == appv1.ConditionComparisonError {
		next := *state
		next.Message = "operation is terminating: " + trouble.Message
		return &next, troubled
	}
	next := appsync.Break(state, m.done, trouble.Message, c.now())
	return &next, c.untilRetry(&next)
}

// untilRetry is how long the next try of an operation is waited for; 0 if none is.
func (c *Controller) untilRetry(state *appv1.OperationState) time.Duration {
	until, waits := retrying(state)
	if !waits {
		return 0
	}
	return max(until.Sub(c.now()), time.Millisecond)
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
	ctx = cluster.For(ctx, s.user)
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
		out.Version, out.Hook = e.Object.GroupVersionKind().Version, object.IsHook(e.Object)
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
	if err != nil && (effect.ID().Verb != appsync.VerbCheck || certain(err)) {
		out.Err, out.Silent = err.Error(), silent(err)
	}
	return out
}

// silent tells of an error that it is no answer, or that of a server which cannot answer at the time.
func silent(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return true
	}
	code := status.Status().Code
	return code >= http.StatusInternalServerError || code == http.StatusTooManyRequests
}

// certain tells whether an object would be refused also if it came to be created. What is decided by what there is at the time,
// as by quotas, rights and webhooks, is not, nor is that its namespace is lacking, or that a port is taken by what will be pruned.
func certain(err error) bool {
	if text := err.Error(); strings.Contains(text, "admission webhook") || strings.Contains(text, "is already allocated") {
		return false
	}
	return apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) || cluster.Undeclared(err)
}
