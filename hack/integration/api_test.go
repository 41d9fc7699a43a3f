// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/ptr"

	"argosy.dev/argosy/apis/argoproj"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/apiserver/apiservertest"
)

func TestFieldSelectors(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{})
	ri := workflows(t, s.Admin, native)
	templates := client(t, s.Admin).Resource(wfv1.SchemeGroupVersion.WithResource("workflowtemplates")).Namespace("default")
	template := workflow(native, "shared")
	template.SetKind("WorkflowTemplate")
	create(t, templates, template)
	for i, phase := range []string{"", "Running", "Running", "Failed"} {
		obj := create(t, ri, workflow(native, fmt.Sprintf("w%d", i)))
		if phase != "" {
			if _, err := ri.UpdateStatus(ctx, with(obj, phase, "status", "phase"), metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
		}
	}
	byRef := workflow(native, "ref")
	byRef.Object["spec"] = map[string]any{"workflowTemplateRef": map[string]any{"name": "shared"}}
	create(t, ri, byRef)

	for selector, want := range map[string]string{
		"status.phase=Running":                           "w1 w2",
		"status.phase=Failed":                            "w3",
		"status.phase!=Running":                          "ref w0 w3",
		"status.phase=":                                  "ref w0",
		"metadata.name=w2":                               "w2",
		"metadata.namespace=default,status.phase=Failed": "w3",
		"spec.workflowTemplateRef.name=shared":           "ref",
	} {
		for _, gvr := range []string{"native", "compat"} {
			for _, version := range []string{"", "0"} {
				list, err := map[string]interface {
					List(context.Context, metav1.ListOptions) (*unstructured.UnstructuredList, error)
				}{"native": ri, "compat": workflows(t, s.Admin, compat)}[gvr].List(ctx, metav1.ListOptions{FieldSelector: selector, ResourceVersion: version})
				if err != nil {
					t.Errorf("%s %s: %v", gvr, selector, err)
					continue
				}
				var names []string
				for _, w := range list.Items {
					names = append(names, w.GetName())
				}
				if got := strings.Join(names, " "); got != want {
					t.Errorf("%s %s at version %q: %q, want %q", gvr, selector, version, got, want)
				}
			}
		}
	}
	if _, err := ri.List(ctx, metav1.ListOptions{FieldSelector: "spec.nothing=x"}); !apierrors.IsBadRequest(err) {
		t.Errorf("unknown field: %v", err)
	}
}

func TestTables(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{})
	ri := workflows(t, s.Admin, native)
	obj := create(t, ri, workflow(native, "w"))
	started := time.Now().Add(-90 * time.Second).UTC().Format(time.RFC3339)
	obj = with(with(with(with(obj, "Running", "status", "phase"), started, "status", "startedAt"), "3/5", "status", "progress"), "two\nlines", "status", "message")
	if _, err := ri.UpdateStatus(ctx, obj, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, group := range []string{"workflow.argosy.dev", "argoproj.io"} {
		r := send(t, s.Admin, "GET", "/apis/"+group+"/v1alpha1/namespaces/default/workflows",
			map[string]string{"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}, nil)
		var table metav1.Table
		if err := json.Unmarshal(r.body, &table); err != nil || len(table.Rows) != 1 {
			t.Fatalf("%s: %v: %s", group, err, r.body)
		}
		var names []string
		for _, c := range table.ColumnDefinitions {
			if c.Priority == 0 {
				names = append(names, c.Name)
			}
		}
		if got := strings.Join(names, " "); got != "Name Status Progress Duration Age Message" {
			t.Errorf("%s: columns %s", group, got)
		}
		cells := fmt.Sprint(table.Rows[0].Cells[:4]...)
		if !strings.HasPrefix(cells, "wRunning3/5") || !strings.Contains(cells, "9") {
			t.Errorf("%s: row %v", group, table.Rows[0].Cells)
		}
		if table.Rows[0].Cells[5] != "two lines" {
			t.Errorf("%s: message %q", group, table.Rows[0].Cells[5])
		}
	}
}

func TestServerSideApply(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{})
	apply := func(gvr string, manager string, parallel any, force bool) (*unstructured.Unstructured, error) {
		g := native
		if gvr == "compat" {
			g = compat
		}
		obj := workflow(g, "a")
		if parallel != nil {
			obj = with(obj, parallel, "spec", "entrypoint")
		}
		body, err := json.Marshal(obj)
		if err != nil {
			t.Fatal(err)
		}
		return workflows(t, s.Admin, g).Patch(ctx, "a", types.ApplyPatchType, body, metav1.PatchOptions{FieldManager: manager, Force: ptr.To(force)})
	}
	made, err := apply("native", "one", nil, false)
	if err != nil || made.GetUID() == "" {
		t.Fatalf("creating by apply: %v", err)
	}
	again, err := apply("native", "one", nil, false)
	if err != nil || again.GetResourceVersion() != made.GetResourceVersion() {
		t.Errorf("applying the same again wrote: %s -> %s, error %v", made.GetResourceVersion(), again.GetResourceVersion(), err)
	}
	second := workflow(native, "a")
	templates := second.Object["spec"].(map[string]any)["templates"].([]any)
	other := map[string]any{"name": "other", "suspend": map[string]any{}}
	second.Object["spec"] = map[string]any{"entrypoint": "other", "templates": append(templates, other)}
	body, err := json.Marshal(second)
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range []string{"workflow.argosy.dev", "argoproj.io"} {
		b := []byte(strings.Replace(string(body), "workflow.argosy.dev", group, 1))
		path := "/apis/" + group + "/v1alpha1/namespaces/default/workflows/a?fieldManager=two"
		r := send(t, s.Admin, "PATCH", path, map[string]string{"Content-Type": "application/apply-patch+yaml"}, b)
		if r.code != 409 || !strings.Contains(r.status.Message, "spec.entrypoint") {
			t.Errorf("%s: conflicting apply: %d %s", group, r.code, r.status.Message)
		}
	}
	r := send(t, s.Admin, "PATCH", "/apis/workflow.argosy.dev/v1alpha1/namespaces/default/workflows/a?fieldManager=two&force=true",
		map[string]string{"Content-Type": "application/apply-patch+yaml"}, body)
	if r.code != 200 {
		t.Errorf("forced apply: %d %s", r.code, r.status.Message)
	}
}

func TestDryRunStoresNothing(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{})
	ri := workflows(t, s.Admin, native)
	out, err := ri.Create(ctx, workflow(native, "dry"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	if err != nil || out.GetUID() == "" {
		t.Errorf("dry run: %v, error %v", out, err)
	}
	if key, _ := stored(t, s, "dry"); key != "" {
		t.Errorf("a dry run stored %s", key)
	}
	generated := workflow(native, "")
	generated.SetName("")
	generated.SetGenerateName("gen-")
	if out := create(t, ri, generated); !strings.HasPrefix(out.GetName(), "gen-") || len(out.GetName()) < 8 {
		t.Errorf("generated name %q", out.GetName())
	}
}

func TestStrictFieldValidation(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{})
	c, w := warned(s.Admin)
	ri := workflows(t, c, native)
	bad := with(workflow(native, "bad"), "x", "spec", "entrypiont")
	_, err := ri.Create(ctx, bad, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
	if !apierrors.IsBadRequest(err) || !strings.Contains(err.Error(), `unknown field "spec.entrypiont"`) {
		t.Errorf("strict: %v", err)
	}
	w.take()
	_, err = ri.Create(ctx, bad, metav1.CreateOptions{FieldValidation: metav1.FieldValidationWarn})
	if got := w.take(); err != nil || !strings.Contains(got, "spec.entrypiont") {
		t.Errorf("warn: %v, warning %q", err, got)
	}
	_, err = ri.Update(ctx, workflow(native, "bad"), metav1.UpdateOptions{})
	if !apierrors.IsInvalid(err) && !apierrors.IsConflict(err) {
		t.Errorf("update without a version: %v", err)
	}
}

func TestConflict(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{})
	ri := workflows(t, s.Admin, native)
	made := create(t, ri, workflow(native, "a"))
	if _, err := ri.Update(ctx, with(made, "1", "metadata", "labels", "x"), metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := workflows(t, s.Admin, compat).Update(ctx, with(with(made, argoproj.SchemeGroupVersion.String(), "apiVersion"), "2", "metadata", "labels", "x"), metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("stale update: %v", err)
	}
}

func TestWatchListAndBookmarks(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s := apiservertest.Start(t, apiservertest.Config{})
	ri := workflows(t, s.Admin, native)
	create(t, ri, workflow(native, "before"))
	w, err := workflows(t, s.Admin, compat).Watch(ctx, metav1.ListOptions{
		SendInitialEvents: ptr.To(true), AllowWatchBookmarks: true, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	next := func() watch.Event {
		select {
		case e := <-w.ResultChan():
			return e
		case <-ctx.Done():
			t.Fatal("no event")
			return watch.Event{}
		}
	}
	if e := next(); e.Type != watch.Added || e.Object.(*unstructured.Unstructured).GetAPIVersion() != "argoproj.io/v1alpha1" {
		t.Errorf("first event: %v", e)
	}
	e := next()
	if e.Type != watch.Bookmark || e.Object.(*unstructured.Unstructured).GetAnnotations()[metav1.InitialEventsAnnotationKey] != "true" {
		t.Errorf("second event: %v", e)
	}
	create(t, ri, workflow(native, "after"))
	if e := next(); e.Type != watch.Added || e.Object.(*unstructured.Unstructured).GetName() != "after" {
		t.Errorf("third event: %v", e)
	}
}

func TestListInPages(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{})
	ri := workflows(t, s.Admin, native)
	for i := range 5 {
		create(t, ri, workflow(native, fmt.Sprintf("w%d", i)))
	}
	seen, token := 0, ""
	for {
		list, err := ri.List(ctx, metav1.ListOptions{Limit: 2, Continue: token})
		if err != nil {
			t.Fatal(err)
		}
		seen += len(list.Items)
		if token = list.GetContinue(); token == "" {
			break
		}
	}
	if seen != 5 {
		t.Errorf("%d workflows in pages, want 5", seen)
	}
}
