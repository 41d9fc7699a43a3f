// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/hack/e2e/framework"
)

// TestApplicationSyncPolicy: an admission policy forbids syncs of one project on a weekday, today's; those of others, and on
// other days, go on. Neither the project, nor the labels, nor the time are what the caller says.
func TestApplicationSyncPolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/a.yaml": configMapFile("a", "one", "")})
	now := time.Now().UTC()
	// A test that runs over midnight has to forbid both days.
	today := fmt.Sprintf("[%d, %d]", now.Weekday(), now.Add(time.Hour).Weekday())
	later := fmt.Sprintf("[%d]", now.Add(72*time.Hour).Weekday())
	day := func(days string) string {
		return "timestamp(object.metadata.creationTimestamp).getDayOfWeek() in " + days
	}
	policyOn(t, w.ns, applications.Group, "CREATE", "applications/sync", `"!(object.project == 'prod' && `+day(today)+
		`) && !(object.project == 'other' && `+day(later)+`) && !(has(object.metadata.labels) && 'frozen' in object.metadata.labels)"`, "not on this day")
	for _, name := range []string{"prod", "other"} {
		w.project(name, anywhere)
		w.app(name, "app", "project: "+name)
		w.is(name, appv1.SyncStatusOutOfSync, appv1.HealthMissing)
	}
	w.app("frozen", "app")
	w.patch("frozen", `{"metadata":{"labels":{"frozen":""}}}`)
	ask := func(ctx context.Context, group, name string, more map[string]any, o metav1.CreateOptions) error {
		request := &unstructured.Unstructured{Object: map[string]any{"apiVersion": group + "/v1alpha1", "kind": "ApplicationSync"}}
		for key, value := range more {
			request.Object[key] = value
		}
		request.SetName(name)
		gvr := applications
		gvr.Group = group
		_, err := admin.Dynamic.Resource(gvr).Namespace(w.ns).Create(ctx, request, o, "sync")
		return err
	}
	eventually(t, policyReach, "the policy", func(ctx context.Context) error {
		return refusedBy(ask(ctx, applications.Group, "prod", nil, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}), "not on this day")
	})
	for _, group := range []string{applications.Group, framework.CompatGroup} {
		for what, more := range map[string]map[string]any{
			"plain": nil, "forged project": {"project": "other"},
			"forged time": {"metadata": map[string]any{"creationTimestamp": now.Add(72 * time.Hour).Format(time.RFC3339)}},
		} {
			if err := refusedBy(ask(within(t, time.Minute), group, "prod", more, metav1.CreateOptions{}), "not on this day"); err != nil {
				t.Errorf("%s, %s: %v", group, what, err)
			}
		}
		forged := map[string]any{"metadata": map[string]any{"labels": map[string]any{"other": "label"}}}
		if err := refusedBy(ask(within(t, time.Minute), group, "frozen", forged, metav1.CreateOptions{}), "not on this day"); err != nil {
			t.Errorf("%s, by label: %v", group, err)
		}
	}
	if app := w.get("prod"); app.Operation != nil || app.Status.OperationState != nil {
		t.Errorf("a refused sync was recorded: %+v", app.Operation)
	}
	before := w.get("other")
	if err := ask(within(t, time.Minute), applications.Group, "other", map[string]any{"project": "prod", "metadata": map[string]any{"labels": map[string]any{"frozen": ""}}}, metav1.CreateOptions{}); err != nil {
		t.Fatalf("a sync of another project: %v", err)
	}
	w.phase(w.ended("other", before), appv1.OperationSucceeded, "")
}

// TestApplicationExamples: the server takes what the examples show without a field that it does not know, and the policy
// among them does what it says.
func TestApplicationExamples(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"app/a.yaml": configMapFile("a", "one", "")})
	root, err := framework.Root()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "artifacts", "examples", "application", "*", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob(filepath.Join(root, "artifacts", "examples", "application", "*.yaml"))
	if err != nil || len(files) < 4 || len(more) < 10 {
		t.Fatalf("%d and %d examples (%v)", len(files), len(more), err)
	}
	for _, file := range append(files, more...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range decode(t, string(text)) {
			if filepath.Base(file) == "sync-policy.yaml" {
				w.policy(o)
				continue
			}
			if _, err := admin.Create(within(t, time.Minute), w.ns, o, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict, DryRun: []string{metav1.DryRunAll}}); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
	w.project("production", anywhere)
	w.app("shop", "app", "project: production")
	w.app("other", "app", "project: default")
	eventually(t, policyReach, "the policy", func(context.Context) error {
		return refusedBy(w.verb(admin, "shop", "sync", `{"message":"short"}`), "sync-of-production")
	})
	w.patch("shop", `{"spec":{"revisionHistoryLimit":3}}`)
	w.phase(w.sync("other", ""), appv1.OperationSucceeded, "")
	err = w.verb(admin, "shop", "sync", `{"message":"the release of today"}`)
	if day := time.Now().UTC().Weekday(); day == time.Saturday || day == time.Sunday {
		if err := refusedBy(err, "on Saturdays and Sundays"); err != nil {
			t.Error(err)
		}
	} else if err != nil {
		t.Errorf("a sync on a %s: %v", day, err)
	}
}

// policy creates a policy, or its binding, for the namespace alone.
func (w *world) policy(o *unstructured.Unstructured) {
	w.Helper()
	o.SetName(w.ns + "-" + o.GetName())
	if o.GetKind() == "ValidatingAdmissionPolicyBinding" {
		for _, err := range []error{
			unstructured.SetNestedField(o.Object, o.GetName(), "spec", "policyName"),
			unstructured.SetNestedStringMap(o.Object, map[string]string{"kubernetes.io/metadata.name": w.ns}, "spec", "matchResources", "namespaceSelector", "matchLabels"),
		} {
			if err != nil {
				w.Fatal(err)
			}
		}
	}
	text, err := o.MarshalJSON()
	if err != nil {
		w.Fatal(err)
	}
	createAndForget(w.T, string(text))
}
