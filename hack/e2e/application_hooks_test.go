// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// tellingMaps makes a ConfigMap as healthy as it says itself, so that tests need no pods where a pod is not the point.
func (w *world) tellingMaps() {
	w.Helper()
	w.settings("argocd-cm", map[string]string{"resource.customizations.health.ConfigMap": `return {status = (obj.data or {}).health or "Healthy", message = "as told"}`})
}

// telling is a ConfigMap that says how it does, with annotations as YAML.
func telling(name, health, annotations string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, annotations: {%s}}\ndata: {health: %s}\n", name, annotations, health)
}

// podFile is a pod that runs a script, with annotations as YAML.
func podFile(name, script, annotations string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Pod
metadata: {name: %s, annotations: {%s}}
spec:
  restartPolicy: Never
  terminationGracePeriodSeconds: 5
  containers: [{name: main, image: "busybox:latest", imagePullPolicy: IfNotPresent, command: [sh, -c, %q]}]
`, name, annotations, script)
}

// as is the annotation of a hook, with further ones as YAML.
func as(phase string, more ...string) string {
	return strings.Join(append([]string{"argocd.argoproj.io/hook: " + phase}, more...), ", ")
}

// deletedWhen is the annotation that says when a hook is deleted.
func deletedWhen(policy string) string { return "argocd.argoproj.io/hook-delete-policy: " + policy }

// outcomes are what became of the objects in the last sync: the phase of a hook, the status of anything else.
func outcomes(app *appv1.Application) map[string]string {
	out := map[string]string{}
	if s := app.Status.OperationState; s != nil && s.SyncResult != nil {
		for _, r := range s.SyncResult.Resources {
			if out[r.Kind+"/"+r.Name] = r.Status; r.HookType != "" {
				out[r.Kind+"/"+r.Name] = string(r.HookPhase)
			}
		}
	}
	return out
}

// outcome fails the test unless the last sync of an application has had these outcomes, and no others.
func (w *world) outcome(app *appv1.Application, want map[string]string) {
	w.Helper()
	if got := outcomes(app); !maps.Equal(got, want) {
		w.Errorf("%s: outcomes are %v, not %v", app.Name, got, want)
	}
}

// resources counts the names in status.resources.
func (w *world) resources(app *appv1.Application) map[string]int {
	out := map[string]int{}
	for _, r := range app.Status.Resources {
		out[r.Name]++
	}
	return out
}

// hookCase is one sync of an application whose objects have the prefix of its name.
type hookCase struct {
	name     string
	files    []string
	phase    appv1.OperationPhase
	status   appv1.SyncStatusCode
	outcomes map[string]string
	health   appv1.HealthStatusCode // if it matters
}

// TestApplicationHookOutcomes: what hooks of each phase, and what they wait for, do to a sync (scenarios 1-9, 14, 15).
func TestApplicationHookOutcomes(t *testing.T) {
	t.Parallel()
	const ok, bad = "true", "exit 1"
	cases := []hookCase{{
		name: "pre", files: []string{configMapFile("pre-a", "1", ""), podFile("pre-hook", ok, as("PreSync"))},
		phase: appv1.OperationSucceeded, status: appv1.SyncStatusSynced, outcomes: map[string]string{"ConfigMap/pre-a": "Synced", "Pod/pre-hook": "Succeeded"},
	}, {
		name: "mid", files: []string{configMapFile("mid-a", "1", ""), podFile("mid-hook", ok, as("Sync"))},
		phase: appv1.OperationSucceeded, status: appv1.SyncStatusSynced, outcomes: map[string]string{"ConfigMap/mid-a": "Synced", "Pod/mid-hook": "Succeeded"},
	}, {
		name: "post", files: []string{configMapFile("post-a", "1", ""), podFile("post-hook", ok, as("PostSync"))},
		phase: appv1.OperationSucceeded, status: appv1.SyncStatusSynced, outcomes: map[string]string{"ConfigMap/post-a": "Synced", "Pod/post-hook": "Succeeded"},
	}, {
		name: "prefails", files: []string{podFile("prefails-a", ok, ""), podFile("prefails-hook", bad, as("PreSync"))},
		phase: appv1.OperationFailed, status: appv1.SyncStatusOutOfSync, outcomes: map[string]string{"Pod/prefails-hook": "Failed"}, health: appv1.HealthMissing,
	}, {
		name: "midfails", files: []string{configMapFile("midfails-a", "1", ""), podFile("midfails-hook", bad, as("Sync"))},
		phase: appv1.OperationFailed, status: appv1.SyncStatusSynced, outcomes: map[string]string{"ConfigMap/midfails-a": "Synced", "Pod/midfails-hook": "Failed"},
	}, {
		name: "postfails", files: []string{configMapFile("postfails-a", "1", ""), podFile("postfails-hook", bad, as("PostSync"))},
		phase: appv1.OperationFailed, status: appv1.SyncStatusSynced, outcomes: map[string]string{"ConfigMap/postfails-a": "Synced", "Pod/postfails-hook": "Failed"},
	}, { // what the hook waits for fails: it does not run
		name: "degraded", files: []string{podFile("degraded-a", bad, ""), podFile("degraded-hook", ok, as("PostSync"))},
		phase: appv1.OperationFailed, status: appv1.SyncStatusSynced, outcomes: map[string]string{"Pod/degraded-a": "Synced"}, health: appv1.HealthDegraded,
	}, {
		name: "slow", files: []string{stuckDeployment("slow-a", ""), podFile("slow-hook", ok, as("Sync"))},
		phase: appv1.OperationSucceeded, status: appv1.SyncStatusSynced, outcomes: map[string]string{"Deployment/slow-a": "Synced", "Pod/slow-hook": "Succeeded"},
		health: appv1.HealthProgressing,
	}, {
		name: "fail", files: []string{telling("fail-a", "Healthy", ""), telling("fail-hook", "Degraded", as("Sync")), podFile("fail-f", ok, as("SyncFail"))},
		phase: appv1.OperationFailed, status: appv1.SyncStatusSynced,
		outcomes: map[string]string{"ConfigMap/fail-a": "Synced", "ConfigMap/fail-hook": "Failed", "Pod/fail-f": "Succeeded"},
	}, {
		name: "failfails", files: []string{telling("failfails-a", "Healthy", ""), telling("failfails-hook", "Degraded", as("Sync")),
			telling("failfails-f", "Healthy", as("SyncFail")), podFile("failfails-g", bad, as("SyncFail"))},
		phase: appv1.OperationFailed, status: appv1.SyncStatusSynced,
		outcomes: map[string]string{"ConfigMap/failfails-a": "Synced", "ConfigMap/failfails-hook": "Failed", "ConfigMap/failfails-f": "Succeeded", "Pod/failfails-g": "Failed"},
	}, {
		name: "nofail", files: []string{configMapFile("nofail-a", "1", ""), telling("nofail-f", "Healthy", as("SyncFail"))},
		phase: appv1.OperationSucceeded, status: appv1.SyncStatusSynced, outcomes: map[string]string{"ConfigMap/nofail-a": "Synced"},
	}, { // the server refuses one hook: the other is waited for
		name: "invalid", files: []string{podFile("invalid-hook", "sleep 1", as("Sync")), strings.Replace(podFile("invalid-other", ok, as("Sync")), "containers:", "priorityClassName: none-such\n  containers:", 1)},
		phase: appv1.OperationFailed, status: appv1.SyncStatusSynced, outcomes: map[string]string{"Pod/invalid-hook": "Succeeded", "Pod/invalid-other": "SyncFailed"},
	}, {
		name: "skip", files: []string{configMapFile("skip-a", "1", ""), configMapFile("skip-b", "1", as("Skip"))},
		phase: appv1.OperationSucceeded, outcomes: map[string]string{"ConfigMap/skip-a": "Synced"},
	}, { // only a hook can be given a name
		name: "unnamed", files: []string{strings.Replace(configMapFile("unnamed-", "1", ""), "name:", "generateName:", 1)},
		phase: appv1.OperationFailed, outcomes: map[string]string{"ConfigMap/": "SyncFailed"},
	}}
	files := map[string]string{}
	for _, c := range cases {
		for i, file := range c.files {
			files[fmt.Sprintf("%s/%d.yaml", c.name, i)] = file
		}
	}
	w := newWorld(t, files)
	w.tellingMaps()
	before := map[string]*appv1.Application{}
	for _, c := range cases {
		w.app(c.name, c.name)
	}
	// All begin before the first is waited for: most of the time is that of pods.
	for _, c := range cases {
		before[c.name] = w.until(c.name, "it was looked at", func(a *appv1.Application) bool { return a.Status.Sync.Status != "" })
		if err := w.verb(admin, c.name, "sync", ""); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range cases {
		app := w.ended(c.name, before[c.name])
		if app.Status.OperationState.Phase != c.phase {
			t.Errorf("%s: %s, %s", c.name, app.Status.OperationState.Phase, app.Status.OperationState.Message)
		}
		got := outcomes(app)
		for _, r := range app.Status.OperationState.SyncResult.Resources {
			if key := r.Kind + "/" + r.Name; r.HookType != "" && r.Status == "SyncFailed" {
				got[key] = r.Status
			}
			if r.Name == "pre-hook" && (r.Message != "pod/pre-hook created" || r.SyncPhase != "PreSync") {
				t.Errorf("result of a hook: %+v", r)
			}
		}
		if !maps.Equal(got, c.outcomes) {
			t.Errorf("%s: outcomes are %v, not %v", c.name, got, c.outcomes)
		}
		if c.status != "" && app.Status.Sync.Status != c.status {
			w.until(c.name, "it is "+string(c.status), func(a *appv1.Application) bool { return a.Status.Sync.Status == c.status })
		}
		if c.health != "" {
			w.until(c.name, "it is "+string(c.health), func(a *appv1.Application) bool { return a.Status.Health.Status == c.health })
		}
	}
	for _, name := range []string{"pre-hook", "mid-hook", "post-hook", "postfails-hook", "fail-f"} {
		waitFor(t, time.Minute, pods, w.ns, name, func(u *unstructured.Unstructured) (bool, error) { return len(u.GetFinalizers()) == 0, nil })
	}
	if w.object(configMaps, "skip-b") != nil || w.object(pods, "prefails-a") != nil || w.object(pods, "degraded-hook") != nil {
		t.Error("what is not to be there is")
	}
	if r := w.resource(w.get("prefails"), "Pod", "prefails-a"); r.Status != appv1.SyncStatusOutOfSync || r.Health == nil || r.Health.Status != appv1.HealthMissing {
		t.Errorf("%+v", r)
	}
}

// TestApplicationHookDeletion: hooks are deleted as their policies say, at the end of the operation or before the next
// (scenarios 10-12); hooks without a name are given one (16).
func TestApplicationHookDeletion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{
		"end/a.yaml":   telling("good", "Healthy", as("PreSync", deletedWhen("HookSucceeded"))),
		"end/b.yaml":   telling("bad", "Degraded", as("PreSync", deletedWhen("HookSucceeded"))),
		"end/c.yaml":   telling("good-kept", "Healthy", as("PreSync", deletedWhen("HookFailed"))),
		"end/d.yaml":   telling("bad-gone", "Degraded", as("PreSync", deletedWhen("HookFailed"))),
		"again/a.yaml": telling("again", "Healthy", as("Sync", deletedWhen("BeforeHookCreation"))),
		"again/b.yaml": strings.Replace(telling("made-", "Healthy", as("'PreSync,PostSync'")), "name:", "generateName:", 1),
		"again/d.yaml": strings.Replace(telling("made-", "Healthy", as("PostSync")), "name:", "generateName:", 1),
		"again/c.yaml": configMapFile("c", "1", ""),
	})
	w.tellingMaps()
	w.app("end", "end")
	w.app("again", "again")
	w.until("end", "it was looked at", func(a *appv1.Application) bool { return a.Status.Sync.Status != "" })
	app := w.sync("end", "")
	w.phase(app, appv1.OperationFailed, "as told")
	w.outcome(app, map[string]string{"ConfigMap/good": "Succeeded", "ConfigMap/bad": "Failed", "ConfigMap/good-kept": "Succeeded", "ConfigMap/bad-gone": "Failed"})
	w.gone(configMaps, "good")
	w.gone(configMaps, "bad-gone")
	for _, name := range []string{"bad", "good-kept"} {
		waitFor(t, time.Minute, configMaps, w.ns, name, func(u *unstructured.Unstructured) (bool, error) {
			return u.GetDeletionTimestamp() == nil && len(u.GetFinalizers()) == 0, nil
		})
	}

	w.is("again", appv1.SyncStatusOutOfSync, appv1.HealthMissing)
	app = w.sync("again", "")
	w.phase(app, appv1.OperationSucceeded, "")
	revision, started := app.Status.OperationState.SyncResult.Revision[:7], app.Status.OperationState.StartedAt.Unix()
	for _, phase := range []string{"presync", "postsync"} {
		name := fmt.Sprintf("made-%s-%s-%d", revision, phase, started)
		if outcomes(app)["ConfigMap/"+name] != "Succeeded" || w.object(configMaps, name) == nil {
			t.Errorf("no hook %s: %v", name, outcomes(app))
		}
	}
	// Another one with the same prefix has run, too.
	for _, name := range w.starting(configMaps, "made-", 3) {
		waitFor(t, time.Minute, configMaps, w.ns, name, func(u *unstructured.Unstructured) (bool, error) { return len(u.GetFinalizers()) == 0, nil })
	}
	if r := w.resources(w.until("again", "its hooks are listed", func(a *appv1.Application) bool { return len(a.Status.Resources) == 5 })); r[""] != 0 || r["again"] != 1 {
		t.Errorf("status.resources has %v", r)
	}
	first := w.object(configMaps, "again").GetUID()
	w.phase(w.sync("again", ""), appv1.OperationSucceeded, "")
	if w.object(configMaps, "again").GetUID() == first {
		t.Error("a second sync has not made the hook anew")
	}
}

// TestApplicationHookTerminated: hooks that run are broken off, and those that are done keep what came of them
// (scenarios 13, 18).
func TestApplicationHookTerminated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{
		"app/a.yaml": telling("done", "Healthy", as("Sync")), "app/b.yaml": telling("runs", "Progressing", as("Sync")),
		"app/c.yaml": podFile("sleeps", "exec sleep 600", as("Sync")), "app/d.yaml": configMapFile("d", "1", ""),
	})
	w.tellingMaps()
	w.app("one", "app")
	before := w.is("one", appv1.SyncStatusOutOfSync, appv1.HealthMissing)
	if err := w.verb(admin, "one", "sync", ""); err != nil {
		t.Fatal(err)
	}
	for name, gvr := range map[string]schema.GroupVersionResource{"done": configMaps, "runs": configMaps, "sleeps": pods} {
		waitFor(t, time.Minute, gvr, w.ns, name, func(u *unstructured.Unstructured) (bool, error) {
			return gvr != pods || field(u, "status", "phase") == "Running", nil
		})
	}
	w.until("one", "hooks are waited for", func(a *appv1.Application) bool {
		return a.Status.OperationState != nil && strings.Contains(a.Status.OperationState.Message, "waiting for completion of hook")
	})
	if err := w.verb(admin, "one", "terminate", ""); err != nil {
		t.Fatal(err)
	}
	app := w.ended("one", before)
	w.phase(app, appv1.OperationFailed, "Operation terminated")
	w.outcome(app, map[string]string{"ConfigMap/done": "Succeeded", "ConfigMap/runs": "Failed", "Pod/sleeps": "Failed", "ConfigMap/d": "Synced"})
	for _, r := range app.Status.OperationState.SyncResult.Resources {
		if (r.HookPhase == appv1.OperationFailed) != (r.Message == "Terminated") {
			t.Errorf("result: %+v", r)
		}
	}
	w.gone(configMaps, "runs")
	w.gone(pods, "sleeps")
	waitFor(t, time.Minute, configMaps, w.ns, "done", func(u *unstructured.Unstructured) (bool, error) { return len(u.GetFinalizers()) == 0, nil })
}

// TestApplicationHookFinalizer: a hook that somebody else deletes stays until its end was seen (scenario 17).
func TestApplicationHookFinalizer(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	phases := []string{"PreSync", "Sync", "PostSync"}
	for _, phase := range phases {
		name := strings.ToLower(phase)
		files[name+"/a.yaml"] = podFile(name, "trap 'exit 0' TERM; while true; do sleep 0.1; done", as(phase, deletedWhen("HookSucceeded")))
		files[name+"/b.yaml"] = configMapFile(name+"-b", "1", "")
	}
	w := newWorld(t, files)
	before := map[string]*appv1.Application{}
	for _, phase := range phases {
		w.app(strings.ToLower(phase), strings.ToLower(phase))
	}
	for _, phase := range phases {
		name := strings.ToLower(phase)
		before[name] = w.is(name, appv1.SyncStatusOutOfSync, appv1.HealthMissing)
		if err := w.verb(admin, name, "sync", ""); err != nil {
			t.Fatal(err)
		}
	}
	for _, phase := range phases {
		name := strings.ToLower(phase)
		waitFor(t, time.Minute, pods, w.ns, name, phaseIs("Running"))
		if err := admin.Kube.CoreV1().Pods(w.ns).Delete(t.Context(), name, metav1.DeleteOptions{GracePeriodSeconds: ptr.To[int64](5)}); err != nil {
			t.Fatal(err)
		}
		app := w.ended(name, before[name])
		w.phase(app, appv1.OperationSucceeded, "")
		w.outcome(app, map[string]string{"Pod/" + name: "Succeeded", "ConfigMap/" + name + "-b": "Synced"})
		w.gone(pods, name)
	}
}
