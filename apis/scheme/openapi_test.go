// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package scheme_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/kube-openapi/pkg/builder3"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/yaml"

	"argosy.dev/argosy/apis/scheme"
	generated "argosy.dev/argosy/generated/openapi"
)

// modelNames are the names of the OpenAPI models of all types that are registered in our groups: kinds, the requests of
// their verbs, and the options of what is read.
func modelNames(t *testing.T) []string {
	t.Helper()
	names := map[string]bool{}
	for gvk, typ := range scheme.Scheme.AllKnownTypes() {
		if !strings.HasPrefix(typ.PkgPath(), "argosy.dev/") {
			continue
		}
		model, ok := reflect.New(typ).Interface().(interface{ OpenAPIModelName() string })
		if !ok {
			t.Errorf("%s has no OpenAPI model: run make generate", gvk)
			continue
		}
		names[model.OpenAPIModelName()] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// models builds the OpenAPI models of our kinds, and of all that they refer to, as the server does.
func models(t *testing.T) map[string]*spec.Schema {
	t.Helper()
	config := genericapiserver.DefaultOpenAPIV3Config(generated.GetOpenAPIDefinitions, openapi.NewDefinitionNamer(scheme.Scheme))
	schemas, err := builder3.BuildOpenAPIDefinitionsForResources(config, modelNames(t)...)
	if err != nil {
		t.Fatal(err)
	}
	return schemas
}

// What kubectl explain shows: every field of ours, and of the types of Kubernetes that ours use, says what it means.
func TestEveryFieldIsDocumented(t *testing.T) {
	schemas := models(t)
	fields := 0
	for _, name := range modelNames(t) {
		if schemas[name] == nil {
			t.Errorf("%s is not among the models", name)
		}
	}
	for name, schema := range schemas {
		if schema.Description == "" {
			t.Errorf("%s has no description", name)
		}
		for property, s := range schema.Properties {
			fields++
			if s.Description == "" {
				t.Errorf("%s.%s has no description", name, property)
			}
		}
	}
	if fields < 1000 {
		t.Errorf("only %d fields found", fields)
	}
}

func fieldSet(t *testing.T, manifest string) *fieldpath.Set {
	t.Helper()
	converter, err := managedfields.NewTypeConverter(models(t), false)
	if err != nil {
		t.Fatal(err)
	}
	obj := &unstructured.Unstructured{}
	if err := yaml.UnmarshalStrict([]byte(manifest), &obj.Object); err != nil {
		t.Fatal(err)
	}
	typed, err := converter.ObjectToTyped(obj)
	if err != nil {
		t.Fatal(err)
	}
	set, err := typed.ToFieldSet()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

const applied = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: x}
spec:
  entrypoint: main
  arguments: {parameters: [{name: a, value: 1}, {name: b, value: 1.5, enum: [1, x, true]}, {name: c, value: true}, {name: d, value: text}]}
  metrics: {prometheus: [{name: m, help: h, histogram: {value: "1", buckets: [1, 2.5]}}]}
  podGC: {strategy: OnPodSuccess}
  templates:
  - name: main
    steps:
    - - {name: s, withItems: [1, a, {k: [v]}, null], inline: {name: i, retryStrategy: {limit: 2}, steps: [[{name: deep, template: x}]]}}
  - {name: p, plugin: {hello: {any: [shape]}}}
  - {name: c, activeDeadlineSeconds: "{{x}}", container: {name: "", image: i, ports: [{containerPort: 1}]}}
status:
  nodes: {x: {id: x, name: x, type: Pod}}
  storedTemplates: {a/b: {name: b}}
  storedWorkflowTemplateSpec: {entrypoint: e}
`

// Server-side apply takes the loosely typed places, and owns as a whole what only one writer may write.
func TestServerSideApply(t *testing.T) {
	set := fieldSet(t, applied)
	whole := []fieldpath.Path{
		fieldpath.MakePathOrDie("spec", "arguments", "parameters"),
		fieldpath.MakePathOrDie("spec", "templates"),
		fieldpath.MakePathOrDie("spec", "podGC", "strategy"),
		fieldpath.MakePathOrDie("status", "nodes"),
		fieldpath.MakePathOrDie("status", "storedTemplates"),
		fieldpath.MakePathOrDie("status", "storedWorkflowTemplateSpec"),
	}
	for _, path := range whole {
		if !set.Has(path) {
			t.Errorf("%s is not owned as a whole", path)
		}
	}
	if inner := fieldpath.MakePathOrDie("status", "nodes", "x", "id"); set.Has(inner) {
		t.Errorf("%s is owned by itself", inner)
	}
	if inner := fieldpath.MakePathOrDie("status", "storedWorkflowTemplateSpec", "entrypoint"); set.Has(inner) {
		t.Errorf("%s is owned by itself", inner)
	}
}

// The typed object holds the same fields as the map that it was made of, so that an update owns what an apply owns.
func TestTypedObjectsAreUnderstood(t *testing.T) {
	converter, err := managedfields.NewTypeConverter(models(t), false)
	if err != nil {
		t.Fatal(err)
	}
	obj, gvk, err := scheme.Codecs.UniversalDeserializer().Decode([]byte(applied), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	obj.GetObjectKind().SetGroupVersionKind(*gvk)
	typed, err := converter.ObjectToTyped(obj)
	if err != nil {
		t.Fatal(err)
	}
	set, err := typed.ToFieldSet()
	if err != nil {
		t.Fatal(err)
	}
	if missing := fieldSet(t, applied).Difference(set); !missing.Empty() {
		t.Errorf("missing: %s", missing)
	}
	back, err := converter.TypedToObject(typed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := runtime.Encode(scheme.Codecs.LegacyCodec(gvk.GroupVersion()), back); err != nil {
		t.Error(err)
	}
}
