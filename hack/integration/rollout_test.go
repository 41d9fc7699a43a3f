// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/scale"
	"sigs.k8s.io/yaml"

	"argosy.dev/argosy/apis/argoproj"
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/apiserver"
	"argosy.dev/argosy/pkg/apiserver/apiservertest"
)

// rolloutGroups are the groups that serve rollouts.
var rolloutGroups = []schema.GroupVersion{rov1.SchemeGroupVersion, argoproj.SchemeGroupVersion}

const rolloutText = `
kind: Rollout
metadata: {name: web, namespace: default}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: web, image: "web:1", env: [{name: A, value: a}], resources: {limits: {memory: invalid}}}
      - {name: side, image: "side:1"}
  strategy: {canary: {steps: [{setWeight: 20}, {pause: {}}, {plugin: {name: p, config: {a: {b: 1.50}}}}]}}
`

func fromYAML(t testing.TB, gv schema.GroupVersion, text string) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	if err := yaml.UnmarshalStrict([]byte(text), &u.Object); err != nil {
		t.Fatal(err)
	}
	u.SetAPIVersion(gv.String())
	return u
}

func rollout(t testing.TB, gv schema.GroupVersion, name string) *unstructured.Unstructured {
	u := fromYAML(t, gv, rolloutText)
	u.SetName(name)
	return u
}

func rolloutsOf(t testing.TB, c *rest.Config, gv schema.GroupVersion, resource string) dynamic.ResourceInterface {
	t.Helper()
	return client(t, c).Resource(gv.WithResource(resource)).Namespace("default")
}

// Autoscalers and kubectl scale use rollouts/scale, through either group.
func TestRolloutScale(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{})
	d, err := discovery.NewDiscoveryClientForConfig(s.Admin)
	if err != nil {
		t.Fatal(err)
	}
	scales, err := scale.NewForConfig(s.Admin, restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(d)), dynamic.LegacyAPIPathResolverFunc, scale.NewDiscoveryScaleKindResolver(d))
	if err != nil {
		t.Fatal(err)
	}
	for _, gv := range rolloutGroups {
		t.Run(gv.Group, func(t *testing.T) {
			name := "scale-" + strings.ReplaceAll(gv.Group, ".", "-")
			ros := rolloutsOf(t, s.Admin, gv, "rollouts")
			made := create(t, ros, rollout(t, gv, name))
			if replicas := at(t, made, "spec", "replicas"); replicas != int64(1) {
				t.Errorf("replicas are %v by default", replicas)
			}
			status := with(with(made, int64(4), "status", "HPAReplicas"), "app=web", "status", "selector")
			if _, err := ros.UpdateStatus(ctx, status, metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}

			gr := gv.WithResource("rollouts").GroupResource()
			got, err := scales.Scales("default").Get(ctx, gr, name, metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got.Spec.Replicas != 1 || got.Status.Replicas != 4 || got.Status.Selector != "app=web" || got.UID != made.GetUID() {
				t.Errorf("scale: %+v", got)
			}

			// What a HorizontalPodAutoscaler does.
			got.Spec.Replicas = 3
			if got, err = scales.Scales("default").Update(ctx, gr, got, metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
			// What kubectl scale does.
			if _, err := scales.Scales("default").Patch(ctx, gv.WithResource("rollouts"), name, types.MergePatchType, []byte(`{"spec":{"replicas":5}}`), metav1.PatchOptions{}); err != nil {
				t.Fatal(err)
			}
			now, err := ros.Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if replicas := at(t, now, "spec", "replicas"); replicas != int64(5) || now.GetGeneration() != 3 {
				t.Errorf("replicas %v, generation %d", replicas, now.GetGeneration())
			}
			if template := at(t, now, "spec", "template", "spec", "containers"); fmt.Sprint(template) != fmt.Sprint(at(t, made, "spec", "template", "spec", "containers")) {
				t.Errorf("the template has changed: %v", template)
			}

			// The version is that of the update before, and somebody has patched since.
			got.Spec.Replicas = 7
			if _, err := scales.Scales("default").Update(ctx, gr, got, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
				t.Errorf("an old version gets %v", err)
			}
			if _, err := scales.Scales("default").Patch(ctx, gv.WithResource("rollouts"), name, types.MergePatchType, []byte(`{"spec":{"replicas":-1}}`), metav1.PatchOptions{}); !apierrors.IsInvalid(err) {
				t.Errorf("-1 replicas get %v", err)
			}
			if _, err := scales.Scales("default").Patch(ctx, gv.WithResource("rollouts"), name, types.MergePatchType, []byte(`{"metadata":{"uid":"other"},"spec":{"replicas":2}}`), metav1.PatchOptions{}); !apierrors.IsConflict(err) {
				t.Errorf("another uid gets %v", err)
			}
			if _, err := scales.Scales("default").Get(ctx, gr, "nobody", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
				t.Errorf("no rollout gets %v", err)
			}
			if _, err := scales.Scales("default").Patch(ctx, gv.WithResource("rollouts"), "nobody", types.MergePatchType, []byte(`{"spec":{"replicas":2}}`), metav1.PatchOptions{}); !apierrors.IsNotFound(err) {
				t.Errorf("no rollout gets %v", err)
			}
		})
	}
}

// managersOf returns who owns the number of replicas, and by which subresource.
func managersOf(t *testing.T, u *unstructured.Unstructured) []string {
	t.Helper()
	var out []string
	for _, m := range u.GetManagedFields() {
		if m.FieldsV1 != nil && strings.Contains(string(m.FieldsV1.GetRawBytes()), `"f:replicas"`) {
			out = append(out, fmt.Sprintf("%s %s/%s", m.Manager, m.APIVersion, m.Subresource))
		}
	}
	slices.Sort(out)
	return out
}

// Whoever scales owns the number of replicas, so that an apply of the manifest tells of the conflict.
func TestRolloutScaleIsApplied(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{})
	for _, gv := range rolloutGroups {
		t.Run(gv.Group, func(t *testing.T) {
			name := "ssa-" + strings.ReplaceAll(gv.Group, ".", "-")
			ros := rolloutsOf(t, s.Admin, gv, "rollouts")
			manifest := with(rollout(t, gv, name), int64(2), "spec", "replicas")
			if _, err := ros.Apply(ctx, name, manifest, metav1.ApplyOptions{FieldManager: "git"}); err != nil {
				t.Fatal(err)
			}
			path := fmt.Sprintf("/apis/%s/namespaces/default/rollouts/%s/scale", gv, name)
			body := []byte(`{"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"` + name + `"},"spec":{"replicas":6}}`)
			apply := map[string]string{"Content-Type": "application/apply-patch+yaml"}
			if r := send(t, s.Admin, "PATCH", path+"?fieldManager=hpa", apply, body); r.code != http.StatusConflict {
				t.Errorf("scaling what another manager owns gets %d: %s", r.code, r.body)
			}
			r := send(t, s.Admin, "PATCH", path+"?fieldManager=hpa&force=true", apply, body)
			if r.code != http.StatusOK {
				t.Fatalf("%d: %s", r.code, r.body)
			}
			var got autoscalingv1.Scale
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(r.decoded, &got); err != nil {
				t.Fatal(err)
			}
			if got.APIVersion != "autoscaling/v1" || got.Spec.Replicas != 6 {
				t.Errorf("scale: %+v", got)
			}
			now, err := ros.Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got, want := managersOf(t, now), []string{"hpa " + gv.String() + "/scale"}; !slices.Equal(got, want) {
				t.Errorf("replicas are owned by %v, want %v", got, want)
			}
			if _, err := ros.Apply(ctx, name, manifest, metav1.ApplyOptions{FieldManager: "git"}); !apierrors.IsConflict(err) {
				t.Errorf("applying the manifest again gets %v", err)
			}
		})
	}
}

// Containers are merged by their names, by server-side apply and by strategic merge patches, though the template is
// kept as the JSON that users wrote.
func TestRolloutTemplateIsMerged(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{})
	for _, gv := range rolloutGroups {
		t.Run(gv.Group, func(t *testing.T) {
			name := "merge-" + strings.ReplaceAll(gv.Group, ".", "-")
			ros := rolloutsOf(t, s.Admin, gv, "rollouts")
			if _, err := ros.Apply(ctx, name, rollout(t, gv, name), metav1.ApplyOptions{FieldManager: "git"}); err != nil {
				t.Fatal(err)
			}
			image := fromYAML(t, gv, "{kind: Rollout, spec: {template: {spec: {containers: [{name: side, image: \"side:2\"}]}}}}")
			image.SetName(name)
			if _, err := ros.Apply(ctx, name, image, metav1.ApplyOptions{FieldManager: "updater"}); !apierrors.IsConflict(err) {
				t.Errorf("taking an image that git owns gets %v", err)
			}
			if _, err := ros.Apply(ctx, name, image, metav1.ApplyOptions{FieldManager: "updater", Force: true}); err != nil {
				t.Fatal(err)
			}
			patched, err := ros.Patch(ctx, name, types.StrategicMergePatchType, []byte(`{"spec":{"template":{"spec":{"containers":[{"name":"web","env":[{"name":"B","value":"b"}]}]}}}}`), metav1.PatchOptions{FieldManager: "kubectl"})
			if err != nil {
				t.Fatal(err)
			}
			got := string(encode(t, at(t, patched, "spec", "template")))
			want := `{"metadata":{"labels":{"app":"web"}},"spec":{"containers":[` +
				`{"env":[{"name":"B","value":"b"},{"name":"A","value":"a"}],"image":"web:1","name":"web","resources":{"limits":{"memory":"invalid"}}},` +
				`{"image":"side:2","name":"side"}]}}`
			if got != want {
				t.Errorf("%s\nwant\n%s", got, want)
			}
			if patched.GetGeneration() != 3 {
				t.Errorf("generation %d", patched.GetGeneration())
			}
			// Once more, and nothing is new.
			again, err := ros.Apply(ctx, name, image, metav1.ApplyOptions{FieldManager: "updater"})
			if err != nil {
				t.Fatal(err)
			}
			if again.GetResourceVersion() != patched.GetResourceVersion() {
				t.Error("an apply that changes nothing has written something")
			}
		})
	}
}

// unknownFieldWarnings returns the Warning headers of a response that are about unknown fields.
func unknownFieldWarnings(r response) []string {
	var out []string
	for _, w := range r.header.Values("Warning") {
		if strings.Contains(w, "unknown field") {
			out = append(out, w)
		}
	}
	return out
}

// Unknown fields are found in pod templates and in specs of Jobs, as anywhere else, by whatever request they come.
func TestRolloutFieldValidation(t *testing.T) {
	s := apiservertest.Start(t, apiservertest.Config{})
	path := "/apis/argoproj.io/v1alpha1/namespaces/default/"
	create(t, rolloutsOf(t, s.Admin, argoproj.SchemeGroupVersion, "rollouts"), rollout(t, argoproj.SchemeGroupVersion, "web"))
	wrong := rollout(t, argoproj.SchemeGroupVersion, "wrong")
	containers := at(t, wrong, "spec", "template", "spec", "containers").([]any)
	containers[0].(map[string]any)["imag"] = "x"
	wrong = with(wrong, "y", "spec", "strategi")
	job := fromYAML(t, argoproj.SchemeGroupVersion, `
kind: AnalysisTemplate
metadata: {name: wrong}
spec: {metrics: [{name: a, provider: {job: {spec: {backofLimit: 1, template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}}}}]}
`)
	live := rollout(t, argoproj.SchemeGroupVersion, "web")
	inTemplate, inJob := `unknown field "spec.template.spec.containers[0].imag"`, `unknown field "spec.metrics[0].provider.job.spec.backofLimit"`
	patched := `unknown field "spec.template.spec.containers[1].imag"`
	for _, tc := range []struct {
		name, method, path, contentType string
		body                            []byte
		want                            []string
	}{
		{"create", "POST", "rollouts", "application/json", encode(t, wrong), []string{inTemplate, `unknown field "spec.strategi"`}},
		{"create a job", "POST", "analysistemplates", "application/json", encode(t, job), []string{inJob}},
		{"merge patch", "PATCH", "rollouts/web", "application/merge-patch+json", []byte(`{"spec":{"template":{"spec":{"hostnam":"x"}}}}`), []string{`unknown field "spec.template.spec.hostnam"`}},
		{"json patch", "PATCH", "rollouts/web", "application/json-patch+json", []byte(`[{"op":"add","path":"/spec/template/spec/containers/1/imag","value":"x"}]`), []string{patched}},
		{"strategic merge patch", "PATCH", "rollouts/web", "application/strategic-merge-patch+json", []byte(`{"spec":{"template":{"spec":{"containers":[{"name":"side","imag":"x"}]}}}}`), []string{"imag"}},
	} {
		send := func(t *testing.T, validation string) response {
			return send(t, s.Admin, tc.method, path+tc.path+"?dryRun=All&fieldValidation="+validation, map[string]string{"Content-Type": tc.contentType}, tc.body)
		}
		t.Run(tc.name, func(t *testing.T) {
			r := send(t, "Strict")
			if r.code != http.StatusBadRequest && r.code != http.StatusUnprocessableEntity {
				t.Errorf("Strict gets %d: %s", r.code, r.body)
			}
			for _, want := range tc.want {
				if !strings.Contains(r.status.Message, want) {
					t.Errorf("Strict says %s, want %s", r.status.Message, want)
				}
			}
			for _, validation := range []string{"Warn", ""} {
				r = send(t, validation)
				if r.code/100 != 2 || len(unknownFieldWarnings(r)) != len(tc.want) {
					t.Errorf("%q gets %d and %q", validation, r.code, unknownFieldWarnings(r))
				}
			}
			if r = send(t, "Ignore"); r.code/100 != 2 || len(unknownFieldWarnings(r)) != 0 {
				t.Errorf("Ignore gets %d and %q", r.code, unknownFieldWarnings(r))
			}
		})
	}
	// What has no unknown fields gets no warning.
	if r := send(t, s.Admin, "POST", path+"rollouts?dryRun=All", asJSON, encode(t, with(live, "fine", "metadata", "name"))); r.code != http.StatusCreated || len(unknownFieldWarnings(r)) != 0 {
		t.Errorf("%d, %q", r.code, unknownFieldWarnings(r))
	}
}

// An invalid rollout is refused with the path of each field, unless the administrator wants it stored.
func TestInvalidRollout(t *testing.T) {
	ctx := context.Background()
	bad := with(rollout(t, rov1.SchemeGroupVersion, "bad"), []any{map[string]any{"setWeight": int64(200)}, map[string]any{"setWeight": int64(1), "pause": map[string]any{}}}, "spec", "strategy", "canary", "steps")
	const weight = "spec.strategy.canary.steps[0].setWeight: Invalid value: 200: SetWeight needs to be between 0 and 100"
	const types2 = "spec.strategy.canary.steps[1]: Invalid value: \"setWeight, pause\""

	s := apiservertest.Start(t, apiservertest.Config{})
	_, err := rolloutsOf(t, s.Admin, rov1.SchemeGroupVersion, "rollouts").Create(ctx, bad, metav1.CreateOptions{})
	if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), weight) || !strings.Contains(err.Error(), types2) {
		t.Errorf("got %v", err)
	}

	lenient := apiservertest.Start(t, apiservertest.Config{Families: apiserver.FamilyOptions{AcceptInvalidRollouts: true}})
	path := "/apis/rollout.argosy.dev/v1alpha1/namespaces/default/rollouts"
	r := send(t, lenient.Admin, "POST", path, asJSON, encode(t, bad))
	said := strings.Join(r.header.Values("Warning"), "\n")
	if r.code != http.StatusCreated || !strings.Contains(said, "SetWeight needs to be between 0 and 100") || !strings.Contains(said, "steps[1]") {
		t.Errorf("%d: %s", r.code, said)
	}
	// The selector stays as it is, however lenient the server.
	ros := rolloutsOf(t, lenient.Admin, rov1.SchemeGroupVersion, "rollouts")
	_, err = ros.Patch(ctx, "bad", types.MergePatchType, []byte(`{"spec":{"selector":{"matchLabels":{"app":"other"}}}}`), metav1.PatchOptions{})
	if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "field is immutable") {
		t.Errorf("a change of the selector gets %v", err)
	}
}
