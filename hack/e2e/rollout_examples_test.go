// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"

	"argosy.dev/argosy/hack/e2e/framework"
)

// What the examples show is taken by the servers without a field that they do not know, and the rollouts run: first to
// healthy, then, with another template, to where they wait or are done, and by a full promotion to their end.
func TestRolloutExamples(t *testing.T) {
	t.Parallel()
	routerKinds(t)
	root, err := framework.Root()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(root, "artifacts", "examples", "rollout", "*.yaml"))
	if err != nil || len(files) < 10 {
		t.Fatalf("%d examples (%v)", len(files), err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if strings.HasPrefix(name, "analysis-") && name != "analysis-kubernetes.yaml" {
			continue // TestAnalysisExamples
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := prepareApp(t)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var rollouts []string
			for _, o := range decode(t, string(text)) {
				a.example(o)
				if o.GetKind() == "Rollout" {
					rollouts = append(rollouts, o.GetName())
				}
			}
			for _, name := range rollouts {
				a.name = name
				a.runExample()
			}
		})
	}
}

// example creates an object of an example. One that lies in no namespace goes with the test.
func (a *app) example(o *unstructured.Unstructured) {
	a.t.Helper()
	place := []string{"spec", "strategy", "canary", "trafficRouting", "plugins", "argoproj-labs/gatewayAPI", "namespace"}
	if field(o, place...) == "default" {
		if err := unstructured.SetNestedField(o.Object, a.ns, place...); err != nil {
			a.t.Fatal(err)
		}
	}
	eventually(a.t, time.Minute, "creating "+o.GetKind()+" "+o.GetName(), func(ctx context.Context) error {
		var r dynamic.ResourceInterface
		if gvr, of := routerResources[o.GetKind()]; of {
			r = admin.Dynamic.Resource(gvr).Namespace(a.ns)
		} else {
			var err error
			if r, _, err = admin.Resource(o.GroupVersionKind(), a.ns); err != nil {
				return err
			}
		}
		_, err := r.Create(ctx, o, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
		if err == nil && (strings.HasPrefix(o.GetKind(), "Cluster") || strings.HasPrefix(o.GetKind(), "ValidatingAdmission")) {
			a.t.Cleanup(func() {
				if err := r.Delete(context.Background(), o.GetName(), metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
					a.t.Error(err)
				}
			})
		}
		return err
	})
}

func (a *app) runExample() {
	a.t.Helper()
	if name := field(a.stable(), "spec", "workloadRef", "name"); name != "" {
		return // TestRolloutWorkloadRef changes the template of the workload
	}
	a.update("2")
	o := a.waitFor("the new version waits or is done", func(o *unstructured.Unstructured) bool {
		return observed(o) && field(o, "status", "phase") == "Paused" || isStable(o)
	})
	if !isStable(o) {
		a.promoteFull()
		a.stable()
	}
}
