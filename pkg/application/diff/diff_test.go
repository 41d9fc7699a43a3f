// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"encoding/base64"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	_ "argosy.dev/argosy/hack/seed"
	"argosy.dev/argosy/pkg/application/object"
)

// read makes an object of YAML, with the numbers that an object from the API server has.
func read(t testing.TB, text string) *unstructured.Unstructured {
	t.Helper()
	raw, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{}
	if err := utiljson.Unmarshal(raw, &u.Object); err != nil {
		t.Fatal(err)
	}
	return u
}

const deploymentYAML = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: d, namespace: space}
spec:
  replicas: 1
  template:
    spec:
      containers:
      - {name: a, image: first, resources: {limits: {cpu: 1000m}}}
      - {name: b, image: second}
`

func TestIgnoreDifferences(t *testing.T) {
	target := read(t, deploymentYAML)
	for name, tc := range map[string]struct {
		rule appv1.ResourceIgnoreDifferences
		edit func(u *unstructured.Unstructured)
		want bool
	}{
		"nothing is edited": {rule: appv1.ResourceIgnoreDifferences{}, edit: func(*unstructured.Unstructured) {}},
		"no rule":           {edit: setReplicas(3), want: true},
		"a pointer":         {rule: appv1.ResourceIgnoreDifferences{Group: "apps", Kind: "Deployment", JSONPointers: []string{"/spec/replicas"}}, edit: setReplicas(3)},
		"of another kind":   {rule: appv1.ResourceIgnoreDifferences{Group: "apps", Kind: "StatefulSet", JSONPointers: []string{"/spec/replicas"}}, edit: setReplicas(3), want: true},
		"of all kinds":      {rule: appv1.ResourceIgnoreDifferences{Group: "*", Kind: "*", JSONPointers: []string{"/spec/replicas"}}, edit: setReplicas(3)},
		"of another name":   {rule: appv1.ResourceIgnoreDifferences{Group: "apps", Kind: "Deployment", Name: "e", JSONPointers: []string{"/spec/replicas"}}, edit: setReplicas(3), want: true},
		"of another namespace": {
			rule: appv1.ResourceIgnoreDifferences{Group: "apps", Kind: "Deployment", Namespace: "m", JSONPointers: []string{"/spec/replicas"}}, edit: setReplicas(3), want: true,
		},
		"jq": {
			rule: appv1.ResourceIgnoreDifferences{Group: "apps", Kind: "Deployment", JQPathExpressions: []string{`.spec.template.spec.containers[] | select(.name == "a") | .image`}},
			edit: setImage(0),
		},
		"jq of another container": {
			rule: appv1.ResourceIgnoreDifferences{Group: "apps", Kind: "Deployment", JQPathExpressions: []string{`.spec.template.spec.containers[] | select(.name == "a") | .image`}},
			edit: setImage(1), want: true,
		},
		"jq that does not fit the object": {
			rule: appv1.ResourceIgnoreDifferences{Group: "apps", Kind: "Deployment", JQPathExpressions: []string{`.spec.nothing[].here`}},
			edit: setReplicas(3), want: true,
		},
		"the only annotation there is": {
			rule: appv1.ResourceIgnoreDifferences{Group: "apps", Kind: "Deployment", JSONPointers: []string{"/metadata/annotations/a~1b"}},
			edit: func(u *unstructured.Unstructured) { u.SetAnnotations(map[string]string{"a/b": "c"}) },
		},
		"another annotation": {
			rule: appv1.ResourceIgnoreDifferences{Group: "apps", Kind: "Deployment", JSONPointers: []string{"/metadata/annotations/a~1b"}},
			edit: func(u *unstructured.Unstructured) { u.SetAnnotations(map[string]string{"a/c": "c"}) }, want: true,
		},
		"jq of whole containers": {
			rule: appv1.ResourceIgnoreDifferences{Group: "apps", Kind: "Deployment", JQPathExpressions: []string{`.spec.template.spec.containers[]`}},
			edit: setImage(1),
		},
		"a manager": {
			rule: appv1.ResourceIgnoreDifferences{Group: "apps", Kind: "Deployment", ManagedFieldsManagers: []string{"scaler"}}, edit: setReplicas(3),
		},
		"a manager that owns something else": {
			rule: appv1.ResourceIgnoreDifferences{Group: "apps", Kind: "Deployment", ManagedFieldsManagers: []string{"scaler"}}, edit: setImage(1), want: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			rules, err := CompileRules(tc.rule)
			if err != nil {
				t.Fatal(err)
			}
			live := target.DeepCopy()
			tc.edit(live)
			live.Object["metadata"].(map[string]any)["managedFields"] = read(t, `{m: [{manager: scaler, operation: Update, apiVersion: apps/v1, fieldsType: FieldsV1, fieldsV1: {"f:spec": {"f:replicas": {}}}}]}`).Object["m"]
			for _, predicted := range []*unstructured.Unstructured{target, nil} {
				if predicted == nil && name == "another annotation" {
					continue // which a merge leaves as it is, since no manifest is known to have had it
				}
				r, err := Compare(target, live, predicted, Options{Rules: rules})
				if err != nil || r.Modified != tc.want {
					t.Errorf("predicted %v: modified is %v, want %v: %v", predicted != nil, r.Modified, tc.want, err)
				}
			}
		})
	}
}

func setReplicas(n int64) func(*unstructured.Unstructured) {
	return func(u *unstructured.Unstructured) { u.Object["spec"].(map[string]any)["replicas"] = n }
}

func setImage(i int) func(*unstructured.Unstructured) {
	return func(u *unstructured.Unstructured) {
		c, _ := getPath(u.Object, []any{"spec", "template", "spec", "containers", i})
		c.(map[string]any)["image"] = "edited"
	}
}

// What is spelled in another way, written by the server, or ordered by chance is no difference.
func TestNormalizations(t *testing.T) {
	for name, tc := range map[string]struct {
		target, live string
		o            Options
		want         bool
	}{
		"quantities of built-in kinds": {target: deploymentYAML, live: strings.Replace(deploymentYAML, "1000m", "'1'", 1)},
		"a false that is left out": {
			target: strings.Replace(deploymentYAML, "    spec:\n", "    spec:\n      hostNetwork: false\n", 1), live: deploymentYAML,
		},
		"status and metadata of the server": {
			target: deploymentYAML, live: deploymentYAML + "status: {replicas: 1}\n",
		},
		"stringData": {
			target: "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {a: hello}}",
			live:   "{apiVersion: v1, kind: Secret, metadata: {name: s, uid: u, creationTimestamp: '2020-01-01T00:00:00Z'}, data: {a: aGVsbG8=}}",
		},
		"the order of endpoints": {
			target: "{apiVersion: v1, kind: Endpoints, metadata: {name: e}, subsets: [{addresses: [{ip: 10.0.0.2}, {ip: 10.0.0.1}], ports: [{port: 80}]}]}",
			live:   "{apiVersion: v1, kind: Endpoints, metadata: {name: e}, subsets: [{addresses: [{ip: 10.0.0.1}, {ip: 10.0.0.2}], ports: [{port: 80}]}]}",
		},
		"rules of aggregated roles": {
			target: "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: r}, aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}, rules: []}",
			live:   "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: r}, aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}, rules: [{verbs: [get], resources: [pods], apiGroups: ['']}]}",
			o:      Options{IgnoreAggregatedRoles: true},
		},
		"rules of aggregated roles that count": {
			target: "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: r}, aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}, rules: []}",
			live:   "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: r}, aggregationRule: {clusterRoleSelectors: [{matchLabels: {a: b}}]}, rules: [{verbs: [get], resources: [pods], apiGroups: ['']}]}",
			want:   true,
		},
		"known types": { // scenario 63
			target: "{apiVersion: argoproj.io/v1alpha1, kind: Dummy, metadata: {name: d}, spec: {cpu: 2000m, requests: {cpu: '1.0'}}}",
			live:   "{apiVersion: argoproj.io/v1alpha1, kind: Dummy, metadata: {name: d}, spec: {cpu: '2', requests: {cpu: '1'}}}",
			o: Options{KnownTypes: []KnownType{
				{Group: "argoproj.io", Kind: "Dummy", Field: "spec.cpu", Type: "core/Quantity"}, {Group: "argoproj.io", Kind: "Dummy", Field: "spec.requests", Type: "core/v1/ResourceList"},
			}},
		},
		"types that nobody knows": {
			target: "{apiVersion: argoproj.io/v1alpha1, kind: Dummy, metadata: {name: d}, spec: {cpu: 2000m}}",
			live:   "{apiVersion: argoproj.io/v1alpha1, kind: Dummy, metadata: {name: d}, spec: {cpu: '2'}}", want: true,
		},
		"pod specs of rollouts": {
			target: "{apiVersion: rollout.argosy.dev/v1alpha1, kind: Rollout, metadata: {name: r}, spec: {template: {spec: {containers: [{name: a, resources: {limits: {cpu: 1000m}}}]}}}}",
			live:   "{apiVersion: rollout.argosy.dev/v1alpha1, kind: Rollout, metadata: {name: r}, spec: {template: {spec: {containers: [{name: a, resources: {limits: {cpu: 1}}}]}}}}",
		},
		"status that counts": {
			target: "{apiVersion: a.b/v1, kind: C, metadata: {name: d}, status: {a: 1}}",
			live:   "{apiVersion: a.b/v1, kind: C, metadata: {name: d}, status: {a: 2}}", o: Options{Status: StatusIgnoreNone}, want: true,
		},
		"status of a kind that is no definition": {
			target: "{apiVersion: a.b/v1, kind: C, metadata: {name: d}, status: {a: 1}}",
			live:   "{apiVersion: a.b/v1, kind: C, metadata: {name: d}, status: {a: 2}}", o: Options{Status: StatusIgnoreCRD}, want: true,
		},
		"what others have added": {
			target: deploymentYAML, live: deploymentYAML + "  minReadySeconds: 3\n",
		},
		"what was applied and is wanted no longer": {
			target: "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: '1'}}",
			live:   `{apiVersion: v1, kind: ConfigMap, metadata: {name: c, annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"a":"1","b":"2"}}'}}, data: {a: '1', b: '2', c: '3'}}`,
			want:   true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Compare(read(t, tc.target), read(t, tc.live), nil, tc.o)
			if err != nil || r.Modified != tc.want {
				text, _ := Unified(r.Live, r.Predicted)
				t.Errorf("modified is %v, want %v: %v\n%s", r.Modified, tc.want, err, text)
			}
		})
	}
}

// Scenarios 65 and 67-70: what of tracking is a difference.
func TestTracking(t *testing.T) {
	target := read(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: space}}")
	object.Track(target, "app")
	for name, tc := range map[string]struct {
		live string
		want bool
	}{
		"the same":                 {live: "{annotations: {argocd.argoproj.io/tracking-id: 'app:/ConfigMap:space/c'}}"},
		"none":                     {live: "{}", want: true},
		"of another application":   {live: "{annotations: {argocd.argoproj.io/tracking-id: 'other:/ConfigMap:space/c'}}", want: true},
		"by label":                 {live: "{labels: {app.kubernetes.io/instance: app}}"},
		"by label of another":      {live: "{labels: {app.kubernetes.io/instance: other}}", want: true},
		"by label, and the user's": {live: "{labels: {app.kubernetes.io/instance: app, mine: kept}}"},
	} {
		t.Run(name, func(t *testing.T) {
			live := read(t, "{apiVersion: v1, kind: ConfigMap, metadata: "+tc.live+"}")
			live.SetName("c")
			live.SetNamespace("space")
			r, err := Compare(target, live, nil, Options{Tracking: Tracking{Instance: "app"}})
			if err != nil || r.Modified != tc.want {
				text, _ := Unified(r.Live, r.Predicted)
				t.Errorf("modified is %v, want %v: %v\n%s", r.Modified, tc.want, err, text)
			}
		})
	}
	definition := read(t, "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: c}, spec: {scope: Cluster}}")
	live := definition.DeepCopy()
	object.Track(definition, "app")
	if r, err := Compare(definition, live, nil, Options{}); err != nil || r.Modified {
		t.Errorf("a definition without tracking is modified: %v", err)
	}
}

func TestIgnoreInTarget(t *testing.T) {
	target, live := read(t, deploymentYAML), read(t, deploymentYAML)
	setReplicas(5)(live)
	setImage(1)(live)
	rules, err := CompileRules(appv1.ResourceIgnoreDifferences{
		Group: "apps", Kind: "Deployment", JSONPointers: []string{"/spec/replicas", "/spec/paused", "/status"},
		JQPathExpressions: []string{`.spec.template.spec.containers[] | select(.name == "b") | .image`},
	})
	if err != nil {
		t.Fatal(err)
	}
	target.Object["spec"].(map[string]any)["paused"] = true
	live.Object["status"] = map[string]any{"replicas": int64(5)}
	before := target.DeepCopy()
	got, err := IgnoreInTarget(target, live, Options{Rules: rules})
	if err != nil {
		t.Fatal(err)
	}
	want := live.DeepCopy()
	delete(want.Object, "status")
	if !equal(got.Object, want.Object) {
		t.Errorf("got %v\nwant %v", got.Object, want.Object)
	}
	if !equal(before.Object, target.Object) {
		t.Error("the target was changed")
	}
	live.Object["metadata"].(map[string]any)["managedFields"] = read(t, `{m: [{manager: image-updater, operation: Update, apiVersion: apps/v1, fieldsType: FieldsV1, fieldsV1: {"f:spec": {"f:template": {"f:spec": {"f:containers": {'k:{"name":"b"}': {"f:image": {}}}}}}}}]}`).Object["m"]
	rules, err = CompileRules(appv1.ResourceIgnoreDifferences{Group: "*", Kind: "*", ManagedFieldsManagers: []string{"image-updater"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err = IgnoreInTarget(target, live, Options{Rules: rules}); err != nil {
		t.Fatal(err)
	}
	if image, _ := getPath(got.Object, []any{"spec", "template", "spec", "containers", 1, "image"}); image != "edited" {
		t.Errorf("image is %v", image)
	}
	if replicas, _ := getPath(got.Object, []any{"spec", "replicas"}); replicas != int64(1) {
		t.Errorf("replicas are %v", replicas)
	}
}

// Expressions that could take without end are refused, or end by themselves.
func TestHostileExpressions(t *testing.T) {
	for _, text := range []string{
		"range(1e18)", "repeat(.)", "def f: f; f", "reduce range(9) as $x (.; .)", "label $a | .", "env", "input", "until(false; .)",
		"recurse(.a)", ".a = 1", `[limit(9; .)]`, strings.Repeat(`"a" + `, 20) + `"a"`, strings.Repeat("x", maxExpression+1), "$__loc__ as $x | $x |", "(",
	} {
		if _, err := compileQuery(text); err == nil {
			t.Errorf("%.40q is accepted", text)
		}
	}
	u := read(t, deploymentYAML)
	q, err := compileQuery("..|..|..|..|..|..|..|..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := q.paths(u.Object); err == nil {
		t.Error("an expression that multiplies itself ends without an error")
	}
}

// Neither diffs nor errors say anything of what a Secret holds, and what is equal looks equal.
func TestMasksLeakNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := func(name string) string { return "s3cr3t-" + rapid.StringMatching(`[a-z]{4,12}`).Draw(t, name) }
		a, b := value("a"), value("b")
		build := func(field, v string) *unstructured.Unstructured {
			encoded := v
			if field == "data" {
				encoded = base64.StdEncoding.EncodeToString([]byte(v))
			}
			return &unstructured.Unstructured{Object: map[string]any{
				"apiVersion": "v1", "kind": "Secret",
				"metadata": map[string]any{"name": "s", "annotations": map[string]any{"kubectl.kubernetes.io/last-applied-configuration": `{"data":{"k":"` + v + `"}}`, "sensitive": v}},
				field:      map[string]any{"k": encoded},
			}}
		}
		live, target := build("data", a), build(rapid.SampledFrom([]string{"data", "stringData"}).Draw(t, "field"), b)
		if rapid.Bool().Draw(t, "broken") {
			live.Object["data"].(map[string]any)["n"] = int64(5)
			target.Object["data"] = a
			target.Object["Data"] = map[string]any{"deep": map[string]any{"er": a}}
		}
		text, err := Unified(live, target, "sensitive")
		said := text
		if err != nil {
			said += err.Error()
		}
		if r, err := Compare(target, live, nil, Options{}); err != nil {
			said += err.Error()
		} else if text, err = Unified(r.Live, r.Predicted, "sensitive"); err == nil {
			said += text
		}
		for _, v := range []string{a, b} {
			for _, form := range []string{v, base64.StdEncoding.EncodeToString([]byte(v))} {
				if strings.Contains(said, form) {
					t.Fatalf("%q is in\n%s", form, said)
				}
			}
		}
		masked := Mask(nil, build("data", a), build("stringData", a), build("data", b+"x"))
		k := func(i int) any { v, _ := getPath(masked[i].Object, []any{"data", "k"}); return v }
		if k(0) != k(1) || k(0) == k(2) {
			t.Fatalf("masks are %v, %v, %v", k(0), k(1), k(2))
		}
	})
}

func TestFingerprint(t *testing.T) {
	target, live := read(t, deploymentYAML), read(t, deploymentYAML)
	base := Fingerprint(target, live)
	same := live.DeepCopy()
	same.SetResourceVersion("99")
	same.Object["status"] = map[string]any{"replicas": int64(1)}
	if Fingerprint(target, same) != base {
		t.Error("a new status is a new fingerprint")
	}
	edited := live.DeepCopy()
	setReplicas(2)(edited)
	if Fingerprint(target, edited) == base || Fingerprint(edited, live) == base || Fingerprint(target, nil) == base {
		t.Error("a change is no new fingerprint")
	}
}

func FuzzRules(f *testing.F) {
	f.Add("/spec/replicas", ".spec.template.spec.containers[].image")
	f.Add("/spec/template/spec/containers/0", ".. | select(type == \"string\")")
	f.Add("/a~1b/-", ".metadata.labels | .[\"a\"]?, .b")
	u := read(f, deploymentYAML)
	f.Fuzz(func(t *testing.T, pointer, expression string) {
		rules, err := CompileRules(appv1.ResourceIgnoreDifferences{Group: "*", Kind: "*", JSONPointers: []string{pointer}, JQPathExpressions: []string{expression}})
		if err != nil {
			return
		}
		if r, err := Compare(u, u.DeepCopy(), u.DeepCopy(), Options{Rules: rules}); err == nil && r.Modified {
			t.Error("an object differs from itself")
		}
		_, _ = rules.IgnoredFields(u)
	})
}
