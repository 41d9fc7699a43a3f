// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"testing"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// TestApplicationWrongSettings: a wrong key of the settings is told, and keeps nothing from being synced; one that bounds what
// may be done does, until it is right.
func TestApplicationWrongSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/a.yaml": configMapFile("a", "one", "")})
	w.settings("argocd-cm", map[string]string{"timeout.reconciliation": "soon", "resource.customizations.health.a.example_B": "return {"})
	w.app("a", "app", automated)
	w.is("a", appv1.SyncStatusSynced, appv1.HealthHealthy)
	w.condition("a", appv1.ConditionInvalidSettingsWarning, `argocd-cm: timeout.reconciliation: "soon"`)
	app := w.condition("a", appv1.ConditionInvalidSettingsWarning, "argocd-cm: resource.customizations.health.a.example_B: ")
	w.value("a", "value", "one")
	if app.Status.Sync.Status != appv1.SyncStatusSynced {
		t.Errorf("sync status %s", app.Status.Sync.Status)
	}
	w.settings("argocd-cm", map[string]string{"timeout.reconciliation": "5m", "resource.exclusions": "{"})
	app = w.condition("a", appv1.ConditionComparisonError, "argocd-cm: resource.exclusions: ")
	if app.Status.Sync.Status != appv1.SyncStatusUnknown {
		t.Errorf("sync status %s while it is not known what is excluded", app.Status.Sync.Status)
	}
	w.settings("argocd-cm", map[string]string{"timeout.reconciliation": "5m"})
	w.until("a", "nothing is wrong any more", func(a *appv1.Application) bool {
		for _, c := range a.Status.Conditions {
			if c.Status == "" {
				return false
			}
		}
		return a.Status.Sync.Status == appv1.SyncStatusSynced
	})
}

// TestApplicationRetriesSilentRepository: where repositories are not asked by and by, one that has not answered is asked again all
// the same.
func TestApplicationRetriesSilentRepository(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.settings("argocd-cm", map[string]string{"timeout.reconciliation": "0"})
	w.app("a", "", fmt.Sprintf("source: {repoURL: %q, path: app}", w.git.HTTPS("later.git")), automated)
	app := w.condition("a", appv1.ConditionComparisonError, "later.git")
	if said := fmt.Sprint(app.Status.Conditions); !strings.Contains(said, "repository not found") {
		t.Errorf("it is said: %s", said)
	}
	w.git.Repository("later.git").Commit(map[string]string{"app/a.yaml": configMapFile("a", "one", "")})
	w.is("a", appv1.SyncStatusSynced, appv1.HealthHealthy)
	w.value("a", "value", "one")
}
