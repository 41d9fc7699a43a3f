// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/rest"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/apiserver/apiservertest"
)

// warnings collects what the server warns a client of.
type warnings struct {
	mu   sync.Mutex
	text []string
}

func (w *warnings) HandleWarningHeader(_ int, _, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text = append(w.text, text)
}

func (w *warnings) take() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := strings.Join(w.text, "\n")
	w.text = nil
	return out
}

func warned(c *rest.Config) (*rest.Config, *warnings) {
	c, w := rest.CopyConfig(c), &warnings{}
	c.WarningHandler = w
	return c, w
}

func TestStatusIsWrittenThroughItsSubresource(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{})
	c, w := warned(s.Admin)
	ri := workflows(t, c, native)

	made := create(t, ri, with(workflow(native, "a"), "Succeeded", "status", "phase"))
	if at(t, made, "status", "phase") != nil || made.GetGeneration() != 1 {
		t.Errorf("created with status %v, generation %d", at(t, made, "status"), made.GetGeneration())
	}
	if got := w.take(); got != "" {
		t.Errorf("the native group warned: %s", got)
	}

	// Status changes status and the labels that follow from it, and nothing else.
	changed := with(with(with(made, "Running", "status", "phase"), "changed", "spec", "entrypoint"), "x", "metadata", "labels", "mine")
	out, err := ri.UpdateStatus(ctx, changed, metav1.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if out.GetGeneration() != 1 || at(t, out, "spec", "entrypoint") != "main" || out.GetLabels()["mine"] != "" {
		t.Errorf("a write to status changed generation %d, entrypoint %v, labels %v", out.GetGeneration(), at(t, out, "spec", "entrypoint"), out.GetLabels())
	}
	labels(t, out.GetLabels(), "Running", "false")

	// The main resource changes the rest, and the generation with the spec only.
	out, err = ri.Update(ctx, with(with(out, "Failed", "status", "phase"), "x", "metadata", "labels", "mine"), metav1.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if out.GetGeneration() != 1 || at(t, out, "status", "phase") != "Running" || out.GetLabels()["mine"] != "x" {
		t.Errorf("after a change of labels: generation %d, phase %v, labels %v", out.GetGeneration(), at(t, out, "status", "phase"), out.GetLabels())
	}
	out, err = ri.Update(ctx, with(out, true, "spec", "suspend"), metav1.UpdateOptions{})
	if err != nil || out.GetGeneration() != 2 {
		t.Errorf("after a change of spec: generation %d, error %v", out.GetGeneration(), err)
	}
	out, err = ri.UpdateStatus(ctx, with(out, "Succeeded", "status", "phase"), metav1.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	labels(t, out.GetLabels(), "Succeeded", "true")
	if out.GetLabels()["mine"] != "x" {
		t.Errorf("a write to status lost labels: %v", out.GetLabels())
	}
}

func labels(t *testing.T, have map[string]string, phase, completed string) {
	t.Helper()
	if have[wfv1.LabelPhase] != phase || have[wfv1.LabelCompleted] != completed {
		t.Errorf("labels %v, want phase %s and completed %s", have, phase, completed)
	}
}

// In argoproj.io the main resource carries status, for those who may write it.
func TestCompatibilityRule(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{Authorizer: apiservertest.Allow(func(a authorizer.Attributes) bool {
		if a.GetSubresource() != "status" {
			return true
		}
		return a.GetUser().GetName() == "trusted" && a.GetVerb() == "update" && a.GetAPIGroup() == "argoproj.io" &&
			a.GetResource() == "workflows" && a.GetNamespace() == "default"
	})})
	for _, tc := range []struct {
		user    string
		group   string
		allowed bool
		warns   bool
	}{
		{"trusted", "argoproj.io", true, false},
		{"other", "argoproj.io", false, true},
		{"trusted", "workflow.argosy.dev", false, false},
	} {
		t.Run(tc.user+"/"+tc.group, func(t *testing.T) {
			gvr := compat
			gvr.Group = tc.group
			c, w := warned(s.As(tc.user))
			ri := workflows(t, c, gvr)
			name := tc.user + "-" + strings.ReplaceAll(tc.group, ".", "-")
			check := func(when, want string, phase any) {
				t.Helper()
				if !tc.allowed {
					want = ""
				}
				if got, _ := phase.(string); got != want {
					t.Errorf("%s: phase %q, want %q", when, got, want)
				}
				if got := w.take(); (got != "") != tc.warns || tc.warns && !strings.Contains(got, "workflows/status in group argoproj.io") {
					t.Errorf("%s: warning %q", when, got)
				}
			}
			made := create(t, ri, with(workflow(gvr, name), "Running", "status", "phase"))
			check("create", "Running", at(t, made, "status", "phase"))

			out, err := ri.Update(ctx, with(made, "Failed", "status", "phase"), metav1.UpdateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			check("update", "Failed", at(t, out, "status", "phase"))
			if tc.allowed {
				labels(t, out.GetLabels(), "Failed", "true")
			}
			patch, err := json.Marshal(map[string]any{"status": map[string]any{"phase": "Error"}})
			if err != nil {
				t.Fatal(err)
			}
			out, err = ri.Patch(ctx, name, "application/merge-patch+json", patch, metav1.PatchOptions{})
			if err != nil {
				t.Fatal(err)
			}
			check("patch", "Error", at(t, out, "status", "phase"))

			// What does not touch status never warns.
			if _, err := ri.Update(ctx, with(out, "x", "metadata", "labels", "mine"), metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
			if got := w.take(); got != "" {
				t.Errorf("a write that does not touch status warned: %s", got)
			}
		})
	}
}
