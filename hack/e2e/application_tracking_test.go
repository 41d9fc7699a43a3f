// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// TestApplicationTracking: an object belongs to an application by its tracking id, if that is its own; one that was copied
// with the annotation is left alone (68).
func TestApplicationTracking(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/a.yaml": configMapFile("a", "one", "")})
	w.app("tracked", "app")
	w.is("tracked", appv1.SyncStatusOutOfSync, appv1.HealthMissing)
	w.phase(w.sync("tracked", ""), appv1.OperationSucceeded, "")
	w.is("tracked", appv1.SyncStatusSynced, appv1.HealthHealthy)
	id := w.object(configMaps, "a").GetAnnotations()[appv1.AnnotationTrackingID]
	if !strings.HasSuffix(id, ":/ConfigMap:"+w.ns+"/a") {
		t.Fatalf("tracking id %q", id)
	}
	w.made("copy", nil, map[string]string{appv1.AnnotationTrackingID: id})
	w.made("extra", nil, map[string]string{appv1.AnnotationTrackingID: strings.TrimSuffix(id, "/a") + "/extra"})
	w.made("kept", nil, map[string]string{appv1.AnnotationTrackingID: strings.TrimSuffix(id, "/a") + "/kept", "argocd.argoproj.io/compare-options": "IgnoreExtraneous", "argocd.argoproj.io/sync-options": "Prune=false"})
	app := w.until("tracked", "the extra ones are seen", func(a *appv1.Application) bool {
		return slices.Equal(resourceNames(a), []string{"a", "extra", "kept"}) && a.Status.Sync.Status == appv1.SyncStatusOutOfSync
	})
	if r := w.resource(app, "ConfigMap", "extra"); !r.RequiresPruning || r.Status != appv1.SyncStatusOutOfSync {
		t.Errorf("extra: %+v", r)
	}
	w.phase(w.sync("tracked", `{"prune":true}`), appv1.OperationSucceeded, "")
	w.gone(configMaps, "extra")
	for _, name := range []string{"copy", "kept", "a"} {
		if w.object(configMaps, name) == nil {
			t.Errorf("%s is gone", name)
		}
	}
	w.is("tracked", appv1.SyncStatusSynced, appv1.HealthHealthy)
}

// TestApplicationTrackingLabel: with the setting, the label says whose an object is; without it, it does not. With an
// installation id, objects of other installations are not ours (67, 70).
func TestApplicationTrackingLabel(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/a.yaml": configMapFile("a", "one", "")})
	w.settings("argocd-cm", map[string]string{"application.resourceTrackingMethod": "label"})
	w.app("labelled", "app", automated)
	w.is("labelled", appv1.SyncStatusSynced, appv1.HealthHealthy)
	labels := w.object(configMaps, "a").GetLabels()
	if labels["app.kubernetes.io/instance"] == "" {
		t.Fatalf("labels %v", labels)
	}
	w.patch("labelled", `{"spec":{"syncPolicy":{"automated":null}}}`)
	w.made("foreign", labels, nil)
	w.until("labelled", "the foreign one counts", func(a *appv1.Application) bool {
		return slices.Equal(resourceNames(a), []string{"a", "foreign"}) && a.Status.Sync.Status == appv1.SyncStatusOutOfSync
	})
	w.settings("argocd-cm", map[string]string{"application.resourceTrackingMethod": "annotation", "installationID": "first"})
	w.refresh("labelled")
	w.until("labelled", "the foreign one does not count", func(a *appv1.Application) bool {
		return slices.Equal(resourceNames(a), []string{"a"}) && a.Status.Sync.Status == appv1.SyncStatusOutOfSync
	})
	w.phase(w.sync("labelled", `{"prune":true}`), appv1.OperationSucceeded, "")
	w.is("labelled", appv1.SyncStatusSynced, appv1.HealthHealthy)
	if got := w.object(configMaps, "a").GetAnnotations(); got["argocd.argoproj.io/installation-id"] != "first" || got[appv1.AnnotationTrackingID] == "" {
		t.Errorf("annotations %v", got)
	}
	if w.object(configMaps, "foreign") == nil {
		t.Error("the foreign one is gone")
	}
}

// TestApplicationOrphans: what no application has made is told, with what the project ignores left out (73).
func TestApplicationOrphans(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/a.yaml": configMapFile("a", "one", "")})
	w.project("orphans", anywhere+"orphanedResources: {warn: true, ignore: [{group: '*', kind: '*', name: '[!s]*'}, {group: '', kind: ConfigMap, name: 'stray-ignored*'}]}")
	w.made("stray", nil, nil)
	w.made("stray-ignored-1", nil, nil)
	w.app("of-orphans", "app", "project: orphans", automated)
	w.is("of-orphans", appv1.SyncStatusSynced, appv1.HealthHealthy)
	w.refresh("of-orphans")
	w.condition("of-orphans", appv1.ConditionOrphanedResourceWarning, "1 orphaned")
	if tree := w.answer("of-orphans", "tree"); !strings.Contains(tree, `"stray"`) || strings.Contains(tree, "stray-ignored") {
		t.Errorf("the tree is %s", tree)
	}
	w.made("stray-2", nil, nil)
	// A look counts what its watches have brought by then; what belongs to no application causes none.
	eventually(t, time.Minute, "the new one in the tree", func(context.Context) error {
		if tree := w.answer("of-orphans", "tree"); !strings.Contains(tree, `"stray-2"`) {
			return errors.New(tree)
		}
		return nil
	})
	w.refresh("of-orphans")
	w.condition("of-orphans", appv1.ConditionOrphanedResourceWarning, "2 orphaned")
}

// TestApplicationExcludedKinds: kinds that the settings exclude are not synced, which a condition says (72); a kind or
// version that the cluster does not have is named (71).
func TestApplicationExcludedKinds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{
		"app/a.yaml": configMapFile("a", "one", ""), "app/s.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: s}\n",
		"old/d.yaml": strings.Replace(deploymentFile("old", ""), "apps/v1", "extensions/v1beta1", 1),
	})
	w.settings("argocd-cm", map[string]string{"resource.exclusions": "- {apiGroups: [''], kinds: [ServiceAccount], clusters: ['*']}\n"})
	w.app("excluded", "app", automated)
	w.is("excluded", appv1.SyncStatusSynced, appv1.HealthHealthy)
	app := w.condition("excluded", appv1.ConditionExcludedResourceWarning, "/ServiceAccount s is excluded")
	if got := resourceNames(app); !slices.Equal(got, []string{"a"}) {
		t.Errorf("resources %v", got)
	}
	if w.object(schema.GroupVersionResource{Version: "v1", Resource: "serviceaccounts"}, "s") != nil {
		t.Error("what is excluded was synced")
	}
	w.app("old", "old")
	w.is("old", appv1.SyncStatusOutOfSync, appv1.HealthMissing)
	app = w.sync("old", "")
	w.phase(app, appv1.OperationFailed, "")
	for _, r := range app.Status.OperationState.SyncResult.Resources {
		if !strings.Contains(r.Message, "extensions") || !strings.Contains(r.Message, "Deployment") {
			t.Errorf("the message does not name the kind and version: %q", r.Message)
		}
	}
}
