// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"testing"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// inflatable is a kustomization with a chart in it, which shows its values and release.
func inflatable(chart string, more Map) Map {
	return with(Map{
		"app/kustomization.yaml":  "helmCharts:\n- {name: c, releaseName: rel" + chart + "}\n",
		"app/charts/c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "app/charts/c/values.yaml": "a: own\nb: own\nc: own\nm: {x: own, z: own}\n",
		"app/charts/c/templates/a.yaml": show, "app/v.yaml": "a: file\nb: file\nm: {x: file}\n", "app/v1.yaml": "a: one\nz: one\n", "app/v2.yaml": "a: two\n",
	}, "", more)
}

// What kustomize gives to helm for a chart in a kustomization: its values in the right order, and namespaces.
func TestKustomizeCharts(t *testing.T) {
	helm := func(r *Request) { r.Settings.KustomizeOptions = []string{"--enable-helm"} }
	child := func(namespace string) Map {
		return Map{"base/kustomization.yaml": "helmCharts: [{name: c, releaseName: rel}]\n" + namespace, "base/charts/c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "base/charts/c/templates/a.yaml": show + "---\n" + cm("plain")}
	}
	cases := map[string]optionCase{
		"the chart's own values":                 {tree: inflatable("", nil), want: []string{`"a":"own","b":"own","c":"own","m":{"x":"own","z":"own"}`, `"namespace":"default"`}},
		"a file lies over them":                  {tree: inflatable(", valuesFile: v.yaml", nil), want: []string{`"a":"file","b":"file","c":"own","m":{"x":"file","z":"own"}`}},
		"inline over the file":                   {tree: inflatable(", valuesFile: v.yaml, valuesInline: {a: inline}", nil), want: []string{`"a":"inline","b":"file","c":"own"`}},
		"inline over the chart's own":            {tree: inflatable(", valuesInline: {a: inline, m: {x: inline}}", nil), want: []string{`"a":"inline","b":"own","c":"own","m":{"x":"inline","z":"own"}`}},
		"inline under the file":                  {tree: inflatable(", valuesFile: v.yaml, valuesMerge: merge, valuesInline: {a: inline, c: inline}", nil), want: []string{`"a":"file","b":"file","c":"inline"`}},
		"inline under the chart's own":           {tree: inflatable(", valuesMerge: merge, valuesInline: {a: inline, z: inline}", nil), want: []string{`"a":"own"`, `"z":"inline"`}},
		"inline instead of the file":             {tree: inflatable(", valuesFile: v.yaml, valuesMerge: replace, valuesInline: {a: inline}", nil), want: []string{`"a":"inline","b":"own","c":"own"`}},
		"nothing inline to replace the file":     {tree: inflatable(", valuesFile: v.yaml, valuesMerge: replace", nil), want: []string{`"a":"file","b":"file"`}},
		"more files over all, in order":          {tree: inflatable(", valuesFile: v.yaml, additionalValuesFiles: [v1.yaml, v2.yaml], valuesInline: {a: inline, z: inline}", nil), want: []string{`"a":"two","b":"file"`, `"z":"one"`}},
		"more files over the chart's own":        {tree: inflatable(", additionalValuesFiles: [v2.yaml, v1.yaml]", nil), want: []string{`"a":"one","b":"own"`}},
		"null inline leaves the chart's own":     {tree: inflatable(", valuesFile: v.yaml, valuesInline: {a: null}", nil), want: []string{`"a":"own","b":"file"`}},
		"another word for merging":               {tree: inflatable(", valuesMerge: Override", nil), fails: "valuesMerge: must be merge, override or replace"},
		"a template for the name":                {tree: inflatable(", nameTemplate: 'x-{{ now }}'", nil), fails: "nameTemplate is not supported"},
		"no file":                                {tree: inflatable(", valuesFile: none.yaml", nil), fails: "none.yaml"},
		"the kustomization's namespace":          {tree: with(inflatable("", nil), "", Map{"app/kustomization.yaml": "namespace: kn\nhelmCharts: [{name: c, releaseName: rel}]\n"}), want: []string{`"namespace":"kn"`}},
		"the application's namespace":            {tree: inflatable("", nil), source: kustomizeOf(appv1.ApplicationSourceKustomize{Namespace: "an"}), want: []string{`"namespace":"an"`}},
		"the chart's namespace stays":            {tree: with(inflatable("", nil), "", Map{"app/kustomization.yaml": "namespace: kn\nhelmCharts: [{name: c, releaseName: rel, namespace: cn}]\n"}), want: []string{`"namespace":"cn"`}, not: []string{"kn"}},
		"the parent's namespace":                 {tree: with(child(""), "", Map{"app/kustomization.yaml": "namespace: pn\nresources: [../base]\n"}), count: 2, want: []string{`"namespace":"pn"`}, not: []string{"default"}},
		"its own before the parent's":            {tree: with(child("namespace: bn\n"), "", Map{"app/kustomization.yaml": "namespace: pn\nresources: [../base]\n"}), want: []string{`"namespace":"bn"`}, not: []string{"pn"}},
		"two parents":                            {tree: with(child(""), "", Map{"app/kustomization.yaml": "resources: [one, two]\n", "app/one/kustomization.yaml": "namespace: n1\nresources: [../../base]\nnamePrefix: p1-\n", "app/two/kustomization.yaml": "namespace: n2\nresources: [../../base]\nnamePrefix: p2-\n"}), count: 4, want: []string{`"name":"p1-rel","namespace":"n1"`, `"name":"p2-rel","namespace":"n2"`}},
		"no mark is left":                        {tree: inflatable("", nil), not: []string{"helm-generated", "annotations"}},
		"big numbers of a chart":                 {tree: inflatable("", Map{"app/charts/c/templates/a.yaml": cm("a") + "data: {n: 9007199254740993}\n"}), want: []string{"9007199254740993"}},
		"a version that is not where it belongs": {tree: inflatable(", repo: 'https://charts.example.com', version: 1.0.0", nil), fails: "missing: chart c 1.0.0 of https://charts.example.com"},
		"a version that was pulled":              {tree: inflatable(", repo: 'https://charts.example.com', version: 1.0.0", Map{"app/charts/c-1.0.0/c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\n", "app/charts/c-1.0.0/c/templates/a.yaml": cm("pulled")}), want: []string{`"pulled"`}},
		"any version, also one to be":            {tree: Map{"app/kustomization.yaml": "helmCharts: [{name: c, releaseName: r, repo: 'https://charts.example.com', devel: true}]\n"}, fails: "missing: chart c >0.0.0-0 of https://charts.example.com"},
	}
	for name, c := range cases {
		c.edit = helm
		cases[name] = c
	}
	runOptions(t, cases)
}
