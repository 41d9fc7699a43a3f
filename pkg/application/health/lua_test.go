// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package health

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// peerChecks is the directory of the peer's checks and of their tests in the module cache.
func peerChecks(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/argoproj/argo-cd/v3").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, out)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "resource_customizations")
}

// What the peer's tests of its checks say, our way to run them says.
func TestPeerCases(t *testing.T) {
	root := peerChecks(t)
	suites, err := filepath.Glob(filepath.Join(root, "*", "*", "health_test.yaml"))
	if err != nil || len(suites) == 0 {
		t.Fatalf("no suites: %v", err)
	}
	cases := 0
	for _, suite := range suites {
		raw, err := os.ReadFile(suite)
		if err != nil {
			t.Fatal(err)
		}
		var tests struct {
			Tests []struct {
				HealthStatus appv1.HealthStatus `json:"healthStatus"`
				InputPath    string             `json:"inputPath"`
			} `json:"tests"`
		}
		if err := yaml.Unmarshal(raw, &tests); err != nil {
			t.Fatal(err)
		}
		for _, test := range tests.Tests {
			name := strings.TrimPrefix(filepath.Join(filepath.Dir(suite), test.InputPath), root)
			cases++
			raw, err := os.ReadFile(filepath.Join(filepath.Dir(suite), test.InputPath))
			if err != nil {
				t.Fatal(err)
			}
			u := &unstructured.Unstructured{}
			if err := yaml.Unmarshal(raw, &u.Object); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			// Not Of: what is being deleted is never asked how it does there.
			c, err := bundled(u.GroupVersionKind().GroupKind())
			if err != nil || c == nil {
				t.Errorf("%s: no check: %v", name, err)
				continue
			}
			got, err := c.run(u.Object)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			} else if got == nil || got.Status != test.HealthStatus.Status || got.Message != test.HealthStatus.Message {
				t.Errorf("%s: got %+v, want %+v", name, got, test.HealthStatus)
			}
		}
	}
	t.Logf("%d cases in %d suites", cases, len(suites))
	if cases < 1142 {
		t.Errorf("only %d cases were found", cases)
	}
}

// No check of the peer is hidden by a rule in Go.
func TestRulesHideNoCheck(t *testing.T) {
	for gk := range rules {
		c, err := bundled(gk)
		if err != nil || c != nil {
			t.Errorf("%s has a check of the peer: %v", gk, err)
		}
	}
}

func TestOwnKindsHaveThePeersChecks(t *testing.T) {
	for _, gk := range []schema.GroupKind{{Group: "rollout.argosy.dev", Kind: "Rollout"}, {Group: "rollout.argosy.dev", Kind: "AnalysisRun"}} {
		if c, err := bundled(gk); c == nil || err != nil {
			t.Errorf("%s has no check: %v", gk, err)
		}
	}
}
