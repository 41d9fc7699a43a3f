// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/managedfields/managedfieldstest"
	"k8s.io/client-go/applyconfigurations"
	"k8s.io/client-go/kubernetes/scheme"
	"pgregory.net/rapid"
)

var deployments = schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}

// server is the API server's own code for server-side apply, without storage, validation and defaults.
func server() *managedfields.FieldManager {
	return managedfieldstest.NewFakeFieldManager(applyconfigurations.NewTypeConverter(scheme.Scheme), deployments)
}

func empty() *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{"apiVersion": "apps/v1", "kind": "Deployment"}}
}

// names of few letters meet often.
func few(t *rapid.T, what string, from ...string) string {
	return rapid.SampledFrom(from).Draw(t, what)
}

// manifest draws a Deployment.
func manifest(t *rapid.T) *unstructured.Unstructured {
	pairs := func(what string) map[string]any {
		out := map[string]any{}
		for range rapid.IntRange(0, 2).Draw(t, what+"s") {
			out[few(t, what, "a", "b", "c")] = few(t, what+" value", "1", "2")
		}
		return out
	}
	var containers []any
	for i := range rapid.IntRange(1, 2).Draw(t, "containers") {
		c := map[string]any{"name": fmt.Sprint("c", i), "image": few(t, "image", "x", "y")}
		var ports, env []any
		for j := range rapid.IntRange(0, 2).Draw(t, "ports") {
			port := map[string]any{"containerPort": int64(80 + j)}
			if rapid.Bool().Draw(t, "protocol") {
				port["protocol"] = "TCP"
			}
			ports = append(ports, port)
		}
		for j := range rapid.IntRange(0, 2).Draw(t, "env") {
			env = append(env, map[string]any{"name": fmt.Sprint("E", j), "value": few(t, "env value", "", "1", "2")})
		}
		if ports != nil {
			c["ports"] = ports
		}
		if env != nil {
			c["env"] = env
		}
		if rapid.Bool().Draw(t, "command") {
			c["command"] = []any{"sh", few(t, "argument", "a", "b")}
		}
		containers = append(containers, c)
	}
	spec := map[string]any{"containers": containers}
	if rapid.Bool().Draw(t, "volume") {
		spec["volumes"] = []any{map[string]any{"name": "v", "emptyDir": map[string]any{}}}
	}
	labels := pairs("label")
	labels["app"] = "a"
	out := map[string]any{
		"selector": map[string]any{"matchLabels": map[string]any{"app": "a"}},
		"template": map[string]any{"metadata": map[string]any{"labels": labels}, "spec": spec},
	}
	if rapid.Bool().Draw(t, "has replicas") {
		out["replicas"] = int64(rapid.IntRange(1, 3).Draw(t, "replicas"))
	}
	u := empty()
	u.Object["spec"] = out
	u.SetName("d")
	u.SetNamespace("n")
	if annotations := pairs("annotation"); len(annotations) > 0 {
		u.Object["metadata"].(map[string]any)["annotations"] = annotations
	}
	return u
}

func apply(t *rapid.T, live, target *unstructured.Unstructured, manager string) *unstructured.Unstructured {
	out, err := server().Apply(live.DeepCopy(), target.DeepCopy(), manager, true)
	if err != nil {
		t.Fatalf("apply: %v", err)
	}
	return out.(*unstructured.Unstructured)
}

// defaults writes what the API server adds and nobody owns.
func defaults(u *unstructured.Unstructured) {
	spec := u.Object["spec"].(map[string]any)
	if spec["replicas"] == nil {
		spec["replicas"] = int64(1)
	}
	spec["revisionHistoryLimit"] = int64(10)
	pod := spec["template"].(map[string]any)["spec"].(map[string]any)
	pod["restartPolicy"] = "Always"
	for _, c := range pod["containers"].([]any) {
		c := c.(map[string]any)
		c["terminationMessagePath"] = "/dev/termination-log"
		if ports, ok := c["ports"].([]any); ok {
			for _, p := range ports {
				p.(map[string]any)["protocol"] = "TCP"
			}
		}
	}
	u.SetResourceVersion("7")
	u.SetUID("u")
	u.SetGeneration(3)
	u.Object["status"] = map[string]any{"replicas": int64(1)}
}

// What was just applied is not modified, and needs no dry run to say so.
func TestAppliedIsNotModified(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		target := manifest(t)
		live := apply(t, empty(), target, DefaultManager)
		defaults(live)
		if NeedsPrediction(target, live, "") {
			t.Fatalf("needs a prediction:\n%v\n%v", target.Object, live.Object)
		}
		for _, predicted := range []*unstructured.Unstructured{nil, live} {
			r, err := Compare(target, live, predicted, Options{})
			if err != nil || r.Modified {
				t.Fatalf("modified (predicted: %v): %v", predicted != nil, err)
			}
		}
	})
}

// Where no prediction is said to be needed, an apply changes nothing, whoever has written what before.
func TestNeedsPredictionIsSound(t *testing.T) {
	plain := 0
	rapid.Check(t, func(t *rapid.T) {
		target := manifest(t)
		live := empty()
		for range rapid.IntRange(1, 3).Draw(t, "writes") {
			by := few(t, "manager", DefaultManager, DefaultManager, "other")
			write := target
			if rapid.IntRange(0, 2).Draw(t, "same") > 0 {
				write = manifest(t)
			}
			if rapid.Bool().Draw(t, "update") && live.GetName() != "" {
				out, err := server().Update(live.DeepCopy(), func() *unstructured.Unstructured {
					w := write.DeepCopy()
					w.SetManagedFields(live.GetManagedFields())
					return w
				}(), "kubectl")
				if err != nil {
					t.Fatalf("update: %v", err)
				}
				live = out.(*unstructured.Unstructured)
				continue
			}
			live = apply(t, live, write, by)
		}
		if rapid.Bool().Draw(t, "ours last") {
			live = apply(t, live, target, DefaultManager)
			if rapid.Bool().Draw(t, "touched") {
				l := live.GetLabels()
				if l == nil {
					l = map[string]string{}
				}
				l["touched"] = "by hand"
				live.SetLabels(l)
			}
		}
		predicted := apply(t, live, target, DefaultManager)
		r, err := Compare(target, live, predicted, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if NeedsPrediction(target, live, "") {
			return
		}
		plain++
		if !equal(live.Object["spec"], predicted.Object["spec"]) || r.Modified {
			t.Fatalf("an apply changes\n%v\nto\n%v\nthough it was said to be plain that it does not", live.Object, predicted.Object)
		}
		if len(live.GetManagedFields()) != len(predicted.GetManagedFields()) {
			t.Fatal("an apply changes who owns what")
		}
	})
	if plain == 0 {
		t.Error("no case was plain: the test says nothing")
	}
}

// Any single change of a manifest is seen: in the dry run's answer, and that one is needed.
func TestChangesAreSeen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first, second := manifest(t), manifest(t)
		live := apply(t, empty(), first, DefaultManager)
		predicted := apply(t, live, second, DefaultManager)
		r, err := Compare(second, live, predicted, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if want := !equal(first.Object, second.Object); want && !NeedsPrediction(second, live, "") {
			t.Fatalf("another manifest needs no prediction:\n%v\n%v", first.Object, second.Object)
		} else if !want && r.Modified {
			t.Fatal("the same manifest is a modification")
		}
		if r.Modified != !equal(bare(live).Object["spec"], bare(predicted).Object["spec"]) && fmt.Sprint(live.GetAnnotations()) == fmt.Sprint(predicted.GetAnnotations()) {
			t.Fatalf("modified is %v", r.Modified)
		}
		text, err := Unified(r.Live, r.Predicted)
		if err != nil || (text != "") != r.Modified && r.Modified {
			t.Fatalf("modified is %v, but the diff is %q: %v", r.Modified, text, err)
		}
	})
}
