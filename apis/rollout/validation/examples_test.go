// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/serializer"

	"argosy.dev/argosy/apis/scheme"
	"argosy.dev/argosy/hack/schemas"
)

// Our own examples are right, and those that are to be refused are.
func TestOurExamples(t *testing.T) {
	strict := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	const folder = "../../../artifacts/examples/rollout"
	good, err := filepath.Glob(folder + "/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	broken, err := filepath.Glob(folder + "/broken/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(good) < 5 || len(broken) < 1 {
		t.Errorf("%d and %d examples", len(good), len(broken))
	}
	judged := 0
	for _, file := range append(good, broken...) {
		ours, err := schemas.Ours(file, "rollout")
		if err != nil {
			t.Fatal(err)
		}
		said := ""
		judged += len(ours)
		for _, document := range ours {
			obj, _, err := strict.Decode(document, nil, nil)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			if err := validate(obj).ToAggregate(); err != nil {
				said += err.Error()
			}
		}
		if bad := strings.Contains(file, "/broken/"); bad != (said != "") {
			t.Errorf("%s: %d objects of ours, %q", file, len(ours), said)
		}
	}
	if judged < len(good) {
		t.Errorf("%d objects of ours in %d examples", judged, len(good))
	}
}
