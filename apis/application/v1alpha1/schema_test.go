// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"

	"argosy.dev/argosy/apis/application/install"
	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/hack/schemas"
)

// Every property of the peer's schemas has a place, and comes back as it was sent.
func TestSchemas(t *testing.T) { schemas.Test(t, "application", appv1.AddKnownTypes) }

// The peer's own manifests have no field that is unknown, and come back as they were.
func TestExamples(t *testing.T) {
	schemas.TestExamples(t, "applications", 20, appv1.AddKnownTypes, map[string]string{
		// A template of the peer's tests: not YAML before it is filled in.
		"applications/app.yaml": "invalid map key",
		// A reference of all generators whose indentation is broken in places, with fields that the schema has not.
		"applications/applicationset.yaml": `unknown field "spec.generators[4].configMapRef"`,
		// A proposal that was not built.
		"applications/design-doc/proposal/filters.yaml": `unknown field "spec.generators[0].clusters.filters"`,
	})
}

// Nothing is ever filled in.
func TestDefaulting(t *testing.T) {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	schemas.ForEach(t, "application", appv1.AddKnownTypes, func(t *testing.T, obj runtime.Object) {
		want := obj.DeepCopyObject()
		scheme.Default(obj)
		if diff := cmp.Diff(want, obj); diff != "" {
			t.Error(diff)
		}
	})
}
