// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application"
)

func parse[T any](t *testing.T, text string) *T {
	t.Helper()
	out := new(T)
	if err := yaml.UnmarshalStrict([]byte(text), out); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return out
}

// applicationOf is an application with one source and two past syncs, changed by what is merged in.
func applicationOf(t *testing.T, change func(*appv1.Application)) *appv1.Application {
	t.Helper()
	app := parse[appv1.Application](t, `
metadata: {name: web, namespace: shop}
spec:
  destination: {name: in-cluster}
  source: {repoURL: https://git.example/a.git, path: a, targetRevision: main}
  syncPolicy: {syncOptions: [CreateNamespace=true], retry: {limit: 3}}
status:
  sync: {status: OutOfSync, revision: ccc}
  history:
  - {id: 4, revision: aaa, deployedAt: "2026-11-28T10:00:00Z", source: {repoURL: https://git.example/a.git, path: old}}
  - {id: 5, revision: bbb, deployedAt: "2026-11-28T11:00:00Z", source: {repoURL: https://git.example/a.git, path: a}}
  operationState: {phase: Succeeded, startedAt: "2026-11-28T11:00:00Z", finishedAt: "2026-11-28T11:00:05Z", operation: {sync: {}}}
`)
	if change != nil {
		change(app)
	}
	return app
}

func automated(app *appv1.Application) {
	app.Spec.SyncPolicy.Automated = &appv1.SyncPolicyAutomated{}
}

func manySources(app *appv1.Application) {
	app.Spec.Source, app.Spec.Sources = nil, []appv1.ApplicationSource{{RepoURL: "a"}, {RepoURL: "b"}}
	app.Status.Sync.Revision, app.Status.Sync.Revisions = "", []string{"1", "2"}
}

func inPhase(phase appv1.OperationPhase) func(*appv1.Application) {
	return func(app *appv1.Application) {
		app.Status.OperationState = &appv1.OperationState{Phase: phase, StartedAt: metav1.NewTime(time.Unix(0, 0))}
	}
}

func requested(app *appv1.Application) {
	app.Operation, app.Status.OperationState = &appv1.Operation{Sync: &appv1.SyncOperation{}}, nil
}

func deleted(app *appv1.Application) { app.DeletionTimestamp = ptr.To(metav1.NewTime(time.Unix(1, 0))) }

const configMap = "\"apiVersion: v1\\nkind: ConfigMap\\nmetadata: {name: a}\\n\""

func TestSync(t *testing.T) {
	for name, tc := range map[string]struct {
		change    func(*appv1.Application)
		req, want string // want is the operation, or else what the error says
		conflict  bool
	}{
		"plain": {req: `{}`, want: `{sync: {syncOptions: [CreateNamespace=true]}, initiatedBy: {username: alice}, retry: {limit: 3}}`},
		"all of it": {
			req: `{revision: v1, prune: true, dryRun: true, strategy: {apply: {force: true}}, resources: [{kind: Pod, name: a}], syncOptions: [Replace=true],
				retry: {limit: 1}, info: [{name: why, value: because}], comparedRevision: ccc}`,
			want: `{sync: {revision: v1, prune: true, dryRun: true, syncStrategy: {apply: {force: true}}, resources: [{kind: Pod, name: a}],
				syncOptions: [CreateNamespace=true, Replace=true]}, initiatedBy: {username: alice}, retry: {limit: 1}, info: [{name: why, value: because}]}`,
		},
		"a revision, with a policy that refreshes": {change: func(app *appv1.Application) { app.Spec.SyncPolicy.Retry.Refresh = ptr.To(true) }, req: `{revision: v1}`,
			want: `{sync: {revision: v1, syncOptions: [CreateNamespace=true]}, initiatedBy: {username: alice}, retry: {limit: 3}}`},
		"a revision, with a wish that refreshes": {req: `{revision: v1, retry: {refresh: true}}`,
			want: `{sync: {revision: v1, syncOptions: [CreateNamespace=true]}, initiatedBy: {username: alice}, retry: {refresh: true}}`},
		"many sources":            {change: manySources, req: `{revisions: [v1, ""], comparedRevisions: ["1", "2"]}`, want: `{sync: {revisions: [v1, ""], syncOptions: [CreateNamespace=true]}, initiatedBy: {username: alice}, retry: {limit: 3}}`},
		"manifests":               {req: `{manifests: [` + configMap + `]}`, want: `{sync: {manifests: [` + configMap + `], syncOptions: [CreateNamespace=true]}, initiatedBy: {username: alice}, retry: {limit: 3}}`},
		"automated":               {change: automated, req: `{}`, want: `{sync: {syncOptions: [CreateNamespace=true]}, initiatedBy: {username: alice}, retry: {limit: 3}}`},
		"manifests, automated":    {change: automated, req: `{manifests: [` + configMap + `]}`, conflict: true, want: "spec.syncPolicy.automated"},
		"dry, automated":          {change: automated, req: `{dryRun: true, manifests: [` + configMap + `]}`, want: `{sync: {dryRun: true, manifests: [` + configMap + `], syncOptions: [CreateNamespace=true]}, initiatedBy: {username: alice}, retry: {limit: 3}}`},
		"running":                 {change: inPhase(appv1.OperationRunning), req: `{}`, conflict: true, want: "an operation is running"},
		"being ended":             {change: inPhase(appv1.OperationTerminating), req: `{}`, conflict: true, want: "being ended"},
		"asked for":               {change: requested, req: `{}`, conflict: true, want: "asked for already"},
		"deleted":                 {change: deleted, req: `{}`, conflict: true, want: "being deleted"},
		"another was compared":    {req: `{comparedRevision: ddd}`, conflict: true, want: `"ddd" was asked for, it was compared with "ccc"`},
		"others were compared":    {change: manySources, req: `{comparedRevisions: ["1", "3"]}`, conflict: true, want: "precondition on comparedRevisions"},
		"revision for many":       {change: manySources, req: `{revision: v1}`, want: "revision: Forbidden: the application has 2 sources: give revisions"},
		"revisions for one":       {req: `{revisions: [v1]}`, want: "revisions: Forbidden: the application has a single source: give revision"},
		"too few revisions":       {change: manySources, req: `{revisions: [v1]}`, want: "revisions: Invalid value: 1: must be as many"},
		"compared for many":       {change: manySources, req: `{comparedRevision: v1}`, want: "comparedRevision: Forbidden"},
		"both revisions":          {req: `{revision: v1, revisions: [v1]}`, want: "only one of revision and revisions"},
		"two strategies":          {req: `{strategy: {apply: {}, hook: {}}}`, want: "strategy: Invalid value"},
		"resource without name":   {req: `{resources: [{kind: Pod, name: ""}]}`, want: "resources[0].name: Required"},
		"resource twice":          {req: `{resources: [{kind: Pod, name: a}, {kind: Pod, name: a}]}`, want: "resources[1]: Duplicate"},
		"no option":               {req: `{syncOptions: [Replace=true, PruneLst=true]}`, want: `syncOptions[1]: Invalid value: "PruneLst=true": there is no such option`},
		"no duration":             {req: `{retry: {backoff: {duration: soon}}}`, want: "retry.backoff.duration: Invalid value"},
		"info without name":       {req: `{info: [{name: "", value: x}]}`, want: "info[0].name: Required"},
		"manifest of nothing":     {req: `{manifests: ["{}"]}`, want: "manifests[0]: Invalid value: an object has an apiVersion and a kind"},
		"manifest without name":   {req: `{manifests: ["{apiVersion: v1, kind: Pod}"]}`, want: "metadata.name"},
		"manifest of two":         {req: `{manifests: ["a: b\n---\nc: d"]}`, want: "must be one document, not 2"},
		"manifest that is none":   {req: `{manifests: ["a: {b"]}`, want: "not the manifest of an object"},
		"manifests of a revision": {req: `{revision: v1, manifests: [` + configMap + `]}`, want: "manifests: Forbidden"},
		"too many manifests":      {req: `{manifests: ["` + strings.Repeat("x", 600<<10) + `"]}`, want: "manifests: Too long"},
	} {
		t.Run(name, func(t *testing.T) {
			app := applicationOf(t, tc.change)
			before := app.DeepCopy()
			err := application.Sync(app, parse[appv1.ApplicationSync](t, tc.req), "alice")
			if err != nil {
				refused(t, err, tc.conflict, tc.want, before, app)
				return
			}
			if diff := cmp.Diff(parse[appv1.Operation](t, tc.want), app.Operation); diff != "" {
				t.Error(diff)
			}
			if app.Status.OperationState != nil {
				t.Error("what the last operation has left is still there")
			}
		})
	}
}

// refused checks an error, and that the application is as it was.
func refused(t *testing.T, err error, conflict bool, want string, before, app *appv1.Application) {
	t.Helper()
	if conflict && !apierrors.IsConflict(err) || !conflict && !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s (a conflict: %t)", err, want, conflict)
	}
	if diff := cmp.Diff(before, app); diff != "" {
		t.Errorf("the application has changed: %s", diff)
	}
}

// What cannot be parsed may be a Secret.
func TestErrorsRepeatNoManifest(t *testing.T) {
	err := application.Sync(applicationOf(t, nil), &appv1.ApplicationSync{Manifests: []string{"data: {password: hunter2"}}, "alice")
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func TestRollback(t *testing.T) {
	last := `{sync: {revision: aaa, source: {repoURL: https://git.example/a.git, path: old}, syncStrategy: {apply: {}}, syncOptions: [CreateNamespace=true]}, initiatedBy: {username: alice}}`
	for name, tc := range map[string]struct {
		change    func(*appv1.Application)
		req, want string
		conflict  bool
	}{
		"the one before the last": {req: `{}`, want: last},
		"by number":               {req: `{id: 4}`, want: last},
		"the last": {req: `{id: 5, prune: true, dryRun: true}`, want: `{sync: {revision: bbb, source: {repoURL: https://git.example/a.git, path: a}, prune: true, dryRun: true,
			syncStrategy: {apply: {}}, syncOptions: [CreateNamespace=true]}, initiatedBy: {username: alice}}`},
		"no such number":       {req: `{id: 0}`, want: "id: Not found: 0"},
		"automated":            {change: automated, req: `{}`, conflict: true, want: "spec.syncPolicy.automated"},
		"running":              {change: inPhase(appv1.OperationRunning), req: `{}`, conflict: true, want: "an operation is running"},
		"only one past sync":   {change: func(app *appv1.Application) { app.Status.History = app.Status.History[1:] }, req: `{}`, conflict: true, want: "no sync before the last"},
		"no past sync":         {change: func(app *appv1.Application) { app.Status.History = nil }, req: `{}`, conflict: true, want: "no sync before the last"},
		"of an unknown source": {change: func(app *appv1.Application) { app.Status.History[0].Source = &appv1.ApplicationSource{} }, req: `{id: 4}`, conflict: true, want: "not known any longer"},
	} {
		t.Run(name, func(t *testing.T) {
			app := applicationOf(t, tc.change)
			before := app.DeepCopy()
			err := application.Rollback(app, parse[appv1.ApplicationRollback](t, tc.req), "alice")
			if err != nil {
				refused(t, err, tc.conflict, tc.want, before, app)
				return
			}
			if diff := cmp.Diff(parse[appv1.Operation](t, tc.want), app.Operation); diff != "" {
				t.Error(diff)
			}
			if !application.IsRollback(app.Operation, app.Status.History) {
				t.Error("written by another client, it would be no rollback")
			}
		})
	}
}

func TestTerminate(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*appv1.Application)
		want   string // the error
	}{
		"running":     {inPhase(appv1.OperationRunning), ""},
		"asked for":   {requested, ""},
		"being ended": {inPhase(appv1.OperationTerminating), "being ended already"},
		"nothing":     {nil, "no operation is running"},
	} {
		t.Run(name, func(t *testing.T) {
			app := applicationOf(t, tc.change)
			before := app.DeepCopy()
			err := application.Terminate(app, &appv1.ApplicationTerminate{}, "alice")
			switch {
			case tc.want != "":
				if err == nil {
					t.Fatal("accepted")
				}
				refused(t, err, true, tc.want, before, app)
			case err != nil:
				t.Error(err)
			case app.Operation != nil || app.Status.OperationState != nil && app.Status.OperationState.Phase != appv1.OperationTerminating:
				t.Errorf("operation %v, state %v", app.Operation, app.Status.OperationState)
			}
		})
	}
}

func TestRefresh(t *testing.T) {
	for _, tc := range []struct{ is, asked, want, err string }{
		{"", "", "normal", ""},
		{"", "hard", "hard", ""},
		{"normal", "hard", "hard", ""},
		{"hard", "normal", "hard", ""},
		{"", "soft", "", `type: Unsupported value: "soft"`},
	} {
		app := applicationOf(t, func(app *appv1.Application) {
			if tc.is != "" {
				app.Annotations = map[string]string{appv1.AnnotationRefresh: tc.is}
			}
		})
		before := app.DeepCopy()
		err := application.Refresh(app, &appv1.ApplicationRefresh{Type: tc.asked}, "alice")
		if err != nil {
			refused(t, err, false, tc.err, before, app)
			continue
		}
		if got := app.Annotations[appv1.AnnotationRefresh]; got != tc.want || tc.err != "" {
			t.Errorf("%+v: got %q", tc, got)
		}
	}
}

func TestIsOverride(t *testing.T) {
	one := applicationOf(t, nil)
	many := applicationOf(t, manySources)
	for name, tc := range map[string]struct {
		app  *appv1.Application
		sync string
		want bool
	}{
		"nothing":                      {one, `{}`, false},
		"a revision":                   {one, `{revision: v1}`, false},
		"manifests":                    {one, `{manifests: ["{}"]}`, true},
		"the source":                   {one, `{source: {repoURL: https://git.example/a.git, path: a, targetRevision: v1}}`, false},
		"another path":                 {one, `{source: {repoURL: https://git.example/a.git, path: b, targetRevision: main}}`, true},
		"sources for one":              {one, `{sources: [{repoURL: a}, {repoURL: b}]}`, true},
		"the sources":                  {many, `{sources: [{repoURL: a, targetRevision: v1}, {repoURL: b}]}`, false},
		"the sources and an empty one": {many, `{source: {repoURL: ""}, sources: [{repoURL: a, targetRevision: v1}, {repoURL: b}]}`, false},
		"in another order":             {many, `{sources: [{repoURL: b}, {repoURL: a}]}`, true},
		"one for many":                 {many, `{source: {repoURL: a}}`, true},
	} {
		if got := application.IsOverride(&appv1.Operation{Sync: parse[appv1.SyncOperation](t, tc.sync)}, &tc.app.Spec); got != tc.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
