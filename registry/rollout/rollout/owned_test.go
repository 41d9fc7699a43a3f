// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	core "argosy.dev/argosy/pkg/rollout"
	"argosy.dev/argosy/registry/resource"
)

// An undo brings back fields of the pod template that a cluster knows and the types that are compiled in do not.
func TestUndoKeepsNewerFields(t *testing.T) {
	const text = `{"kind":"ReplicaSet","apiVersion":"apps/v1","metadata":{"name":"web-1","namespace":"ns","uid":"u1","labels":{"app":"web","rollouts-pod-template-hash":"h"},
		"annotations":{"rollout.argoproj.io/revision":"1"}},"spec":{"template":{"metadata":{"labels":{"app":"web","rollouts-pod-template-hash":"h"}},
		"spec":{"newerOfPod":{"x":1},"containers":[{"name":"c","image":"one","newerOfContainer":true}]}}}}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/apis/apps/v1/namespaces/ns/replicasets/web-1" || r.Header.Get("Accept") != "application/json" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, text)
	}))
	defer server.Close()
	cluster, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL, ContentConfig: rest.ContentConfig{ContentType: "application/vnd.kubernetes.protobuf"}})
	if err != nil {
		t.Fatal(err)
	}
	set := appsv1.ReplicaSet{}
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		t.Fatal(err)
	}
	latest := appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Name: "web-2", Annotations: map[string]string{rov1.AnnotationRevision: "2"}}}
	ro := &rov1.Rollout{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "ns"}}
	found, err := core.UndoTo(ro, &rov1.RolloutUndo{}, []appsv1.ReplicaSet{latest, set})
	if err != nil {
		t.Fatal(err)
	}
	deps := resource.Deps{Cluster: cluster}
	whole, err := wholeTemplate(t.Context(), deps, found)
	if err != nil {
		t.Fatal(err)
	}
	if err := core.Undo(ro, found, whole); err != nil {
		t.Fatal(err)
	}
	got := string(ro.Spec.Template.Raw)
	if !strings.Contains(got, `"newerOfPod":{"x":1}`) || !strings.Contains(got, `"newerOfContainer":true`) || !strings.Contains(got, `"image":"one"`) ||
		strings.Contains(got, rov1.LabelPodTemplateHash) {
		t.Error(got)
	}
	found = found.DeepCopy()
	found.UID = "another"
	if _, err := wholeTemplate(t.Context(), deps, found); err == nil {
		t.Error("no error for another object of the name")
	}
}
