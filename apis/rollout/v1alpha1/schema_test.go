// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"argosy.dev/argosy/apis/raw"
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/apis/scheme"
	"argosy.dev/argosy/hack/schemas"
)

// Every property of the peer's schemas has a place, and comes back as it was sent.
func TestSchemas(t *testing.T) { schemas.Test(t, "rollout", rov1.AddKnownTypes) }

// The peer's own manifests have no field that is unknown, and come back as they were.
func TestExamples(t *testing.T) {
	schemas.TestExamples(t, "rollouts", 70, rov1.AddKnownTypes, map[string]string{
		// The indentation of the second metric is that of a list within the first.
		"rollouts/expectedfailures/analysis-run-failfast.yaml": "did not find expected key",
		// A tag without quotes is a map whose key is a map.
		"rollouts/traffic-management/rollout-linkerd.yaml#5": "invalid map key",
	})
}

// Only the number of replicas is ever filled in, and doing it twice is doing it once.
func TestDefaulting(t *testing.T) {
	schemas.ForEach(t, "rollout", rov1.AddKnownTypes, func(t *testing.T, obj runtime.Object) {
		want := obj.DeepCopyObject()
		if ro, ok := want.(*rov1.Rollout); ok && ro.Spec.Replicas == nil {
			ro.Spec.Replicas = ptr.To[int32](1)
		}
		for range 2 {
			scheme.Scheme.Default(obj)
			if diff := cmp.Diff(want, obj); diff != "" {
				t.Error(diff)
			}
		}
	})
}

// Unknown fields of what is kept as JSON are found, with their whole paths.
func TestUnknownFields(t *testing.T) {
	var ro rov1.Rollout
	var exp rov1.Experiment
	var run rov1.AnalysisRun
	for _, tc := range []struct {
		into raw.Strict
		text string
		want []string
	}{
		{&ro, `{"spec":{"template":{"metadta":{},"spec":{"contaners":[],"containers":[{"name":"a","imag":"b"}]}}}}`, []string{
			`unknown field "spec.template.metadta"`, `unknown field "spec.template.spec.containers[0].imag"`, `unknown field "spec.template.spec.contaners"`,
		}},
		{&exp, `{"spec":{"templates":[{"template":{"spec":{"containers":[{"name":"a"}]}}},{"template":{"spec":{"x":1}}}]}}`, []string{`unknown field "spec.templates[1].template.spec.x"`}},
		{&run, `{"spec":{"metrics":[{"provider":{"web":{}}},{"provider":{"job":{"spec":{"backofLimit":0}}}}]}}`, []string{`unknown field "spec.metrics[1].provider.job.spec.backofLimit"`}},
	} {
		if err := json.Unmarshal([]byte(tc.text), tc.into); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, err := range tc.into.UnknownFields() {
			got = append(got, err.Error())
		}
		slices.Sort(got)
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Error(diff)
		}
	}
}
