// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authorization/authorizer"

	"argosy.dev/argosy/apis/argoproj"
	"argosy.dev/argosy/pkg/apiserver/apiservertest"
)

// Rollouts have a status subresource in both groups, as the peer's do. Analysis runs and experiments have none with the
// peer, so there a write to the object may change status.
func TestRolloutStatus(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{Authorizer: apiservertest.Allow(func(a authorizer.Attributes) bool {
		return a.GetUser().GetName() == "editor" || a.GetSubresource() == ""
	})})
	gv := argoproj.SchemeGroupVersion
	for _, gv := range rolloutGroups {
		name := "status-" + strings.ReplaceAll(gv.Group, ".", "-")
		ros := rolloutsOf(t, s.As("editor"), gv, "rollouts")
		made := create(t, ros, with(rollout(t, gv, name), true, "status", "abort"))
		if _, ok := made.Object["status"]; ok {
			t.Errorf("%s: status came with the object: %v", gv, made.Object["status"])
		}
		// What the peer's plugin does to abort.
		if _, err := ros.Patch(ctx, name, types.MergePatchType, []byte(`{"status":{"abort":true}}`), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
		got, err := ros.Patch(ctx, name, types.MergePatchType, []byte(`{"status":{"abort":true,"observedGeneration":"1","phase":"Degraded"}}`), metav1.PatchOptions{}, "status")
		if err != nil {
			t.Fatal(err)
		}
		if at(t, got, "status", "abort") != true || at(t, got, "status", "observedGeneration") != "1" || got.GetGeneration() != 1 {
			t.Errorf("%s: %v, generation %d", gv, got.Object["status"], got.GetGeneration())
		}
		list, err := ros.List(ctx, metav1.ListOptions{FieldSelector: "status.phase=Degraded,metadata.name=" + name})
		if err != nil || len(list.Items) != 1 {
			t.Errorf("%s: selected %v, %v", gv, list, err)
		}
	}

	exp := fromYAML(t, gv, `
kind: Experiment
metadata: {name: exp, namespace: default}
spec:
  templates:
  - name: a
    selector: {matchLabels: {app: a}}
    template: {metadata: {labels: {app: a}}, spec: {containers: [{name: a, image: b}]}}
status: {phase: Failed, message: done}
`)
	made := create(t, rolloutsOf(t, s.As("editor"), gv, "experiments"), exp)
	if at(t, made, "status", "phase") != "Failed" {
		t.Errorf("status: %v", made.Object["status"])
	}
	// What the peer's plugin does to retry.
	retry := []byte(`{"status":null}`)
	if got, err := rolloutsOf(t, s.As("viewer"), gv, "experiments").Patch(ctx, "exp", types.MergePatchType, retry, metav1.PatchOptions{}); err != nil || at(t, got, "status", "phase") != "Failed" {
		t.Errorf("who may not write status gets %v, %v", got, err)
	}
	got, err := rolloutsOf(t, s.As("editor"), gv, "experiments").Patch(ctx, "exp", types.MergePatchType, retry, metav1.PatchOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if status, ok := got.Object["status"]; ok {
		t.Errorf("status is still %v", status)
	}
}

// kubectl get shows the peer's columns, and more.
func TestRolloutTables(t *testing.T) {
	s := apiservertest.Start(t, apiservertest.Config{})
	for _, gv := range rolloutGroups {
		name := "table-" + strings.ReplaceAll(gv.Group, ".", "-")
		create(t, rolloutsOf(t, s.Admin, gv, "rollouts"), rollout(t, gv, name))
		for path, want := range map[string]string{
			"rollouts":                            "Name,Status,Strategy,Step,Weight,Desired,Current,Up-to-date,Available,Age",
			"rollouts/" + name + "/scale":         "Name,Desired,Available,Age",
			"analysisruns":                        "Name,Status,Metrics,Duration,Age,Message",
			"experiments":                         "Name,Status,Templates,Duration,Age,Message",
			"analysistemplates":                   "Name,Metrics,Age",
			"../../clusteranalysistemplates":      "Name,Metrics,Age",
			"rollouts?fieldSelector=status.phase": "Name,Status,Strategy,Step,Weight,Desired,Current,Up-to-date,Available,Age",
		} {
			prefix := "/apis/" + gv.String() + "/"
			full := prefix + "namespaces/default/" + path
			if after, ok := strings.CutPrefix(path, "../../"); ok {
				full = prefix + after
			}
			if strings.HasSuffix(full, "status.phase") {
				full += "%3D"
			}
			r := send(t, s.Admin, "GET", full, map[string]string{"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}, nil)
			var table metav1.Table
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(r.decoded, &table); err != nil || r.code != 200 {
				t.Fatalf("%s: %d, %v: %s", full, r.code, err, r.body)
			}
			var names []string
			for _, c := range table.ColumnDefinitions {
				if c.Priority == 0 {
					names = append(names, c.Name)
				}
			}
			if got := strings.Join(names, ","); got != want {
				t.Errorf("%s: %s, want %s", full, got, want)
			}
		}
	}
	// kubectl explain finds its way into the template.
	r := send(t, s.Admin, "GET", "/openapi/v3/apis/argoproj.io/v1alpha1", map[string]string{"Accept": "application/json"}, nil)
	model := `"template":{"description":"template is what the pods are made from. Exactly one of template and workloadRef is set.","allOf":[{"$ref":"#/components/schemas/io.k8s.api.core.v1.PodTemplateSpec"}]}`
	if r.code != 200 || !strings.Contains(string(r.body), model) {
		i := strings.Index(string(r.body), `Exactly one of template and workloadRef`)
		t.Errorf("%d: %.300s", r.code, r.body[max(i-200, 0):])
	}
}
