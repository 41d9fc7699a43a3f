// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package scheme_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"argosy.dev/argosy/apis/verb"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/generated/clientset/versioned"
)

// The generated client knows the verbs: it sends the request kind, and understands the Status that comes back.
func TestClientKnowsVerbs(t *testing.T) {
	var path, body string
	answer := metav1.Status{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusSuccess, Code: http.StatusOK}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		path, body = r.Method+" "+r.URL.RequestURI(), strings.TrimSpace(string(data))
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(int(answer.Code))
		if err := json.NewEncoder(w).Encode(answer); err != nil {
			t.Error(err)
		}
	}))
	defer server.Close()
	client, err := versioned.NewForConfig(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	workflows := client.WorkflowV1alpha1().Workflows("ns")
	status, err := workflows.Stop(t.Context(), "x", &wfv1.WorkflowStop{Request: verb.Request{Message: "enough"}}, metav1.CreateOptions{DryRun: []string{"All"}})
	if err != nil || status.Status != metav1.StatusSuccess {
		t.Errorf("got %+v, %v", status, err)
	}
	if want := "POST /apis/workflow.argosy.dev/v1alpha1/namespaces/ns/workflows/x/stop?dryRun=All"; path != want {
		t.Errorf("got %s, want %s", path, want)
	}
	if want := `{"kind":"WorkflowStop","apiVersion":"workflow.argosy.dev/v1alpha1","metadata":{},"message":"enough"}`; body != want {
		t.Errorf("got %s, want %s", body, want)
	}
	answer.Status, answer.Code, answer.Reason = metav1.StatusFailure, http.StatusConflict, metav1.StatusReasonConflict
	if _, err := workflows.Resume(t.Context(), "x", &wfv1.WorkflowResume{}, metav1.CreateOptions{}); !apierrors.IsConflict(err) {
		t.Errorf("got %v", err)
	}
}
