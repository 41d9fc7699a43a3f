// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"argosy.dev/argosy/apis/application/install"
	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/apis/application/validation"
	"argosy.dev/argosy/apis/scheme"
	"argosy.dev/argosy/hack/schemas"
)

// refused are the peer's manifests that are wrong, and why.
var refused = map[string]string{
	// A reference of all generators whose indentation is broken in places: some entries hold no generator at all.
	"applications/applicationset.yaml": "spec.generators[4]: Required value: one kind of generator must be given",
}

func validate(obj runtime.Object) (field.ErrorList, []string) {
	switch o := obj.(type) {
	case *appv1.Application:
		return validation.ValidateApplication(o), validation.WarnApplication(o)
	case *appv1.ApplicationSet:
		return validation.ValidateApplicationSet(o), validation.WarnApplicationSet(o)
	case *appv1.AppProject:
		return validation.ValidateAppProject(o), validation.WarnAppProject(o)
	}
	return field.ErrorList{field.InternalError(nil, os.ErrInvalid)}, nil
}

// The peer's manifests are accepted, or refused for a reason that is given here.
func TestConformance(t *testing.T) {
	schemas.SharedForTest(t, "conformance", "applications")
	examples, err := schemas.Examples("applications")
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
		errs, warnings := validate(obj)
		for _, w := range warnings {
			t.Logf("%s: %s", e.Name, w)
		}
		reason, bad := refused[e.Name]
		found[e.Name] = true
		switch err := errs.ToAggregate(); {
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

// Our own examples have nothing that anybody would have to say something about.
func TestExamples(t *testing.T) {
	s := runtime.NewScheme()
	install.Install(s)
	codecs := serializer.NewCodecFactory(s, serializer.EnableStrict)
	files, err := filepath.Glob("../../../artifacts/examples/application/*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatalf("only %d examples, error %v", len(files), err)
	}
	judged := 0
	for _, file := range files {
		ours, err := schemas.Ours(file, "application")
		if err != nil {
			t.Fatal(err)
		}
		judged += len(ours)
		for _, data := range ours {
			obj, _, err := codecs.UniversalDeserializer().Decode(data, nil, nil)
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			if errs, warnings := validate(obj); len(errs) > 0 || len(warnings) > 0 {
				t.Errorf("%s: %v, warnings %q", file, errs, warnings)
			}
		}
	}
	if judged < len(files) {
		t.Errorf("%d objects of ours in %d examples", judged, len(files))
	}
}

// Whatever the schemas allow is looked at without a panic, and within bounds.
func TestRandomObjects(t *testing.T) {
	schemas.ForEach(t, "application", appv1.AddKnownTypes, func(t *testing.T, obj runtime.Object) {
		before := obj.DeepCopyObject()
		errs, warnings := validate(obj)
		if len(errs) > 100 || len(warnings) > 21 {
			t.Errorf("%d errors, %d warnings", len(errs), len(warnings))
		}
		for _, err := range errs {
			if err.Type == field.ErrorTypeInternal {
				t.Error(err)
			}
		}
		if !equal(before, obj) {
			t.Error("the object was changed")
		}
	})
}

// FuzzValidate looks for texts on which the validators panic, or which they change.
func FuzzValidate(f *testing.F) {
	for _, seed := range []string{
		`{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","spec":{"source":{"repoURL":"a","helm":{"values":"a: ["}},"ignoreDifferences":[{"kind":"a","jqPathExpressions":[".a[]|.b"]}],"syncPolicy":{"retry":{"backoff":{"duration":"5s"}}}}}`,
		`{"apiVersion":"argoproj.io/v1alpha1","kind":"AppProject","metadata":{"name":"a"},"spec":{"roles":[{"name":"r","policies":["p, proj:a:r, applications, get, a/*, allow"]}],"syncWindows":[{"kind":"deny","schedule":"0 0 * * *","duration":"1h","timeZone":"UTC"}]}}`,
		`{"apiVersion":"argoproj.io/v1alpha1","kind":"ApplicationSet","spec":{"generators":[{"matrix":{"generators":[{"matrix":{"generators":[{"list":{}}]}},{"merge":[1]}]}}]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		obj, _, err := scheme.Codecs.UniversalDeserializer().Decode(data, nil, nil)
		if err != nil {
			return
		}
		switch obj.(type) {
		case *appv1.Application, *appv1.ApplicationSet, *appv1.AppProject:
		default:
			return
		}
		before := obj.DeepCopyObject()
		if validate(obj); !equal(before, obj) {
			t.Error("the object was changed")
		}
	})
}
