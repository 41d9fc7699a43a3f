// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/yaml"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/apis/scheme"
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
	for _, file := range append(good, broken...) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		said := ""
		ours := 0
		for _, document := range strings.Split(string(data), "\n---\n") {
			var meta struct{ APIVersion string }
			if err := yaml.Unmarshal([]byte(document), &meta); err != nil {
				t.Fatal(err)
			}
			if meta.APIVersion != rov1.SchemeGroupVersion.String() {
				continue
			}
			ours++
			obj, _, err := strict.Decode([]byte(document), nil, nil)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			if err := validate(obj).ToAggregate(); err != nil {
				said += err.Error()
			}
		}
		if bad := strings.Contains(file, "/broken/"); bad != (said != "") || ours == 0 {
			t.Errorf("%s: %d objects of ours, %q", file, ours, said)
		}
	}
}
