// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"strings"
	"testing"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// TestApplicationHostileSource: what renders without end, eats memory or wants the network is an error of that
// application alone, while another of the same repository is synced.
func TestApplicationHostileSource(t *testing.T) {
	t.Parallel()
	const chart = "apiVersion: v2\nname: bad\nversion: 1.0.0\n"
	loop := "{{ range untilStep 0 100000 1 }}"
	w := newWorld(t, map[string]string{
		"endless/Chart.yaml":        chart,
		"endless/templates/a.yaml":  strings.Repeat(loop, 5) + "{{ end }}" + strings.Repeat("{{ end }}", 4),
		"memory/Chart.yaml":         chart,
		"memory/templates/a.yaml":   `{{ $x := "0123456789abcdef" }}{{ range until 40 }}{{ $x = printf "%s%s" $x $x }}{{ end }}{{ $x }}`,
		"jsonnet/a.jsonnet":         "local f(n) = f(n + 1) tailstrict; f(0)",
		"bomb/kustomization.yaml":   "resources: [../bomb]\n",
		"remote/kustomization.yaml": "resources: ['https://10.25.0.1/some.yaml']\n",
		"good/a.yaml":               configMapFile("a", "one", ""),
	})
	for _, name := range []string{"endless", "memory", "jsonnet", "bomb", "remote"} {
		w.app(name, name, automated)
	}
	w.app("good", "good", automated)
	w.is("good", appv1.SyncStatusSynced, appv1.HealthHealthy)
	for _, name := range []string{"bomb", "remote", "jsonnet", "memory", "endless"} {
		app := w.condition(name, appv1.ConditionComparisonError, "Failed to load target state")
		if app.Status.Sync.Status != appv1.SyncStatusUnknown || app.Status.OperationState != nil {
			t.Errorf("%s: %+v", name, app.Status)
		}
		t.Logf("%s: %s", name, app.Status.Conditions[0].Message)
	}
	// The good one is served afterwards, too.
	w.repo.Commit(map[string]string{"good/a.yaml": configMapFile("a", "two", "")})
	w.refresh("good")
	w.value("a", "value", "two")
	if said := fmt.Sprint(w.get("good").Status.Conditions); strings.Contains(said, "Error") {
		t.Errorf("the good one says %s", said)
	}
}
