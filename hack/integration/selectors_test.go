// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"

	"argosy.dev/argosy/hack/conformance/random"
	"argosy.dev/argosy/hack/schemas"
	"argosy.dev/argosy/pkg/apiserver/apiservertest"
)

// selectable are the fields that kubectl get --field-selector takes, by kind, besides names and namespaces.
var selectable = map[string][]string{
	"Workflow":             {"status.phase"},
	"CronWorkflow":         {"status.phase"},
	"Application":          {"spec.project", "status.health.status", "status.sync.status", "spec.destination.namespace"},
	"Rollout":              {"status.phase"},
	"AnalysisRun":          {"status.phase"},
	"Experiment":           {"status.phase"},
	"WorkflowEventBinding": {"spec.submit.workflowTemplateRef.name"},
}

// What people filter by is a field selector in both groups: of lists, and of watches.
func TestFieldSelectorsOfAllKinds(t *testing.T) {
	schemas.SharedForTest(t, "schemas")
	s := apiservertest.Start(t, apiservertest.Config{})
	for _, family := range schemas.Families {
		for _, k := range schemas.KindsForTest(t, family) {
			for _, label := range selectable[k.Name] {
				t.Run(k.Name+" "+label, func(t *testing.T) { checkSelector(t, s, k, label) })
			}
		}
	}
}

func checkSelector(t *testing.T, s *apiservertest.Server, k *schemas.Kind, label string) {
	ctx, path := context.Background(), strings.Split(label, ".")
	values := valuesOf(k, label)
	resource := func(i int) dynamic.ResourceInterface {
		gvr := groupsOf(k.Family)[i].WithResource(k.Names.Plural)
		return client(t, s.Admin).Resource(gvr).Namespace("default")
	}
	skeleton, err := random.Skeleton(k.Name)
	if err != nil {
		t.Fatal(err)
	}
	for i, value := range values {
		gv := groupsOf(k.Family)[i]
		obj := (&unstructured.Unstructured{Object: skeleton}).DeepCopy()
		obj.SetAPIVersion(gv.String())
		obj.SetKind(k.Name)
		obj.SetName("selected-" + strings.ToLower(value))
		if path[0] == "spec" {
			obj = with(obj, value, path...)
		}
		made, err := resource(i).Create(ctx, obj, metav1.CreateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := resource(i).Delete(ctx, made.GetName(), metav1.DeleteOptions{}); err != nil {
				t.Error(err)
			}
		})
		if path[0] == "status" {
			if _, err := resource(i).UpdateStatus(ctx, with(made, value, path...), metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range groupsOf(k.Family) {
		for _, value := range values {
			want := []string{"selected-" + strings.ToLower(value)}
			options := metav1.ListOptions{FieldSelector: label + "=" + value}
			list, err := resource(i).List(ctx, options)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, o := range list.Items {
				got = append(got, o.GetName())
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s in %s: listed %v, want %v", options.FieldSelector, groupsOf(k.Family)[i].Group, got, want)
			}
			if got := firstWatched(t, resource(i), options); got != want[0] {
				t.Errorf("%s in %s: watched %s, want %s", options.FieldSelector, groupsOf(k.Family)[i].Group, got, want[0])
			}
		}
	}
	for i := range groupsOf(k.Family) {
		if _, err := resource(i).List(ctx, metav1.ListOptions{FieldSelector: "spec.nothing=x"}); err == nil {
			t.Errorf("%s: a selector of a field that cannot be selected is taken", groupsOf(k.Family)[i].Group)
		}
	}
}

// valuesOf are two values of a field, one for an object made in each group.
func valuesOf(k *schemas.Kind, label string) []string {
	if s := k.Find("." + label); s != nil && len(s.Enum) > 0 {
		var out []string
		for _, v := range s.Enum {
			if text, ok := v.(string); ok && text != "" && len(out) < 2 {
				out = append(out, text)
			}
		}
		return out
	}
	if strings.HasPrefix(label, "status.") {
		return []string{"Running", "Failed"}
	}
	return []string{"one", "two"}
}

// firstWatched is the name of the first object that a watch tells of, or "" if it tells of none that is there.
func firstWatched(t *testing.T, r dynamic.ResourceInterface, options metav1.ListOptions) string {
	t.Helper()
	options.ResourceVersion = "0"
	w, err := r.Watch(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	e := <-w.ResultChan()
	if o, ok := e.Object.(*unstructured.Unstructured); ok && e.Type == watch.Added {
		return o.GetName()
	}
	return ""
}
