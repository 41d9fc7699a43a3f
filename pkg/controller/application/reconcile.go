// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"
	"fmt"
	"hash/fnv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application"
	"argosy.dev/argosy/pkg/application/project"
	appsync "argosy.dev/argosy/pkg/application/sync"
	"argosy.dev/argosy/pkg/controller/loop"
	"argosy.dev/argosy/pkg/manifests"
)

// lookAgain is how soon an application is looked at again that could not be looked at now.
const lookAgain = 10 * time.Second

// troubled is how soon an application is looked at again with which something is wrong.
const troubled = 30 * time.Second

// longTroubled is how soon it is, if that has been so for long.
const longTroubled = 10 * time.Minute

// reconcile looks at one application, goes on with its operation, and writes what has come of it. It returns after which
// time to look again without an event, or zero.
func (c *Controller) reconcile(ctx context.Context, key types.NamespacedName) (time.Duration, error) {
	cached, err := c.config.Engine.applications.Applications(key.Namespace).Get(key.Name)
	if apierrors.IsNotFound(err) {
		c.forget(key)
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("reading the application: %w", err)
	}
	m := c.remember(key, cached.UID)
	app := m.newest(cached)
	switch {
	case app.DeletionTimestamp != nil:
		return c.remove(ctx, app, m)
	case app.Annotations[appv1.AnnotationSkipReconcile] == "true":
		c.config.Engine.release(userOf(app))
		return 0, nil
	}
	again, err := c.see(ctx, app, m)
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		// Somebody changed the application: look again at what it is now, which the watch brings.
		klog.FromContext(ctx).V(4).Info("Application changed meanwhile", "application", klog.KObj(app))
		return lookAgain, nil
	}
	return again, err
}

// see looks at an application and does what follows.
func (c *Controller) see(ctx context.Context, app *appv1.Application, m *memory) (time.Duration, error) {
	w := writer{Controller: c, app: app, m: m}
	s, err := c.config.Engine.scene(ctx, app)
	trouble := problem{}
	if asProblem(err, &trouble) {
		// What is wrong may be mended where no event tells of it, as in a cluster that was away.
		state, after := c.stopped(app, m, trouble)
		return soonest(after, troubled), w.write(ctx, application.Observed{Findings: []application.Finding{trouble.Finding}, Operation: state, History: app.Status.History}, true)
	}
	if err != nil {
		return 0, err
	}
	m.rests(s)
	state, after := app.Status.OperationState, time.Duration(0)
	if operation := wanted(app); operation != nil {
		if state, after, err = c.carry(ctx, s, m, &w, operation); err != nil {
			return 0, err
		}
	}
	l, seen, err := c.observe(ctx, s, m)
	if err != nil {
		return 0, err
	}
	seen.Operation, seen.History = state, w.app.Status.History
	justEnded := over(state) && wanted(app) != nil
	if justEnded {
		seen.History = appsync.Complete(seen.History, state, app.Spec.GetRevisionHistoryLimit())
	}
	auto := c.automatic(w.app, seen, state)
	if auto.Error != "" {
		seen.Findings = append(seen.Findings, application.Finding{Type: appv1.ConditionSyncError, Message: auto.Error})
	}
	// One write tells what was found and that it is being mended, unless it has to tell first that an operation has ended.
	if auto.Operation != nil && !justEnded {
		if seen.Operation, err = c.begin(ctx, s, m, auto.Operation); err != nil {
			return 0, err
		}
	}
	if err := w.write(ctx, seen, true); err != nil {
		return 0, err
	}
	if l.compared {
		if err := c.finalize(ctx, l, &w); err != nil {
			return 0, err
		}
	}
	// Hooks of a try that goes on in the next are still needed.
	if _, waits := retrying(state); over(state) || waits && !appsync.Resumes(state) {
		if err := c.cleanup(ctx, l, &w, state); err != nil {
			return 0, err
		}
	}
	if auto.Operation != nil && (justEnded || runs(seen.Operation)) {
		c.loop.Add(keyOf(app)) // it is taken up again at once
		return 0, nil
	}
	return soonest(after, auto.After, c.interval(s), m.retry(seen.Comparison == nil)), nil
}

// carry begins the operation that is wanted, or goes on with the one that runs.
func (c *Controller) carry(ctx context.Context, s *scene, m *memory, w *writer, operation *appv1.Operation) (*appv1.OperationState, time.Duration, error) {
	state := s.app.Status.OperationState
	if !runs(state) {
		if err := c.start(ctx, s, m, w, operation); err != nil {
			return nil, 0, err
		}
		s.app, state = w.app, w.app.Status.OperationState
		if over(state) {
			return state, 0, nil
		}
	}
	return c.operate(ctx, s, state, w)
}

// start stores that an operation begins.
func (c *Controller) start(ctx context.Context, s *scene, m *memory, w *writer, operation *appv1.Operation) error {
	state, err := c.begin(ctx, s, m, operation)
	if err != nil {
		return err
	}
	return w.operation(ctx, state)
}

// observe compares what is wanted with what there is.
func (c *Controller) observe(ctx context.Context, s *scene, m *memory) (*look, application.Observed, error) {
	seen := application.Observed{ControllerNamespace: c.config.Namespace}
	l, err := c.config.Engine.look(ctx, s, wishOf(s.app, refreshOf(s.app)), m.known)
	trouble := problem{}
	switch {
	case asProblem(err, &trouble):
		l.findings = append(l.findings, trouble.Finding)
	case err != nil:
		return nil, seen, err
	default:
		seen.Comparison = l.comparison()
		number := 0
		if _, warns := project.LooksForOrphans(s.project); warns && s.app.Spec.Destination.Namespace != "" {
			orphans, err := s.orphans(ctx)
			if err != nil {
				return nil, seen, err
			}
			number = len(orphans)
			if number > 0 {
				l.findings = append(l.findings, application.Finding{Type: appv1.ConditionOrphanedResourceWarning,
					Message: fmt.Sprintf("Application has %d orphaned resources", number)})
			}
		}
		c.config.Engine.metrics.Orphaned(s.app, number)
	}
	seen.Findings, seen.Revisions, seen.Types = append(s.warnings, l.findings...), l.revisions, l.types
	return l, seen, nil
}

// refreshOf is how anew an application is asked to be looked at.
func refreshOf(app *appv1.Application) manifests.Refresh {
	switch app.Annotations[appv1.AnnotationRefresh] {
	case appv1.RefreshHard:
		return manifests.Hard
	case "":
		return manifests.Cached
	}
	return manifests.Latest
}

// automatic decides whether an operation starts by itself.
func (c *Controller) automatic(app *appv1.Application, seen application.Observed, state *appv1.OperationState) appsync.AutoDecision {
	if seen.Comparison == nil || runs(state) {
		return appsync.AutoDecision{}
	}
	now := *app
	now.Status.OperationState = state
	if over(state) && app.Operation != nil {
		now.Operation = nil
	}
	found := appsync.Compared{Status: seen.Comparison.Sync, Resources: seen.Comparison.Resources}
	if len(app.Spec.Sources) > 0 {
		found.Revisions = seen.Revisions
	} else if len(seen.Revisions) > 0 {
		found.Revision = seen.Revisions[0]
	}
	return appsync.AutoSync(&now, found, c.now())
}

// interval is after which time the repositories of an application are asked again. It differs between applications, so
// that not all ask at once.
func (c *Controller) interval(s *scene) time.Duration {
	every := s.settings.Reconciliation
	if every <= 0 {
		return 0
	}
	if jitter := s.settings.Jitter; jitter > 0 {
		sum := fnv.New64a()
		_, _ = sum.Write([]byte(s.app.UID)) // it never fails
		every += time.Duration(sum.Sum64() % uint64(jitter))
	}
	return every
}

// wanted is the operation that is to be carried out: the one that runs, or the one that is asked for. Nil if there is none.
func wanted(app *appv1.Application) *appv1.Operation {
	if state := app.Status.OperationState; runs(state) {
		return &state.Operation
	}
	return app.Operation
}

// runs tells whether an operation runs, and over that one has ended.
func runs(state *appv1.OperationState) bool {
	return state != nil && (state.Phase == appv1.OperationRunning || state.Phase == appv1.OperationTerminating)
}

func over(state *appv1.OperationState) bool { return state != nil && !runs(state) && state.Phase != "" }

// retrying tells whether an operation waits for its next try.
func retrying(state *appv1.OperationState) (until time.Time, waits bool) {
	if state == nil {
		return time.Time{}, false
	}
	return appsync.Retrying(state)
}

// stopped is the state of an operation that cannot go on or begin, since the application cannot be looked at, and after which
// time to look again for its sake.
func (c *Controller) stopped(app *appv1.Application, m *memory, trouble problem) (*appv1.OperationState, time.Duration) {
	state := app.Status.OperationState
	switch {
	case runs(state):
	case app.Operation == nil:
		return state, 0
	case app.Operation.Sync == nil:
		return failed(app.Operation, trouble.Message, c.now()), 0
	default:
		state = opened(app, app.Operation, m.begin(app, c.now()))
	}
	m.operation(state)
	return c.broken(state, m, trouble)
}

// soonest returns the shortest of some times to wait, where zero means not at all.
func soonest(all ...time.Duration) time.Duration {
	var out time.Duration
	for _, one := range all {
		out = loop.Sooner(out, one)
	}
	return out
}
