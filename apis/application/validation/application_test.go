// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"strings"
	"testing"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

func equal(a, b runtime.Object) bool { return apiequality.Semantic.DeepEqual(a, b) }

// rule is something that is wrong or odd with an object: a change of a good one, and what must be said of it.
type rule struct {
	// change is laid over the good object, as YAML; its lists replace those there.
	change string
	// want are pieces of the errors, one each; none means that it is accepted.
	want []string
	// warn is a piece of a warning.
	warn string
}

func testRules[T runtime.Object](t *testing.T, good string, empty func() T, rules map[string]rule) {
	t.Helper()
	for name, r := range rules {
		t.Run(name, func(t *testing.T) {
			var object, change map[string]any
			for text, into := range map[string]*map[string]any{good: &object, r.change: &change} {
				if err := yaml.Unmarshal([]byte(text), into); err != nil {
					t.Fatal(err)
				}
			}
			lay(object, change)
			data, err := yaml.Marshal(object)
			if err != nil {
				t.Fatal(err)
			}
			obj := empty()
			if err := yaml.UnmarshalStrict(data, obj); err != nil {
				t.Fatal(err)
			}
			errs, warnings := validate(obj)
			if len(errs) != len(r.want) {
				t.Errorf("got %d errors, want %d: %v", len(errs), len(r.want), errs)
			}
			for _, want := range r.want {
				if !strings.Contains(errs.ToAggregate().Error(), want) {
					t.Errorf("got %v, want %s", errs, want)
				}
			}
			said := strings.Join(warnings, "\n")
			if r.warn == "" && len(r.want) == 0 && said != "" || !strings.Contains(said, r.warn) {
				t.Errorf("warnings %q, want %q", said, r.warn)
			}
		})
	}
}

// lay lays change over object; null takes away.
func lay(object, change map[string]any) {
	for key, value := range change {
		inner, is := value.(map[string]any)
		below, was := object[key].(map[string]any)
		switch {
		case value == nil:
			delete(object, key)
		case is && was:
			lay(below, inner)
		default:
			object[key] = value
		}
	}
}

const goodApplication = `
metadata: {name: a, namespace: default}
spec:
  project: web
  source: {repoURL: "https://git.example/a.git", path: deploy}
  destination: {name: in-cluster, namespace: shop}
`

func TestApplication(t *testing.T) {
	testRules(t, goodApplication, func() *appv1.Application { return &appv1.Application{} }, map[string]rule{
		"good":                     {},
		"server and name":          {change: `{spec: {destination: {server: "https://a.example"}}}`, want: []string{`spec.destination: Invalid value: "https://a.example, in-cluster"`}},
		"neither":                  {change: `{spec: {destination: {name: null}}}`, warn: "spec.destination: neither server nor name"},
		"bad namespace":            {change: `{spec: {destination: {namespace: A_b}}}`, want: []string{"spec.destination.namespace: Invalid value"}},
		"bad project":              {change: `{spec: {project: "A b"}}`, want: []string{"spec.project: Invalid value"}},
		"no project":               {change: `{spec: {project: null}}`, warn: `spec.project: absent`},
		"empty project":            {change: `{spec: {project: ""}}`},
		"no source":                {change: `{spec: {source: null}}`, want: []string{"spec.source: Required value"}},
		"no repository":            {change: `{spec: {source: {repoURL: ""}}}`, want: []string{"spec.source.repoURL: Required value"}},
		"no path":                  {change: `{spec: {source: {path: null}}}`, want: []string{"spec.source.path: Required value: one of path, chart and ref"}},
		"artifact without path":    {change: `{spec: {source: {repoURL: "oci://a.example/b", path: null}}}`},
		"chart and path":           {change: `{spec: {source: {chart: a, targetRevision: 1.2.3}}}`, warn: "spec.source.path: ignored"},
		"chart of any version":     {change: `{spec: {source: {chart: a, path: null}}}`, warn: "spec.source.targetRevision: absent"},
		"two tools":                {change: `{spec: {source: {helm: {}, kustomize: {}}}}`, want: []string{`spec.source: Invalid value: "helm, kustomize"`}},
		"two tools, not used":      {change: `{spec: {source: {helm: {}, kustomize: {}}, sources: [{repoURL: "https://a.example/b", path: a}]}}`, warn: "spec.source: ignored, since sources is given"},
		"ref of one":               {change: `{spec: {source: {ref: a}}}`, warn: "spec.source.ref: ignored"},
		"same names":               {change: `{spec: {source: null, sources: [{repoURL: a, path: a, name: n, ref: r}, {repoURL: a, path: a, name: n, ref: r}]}}`, want: []string{"spec.sources[1].name: Duplicate value", "spec.sources[1].ref: Duplicate value"}},
		"bad ref":                  {change: `{spec: {source: null, sources: [{repoURL: a, ref: "a/b"}]}}`, want: []string{"spec.sources[0].ref: Invalid value"}},
		"replicas":                 {change: `{spec: {source: {kustomize: {replicas: [{name: a, count: 2}, {name: b, count: "3"}]}}}}`},
		"bad replicas":             {change: `{spec: {source: {kustomize: {replicas: [{name: "", count: 2}, {name: b, count: x}, {name: c, count: -1}]}}}}`, want: []string{"replicas[0].name: Required", "replicas[1].count: Invalid", "replicas[2].count: Invalid"}},
		"values twice":             {change: `{spec: {source: {helm: {values: "a: 1", valuesObject: {a: 2}}}}}`, warn: "helm.values: ignored"},
		"values that are none":     {change: `{spec: {source: {helm: {values: "[1"}}}}`, warn: "helm.values: no YAML map"},
		"old Helm":                 {change: `{spec: {source: {helm: {version: v2}}}}`, warn: "helm.version: "},
		"patch without either":     {change: `{spec: {source: {kustomize: {patches: [{}]}}}}`, warn: "patches[0]: exactly one of path and patch"},
		"hydrator":                 {change: `{spec: {source: null, sourceHydrator: {drySource: {repoURL: a, path: ., targetRevision: HEAD}, syncSource: {targetBranch: env, path: apps}}}}`},
		"hydrator wins":            {change: `{spec: {sourceHydrator: {drySource: {repoURL: a, path: ., targetRevision: HEAD}, syncSource: {targetBranch: env, path: apps}}}}`, warn: "spec.source: ignored, since sourceHydrator is given"},
		"hydrator into the root":   {change: `{spec: {source: null, sourceHydrator: {drySource: {repoURL: "", path: ., targetRevision: HEAD, helm: {}, plugin: {}}, syncSource: {targetBranch: "", path: .}, hydrateTo: {targetBranch: ""}}}}`, want: []string{"drySource.repoURL: Required", "drySource: Invalid", "syncSource.targetBranch: Required", "syncSource.path: Invalid", "hydrateTo.targetBranch: Required"}},
		"options":                  {change: `{spec: {syncPolicy: {syncOptions: [CreateNamespace=true, Prune=confirm, PrunePropagationPolicy=orphan, Replace=false]}}}`},
		"unknown option":           {change: `{spec: {syncPolicy: {syncOptions: [PruneLst=true]}}}`, warn: "syncOptions[0]: \"PruneLst=true\" is ignored: there is no such option"},
		"option without value":     {change: `{spec: {syncPolicy: {syncOptions: [PruneLast]}}}`, warn: "options are NAME=VALUE"},
		"option of another value":  {change: `{spec: {syncPolicy: {syncOptions: [PrunePropagationPolicy=x]}}}`, warn: "one of foreground, background, orphan"},
		"backoff":                  {change: `{spec: {syncPolicy: {retry: {limit: -1, backoff: {duration: "5", factor: 2, maxDuration: 3m}}}}}`},
		"bad backoff":              {change: `{spec: {syncPolicy: {retry: {backoff: {duration: 5x, factor: -1, maxDuration: -3m}}}}}`, want: []string{"backoff.duration: Invalid", "backoff.maxDuration: Invalid", "backoff.factor: Invalid"}},
		"no growth":                {change: `{spec: {syncPolicy: {retry: {backoff: {factor: 0}}}}}`, warn: "backoff.factor: 0"},
		"metadata of no namespace": {change: `{spec: {syncPolicy: {managedNamespaceMetadata: {labels: {a: b}}}}}`, warn: "managedNamespaceMetadata: ignored"},
		"bad metadata":             {change: `{spec: {syncPolicy: {managedNamespaceMetadata: {labels: {"a b": "c d"}}}}}`, want: []string{"managedNamespaceMetadata.labels: Invalid value: \"a b\"", "managedNamespaceMetadata.labels: Invalid value: \"c d\""}},
		"differences":              {change: `{spec: {ignoreDifferences: [{group: "*", kind: "*", jsonPointers: [/a/b~1c], jqPathExpressions: ['.spec.containers[] | select(.name == "a") | .image']}]}}`},
		"bad differences":          {change: `{spec: {ignoreDifferences: [{kind: "", jsonPointers: [a], jqPathExpressions: [".a["]}]}}`, want: []string{"ignoreDifferences[0].kind: Required", "jsonPointers[0]: Invalid", "jqPathExpressions[0]: Invalid"}},
		"no differences":           {change: `{spec: {ignoreDifferences: [{kind: a}]}}`, warn: "ignoreDifferences[0]: nothing is ignored"},
		"negative history":         {change: `{spec: {revisionHistoryLimit: -1}}`, want: []string{"spec.revisionHistoryLimit: Invalid"}},
		"finalizers":               {change: `{metadata: {finalizers: [resources-finalizer.argocd.argoproj.io, resources-finalizer.argocd.argoproj.io/background, post-delete-finalizer.argocd.argoproj.io/cleanup, other.example/x]}}`},
		"unknown finalizer":        {change: `{metadata: {finalizers: [resources-finaliser.argocd.argoproj.io]}}`, warn: "metadata.finalizers[0]"},
		"operation":                {change: `{operation: {sync: {revision: abc, resources: [{kind: a, name: b}], syncStrategy: {hook: {}}}}}`},
		"empty operation":          {change: `{operation: {}}`, want: []string{"operation.sync: Required"}},
		"bad operation": {change: `{operation: {retry: {backoff: {duration: x}}, sync: {resources: [{}], syncStrategy: {hook: {}, apply: {}}, sources: [{}], revisions: [a, b]}}}`, want: []string{
			"operation.retry.backoff.duration: Invalid", "resources[0].kind: Required", "resources[0].name: Required", "operation.sync.syncStrategy: Invalid", "operation.sync.revisions: Invalid", "operation.sync.sources[0].repoURL: Required",
		}},
		"local manifests":               {change: `{operation: {sync: {manifests: ["{}"]}}}`},
		"local manifests, automated":    {change: `{spec: {syncPolicy: {automated: {}}}, operation: {sync: {manifests: ["{}"]}}}`, want: []string{"operation.sync.manifests: Forbidden"}},
		"local manifests, disabled":     {change: `{spec: {syncPolicy: {automated: {enabled: false}}}, operation: {sync: {manifests: ["{}"]}}}`},
		"local manifests, only to look": {change: `{spec: {syncPolicy: {automated: {}}}, operation: {sync: {dryRun: true, manifests: ["{}"]}}}`},
		"operation with odd options":    {change: `{operation: {sync: {syncOptions: [x]}}}`, warn: "operation.sync.syncOptions[0]"},
	})
}

// A hostile object is not answered by millions of errors, nor by texts of any length.
func TestErrorsAreBounded(t *testing.T) {
	app := &appv1.Application{}
	for range 1000 {
		app.Spec.IgnoreDifferences = append(app.Spec.IgnoreDifferences, appv1.ResourceIgnoreDifferences{
			JSONPointers:      []string{strings.Repeat("x", 100_000)},
			JQPathExpressions: []string{strings.Repeat("[", 10_000), strings.Repeat("-", 100_000)},
		})
	}
	errs, warnings := validate(app)
	if len(errs) != 100 || len(warnings) > 21 {
		t.Errorf("%d errors, %d warnings", len(errs), len(warnings))
	}
	if n := len(errs.ToAggregate().Error()); n > 50_000 {
		t.Errorf("%d bytes of errors", n)
	}
}
