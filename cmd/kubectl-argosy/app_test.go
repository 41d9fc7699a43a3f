// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// What the flags of sync ask for.
func TestSyncRequest(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{
		"a.yaml":         "# a comment\n---\nkind: ConfigMap\nmetadata: {name: a}\n---\nkind: List\nitems: [{kind: Pod}, {kind: Job}]\n",
		"sub/b.json":     `{"kind":"Service"}`,
		".git/c.yaml":    "kind: No",
		"README.md":      "kind: No",
		"empty/none.yml": "\n",
	} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "x.yaml"), []byte("a: {"), 0o600); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"":                            `{}`,
		"--revision v1 --prune":       `{"revision":"v1","prune":true}`,
		"--revision v1 --revision v2": `{"revisions":["v1","v2"]}`,
		"--dry-run --force":           `{"dryRun":true,"strategy":{"hook":{"force":true}}}`,
		"--strategy apply":            `{"strategy":{"apply":{}}}`,
		"--strategy apply --force":    `{"strategy":{"apply":{"force":true}}}`,
		"--compared-revision v1":      `{"comparedRevision":"v1"}`,
		"--info why=a=b":              `{"info":[{"name":"why","value":"a=b"}]}`,
		"--retry-limit=-1":            `{"retry":{"limit":-1,"backoff":{"duration":"5s","factor":2,"maxDuration":"3m0s"}}}`,
		"--resource apps:Deployment:ns/web --resource :Pod:a":                        `{"resources":[{"group":"apps","kind":"Deployment","name":"web","namespace":"ns"},{"kind":"Pod","name":"a"}]}`,
		"--replace --server-side --apply-out-of-sync-only --sync-option Prune=false": `{"syncOptions":["Replace=true","ServerSideApply=true","ApplyOutOfSyncOnly=true","Prune=false"]}`,
		"--local " + folder:              `{"manifests":["{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"}}","{\"kind\":\"Pod\"}","{\"kind\":\"Job\"}","{\"kind\":\"Service\"}"]}`,
		"--local " + broken:              "x.yaml",
		"--local " + folder + "/empty":   "no manifests are there",
		"--strategy both":                "there are hook and apply",
		"--info why":                     "is not NAME=VALUE",
		"--resource Pod":                 "is not GROUP:KIND:[NAMESPACE/]NAME",
		"--resource apps:Deployment:ns/": "is not GROUP:KIND:[NAMESPACE/]NAME",
	} {
		var f syncFlags
		cmd := &cobra.Command{}
		f.add(cmd)
		if err := cmd.ParseFlags(strings.Fields(args)); err != nil {
			t.Fatal(err)
		}
		req, err := f.request(cmd, "web", "")
		if err != nil {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", args, err, want)
			}
			continue
		}
		req.ObjectMeta = metav1.ObjectMeta{}
		got, err := json.Marshal(req)
		if err != nil {
			t.Fatal(err)
		}
		var is, should map[string]any
		if err := json.Unmarshal([]byte(want), &should); err != nil {
			t.Errorf("%s: accepted, want an error: %s", args, want)
			continue
		}
		if err := json.Unmarshal(got, &is); err != nil {
			t.Fatal(err)
		}
		delete(is, "metadata")
		if diff := cmp.Diff(should, is); diff != "" {
			t.Errorf("%s: %s", args, diff)
		}
	}
}

func TestGoal(t *testing.T) {
	app := func(change func(*appv1.Application)) *appv1.Application {
		a := &appv1.Application{ObjectMeta: metav1.ObjectMeta{Name: "web", Generation: 2}}
		a.Status.Sync.Status, a.Status.Health.Status = appv1.SyncStatusSynced, appv1.HealthHealthy
		a.Status.Resources = []appv1.ResourceStatus{
			{Group: "apps", Kind: "Deployment", Namespace: "ns", Name: "web", Status: appv1.SyncStatusSynced, Health: &appv1.HealthStatus{Status: appv1.HealthProgressing}},
			{Kind: "ConfigMap", Namespace: "ns", Name: "a", Status: appv1.SyncStatusSynced},
		}
		if change != nil {
			change(a)
		}
		return a
	}
	state := func(phase appv1.OperationPhase, finished *metav1.Time) func(*appv1.Application) {
		return func(a *appv1.Application) {
			a.Status.OperationState = &appv1.OperationState{Phase: phase, FinishedAt: finished}
		}
	}
	observed := func(generation int64) func(*appv1.Application) {
		return func(a *appv1.Application) {
			a.Status.Conditions = []appv1.ApplicationCondition{{Type: appv1.ConditionSynced, Status: "True", ObservedGeneration: generation}}
		}
	}
	end := ptr.To(metav1.NewTime(time.Unix(1, 0)))
	for name, tc := range map[string]struct {
		goal goal
		app  *appv1.Application
		done bool
		why  string
		err  string
	}{
		"all is well":              {goal{}, app(nil), true, "", ""},
		"out of sync":              {goal{}, app(func(a *appv1.Application) { a.Status.Sync.Status = appv1.SyncStatusOutOfSync }), false, "sync is OutOfSync", ""},
		"out of sync, but healthy": {goal{health: true}, app(func(a *appv1.Application) { a.Status.Sync.Status = appv1.SyncStatusOutOfSync }), true, "", ""},
		"not healthy":              {goal{}, app(func(a *appv1.Application) { a.Status.Health.Status = appv1.HealthProgressing }), false, "health is Progressing", ""},
		"suspended is not healthy": {goal{}, app(func(a *appv1.Application) { a.Status.Health.Status = appv1.HealthSuspended }), false, "health is Suspended", ""},
		"healthy or suspended":     {goal{health: true, suspended: true}, app(func(a *appv1.Application) { a.Status.Health.Status = appv1.HealthSuspended }), true, "", ""},
		"suspended":                {goal{suspended: true}, app(nil), false, "health is Healthy", ""},
		"asked for":                {goal{operation: true}, app(func(a *appv1.Application) { a.Operation = &appv1.Operation{} }), false, "its operation has not ended", ""},
		"running":                  {goal{operation: true}, app(state(appv1.OperationRunning, nil)), false, "its operation has not ended", ""},
		"between tries":            {goal{operation: true}, app(state(appv1.OperationRunning, end)), false, "its operation has not ended", ""},
		"failed":                   {goal{operation: true}, app(state(appv1.OperationFailed, end)), true, "", ""},
		"running, nobody cares":    {goal{health: true}, app(state(appv1.OperationRunning, nil)), true, "", ""},
		"refresh asked for":        {goal{}, app(func(a *appv1.Application) { a.Annotations = map[string]string{appv1.AnnotationRefresh: "normal"} }), false, "its latest spec has not been compared yet", ""},
		"an older spec":            {goal{}, app(observed(1)), false, "its latest spec has not been compared yet", ""},
		"the latest spec":          {goal{}, app(observed(2)), true, "", ""},
		"an object":                {goal{resources: []appv1.SyncOperationResource{{Group: "apps", Kind: "Deployment", Name: "web"}}}, app(nil), false, "Deployment web: health is Progressing", ""},
		"an object without health": {goal{resources: []appv1.SyncOperationResource{{Kind: "ConfigMap", Name: "a", Namespace: "ns"}}}, app(nil), true, "", ""},
		"an unknown object":        {goal{resources: []appv1.SyncOperationResource{{Kind: "ConfigMap", Name: "a", Namespace: "b"}}}, app(nil), false, "ConfigMap b/a is none of its objects", ""},
		"deleted":                  {goal{deleted: true}, nil, true, "", ""},
		"not deleted":              {goal{deleted: true}, app(nil), false, "it is still there", ""},
		"deleted while waited for": {goal{}, nil, false, "", "it was deleted"},
	} {
		done, why, err := tc.goal.or().reached(tc.app)
		if done != tc.done || why != tc.why || (err != nil) != (tc.err != "") || err != nil && err.Error() != tc.err {
			t.Errorf("%s: %t, %q, %v", name, done, why, err)
		}
	}
}

// A sync that has left objects without a manifest has not done all that was asked for, unless it was not asked for all.
func TestLeftToPrune(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*appv1.Application)
		left   bool
	}{
		"left":      {func(*appv1.Application) {}, true},
		"in sync":   {func(app *appv1.Application) { app.Status.Sync.Status = appv1.SyncStatusSynced }, false},
		"a dry run": {func(app *appv1.Application) { app.Status.OperationState.Operation.Sync.DryRun = ptr.To(true) }, false},
		"a selection": {func(app *appv1.Application) {
			app.Status.OperationState.Operation.Sync.Resources = make([]appv1.SyncOperationResource, 1)
		}, false},
		"nothing pruned": {func(app *appv1.Application) { app.Status.OperationState.SyncResult.Resources = nil }, false},
	} {
		app := &appv1.Application{}
		app.Status.Sync.Status = appv1.SyncStatusOutOfSync
		app.Status.OperationState = &appv1.OperationState{
			Operation:  appv1.Operation{Sync: &appv1.SyncOperation{}},
			SyncResult: &appv1.SyncOperationResult{Resources: []appv1.ResourceResult{{Status: "Synced"}, {Status: "PruneSkipped"}}},
		}
		test.change(app)
		if err := leftToPrune(app); (err != nil) != test.left {
			t.Errorf("%s: %v", name, err)
		}
	}
}
