// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"argosy.dev/argosy/hack/e2e/framework"
)

// raw reads a path of the cluster as it is on the wire.
func raw(t *testing.T, path string) []byte {
	t.Helper()
	data, err := admin.Kube.CoreV1().RESTClient().Get().RequestURI(path).SetHeader("Accept", "application/json").DoRaw(within(t, time.Minute))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return data
}

// Spec and status are written by different requests; in argoproj.io, where the
// peer has no status subresource, by one who may do both.
func TestStatusSplit(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	native, compat := framework.Native("workflows"), framework.Compat("workflows")
	allow(t, ns, "bob", bob, framework.CompatGroup, "patch", "workflows")
	wf := startGated(t, ns)
	forged := []byte(`{"status":{"message":"forged"},"metadata":{"annotations":{"touched":"yes"}}}`)
	mainMessage := func(do func(context.Context) error) (string, string) {
		t.Helper()
		if err := do(within(t, time.Minute)); err != nil {
			t.Fatal(err)
		}
		o, err := admin.Dynamic.Resource(native).Namespace(ns).Get(within(t, time.Minute), wf.GetName(), metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return field(o, "status", "message"), o.GetAnnotations()["touched"]
	}
	message, touched := mainMessage(func(ctx context.Context) error {
		_, err := admin.Dynamic.Resource(native).Namespace(ns).Patch(ctx, wf.GetName(), types.MergePatchType, forged, metav1.PatchOptions{})
		return err
	})
	if message == "forged" || touched != "yes" {
		t.Errorf("native main resource: message %q, annotation %q: want the status left alone and the rest written", message, touched)
	}
	// bob may write the main resource, and not the status.
	var warnings []string
	message, _ = mainMessage(func(ctx context.Context) error {
		r := bob.Kube.CoreV1().RESTClient().Patch(types.MergePatchType).RequestURI(fmt.Sprintf("/apis/%s/v1alpha1/namespaces/%s/workflows/%s", framework.CompatGroup, ns, wf.GetName())).Body(forged).Do(ctx)
		for _, w := range r.Warnings() {
			warnings = append(warnings, w.Text)
		}
		return r.Error()
	})
	if message == "forged" {
		t.Error("bob wrote the status through argoproj.io without the right to")
	}
	if !strings.Contains(strings.Join(warnings, "\n"), "status") {
		t.Errorf("bob's status was ignored without a warning: %q", warnings)
	}
	// What the peer's command line does to resume: it edits nodes and spec in
	// one request to the main resource.
	mainMessage(func(ctx context.Context) error {
		o, err := admin.Dynamic.Resource(compat).Namespace(ns).Get(ctx, wf.GetName(), metav1.GetOptions{})
		if err != nil {
			return err
		}
		nodes, _, err := unstructured.NestedMap(o.Object, "status", "nodes")
		if err != nil {
			return err
		}
		for _, n := range nodes {
			if m, ok := n.(map[string]any); ok && m["type"] == "Suspend" {
				m["phase"] = "Succeeded"
				m["finishedAt"] = time.Now().UTC().Format(time.RFC3339)
			}
		}
		if err := unstructured.SetNestedMap(o.Object, nodes, "status", "nodes"); err != nil {
			return err
		}
		_, err = admin.Dynamic.Resource(compat).Namespace(ns).Update(ctx, o, metav1.UpdateOptions{})
		return err
	})
	if done := waitCompleted(t, ns, wf.GetName()); field(done, "status", "phase") != "Succeeded" {
		t.Errorf("resumed as the peer's command line does: %s", field(done, "status", "phase"))
	}
	// And to stop: a patch of the spec.
	wf = startGated(t, ns)
	if _, err := admin.Dynamic.Resource(compat).Namespace(ns).Patch(t.Context(), wf.GetName(), types.MergePatchType, []byte(`{"spec":{"shutdown":"Stop"}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	if done := waitCompleted(t, ns, wf.GetName()); field(done, "status", "phase") != "Failed" {
		t.Errorf("stopped as the peer's command line does: %s", field(done, "status", "phase"))
	}
}

// Loosely typed places keep what was written: digits, order, shape.
func TestLooseValues(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	body := `{"apiVersion":"argoproj.io/v1alpha1","kind":"WorkflowTemplate","metadata":{"name":"loose"},"spec":{"entrypoint":"m",
"arguments":{"parameters":[{"name":"f","value":1.10},{"name":"big","value":12345678901234567890},{"name":"b","value":true},{"name":"s","value":"007"}]},
"templates":[{"name":"m","steps":[[{"name":"a","template":"t","withItems":[{"z":1.10,"a":[1,"1",null]},2.50,"x",false]}]]},{"name":"t","container":{"image":"busybox","command":["true"]}}]}}`
	r := admin.Kube.CoreV1().RESTClient().Post().RequestURI("/apis/argoproj.io/v1alpha1/namespaces/"+ns+"/workflowtemplates?fieldValidation=Strict").
		SetHeader("Content-Type", "application/json").Body([]byte(body)).Do(within(t, time.Minute))
	if r.Error() != nil {
		t.Fatal(r.Error())
	}
	for _, group := range []string{framework.NativeGroup, framework.CompatGroup} {
		got := raw(t, "/apis/"+group+"/v1alpha1/namespaces/"+ns+"/workflowtemplates/loose")
		for _, part := range []string{`"value":"1.10"`, `"value":"12345678901234567890"`, `"value":"true"`, `"value":"007"`, `{"z":1.10,"a":[1,"1",null]}`, `2.50,"x",false`} {
			if !bytes.Contains(got, []byte(part)) {
				t.Errorf("%s: %s is lost: %s", group, part, got)
			}
		}
	}
}

// What is published names no internal types, and every kind of both groups.
func TestPublishedAPI(t *testing.T) {
	t.Parallel()
	for _, group := range []string{framework.NativeGroup, framework.CompatGroup} {
		doc := raw(t, "/openapi/v3/apis/"+group+"/v1alpha1")
		if bytes.Contains(doc, []byte("__internal")) {
			t.Errorf("OpenAPI v3 of %s names __internal", group)
		}
		resources, err := admin.Kube.Discovery().ServerResourcesForGroupVersion(group + "/v1alpha1")
		if err != nil {
			t.Fatal(err)
		}
		kinds := map[string]string{}
		for _, r := range resources.APIResources {
			kinds[r.Name] = r.Kind + " " + strings.Join(r.ShortNames, ",") + " " + strings.Join(r.Categories, ",")
		}
		for resource, kind := range map[string]string{"workflows": "Workflow wf", "workflowtemplates": "WorkflowTemplate wftmpl", "clusterworkflowtemplates": "ClusterWorkflowTemplate clusterwftmpl,cwft",
			"cronworkflows": "CronWorkflow cwf,cronwf", "workfloweventbindings": "WorkflowEventBinding wfeb",
			"workflows/stop": "WorkflowStop", "workflows/terminate": "WorkflowTerminate", "workflows/suspend": "WorkflowSuspend", "workflows/resume": "WorkflowResume", "workflows/log": "", "workflows/status": "Workflow"} {
			if k, _, short := strings.Cut(kind, " "); short && group == framework.CompatGroup {
				// Short names in both groups would make kubectl warn that they are
				// ambiguous: none stands between the blanks.
				kind = k + "  "
			}
			got, ok := kinds[resource]
			if !ok || !strings.HasPrefix(got, kind) {
				t.Errorf("%s: %s is %q, want %q", group, resource, got, kind)
			}
		}
		gv := resources.GroupVersion
		if !bytes.Contains(doc, []byte("/apis/"+gv+"/namespaces/{namespace}/workflows/{name}/stop")) {
			t.Errorf("OpenAPI v3 of %s does not have the verb stop", group)
		}
	}
	if v2 := raw(t, "/openapi/v2"); bytes.Contains(v2, []byte("__internal")) || !bytes.Contains(v2, []byte(framework.NativeGroup)) {
		t.Error("OpenAPI v2 names __internal, or not our group")
	}
	for _, gv := range []string{"v1alpha1." + framework.NativeGroup, "v1alpha1." + framework.CompatGroup} {
		var o unstructured.Unstructured
		if err := o.UnmarshalJSON(raw(t, "/apis/apiregistration.k8s.io/v1/apiservices/"+gv)); err != nil {
			t.Fatal(err)
		}
		if err := trusted(&o); err != nil {
			t.Errorf("APIService %s: %v", gv, err)
		}
	}
}

// trusted says whether the aggregator checks our server's certificate.
func trusted(service *unstructured.Unstructured) error {
	skip, _, err := unstructured.NestedBool(service.Object, "spec", "insecureSkipTLSVerify")
	if err != nil || skip {
		return fmt.Errorf("the certificate is not checked: %w", err)
	}
	if field(service, "spec", "caBundle") == "" {
		return errors.New("no caBundle")
	}
	return nil
}
