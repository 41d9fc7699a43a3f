// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// change changes a ConfigMap as another manager.
func (w *world) change(name, manager, patch string) {
	w.Helper()
	if _, err := admin.Dynamic.Resource(configMaps).Namespace(w.ns).Patch(within(w.T, time.Minute), name, "application/merge-patch+json", []byte(patch), metav1.PatchOptions{FieldManager: manager}); err != nil {
		w.Fatal(err)
	}
}

// answer reads a subresource of an application as JSON.
func (w *world) answer(app, sub string) string {
	w.Helper()
	u, err := admin.Dynamic.Resource(applications).Namespace(w.ns).Get(within(w.T, time.Minute), app, metav1.GetOptions{}, sub)
	if err != nil {
		w.Fatalf("%s: %v", sub, err)
	}
	text, err := u.MarshalJSON()
	if err != nil {
		w.Fatal(err)
	}
	return string(text)
}

// statuses waits until the objects of an application have these states.
func (w *world) statuses(app string, want map[string]appv1.SyncStatusCode) *appv1.Application {
	w.Helper()
	return w.until(app, fmt.Sprintf("its objects are %v", want), func(a *appv1.Application) bool {
		got := map[string]appv1.SyncStatusCode{}
		for _, r := range a.Status.Resources {
			got[r.Name] = r.Status
		}
		return fmt.Sprint(got) == fmt.Sprint(want)
	})
}

// TestApplicationIgnoredDifferences: differences are ignored by pointer, by jq and by manager; a sync leaves them alone if
// the application says so, and else overwrites them (62).
func TestApplicationIgnoredDifferences(t *testing.T) {
	t.Parallel()
	const in, out = appv1.SyncStatusSynced, appv1.SyncStatusOutOfSync
	commit := func(other string) map[string]string {
		files := map[string]string{}
		for _, name := range []string{"pointer", "jq", "manager", "plain"} {
			files["app/"+name+".yaml"] = fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {value: one, other: %q}\n", name, other)
		}
		return files
	}
	w := newWorld(t, commit("one"))
	w.app("ignores", "app", `ignoreDifferences:
- {kind: ConfigMap, name: pointer, jsonPointers: [/data/value]}
- {kind: ConfigMap, name: jq, jqPathExpressions: ['.data | select(.value != null) | .value']}
- {kind: ConfigMap, name: manager, managedFieldsManagers: [autoscaler]}`)
	w.is("ignores", out, appv1.HealthMissing)
	w.phase(w.sync("ignores", ""), appv1.OperationSucceeded, "")
	w.is("ignores", in, appv1.HealthHealthy)
	for _, name := range []string{"pointer", "jq", "manager", "plain"} {
		w.change(name, "autoscaler", `{"data":{"value":"drift"}}`)
	}
	w.statuses("ignores", map[string]appv1.SyncStatusCode{"pointer": in, "jq": in, "manager": in, "plain": out})
	if diff := w.answer("ignores", "diff"); strings.Contains(diff, `"name":"pointer"`) && !strings.Contains(diff, `"name":"plain"`) {
		t.Errorf("the diff is %s", diff)
	}
	w.repo.Commit(commit("two"))
	w.refresh("ignores")
	w.statuses("ignores", map[string]appv1.SyncStatusCode{"pointer": out, "jq": out, "manager": out, "plain": out})
	w.phase(w.sync("ignores", `{"syncOptions":["RespectIgnoreDifferences=true"]}`), appv1.OperationSucceeded, "")
	for _, name := range []string{"pointer", "jq", "manager"} {
		w.want(name, map[string]string{"value": "drift", "other": "two"})
	}
	w.want("plain", map[string]string{"value": "one", "other": "two"})
	w.is("ignores", in, appv1.HealthHealthy)
	w.repo.Commit(commit("three"))
	w.refresh("ignores")
	w.statuses("ignores", map[string]appv1.SyncStatusCode{"pointer": out, "jq": out, "manager": out, "plain": out})
	w.phase(w.sync("ignores", ""), appv1.OperationSucceeded, "")
	for _, name := range []string{"pointer", "jq", "manager", "plain"} {
		w.want(name, map[string]string{"value": "one", "other": "three"})
	}
}

// TestApplicationDefaults: what the server adds, and fields that others own make no
// difference (62, 64).
func TestApplicationDefaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/d.yaml": deploymentFile("web", "") + `---
apiVersion: v1
kind: LimitRange
metadata: {name: limits}
spec: {limits: [{type: Container, default: {cpu: 500m, memory: 1Gi}}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, annotations: {}}
spec: {selector: {app: web}, ports: [{port: 80}], type: null}
`})
	for name, options := range map[string]string{"server": "[]", "client": "[ServerSideApply=false]"} {
		w.app(name, "app", "syncPolicy: {syncOptions: "+options+"}")
		w.until(name, "compared", func(a *appv1.Application) bool { return a.Status.Sync.Status == appv1.SyncStatusOutOfSync })
		w.phase(w.sync(name, ""), appv1.OperationSucceeded, "")
		w.is(name, appv1.SyncStatusSynced, appv1.HealthHealthy)
		if diff := w.answer(name, "diff"); strings.Contains(diff, `"modified":true`) {
			t.Errorf("%s: the diff is %s", name, diff)
		}
		if err := admin.Dynamic.Resource(applications).Namespace(w.ns).Delete(t.Context(), name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		w.gone(applications, name)
	}
}

// TestApplicationSecretsMasked: no answer, status, error or event has what a Secret holds (66).
func TestApplicationSecretsMasked(t *testing.T) {
	t.Parallel()
	const was, becomes, broken = "hunter2-before", "swordfish-after", "no base64! perch"
	secret := func(value string) string {
		return "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: " + value + "}\n"
	}
	w := newWorld(t, map[string]string{"app/s.yaml": secret(was), "broken/s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: broken}\ndata: {password: '" + broken + "'}\n"})
	w.app("secrets", "app")
	w.is("secrets", appv1.SyncStatusOutOfSync, appv1.HealthMissing)
	w.phase(w.sync("secrets", ""), appv1.OperationSucceeded, "")
	w.is("secrets", appv1.SyncStatusSynced, appv1.HealthHealthy)
	secrets := schema.GroupVersionResource{Version: "v1", Resource: "secrets"}
	if got := field(w.object(secrets, "s"), "data", "password"); got != base64.StdEncoding.EncodeToString([]byte(was)) {
		t.Fatalf("the Secret has %q", got)
	}
	head := w.repo.Commit(map[string]string{"app/s.yaml": secret(becomes)})
	w.refresh("secrets")
	w.until("secrets", "the new commit is compared", func(a *appv1.Application) bool {
		return a.Status.Sync.Revision == head && a.Status.Sync.Status == appv1.SyncStatusOutOfSync
	})
	w.app("broken", "broken")
	w.until("broken", "it is looked at", func(a *appv1.Application) bool { return len(a.Status.Conditions) > 0 })
	if app := w.get("broken"); app.Status.Sync.Status != appv1.SyncStatusUnknown {
		w.phase(w.sync("broken", ""), appv1.OperationFailed, "")
	}
	said := map[string]string{"diff": w.answer("secrets", "diff"), "manifests": w.answer("secrets", "manifests"), "tree": w.answer("secrets", "tree"),
		"status": fmt.Sprint(w.get("secrets").Status), "broken": fmt.Sprint(w.get("broken").Status)}
	if !strings.Contains(said["diff"], "++++") {
		t.Errorf("the diff does not show that the value differs: %s", said["diff"])
	}
	for _, args := range [][]string{{"get", "events", "-o", "yaml"}, {"argosy", "app", "diff", "secrets", "--exit-code=false"}, {"argosy", "app", "manifests", "secrets"}} {
		out, errs, err := admin.Kubectl(within(t, time.Minute), "", append(args, "-n", w.ns)...)
		if err != nil {
			t.Errorf("kubectl %v: %v", args, err)
		}
		said[strings.Join(args, " ")] = out + errs
	}
	for what, text := range said {
		for _, value := range []string{was, becomes, broken} {
			if strings.Contains(text, value) || strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(value))) {
				t.Errorf("%s tells a secret: %s", what, text)
			}
		}
	}
}

// resourceNames are the names in status.resources, in order.
func resourceNames(a *appv1.Application) []string {
	var out []string
	for _, r := range a.Status.Resources {
		out = append(out, r.Name)
	}
	return out
}

// made makes a ConfigMap that is in no repository.
func (w *world) made(name string, labels, annotations map[string]string) {
	w.Helper()
	u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap"}}
	u.SetName(name)
	u.SetLabels(labels)
	u.SetAnnotations(annotations)
	if _, err := admin.Dynamic.Resource(configMaps).Namespace(w.ns).Create(within(w.T, time.Minute), u, metav1.CreateOptions{}); err != nil {
		w.Fatal(err)
	}
}
