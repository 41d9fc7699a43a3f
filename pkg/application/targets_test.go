// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

func targetsOf(t *testing.T, texts ...string) Targets {
	t.Helper()
	in := TargetsInput{
		Destination: "d", Instance: "app", Tracking: Tracking{Annotate: true, Installation: "one"},
		Namespaced: func(gvk schema.GroupVersionKind) (bool, bool) {
			return gvk.Kind == "ConfigMap", gvk.Kind == "ConfigMap" || gvk.Kind == "Namespace"
		},
		Excluded: func(gk schema.GroupKind) bool { return gk.Kind == "Excluded" },
	}
	for _, text := range texts {
		in.Objects = append(in.Objects, parsed(t, text))
	}
	before := in.Objects[0].DeepCopy()
	out := MakeTargets(in)
	if !equal(before, in.Objects[0]) {
		t.Error("a manifest was changed")
	}
	return out
}

func TestMakeTargets(t *testing.T) {
	got := targetsOf(t,
		`{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {is: first}}`,
		`{apiVersion: v1, kind: ConfigMap, metadata: {name: b, namespace: elsewhere}}`,
		`{apiVersion: v1, kind: Namespace, metadata: {name: ns, namespace: wrong}}`,
		`{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: d}, data: {is: second}}`,
		`{apiVersion: x/v1, kind: Excluded, metadata: {name: e}}`,
		`{apiVersion: v1, kind: ConfigMap, metadata: {name: t, annotations: {helm.sh/hook: test}}}`,
		`{apiVersion: v1, kind: ConfigMap, metadata: {generateName: g-, annotations: {argocd.argoproj.io/hook: "PreSync,PostSync"}}}`,
		`{apiVersion: x/v1, kind: Unserved, metadata: {name: u}}`,
		`{apiVersion: x/v1, kind: ClusterUnserved, metadata: {name: u}}`,
	)
	var names []string
	for _, u := range got.Objects {
		names = append(names, u.GetKind()+"/"+u.GetNamespace()+"/"+u.GetName())
	}
	if want := "ConfigMap/d/a ConfigMap/elsewhere/b Namespace//ns ConfigMap/d/ Unserved/d/u ClusterUnserved//u"; strings.Join(names, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(names, " "), want)
	}
	if is, _, _ := unstructured.NestedString(got.Objects[0].Object, "data", "is"); is != "second" {
		t.Errorf("of an object that occurs twice the %s counts", is)
	}
	annotations := got.Objects[1].GetAnnotations()
	if annotations[appv1.AnnotationTrackingID] != "app:/ConfigMap:elsewhere/b" || annotations[appv1.AnnotationInstallationID] != "one" {
		t.Errorf("annotations %v", annotations)
	}
	var found []appv1.ApplicationConditionType
	for _, f := range got.Findings {
		found = append(found, f.Type)
	}
	if len(found) != 2 || found[0] != appv1.ConditionExcludedResourceWarning || found[1] != appv1.ConditionRepeatedResourceWarning {
		t.Errorf("findings %v", got.Findings)
	}
}

// An object of a namespace needs one; without any, the application is wrong.
func TestMakeTargetsWithoutNamespace(t *testing.T) {
	made := func(kind, destination string) Targets {
		u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": kind, "metadata": map[string]any{"name": "a"}}}
		return MakeTargets(TargetsInput{
			Objects: []*unstructured.Unstructured{u}, Destination: destination,
			Namespaced: func(gvk schema.GroupVersionKind) (namespaced, known bool) { return gvk.Kind == "ConfigMap", true },
		})
	}
	if f := made("ConfigMap", "").Findings; len(f) != 1 || f[0].Type != appv1.ConditionInvalidSpecError || f[0].Message != "Namespace for a /v1, Kind=ConfigMap is missing." {
		t.Errorf("findings %v", f)
	}
	if f := append(made("ConfigMap", "ns").Findings, made("Namespace", "").Findings...); len(f) > 0 {
		t.Errorf("findings %v", f)
	}
}

// TestTracking: what is written makes an object ours, and nothing else does.
func TestTracking(t *testing.T) {
	for name, tracking := range map[string]Tracking{
		"annotation":           {Annotate: true},
		"annotation and label": {Annotate: true, Label: "l"},
		"label":                {Label: "l"},
		"installation":         {Annotate: true, Installation: "i"},
	} {
		t.Run(name, func(t *testing.T) {
			u := parsed(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: n}}`)
			if tracking.Owns(u, "app") {
				t.Error("an object that says nothing is ours")
			}
			tracking.Write(u, "app")
			if !tracking.Owns(u, "app") || tracking.Owns(u, "other") {
				t.Error("what was written does not tell whose it is")
			}
			copied := u.DeepCopy()
			copied.SetName("copy")
			if tracking.Annotate && tracking.Owns(copied, "app") {
				t.Error("an annotation that was copied from another object makes it ours")
			}
		})
	}
	long := strings.Repeat("a", 80)
	u := parsed(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: n}}`)
	Tracking{Annotate: true, Label: "l"}.Write(u, long)
	if label := u.GetLabels()["l"]; len(label) != 63 {
		t.Errorf("label of %d bytes", len(label))
	}
}
