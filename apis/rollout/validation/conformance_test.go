// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/apis/rollout/validation"
	"argosy.dev/argosy/apis/scheme"
	"argosy.dev/argosy/hack/schemas"
)

// refused are the peer's manifests that are wrong, and why. They are so on purpose, or by mistake.
var refused = map[string]string{
	// A template without a spec: the peer's own test of that.
	"rollouts/expectedfailures/experiment-invalid.yaml": "spec.templates[1].template.spec.containers: Required value",
	// Three types in one step: the peer's rules mean one, but find only some of the others.
	// Names are put in by the peer's tests.
	"rollouts/functional/bluegreen-duration-template.yaml#3": `spec.template.spec.containers[0].name: Invalid value: "ROLLOUT_NAME"`,
	"rollouts/functional/canary-duration-template.yaml":      `spec.template.spec.containers[0].name: Invalid value: "ROLLOUT_NAME"`,
	"rollouts/step-plugin/template-rollout.yaml":             `spec.selector.matchLabels: Invalid value: "step-plugin-e2e-$$name$$"`,
}

func validate(obj runtime.Object) field.ErrorList {
	switch o := obj.(type) {
	case *rov1.Rollout:
		return validation.ValidateRollout(o)
	case *rov1.AnalysisTemplate:
		return validation.ValidateAnalysisTemplate(o)
	case *rov1.ClusterAnalysisTemplate:
		return validation.ValidateClusterAnalysisTemplate(o)
	case *rov1.AnalysisRun:
		return validation.ValidateAnalysisRun(o)
	case *rov1.Experiment:
		return validation.ValidateExperiment(o)
	}
	return nil
}

// The peer's manifests are accepted, or refused for a reason that is given here.
func TestConformance(t *testing.T) {
	schemas.SharedForTest(t, "conformance", "rollouts")
	examples, err := schemas.Examples("rollouts")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, e := range examples {
		if e.Kind == "" {
			continue // no YAML, of which the tests of the types tell
		}
		obj, _, err := scheme.Codecs.UniversalDeserializer().Decode(e.Data, nil, nil)
		if err != nil {
			t.Errorf("%s: %v", e.Name, err)
			continue
		}
		err = validate(obj).ToAggregate()
		reason, bad := refused[e.Name]
		found[e.Name] = true
		switch {
		case !bad && err != nil:
			t.Errorf("%s: %v", e.Name, err)
		case bad && (err == nil || !strings.Contains(err.Error(), reason)):
			t.Errorf("%s: got %v, want %s", e.Name, err, reason)
		}
	}
	for name := range refused {
		if !found[name] {
			t.Errorf("%s is not there", name)
		}
	}
}
