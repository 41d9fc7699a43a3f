// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"argosy.dev/argosy/apis/argoproj"
	"argosy.dev/argosy/pkg/apiserver/apiservertest"
)

func TestApplicationsAreSelectedAndPrinted(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{})
	native, compat := applicationGroups[0], applicationGroups[1]
	ri := workflows(t, s.Admin, native)
	for i, status := range []string{"Synced", "OutOfSync", ""} {
		obj := create(t, ri, application(native, fmt.Sprintf("app%d", i)))
		if status == "" {
			continue
		}
		obj = with(with(obj, status, "status", "sync", "status"), "Degraded", "status", "health", "status")
		obj = with(obj, "0123456789012345678901234567890123456789", "status", "sync", "revision")
		if _, err := ri.UpdateStatus(ctx, obj, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	elsewhere := application(native, "elsewhere")
	elsewhere.Object["spec"].(map[string]any)["destination"] = map[string]any{"server": "https://a.example:6443", "namespace": "b"}
	delete(elsewhere.Object["spec"].(map[string]any), "project")
	create(t, ri, elsewhere)
	for _, gvr := range []schema.GroupVersionResource{native, compat} {
		for selector, want := range map[string]string{
			"status.sync.status=Synced":                                  "app0",
			"status.sync.status=OutOfSync,status.health.status=Degraded": "app1",
			"status.health.status!=Degraded":                             "app2 elsewhere",
			"spec.project=web":                                           "app0 app1 app2",
			"spec.project=default":                                       "elsewhere",
			"spec.destination.server=https://a.example:6443":             "elsewhere",
			"spec.destination.name=in-cluster":                           "app0 app1 app2",
			"spec.destination.namespace=b":                               "elsewhere",
		} {
			list, err := workflows(t, s.Admin, gvr).List(ctx, metav1.ListOptions{FieldSelector: selector})
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, item := range list.Items {
				names = append(names, item.GetName())
			}
			if got := strings.Join(names, " "); got != want {
				t.Errorf("%s %s: %s, want %s", gvr.Group, selector, got, want)
			}
		}
		r := send(t, s.Admin, "GET", "/apis/"+gvr.GroupVersion().String()+"/namespaces/default/applications/app1",
			map[string]string{"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}, nil)
		var table metav1.Table
		if err := json.Unmarshal(r.body, &table); err != nil {
			t.Fatal(err)
		}
		got := map[string]any{}
		for i, c := range table.ColumnDefinitions {
			got[c.Name] = table.Rows[0].Cells[i]
		}
		for name, want := range map[string]any{
			"Name": "app1", "Sync Status": "OutOfSync", "Health Status": "Degraded", "Project": "web", "Version": "0123456",
			"Revision": "0123456789012345678901234567890123456789", "Destination": "in-cluster/shop",
		} {
			if got[name] != want {
				t.Errorf("%s: %v, want %v", name, got[name], want)
			}
		}
	}
}

// What any JSON may be in is replaced as a whole by patches, and kept apart by server-side apply.
func TestApplicationsAreMerged(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{})
	for _, gvr := range applicationGroups {
		t.Run(gvr.Group, func(t *testing.T) {
			ri := workflows(t, s.Admin, gvr)
			name := "merged-" + strings.ReplaceAll(gvr.Group, ".", "-")
			create(t, ri, application(gvr, name))
			out, err := ri.Patch(ctx, name, types.StrategicMergePatchType, []byte(`{"spec":{"source":{"helm":{"valuesObject":{"new":{"deep":[1]}}}},"syncPolicy":{"automated":{},"syncOptions":["CreateNamespace=true"]}}}`), metav1.PatchOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[string]any{"new": map[string]any{"deep": []any{int64(1)}}}, at(t, out, "spec", "source", "helm", "valuesObject")); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(map[string]any{"automated": map[string]any{}, "syncOptions": []any{"CreateNamespace=true"}}, at(t, out, "spec", "syncPolicy")); diff != "" {
				t.Error(diff)
			}

			applied := &unstructured.Unstructured{Object: map[string]any{
				"apiVersion": gvr.GroupVersion().String(), "kind": "Application", "metadata": map[string]any{"name": name},
				"spec": map[string]any{"revisionHistoryLimit": int64(0), "syncPolicy": map[string]any{"retry": map[string]any{"limit": int64(-1)}}},
			}}
			out, err = ri.Apply(ctx, name, applied, metav1.ApplyOptions{FieldManager: "gitops"})
			if err != nil {
				t.Fatal(err)
			}
			if at(t, out, "spec", "revisionHistoryLimit") != int64(0) || at(t, out, "spec", "syncPolicy", "retry", "limit") != int64(-1) || at(t, out, "spec", "project") != "web" {
				t.Errorf("applied: %v", at(t, out, "spec"))
			}
			// What is no longer applied goes, and nothing else.
			unstructured.RemoveNestedField(applied.Object, "spec", "syncPolicy")
			out, err = ri.Apply(ctx, name, applied, metav1.ApplyOptions{FieldManager: "gitops"})
			if err != nil {
				t.Fatal(err)
			}
			if at(t, out, "spec", "syncPolicy", "retry") != nil || at(t, out, "spec", "syncPolicy", "automated") == nil {
				t.Errorf("applied: %v", at(t, out, "spec", "syncPolicy"))
			}
		})
	}
	t.Run("status of projects", func(t *testing.T) {
		gvr := argoproj.SchemeGroupVersion.WithResource("appprojects")
		ri := workflows(t, s.Admin, gvr)
		create(t, ri, &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": gvr.GroupVersion().String(), "kind": "AppProject", "metadata": map[string]any{"name": "web"}, "spec": map[string]any{},
			"status": map[string]any{"jwtTokensByRole": map[string]any{"ci": map[string]any{"items": []any{map[string]any{"iat": int64(1)}}}}},
		}})
		out, err := ri.Patch(ctx, "web", types.StrategicMergePatchType, []byte(`{"status":{"jwtTokensByRole":{"ci":{"items":[{"iat":2}]}}}}`), metav1.PatchOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]any{map[string]any{"iat": int64(2)}}, at(t, out, "status", "jwtTokensByRole", "ci", "items")); diff != "" {
			t.Error(diff)
		}
	})
}

// What the types cannot know is said at once, with its place.
func TestApplicationsAreChecked(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{})
	for _, gvr := range applicationGroups {
		c, w := warned(s.Admin)
		ri := workflows(t, c, gvr)
		bad := with(application(gvr, "bad"), "https://a.example", "spec", "destination", "server")
		_, err := ri.Create(ctx, bad, metav1.CreateOptions{})
		if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "spec.destination") {
			t.Errorf("want a refusal of spec.destination, got %v", err)
		}
		w.take()
		odd := with(application(gvr, "odd-"+strings.ReplaceAll(gvr.Group, ".", "-")), []any{"PruneLst=true"}, "spec", "syncPolicy", "syncOptions")
		create(t, ri, odd)
		if got := w.take(); !strings.Contains(got, "spec.syncPolicy.syncOptions[0]") || strings.Contains(got, "nothing acts on them") {
			t.Errorf("warnings %q", got)
		}
		unknown := with(application(gvr, "unknown"), "x", "spec", "source", "revision")
		if _, err := ri.Create(ctx, unknown, metav1.CreateOptions{FieldValidation: "Strict"}); err == nil || !strings.Contains(err.Error(), `unknown field "spec.source.revision"`) {
			t.Errorf("want a refusal of the unknown field, got %v", err)
		}
	}
}
