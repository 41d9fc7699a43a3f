// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/apiserver/apiservertest"
)

func TestTwoGroupsShareOneStore(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{})
	for name, gvrs := range map[string][2]schema.GroupVersionResource{
		"compat-first": {compat, native}, "native-first": {native, compat},
	} {
		t.Run(name, func(t *testing.T) {
			obj := with(workflow(gvrs[0], name), strings.Repeat("long ", 2000), "metadata", "annotations", "note")
			made := create(t, workflows(t, s.Admin, gvrs[0]), obj)
			read, err := workflows(t, s.Admin, gvrs[1]).Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if made.GetUID() != read.GetUID() || made.GetResourceVersion() != read.GetResourceVersion() {
				t.Errorf("uid and version: %s/%s and %s/%s", made.GetUID(), made.GetResourceVersion(), read.GetUID(), read.GetResourceVersion())
			}
			if read.GetAPIVersion() != gvrs[1].GroupVersion().String() || made.GetAPIVersion() != gvrs[0].GroupVersion().String() {
				t.Errorf("apiVersion: made %s, read %s", made.GetAPIVersion(), read.GetAPIVersion())
			}
			key, value := stored(t, s, name)
			if want := "/registry/workflow.argosy.dev/workflows/default/" + name; key != want {
				t.Errorf("stored under %q, want %q", key, want)
			}
			plain, err := decompress(value)
			if err != nil {
				t.Fatalf("not a zstd value (%d bytes beginning %x): %v", len(value), value[:4], err)
			}
			if !bytes.Contains(plain, []byte(`"apiVersion":"workflow.argosy.dev/v1alpha1"`)) {
				t.Errorf("stored object is not in the native version: %.200s", plain)
			}
			if len(value) > len(plain)/5 {
				t.Errorf("%d bytes stored for %d", len(value), len(plain))
			}
		})
	}
	t.Run("body of the other group", func(t *testing.T) {
		_, err := workflows(t, s.Admin, native).Create(ctx, workflow(compat, "x"), metav1.CreateOptions{})
		if !apierrors.IsBadRequest(err) {
			t.Errorf("got %v, want a bad request", err)
		}
	})
}

func decompress(b []byte) ([]byte, error) {
	d, err := zstd.NewReader(nil)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.DecodeAll(b, nil)
}

func TestDiscovery(t *testing.T) {
	s := apiservertest.Start(t, apiservertest.Config{})
	d, err := discovery.NewDiscoveryClientForConfig(s.Admin)
	if err != nil {
		t.Fatal(err)
	}
	// The kinds by native group, as SINGULAR/SHORT NAMES, and the kinds of what their subresources take.
	kinds := map[string]map[string]string{
		native.Group: {
			"workflows":                "workflow/wf",
			"workflowtemplates":        "workflowtemplate/wftmpl",
			"clusterworkflowtemplates": "clusterworkflowtemplate/clusterwftmpl,cwft",
			"cronworkflows":            "cronworkflow/cwf,cronwf",
			"workfloweventbindings":    "workfloweventbinding/wfeb",
		},
		rov1.GroupName: {
			"rollouts":                 "rollout/ro",
			"analysistemplates":        "analysistemplate/at",
			"clusteranalysistemplates": "clusteranalysistemplate/cat",
			"analysisruns":             "analysisrun/ar",
			"experiments":              "experiment/exp",
		},
	}
	subresources := map[string]map[string]string{
		native.Group: {
			"workflows/status": "Workflow", "cronworkflows/status": "CronWorkflow",
			"workflows/stop": "WorkflowStop", "workflows/terminate": "WorkflowTerminate",
			"workflows/suspend": "WorkflowSuspend", "workflows/resume": "WorkflowResume", "workflows/log": "",
		},
		rov1.GroupName: {
			"rollouts/status": "Rollout", "rollouts/scale": "Scale", "analysisruns/status": "AnalysisRun", "experiments/status": "Experiment",
		},
	}
	for group, natives := range kinds {
		for _, gv := range []string{group + "/v1alpha1", compat.GroupVersion().String()} {
			list, err := d.ServerResourcesForGroupVersion(gv)
			if err != nil {
				t.Fatal(err)
			}
			served := map[string]metav1.APIResource{}
			for _, r := range list.APIResources {
				served[r.Name] = r
			}
			for name, wanted := range natives {
				r := served[name]
				// kubectl warns of short names that are in two groups.
				if gv == compat.GroupVersion().String() {
					wanted = wanted[:strings.Index(wanted, "/")+1]
				}
				if got := r.SingularName + "/" + strings.Join(r.ShortNames, ","); got != wanted {
					t.Errorf("%s %s: %q, want %q", gv, name, got, wanted)
				}
				if !slices.Equal(r.Categories, []string{"argosy"}) {
					t.Errorf("%s %s: categories %v", gv, name, r.Categories)
				}
				if r.Namespaced == strings.HasPrefix(name, "cluster") {
					t.Errorf("%s %s: namespaced %v", gv, name, r.Namespaced)
				}
			}
			for name, kind := range subresources[group] {
				if r, ok := served[name]; !ok || kind != "" && r.Kind != kind {
					t.Errorf("%s %s has kind %q, want %q", gv, name, r.Kind, kind)
				}
			}
		}
	}
}

func TestOpenAPIHidesInternalVersion(t *testing.T) {
	s := apiservertest.Start(t, apiservertest.Config{})
	for _, path := range []string{"/openapi/v2", "/openapi/v3/apis/workflow.argosy.dev/v1alpha1", "/openapi/v3/apis/argoproj.io/v1alpha1"} {
		r := send(t, s.Admin, "GET", path, map[string]string{"Accept": "application/json"}, nil)
		if r.code != 200 || !bytes.Contains(r.body, []byte("WorkflowSpec")) {
			t.Errorf("%s: %d, %d bytes", path, r.code, len(r.body))
		}
		for _, model := range []string{"io.k8s.api.core.v1.Container", "ScriptTemplate"} {
			if required, found := requiredOf(t, r.decoded, model); !found || slices.Contains(required, "name") {
				t.Errorf("%s: %s (found: %v) requires %v; the server names a template's container", path, model, found, required)
			}
		}
		if bytes.Contains(r.body, []byte("__internal")) {
			t.Errorf("%s mentions __internal", path)
		}
		if !bytes.Contains(r.body, []byte(`"group":"argoproj.io"`)) {
			t.Errorf("%s does not name the kinds of the compatibility group", path)
		}
	}
}

// requiredOf returns what the schema whose name ends with model requires.
func requiredOf(t *testing.T, doc map[string]any, model string) (required []string, found bool) {
	t.Helper()
	schemas, ok := doc["definitions"].(map[string]any)
	if !ok {
		components, _ := doc["components"].(map[string]any)
		schemas, _ = components["schemas"].(map[string]any)
	}
	for name, schema := range schemas {
		if strings.HasSuffix(name, model) {
			list, _, err := unstructured.NestedStringSlice(schema.(map[string]any), "required")
			if err != nil {
				t.Fatal(err)
			}
			return list, true
		}
	}
	return nil, false
}

func TestProtobufIsNotOffered(t *testing.T) {
	s := apiservertest.Start(t, apiservertest.Config{})
	create(t, workflows(t, s.Admin, native), workflow(native, "a"))
	const path = "/apis/workflow.argosy.dev/v1alpha1/namespaces/default/workflows"
	if r := send(t, s.Admin, "GET", path, map[string]string{"Accept": "application/vnd.kubernetes.protobuf"}, nil); r.code != 406 {
		t.Errorf("protobuf alone: %d, want 406", r.code)
	}
	// As the namespace controller asks.
	r := send(t, s.Admin, "DELETE", path, map[string]string{"Accept": "application/vnd.kubernetes.protobuf,application/json"}, nil)
	if r.code != 200 || !strings.HasPrefix(r.header.Get("Content-Type"), "application/json") {
		t.Errorf("deleting a collection: %d %s: %s", r.code, r.header.Get("Content-Type"), r.body)
	}
	list, err := workflows(t, s.Admin, compat).List(context.Background(), metav1.ListOptions{})
	if err != nil || len(list.Items) != 0 {
		t.Errorf("%d workflows left, error %v", len(list.Items), err)
	}
}

func TestRestartKeepsData(t *testing.T) {
	ctx := context.Background()
	dir := apiservertest.TempDir(t)
	s := apiservertest.Start(t, apiservertest.Config{DataDir: dir})
	made := create(t, workflows(t, s.Admin, native), workflow(native, "kept"))
	s.Stop()
	s = apiservertest.Start(t, apiservertest.Config{DataDir: dir})
	read, err := workflows(t, s.Admin, native).Get(ctx, "kept", metav1.GetOptions{})
	if err != nil || read.GetUID() != made.GetUID() || read.GetResourceVersion() != made.GetResourceVersion() {
		t.Errorf("after restart: %v, error %v", read, err)
	}
}
