// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package scheme_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/utils/ptr"

	"argosy.dev/argosy/apis/argoproj"
	"argosy.dev/argosy/apis/scheme"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

const compatibility = `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: hello}
spec:
  entrypoint: main
  arguments: {parameters: [{name: a, value: 1}]}
  synchronization: {mutex: {name: m}}
  templates:
  - name: main
    container: {image: busybox, command: [echo]}
`

func decode(t *testing.T, text string) *wfv1.Workflow {
	t.Helper()
	obj, _, err := scheme.Codecs.UniversalDecoder(wfv1.SchemeGroupVersion).Decode([]byte(text), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return obj.(*wfv1.Workflow)
}

// An object that came through the compatibility group is stored as native: both groups share one store.
func TestStoredAsNative(t *testing.T) {
	obj, gvk, err := scheme.Codecs.LegacyCodec(wfv1.SchemeGroupVersion).Decode([]byte(compatibility), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if gvk.Group != argoproj.GroupName {
		t.Errorf("decoded from group %q", gvk.Group)
	}
	data, err := runtime.Encode(scheme.Codecs.LegacyCodec(wfv1.SchemeGroupVersion), obj)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), `"apiVersion":"workflow.argosy.dev/v1alpha1"`) {
		t.Errorf("stored as %s", data)
	}
	data, err = runtime.Encode(scheme.Codecs.LegacyCodec(argoproj.SchemeGroupVersion), obj)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), `"apiVersion":"argoproj.io/v1alpha1"`) {
		t.Errorf("served in the compatibility group as %s", data)
	}
}

// Errors name the first kind of a type, so that must be the native one.
func TestNativeKindComesFirst(t *testing.T) {
	kinds, _, err := scheme.Scheme.ObjectKinds(&wfv1.Workflow{})
	if err != nil {
		t.Fatal(err)
	}
	want := []schema.GroupVersionKind{
		{Group: "workflow.argosy.dev", Version: "v1alpha1", Kind: "Workflow"},
		{Group: "workflow.argosy.dev", Version: runtime.APIVersionInternal, Kind: "Workflow"},
		{Group: "argoproj.io", Version: "v1alpha1", Kind: "Workflow"},
		{Group: "argoproj.io", Version: runtime.APIVersionInternal, Kind: "Workflow"},
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Error(diff)
	}
}

func TestDecodingDefaults(t *testing.T) {
	wf := decode(t, compatibility)
	if len(wf.Spec.Synchronization.Mutexes) != 1 {
		t.Errorf("the older spelling was not moved: %+v", wf.Spec.Synchronization)
	}
	if got := wf.Spec.Arguments.Parameter("a").Value.String(); got != "1" {
		t.Errorf("parameter a: %q", got)
	}
}

func TestStrictDecoding(t *testing.T) {
	strict := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	if _, _, err := strict.Decode([]byte(compatibility), nil, nil); err != nil {
		t.Error(err)
	}
	for _, tc := range []struct{ name, from, to, want string }{
		{"unknown field", "entrypoint: main", "entrypoynt: main", `unknown field "spec.entrypoynt"`},
		{"beside an embedded structure", "synchronization: {mutex: {name: m}}", "templateDefaults: {script: {sauce: x}}", `unknown field "spec.templateDefaults.script.sauce"`},
		{"below a loosely typed field", "{name: a, value: 1}", "{name: a, value: 1, valu: 2}", `unknown field "spec.arguments.parameters[0].valu"`},
		{"twice", "command: [echo]", "image: x", `already set`},
		{"wrong type", "value: 1", "value: {b: 1}", "must be a string, a number or a boolean, not an object"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, _, err := strict.Decode([]byte(strings.Replace(compatibility, tc.from, tc.to, 1)), nil, nil)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v, want %s", err, tc.want)
			}
		})
	}
}

// Server-side apply takes an object through its unstructured form.
func TestConvertFromUnstructured(t *testing.T) {
	wf := decode(t, compatibility)
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(wf)
	if err != nil {
		t.Fatal(err)
	}
	back, err := scheme.Scheme.ConvertToVersion(&unstructured.Unstructured{Object: content}, argoproj.SchemeGroupVersion)
	if err != nil {
		t.Fatal(err)
	}
	got := back.(*wfv1.Workflow)
	got.TypeMeta = wf.TypeMeta
	if diff := cmp.Diff(wf, got); diff != "" {
		t.Error(diff)
	}
}

// kubectl apply sends strategic merge patches, which know no lists of lists and no JSON of any shape: they must not
// look inside templates.
func TestStrategicMergePatch(t *testing.T) {
	const template = `{"name":"a","steps":[[{"name":"s","template":"t","withItems":[1,{"k":[2]}]}]],"plugin":{"p":{"a":1}}}`
	original := `{"spec":{"entrypoint":"a","podGC":{"strategy":"OnPodSuccess"},"templateDefaults":` + template + `,"templates":[` + template + `]}}`
	patch := `{"spec":{"podGC":{"deleteDelayDuration":"1s"},"templateDefaults":{"steps":[[]],"plugin":{"p":{"b":2}}},"templates":[` +
		strings.Replace(template, `"k"`, `"l"`, 1) + `]}}`
	got, err := strategicpatch.StrategicMergePatch([]byte(original), []byte(patch), &wfv1.Workflow{})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"spec":{"entrypoint":"a","podGC":{"deleteDelayDuration":"1s","strategy":"OnPodSuccess"},` +
		`"templateDefaults":{"plugin":{"p":{"b":2}},"steps":[[]]},` +
		`"templates":[{"name":"a","plugin":{"p":{"a":1}},"steps":[[{"name":"s","template":"t","withItems":[1,{"l":[2]}]}]]}]}}`
	if string(got) != want {
		t.Error(cmp.Diff(want, string(got)))
	}
}

func TestLogOptions(t *testing.T) {
	for _, tc := range []struct {
		query string
		want  *wfv1.WorkflowLogOptions
		err   string
	}{
		{query: "", want: &wfv1.WorkflowLogOptions{}},
		{query: "follow=true&timestamps=1&container=wait&nodeId=n&podName=p&tailLines=3&sinceSeconds=0&prefix=false", want: &wfv1.WorkflowLogOptions{
			Follow: true, Timestamps: true, Container: "wait", NodeID: "n", PodName: "p",
			TailLines: ptr.To[int64](3), SinceSeconds: ptr.To[int64](0), Prefix: ptr.To(false),
		}},
		{query: "follow", want: &wfv1.WorkflowLogOptions{Follow: true}},
		{query: "follow=maybe", err: `query parameter follow: "maybe" is neither true nor false`},
		{query: "tailLines=-1", err: `query parameter tailLines: "-1" is not a number of at least 0`},
		{query: "sinceSeconds=1h", err: `query parameter sinceSeconds: "1h" is not a number of at least 0`},
	} {
		for _, gv := range []schema.GroupVersion{wfv1.SchemeGroupVersion, argoproj.SchemeGroupVersion} {
			t.Run(gv.Group+"?"+tc.query, func(t *testing.T) {
				query, err := url.ParseQuery(tc.query)
				if err != nil {
					t.Fatal(err)
				}
				got := &wfv1.WorkflowLogOptions{}
				err = scheme.ParameterCodec.DecodeParameters(query, gv, got)
				if tc.err != "" {
					if err == nil || err.Error() != tc.err {
						t.Errorf("got error %v, want %s", err, tc.err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				got.TypeMeta = tc.want.TypeMeta
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestFieldLabels(t *testing.T) {
	for _, tc := range []struct {
		kind, label string
		ok          bool
	}{
		{"Workflow", "metadata.name", true},
		{"Workflow", "metadata.namespace", true},
		{"Workflow", "status.phase", true},
		{"Workflow", "spec.workflowTemplateRef.name", true},
		{"Workflow", "spec.entrypoint", false},
		{"WorkflowTemplate", "status.phase", false},
		{"ClusterWorkflowTemplate", "metadata.name", true},
		{"ClusterWorkflowTemplate", "metadata.namespace", false},
		{"CronWorkflow", "status.phase", true},
		{"WorkflowEventBinding", "spec.submit.workflowTemplateRef.name", true},
	} {
		for _, gv := range []schema.GroupVersion{wfv1.SchemeGroupVersion, argoproj.SchemeGroupVersion} {
			label, value, err := scheme.Scheme.ConvertFieldLabel(gv.WithKind(tc.kind), tc.label, "v")
			if tc.ok != (err == nil) || tc.ok && (label != tc.label || value != "v") {
				t.Errorf("%s %s %s: got %q, %q, %v", gv, tc.kind, tc.label, label, value, err)
			}
		}
	}
}
