// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"argosy.dev/argosy/apis/scheme"
	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/hack/schemas"
)

// Every property of the peer's schemas has a place, and comes back as it was sent.
func TestSchemas(t *testing.T) { schemas.Test(t, "sensor", snv1.AddKnownTypes) }

// The peer's own manifests have no field that is unknown, and come back as they were.
func TestExamples(t *testing.T) {
	withWorkflows := func(s *runtime.Scheme, gv schema.GroupVersion) error {
		return errors.Join(snv1.AddKnownTypes(s, gv), wfv1.AddKnownTypes(s, gv))
	}
	// These have fields that the peer does not know either: it keeps them, and does nothing with them.
	schemas.TestExamples(t, "sensors", 60, withWorkflows, map[string]string{
		"sensors/event-sources/stripe.yaml":                    `unknown field "spec.stripe.example.namespace"`,
		"sensors/sensors/trigger-openwhisk.yaml":               `unknown field "spec.triggers[0].template.openwhisk"`,
		"sensors/tutorials/03-trigger-sources/sensor-cm.yaml":  `unknown field "spec.triggers[0].template.k8s.source.configmap.namespace"`,
		"sensors/tutorials/03-trigger-sources/sensor-git.yaml": `unknown field "spec.triggers[0].template.k8s.source.git.sshKeyPath"`,
		"sensors/tutorials/09-http-trigger/sensor-02.yaml":     `unknown field "spec.triggers[0].template.http.serverURL"`,
	})
}

// Nothing is ever filled in.
func TestDefaulting(t *testing.T) {
	schemas.ForEach(t, "sensor", snv1.AddKnownTypes, func(t *testing.T, obj runtime.Object) {
		want := obj.DeepCopyObject()
		scheme.Scheme.Default(obj)
		if diff := cmp.Diff(want, obj); diff != "" {
			t.Error(diff)
		}
	})
}
