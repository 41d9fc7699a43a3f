// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// chartTemplate is a ConfigMap with what a chart was told.
const chartTemplate = `apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}"}
data:
  color: {{ .Values.color | quote }}
  size: {{ .Values.size | quote }}
  file: {{ .Values.file | default "" | quote }}
  namespace: {{ .Release.Namespace | quote }}
  kube: {{ .Capabilities.KubeVersion.Version | quote }}
  has: {{ .Capabilities.APIVersions.Has "example.com/v1/Thing" | quote }}
`

func chartFiles() map[string]string {
	return map[string]string{
		"Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n", "values.yaml": "color: red\nsize: small\n", "templates/a.yaml": chartTemplate,
		"env/big.yaml": "size: big\n", "env/blue.yaml": "color: blue\n", "text.txt": "read from a file",
	}
}

func below(folder string, files map[string]string) map[string]string {
	out := map[string]string{}
	for name, text := range files {
		out[folder+"/"+name] = text
	}
	return out
}

// want waits for the values of a ConfigMap.
func (w *world) want(name string, values map[string]string) {
	w.Helper()
	for key, value := range values {
		w.value(name, key, value)
	}
}

// TestApplicationHelm: a chart in a Git repository and in a chart repository, with all that gives it values (75-77).
func TestApplicationHelm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, below("chart", chartFiles()))
	charts := w.git.Charts("stable")
	for _, version := range []string{"1.0.0", "1.2.0", "2.0.0"} {
		files := chartFiles()
		delete(files, "Chart.yaml")
		files["values.yaml"] = fmt.Sprintf("color: %q\nsize: small\n", version)
		charts.Add("shop", version, files)
	}
	w.repo.Commit(map[string]string{
		"values/shop.yaml":              "color: from-ref\n",
		"umbrella/Chart.yaml":           fmt.Sprintf("apiVersion: v2\nname: umbrella\nversion: 1.0.0\ndependencies:\n- {name: shop, version: 1.2.0, repository: %q}\n", charts.URL),
		"umbrella/values.yaml":          "shop: {size: huge}\n",
		"umbrella/templates/notes.yaml": "",
	})
	for _, c := range []struct {
		name, source string
		values       map[string]string
	}{
		{"plain", "{path: chart}", map[string]string{"color": "red", "size": "small", "namespace": w.ns, "has": "false"}},
		{"files", "{path: chart, helm: {valueFiles: [env/*.yaml, none.yaml], ignoreMissingValueFiles: true}}", map[string]string{"color": "blue", "size": "big"}},
		{"precedence", `{path: chart, helm: {valueFiles: [env/blue.yaml], values: "color: green", parameters: [{name: size, value: "7", forceString: true}], fileParameters: [{name: file, path: text.txt}]}}`,
			map[string]string{"color": "green", "size": "7", "file": "read from a file"}},
		{"capabilities", `{path: chart, helm: {releaseName: named, namespace: elsewhere, kubeVersion: 1.20.3, apiVersions: [example.com/v1/Thing], valuesObject: {color: $ARGOCD_APP_NAME}}}`,
			map[string]string{"namespace": "elsewhere", "kube": "v1.20.3", "has": "true", "color": "$ARGOCD_APP_NAME"}},
		{"dependency", "{path: umbrella}", map[string]string{"color": "1.2.0", "size": "huge"}},
	} {
		w.app(c.name, "", "source: "+"{repoURL: "+w.url()+", "+c.source[1:], automated)
		name := c.name
		if c.name == "capabilities" {
			name = "named"
		}
		app := w.is(c.name, appv1.SyncStatusSynced, appv1.HealthHealthy)
		if app.Status.SourceType != appv1.SourceTypeHelm {
			t.Errorf("%s: source type %s", c.name, app.Status.SourceType)
		}
		w.want(name, c.values)
	}
	w.app("published", "", fmt.Sprintf(`source: {repoURL: %q, chart: shop, targetRevision: "1.*"}`, charts.URL), automated)
	if app := w.is("published", appv1.SyncStatusSynced, appv1.HealthHealthy); app.Status.Sync.Revision != "1.2.0" {
		t.Errorf("chart version %s", app.Status.Sync.Revision)
	}
	w.want("published", map[string]string{"color": "1.2.0"})
	w.app("with-ref", "", fmt.Sprintf(`sources:
- {repoURL: %q, chart: shop, targetRevision: 2.0.0, helm: {valueFiles: [$values/values/shop.yaml]}}
- {repoURL: %q, ref: values}`, charts.URL, w.url()), automated)
	app := w.is("with-ref", appv1.SyncStatusSynced, appv1.HealthHealthy)
	if r := app.Status.Sync.Revisions; len(r) != 2 || r[0] != "2.0.0" || len(r[1]) != 40 {
		t.Errorf("revisions %v", r)
	}
	w.want("with-ref", map[string]string{"color": "from-ref"})
	// The dependency's repository is one, too, which the project must permit.
	w.project("narrow", fmt.Sprintf("sourceRepos: [%q]\ndestinations: [{server: '*', namespace: '*'}]", w.url()))
	w.app("narrow", "", fmt.Sprintf("source: {repoURL: %q, path: umbrella}", w.url()), "project: narrow")
	w.condition("narrow", appv1.ConditionComparisonError, `not permitted in project "narrow"`)
}

var deployments = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}

// deploymentFile is a Deployment without pods.
func deploymentFile(name, more string) string {
	return fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: %s}
spec:
  replicas: 0
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec: {containers: [{name: main, image: "busybox:1"}]}
%s`, name, more)
}

// TestApplicationKustomize: images, replicas, names, labels, patches and namespaces of a kustomization (79).
func TestApplicationKustomize(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{
		"base/kustomization.yaml": "resources: [web.yaml]\n", "base/web.yaml": deploymentFile("web", ""),
		"over/kustomization.yaml": "resources: [../base]\nnameSuffix: -over\nconfigMapGenerator: [{name: made, literals: [value=one]}]\n",
	})
	w.app("kust", "", fmt.Sprintf(`source:
  repoURL: %q
  path: over
  kustomize:
    namePrefix: a-
    nameSuffix: -z
    images: ["busybox:1.36"]
    replicas: [{name: web, count: 0}]
    commonLabels: {team: web}
    commonAnnotations: {example.com/app: $ARGOCD_APP_NAME}
    commonAnnotationsEnvsubst: true
    patches:
    - target: {kind: Deployment}
      patch: '[{"op": "add", "path": "/spec/revisionHistoryLimit", "value": 3}]'`, w.url()), automated)
	app := w.is("kust", appv1.SyncStatusSynced, appv1.HealthHealthy)
	if app.Status.SourceType != appv1.SourceTypeKustomize {
		t.Errorf("source type %s", app.Status.SourceType)
	}
	var made *unstructured.Unstructured
	for _, r := range app.Status.Resources {
		if r.Kind == "Deployment" {
			made = w.object(deployments, r.Name)
		}
	}
	if made == nil {
		t.Fatalf("no Deployment: %+v", app.Status.Resources)
	}
	limit, _, _ := unstructured.NestedInt64(made.Object, "spec", "revisionHistoryLimit")
	containers, _, _ := unstructured.NestedSlice(made.Object, "spec", "template", "spec", "containers")
	if made.GetName() != "a-web-over-z" && made.GetName() != "a-web-z" || limit != 3 || made.GetLabels()["team"] != "web" || made.GetAnnotations()["example.com/app"] != "kust" ||
		containers[0].(map[string]any)["image"] != "busybox:1.36" {
		t.Errorf("the Deployment is %v", made.Object)
	}
	if len(app.Status.Resources) != 2 {
		t.Errorf("resources %+v", app.Status.Resources)
	}
}

// TestApplicationJsonnet: top-level arguments, external variables, imports from libraries (81).
func TestApplicationJsonnet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{
		"jsonnet/main.jsonnet": `local lib = import 'lib.libsonnet';
function(color, sizes) [lib.map('one', { color: color, app: std.extVar('app'), size: std.toString(sizes[1]) }), lib.map('two', { color: color })]`,
		"libs/lib.libsonnet": `{ map(name, data): { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: name }, data: data } }`,
	})
	w.app("jsonnet", "", fmt.Sprintf(`source:
  repoURL: %q
  path: jsonnet
  directory:
    jsonnet:
      libs: [libs]
      tlas: [{name: color, value: red}, {name: sizes, code: true, value: "[1, 2 + 3]"}]
      extVars: [{name: app, value: $ARGOCD_APP_NAME}]`, w.url()), automated)
	w.is("jsonnet", appv1.SyncStatusSynced, appv1.HealthHealthy)
	w.want("one", map[string]string{"color": "red", "app": "jsonnet", "size": "5"})
	w.want("two", map[string]string{"color": "red"})
}

// TestApplicationSources: several sources are one application; of an object that comes twice the last counts, and a
// condition says so. Files beside the manifests override what the application says of a source (82).
func TestApplicationSources(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{
		"one/a.yaml": configMapFile("a", "one", ""), "one/both.yaml": configMapFile("both", "one", ""),
		"two/b.yaml": configMapFile("b", "two", ""), "two/both.yaml": configMapFile("both", "two", ""),
		"over/kustomization.yaml": "resources: [o.yaml]\n", "over/o.yaml": configMapFile("o", "over", ""),
		"over/.argocd-source.yaml":            "kustomize: {namePrefix: all-, nameSuffix: -s}\n",
		"over/.argocd-source-overridden.yaml": "kustomize: {namePrefix: mine-}\n",
		"over/.argocd-source-other.yaml":      "kustomize: {namePrefix: theirs-}\n",
		"files/deep/x.yaml":                   configMapFile("deep", "x", ""),
		"files/y.yaml":                        configMapFile("top", "y", ""),
		"files/z.json":                        `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"json"}}`,
		"files/skipped.yaml":                  "# +argocd:skip-file-rendering\n{{ not yaml",
	})
	w.app("many", "", fmt.Sprintf("sources:\n- {repoURL: %q, path: one, name: first}\n- {repoURL: %q, path: two, name: second}", w.url(), w.url()), automated)
	app := w.is("many", appv1.SyncStatusSynced, appv1.HealthHealthy)
	w.condition("many", appv1.ConditionRepeatedResourceWarning, "both")
	if len(app.Status.Resources) != 3 || len(app.Status.Sync.Revisions) != 2 || len(app.Status.SourceTypes) != 2 {
		t.Errorf("status %+v", app.Status)
	}
	w.value("both", "value", "two")
	w.app("overridden", "over", automated)
	app = w.is("overridden", appv1.SyncStatusSynced, appv1.HealthHealthy)
	w.resource(app, "ConfigMap", "mine-o-s")
	for name, c := range map[string]struct {
		directory string
		want      []string
	}{
		"flat":     {"{}", []string{"json", "top"}},
		"deep":     {"{recurse: true}", []string{"deep", "json", "top"}},
		"included": {"{recurse: true, include: '{deep/*,*.json}', exclude: '*.json'}", []string{"deep"}},
	} {
		w.app(name, "", fmt.Sprintf("source: {repoURL: %q, path: files, directory: %s}", w.url(), c.directory))
		app := w.until(name, "compared", func(a *appv1.Application) bool { return a.Status.Sync.Status == appv1.SyncStatusOutOfSync })
		var got []string
		for _, r := range app.Status.Resources {
			got = append(got, r.Name)
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
