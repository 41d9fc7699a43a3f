// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"argosy.dev/argosy/apis/scheme"
	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
	"argosy.dev/argosy/apis/sensor/validation"
	"argosy.dev/argosy/hack/schemas"
)

// refused are the peer's manifests that are wrong, and why.
var refused = map[string]string{
	// The field is written openwhisk, which the peer does not know: its sensor does nothing.
	"sensors/sensors/trigger-openwhisk.yaml": "spec.triggers[0].template: Required value: say what is done",
	// The address is in serverURL, which no HTTP trigger has: the peer refuses it too.
	"sensors/tutorials/09-http-trigger/sensor-02.yaml": "spec.triggers[0].template.http.url: Required value",
}

func validate(obj runtime.Object) field.ErrorList {
	switch o := obj.(type) {
	case *snv1.EventSource:
		return validation.ValidateEventSource(o)
	case *snv1.EventBus:
		return validation.ValidateEventBus(o)
	case *snv1.Sensor:
		return validation.ValidateSensor(o)
	}
	return nil
}

func warnings(obj runtime.Object) []string {
	switch o := obj.(type) {
	case *snv1.EventSource:
		return validation.WarningsEventSource(o)
	case *snv1.EventBus:
		return validation.WarningsEventBus(o)
	case *snv1.Sensor:
		return validation.WarningsSensor(o)
	}
	return nil
}

// The peer's manifests are accepted without a warning, or refused for a reason that is given here.
func TestConformance(t *testing.T) {
	schemas.SharedForTest(t, "conformance", "sensors")
	examples, err := schemas.Examples("sensors")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, e := range examples {
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
		if w := warnings(obj); len(w) > 0 {
			t.Errorf("%s: warned: %q", e.Name, w)
		}
	}
	for name := range refused {
		if !found[name] {
			t.Errorf("%s is not there", name)
		}
	}
}
