// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package raw_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/strategicpatch"

	"argosy.dev/argosy/apis/raw"
)

// holder is an object with a template, as a rollout is.
type holder struct {
	Template raw.PodTemplateSpec `json:"template,omitzero"`
	Job      raw.JobSpec         `json:"job,omitzero"`
}

// Whatever order, blanks, nulls and escapes a template is written with, it is kept in one form, digits included.
func TestTemplateIsCanonical(t *testing.T) {
	const want = `{"metadata":{"labels":{"a":"<&>\u2028"}},"spec":{"containers":[{"args":["1.0",""],"image":"i","name":"c"}],"terminationGracePeriodSeconds":12345678901234567890,"x":1.50,"y":{}}}`
	for _, text := range []string{
		want,
		`{ "spec" : {"y":{}, "x":1.50, "terminationGracePeriodSeconds":12345678901234567890, "containers":[{"name":"c","image":"i","args":["1.0",""]}]},
		   "metadata":{"labels":{"a":"<&>` + "\u2028" + `"}}}`,
		`{"spec":{"y":{"n":null},"z":null,"x":1.50,"terminationGracePeriodSeconds":12345678901234567890,"containers":[{"name":"c","env":null,"image":"i","args":["1.0",""]}]},"status":null,"metadata":{"creationTimestamp":null,"labels":{"a":"\u003c\u0026\u003E\u2028"}}}`,
	} {
		var tpl raw.PodTemplateSpec
		if err := json.Unmarshal([]byte(text), &tpl); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(tpl.Raw)); diff != "" {
			t.Error(diff)
		}
		var job raw.JobSpec
		if err := json.Unmarshal([]byte(text), &job); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(job.Raw)); diff != "" {
			t.Error(diff)
		}
	}
}

// A template that was encoded with the object around it is the same when it is read again.
func TestTemplateSurvivesItsObject(t *testing.T) {
	var in, out holder
	if err := json.Unmarshal([]byte(`{"template":{"spec":{"containers":[{"name":"c","args":["a < b && c > d"]}]}}}`), &in); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte(`\u003c`)) {
		t.Errorf("encoding/json no longer escapes, so this test no longer tests: %s", data)
	}
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(in.Template.Raw), string(out.Template.Raw)); diff != "" {
		t.Error(diff)
	}
}

func TestTemplateEmptyAndAbsent(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                         `{}`,
		`{"template":null}`:          `{}`,
		`{"template":{}}`:            `{"template":{}}`,
		`{"template":{"spec":null}}`: `{"template":{}}`,
	} {
		var h holder
		if err := json.Unmarshal([]byte(text), &h); err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		if string(data) != want {
			t.Errorf("%s becomes %s, want %s", text, data, want)
		}
		if typed, err := h.Template.Decode(); err != nil || typed == nil {
			t.Errorf("%s: %v, %v", text, typed, err)
		}
	}
	for _, text := range []string{`{"template":[]}`, `{"template":"x"}`, `{"template":1}`, `{"template":true}`} {
		var h holder
		if err := json.Unmarshal([]byte(text), &h); err == nil || !strings.Contains(err.Error(), "must be an object") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func template(t testing.TB, text string) raw.PodTemplateSpec {
	t.Helper()
	var tpl raw.PodTemplateSpec
	if err := tpl.UnmarshalJSON([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return tpl
}

// Quantities that are none are kept as they are written, and left out where Kubernetes' type is asked for.
func TestBadQuantities(t *testing.T) {
	const text = `{"spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":1,"memory":"invalid"},"requests":{"memory":{"x":1}}}}],` +
		`"ephemeralContainers":[{"name":"e","resources":{"requests":{"memory":"invalid"}}},{"name":"f"}],` +
		`"initContainers":[{"name":"b","resources":{"limits":{"memory":"1Gi"}}}],` +
		`"volumes":[{"emptyDir":{"sizeLimit":"much"},"name":"v"},{"ephemeral":{"volumeClaimTemplate":{"spec":{"resources":{"requests":{"storage":"more"}}}}},"name":"w"}]}}`
	tpl := template(t, text)
	if string(tpl.Raw) != text {
		t.Errorf("kept as %s", tpl.Raw)
	}
	typed, err := tpl.Decode()
	if err != nil {
		t.Fatal(err)
	}
	spec := typed.Spec
	limits := spec.Containers[0].Resources.Limits
	if len(limits) != 1 || limits.Cpu().String() != "1" || len(spec.Containers[0].Resources.Requests) != 0 {
		t.Errorf("resources: %v", spec.Containers[0].Resources)
	}
	if got := spec.InitContainers[0].Resources.Limits.Memory().String(); got != "1Gi" {
		t.Errorf("memory of the init container: %s", got)
	}
	if len(spec.EphemeralContainers) != 0 {
		t.Errorf("ephemeral containers: %v", spec.EphemeralContainers)
	}
	if v := spec.Volumes; v[0].EmptyDir == nil || v[0].EmptyDir.SizeLimit != nil || len(v[1].Ephemeral.VolumeClaimTemplate.Spec.Resources.Requests) != 0 {
		t.Errorf("volumes: %v", v)
	}
	if errs := tpl.UnknownFields("spec.template"); len(errs) != 0 {
		t.Errorf("unknown fields: %v", errs)
	}
	// Elsewhere a wrong type is an error that names its place.
	for _, text := range []string{`{"spec":{"containers":{}}}`, `{"spec":{"containers":[{"name":1}]}}`, `{"spec":{"resources":{"limits":{"cpu":"x"}}}}`} {
		if _, err := template(t, text).Decode(); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
	if _, err := template(t, `{"spec":{"containers":[{"ports":"x"}]}}`).Decode(); err == nil || !strings.Contains(err.Error(), "spec.containers.ports") {
		t.Errorf("the error does not name the place: %v", err)
	}
	var job raw.JobSpec
	if err := job.UnmarshalJSON([]byte(`{"template":` + text + `}`)); err != nil {
		t.Fatal(err)
	}
	if typed, err := job.Decode(); err != nil || len(typed.Template.Spec.Containers[0].Resources.Limits) != 1 {
		t.Errorf("job: %v, %v", typed, err)
	}
}

func TestUnknownFields(t *testing.T) {
	words := func(errs []error) []string {
		var out []string
		for _, err := range errs {
			out = append(out, err.Error())
		}
		slices.Sort(out)
		return out
	}
	got := words(template(t, `{"metadata":{"label":{}},"spec":{"containers":[{"name":"a"},{"imag":"b","resources":{"limit":{}}}],"volumes":[{"emptydirr":{},"name":"v"}]}}`).UnknownFields("spec.template"))
	want := []string{
		`unknown field "spec.template.metadata.label"`,
		`unknown field "spec.template.spec.containers[1].imag"`,
		`unknown field "spec.template.spec.containers[1].resources.limit"`,
		`unknown field "spec.template.spec.volumes[0].emptydirr"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var job raw.JobSpec
	if err := job.UnmarshalJSON([]byte(`{"backofLimit":1,"template":{"spec":{"x":1}}}`)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{`unknown field "a.backofLimit"`, `unknown field "a.template.spec.x"`}, words(job.UnknownFields("a"))); diff != "" {
		t.Error(diff)
	}
	if errs := (raw.PodTemplateSpec{}).UnknownFields("a"); errs != nil {
		t.Error(errs)
	}
}

// Strategic merge patches find their way through a template by fields that are never set.
func TestStrategicMergePatch(t *testing.T) {
	const original = `{"template":{"metadata":{"labels":{"a":"1","b":"2"}},"spec":{"containers":[` +
		`{"name":"x","image":"1","env":[{"name":"A","value":"a"},{"name":"B","value":"b"}]},{"name":"y","image":"2"}],` +
		`"nodeSelector":{"k":"v"},"volumes":[{"name":"v","emptyDir":{}}]}}}`
	for _, tc := range []struct{ name, patch, want string }{
		{"containers and their lists are merged by their keys",
			`{"template":{"spec":{"containers":[{"name":"x","image":"3","env":[{"name":"B","value":"c"}]}]}}}`,
			`{"template":{"metadata":{"labels":{"a":"1","b":"2"}},"spec":{"containers":[{"env":[{"name":"A","value":"a"},{"name":"B","value":"c"}],"image":"3","name":"x"},{"image":"2","name":"y"}],"nodeSelector":{"k":"v"},"volumes":[{"emptyDir":{},"name":"v"}]}}}`},
		{"one is deleted",
			`{"template":{"metadata":{"labels":{"a":null}},"spec":{"containers":[{"name":"x","$patch":"delete"}],"$setElementOrder/containers":[{"name":"y"}]}}}`,
			`{"template":{"metadata":{"labels":{"b":"2"}},"spec":{"containers":[{"image":"2","name":"y"}],"nodeSelector":{"k":"v"},"volumes":[{"emptyDir":{},"name":"v"}]}}}`},
		{"keys are retained",
			`{"template":{"spec":{"volumes":[{"$retainKeys":["name","hostPath"],"name":"v","hostPath":{"path":"/"}}],"containers":null}}}`,
			`{"template":{"metadata":{"labels":{"a":"1","b":"2"}},"spec":{"nodeSelector":{"k":"v"},"volumes":[{"hostPath":{"path":"/"},"name":"v"}]}}}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := strategicpatch.StrategicMergePatch([]byte(original), []byte(tc.patch), holder{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Server-side apply takes objects through maps and back.
func TestUnstructured(t *testing.T) {
	in := holder{Template: template(t, `{"spec":{"containers":[{"name":"a","resources":{"limits":{"memory":"invalid"}}}],"n":9007199254740993}}`)}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&in)
	if err != nil {
		t.Fatal(err)
	}
	var out holder
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(content, &out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(in, out); diff != "" {
		t.Error(diff)
	}
}

func TestNewPodTemplateSpec(t *testing.T) {
	want := corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"a": "b"}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "i", Args: []string{"<&>"}}}},
	}
	tpl, err := raw.NewPodTemplateSpec(want)
	if err != nil {
		t.Fatal(err)
	}
	if got := `{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"args":["<&>"],"image":"i","name":"c","resources":{}}]}}`; string(tpl.Raw) != got {
		t.Errorf("%s, want %s", tpl.Raw, got)
	}
	got, err := tpl.Decode()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, *got); diff != "" {
		t.Error(diff)
	}
}

// TestNewerFields: what a cluster may know and the types here do not is not lost, and what the types cannot hold is told.
func TestNewerFields(t *testing.T) {
	for text, want := range map[string]struct {
		exact     bool
		completed string
	}{
		`{}`: {true, `{"metadata":{"labels":{"hash":"h"}},"spec":{"containers":null}}`},
		`{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","resources":{}}]}}`: {true,
			`{"metadata":{"labels":{"a":"b","hash":"h"}},"spec":{"containers":[{"name":"c","resources":{}}]}}`},
		`{"spec":{"containers":[{"name":"c","newer":{"x":[1.50]},"securityContext":{"newer":true}}],"newer":"y","volumes":[{"name":"v","newerVolume":{}}]}}`: {false,
			`{"metadata":{"labels":{"hash":"h"}},"spec":{"containers":[{"name":"c","newer":{"x":[1.50]},"resources":{},"securityContext":{"newer":true}}],"newer":"y","volumes":[{"name":"v","newerVolume":{}}]}}`},
		`{"spec":{"containers":[{"name":"c","resources":{"limits":{"memory":"invalid"},"newer":1}}]}}`: {false,
			`{"metadata":{"labels":{"hash":"h"}},"spec":{"containers":[{"name":"c","resources":{"newer":1}}]}}`},
		`{"spec":{"containers":[{"name":"c","ports":[{"containerPort":80}],"livenessProbe":{"httpGet":{"port":"web"}}}]}}`: {true,
			`{"metadata":{"labels":{"hash":"h"}},"spec":{"containers":[{"livenessProbe":{"httpGet":{"port":"web"}},"name":"c","ports":[{"containerPort":80}],"resources":{}}]}}`},
	} {
		var tpl, expected raw.PodTemplateSpec
		if err := tpl.UnmarshalJSON([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := expected.UnmarshalJSON([]byte(want.completed)); err != nil {
			t.Fatal(err)
		}
		if got := tpl.Exact(); got != want.exact {
			t.Errorf("%s: exact is %t", text, got)
		}
		typed, err := tpl.Decode()
		if err != nil {
			t.Fatal(err)
		}
		if typed.Labels == nil {
			typed.Labels = map[string]string{}
		}
		typed.Labels["hash"] = "h"
		got, err := tpl.Completed(typed)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(expected.Raw), string(got.Raw)); diff != "" {
			t.Errorf("%s:\n%s", text, diff)
		}
	}
}

// FuzzTemplate looks for text whose canonical form is not canonical, and for panics.
func FuzzTemplate(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, `{"spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":"x"}}}]}}`, `{"a":"\u003c\\u003c\ud800\u2028"}`,
		`{"a":1.0e400,"b":-0,"a":null}`, `{"template":{"spec":{"volumes":[{"emptyDir":{"sizeLimit":[]}}]}}}`, `[{}]`, ` { } `,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var tpl raw.PodTemplateSpec
		if err := json.Unmarshal(data, &tpl); err != nil {
			return
		}
		outer, err := json.Marshal(struct {
			T raw.PodTemplateSpec `json:"t"`
		}{tpl})
		if err != nil {
			t.Fatal(err)
		}
		var again struct {
			T raw.PodTemplateSpec `json:"t"`
		}
		if err := json.Unmarshal(outer, &again); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(tpl.Raw, again.T.Raw) && !(len(tpl.Raw) == 0 && string(again.T.Raw) == "{}") {
			t.Errorf("%s becomes %s", tpl.Raw, again.T.Raw)
		}
		_, _ = tpl.Decode()
		_ = tpl.UnknownFields("a")
		job := raw.JobSpec{Raw: tpl.Raw}
		_, _ = job.Decode()
		_ = job.UnknownFields("a")
	})
}
