// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

	"argosy.dev/argosy/hack/schemas"
	"argosy.dev/argosy/pkg/apiserver/apiservertest"
)

// served returns the resources of a group and version, by name; none if the server does not have it.
func served(t *testing.T, s *apiservertest.Server, gv schema.GroupVersion) map[string]metav1.APIResource {
	t.Helper()
	d, err := discovery.NewDiscoveryClientForConfig(s.Admin)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]metav1.APIResource{}
	list, err := d.ServerResourcesForGroupVersion(gv.String())
	if err != nil {
		return out
	}
	for _, r := range list.APIResources {
		out[r.Name] = r
	}
	return out
}

// groupsOf are the groups that serve the kinds of a family.
func groupsOf(family string) []schema.GroupVersion {
	return []schema.GroupVersion{{Group: family + ".argosy.dev", Version: "v1alpha1"}, compat.GroupVersion()}
}

// Names, scope and columns of the peers hold in both groups.
func TestSurfaceOfThePeers(t *testing.T) {
	schemas.SharedForTest(t, "schemas")
	s := apiservertest.Start(t, apiservertest.Config{})
	for _, family := range schemas.Families {
		kinds := schemas.KindsForTest(t, family)
		for _, gv := range groupsOf(family) {
			resources := served(t, s, gv)
			for _, k := range kinds {
				t.Run(gv.Group+" "+k.Name, func(t *testing.T) {
					r, ok := resources[k.Names.Plural]
					if !ok {
						t.Fatalf("%s is not served", k.Names.Plural)
					}
					if r.Kind != k.Name || r.SingularName != k.Names.Singular || r.Namespaced != (k.Scope == "Namespaced") {
						t.Errorf("got kind %s, singular %s, namespaced %t", r.Kind, r.SingularName, r.Namespaced)
					}
					checkColumns(t, s, gv, k)
				})
			}
		}
	}
}

// checkColumns checks that kubectl get shows what the peer's shows, by the same names.
func checkColumns(t *testing.T, s *apiservertest.Server, gv schema.GroupVersion, k *schemas.Kind) {
	t.Helper()
	r := send(t, s.Admin, "GET", "/apis/"+gv.String()+"/"+k.Names.Plural, map[string]string{"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}, nil)
	if r.code != 200 {
		t.Fatalf("no table: %d %s", r.code, r.body)
	}
	columns, _ := r.decoded["columnDefinitions"].([]any)
	wide := map[string]bool{}
	var names []string
	for _, c := range columns {
		column := c.(map[string]any)
		name := strings.ToLower(column["name"].(string))
		names = append(names, name)
		wide[name] = column["priority"].(float64) > 0
		if column["description"] == "" {
			t.Errorf("column %s says nothing of itself", name)
		}
	}
	for _, want := range k.Columns {
		name := strings.ToLower(want.Name)
		if !slices.Contains(names, name) {
			t.Errorf("no column %q, only %q", want.Name, names)
		} else if want.Priority == 0 && wide[name] {
			t.Errorf("column %q is shown by -o wide only", want.Name)
		}
	}
}

// What kubectl explain reads says something of every field of every kind, in both groups.
func TestExplain(t *testing.T) {
	schemas.SharedForTest(t, "schemas")
	s := apiservertest.Start(t, apiservertest.Config{})
	for _, family := range schemas.Families {
		kinds := schemas.KindsForTest(t, family)
		for _, gv := range groupsOf(family) {
			r := send(t, s.Admin, "GET", "/openapi/v3/apis/"+gv.String(), map[string]string{"Accept": "application/json"}, nil)
			if r.code != 200 {
				t.Errorf("%s has no OpenAPI document: %d", gv, r.code)
				continue
			}
			models := r.decoded["components"].(map[string]any)["schemas"].(map[string]any)
			for _, k := range kinds {
				t.Run(gv.Group+" "+k.Name, func(t *testing.T) {
					root := modelOf(models, gv.WithKind(k.Name))
					if root == "" {
						t.Fatal("is not in the OpenAPI document")
					}
					if fields := explain(t, models, root, map[string]bool{}); fields < 20 {
						t.Errorf("only %d fields", fields)
					}
				})
			}
		}
	}
}

// modelOf finds the model of a kind.
func modelOf(models map[string]any, gvk schema.GroupVersionKind) string {
	for name, m := range models {
		kinds, _ := m.(map[string]any)["x-kubernetes-group-version-kind"].([]any)
		for _, kind := range kinds {
			k := kind.(map[string]any)
			if k["group"] == gvk.Group && k["version"] == gvk.Version && k["kind"] == gvk.Kind {
				return name
			}
		}
	}
	return ""
}

// explain walks a model and all that it refers to, and counts the fields.
func explain(t *testing.T, models map[string]any, name string, seen map[string]bool) int {
	t.Helper()
	if seen[name] {
		return 0
	}
	seen[name] = true
	model, ok := models[name].(map[string]any)
	if !ok {
		t.Errorf("%s is not in the OpenAPI document", name)
		return 0
	}
	properties, _ := model["properties"].(map[string]any)
	fields := len(properties)
	for property, s := range properties {
		if text, _ := s.(map[string]any)["description"].(string); text == "" {
			t.Errorf("%s.%s has no text", name, property)
		}
		for _, ref := range references(s) {
			fields += explain(t, models, ref, seen)
		}
	}
	return fields
}

// references are the models that a schema refers to.
func references(s any) []string {
	var out []string
	switch s := s.(type) {
	case map[string]any:
		for key, v := range s {
			if ref, ok := v.(string); ok && key == "$ref" {
				out = append(out, strings.TrimPrefix(ref, "#/components/schemas/"))
			} else {
				out = append(out, references(v)...)
			}
		}
	case []any:
		for _, v := range s {
			out = append(out, references(v)...)
		}
	}
	return out
}
