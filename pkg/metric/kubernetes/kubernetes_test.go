// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package kubernetes

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// cluster answers as kube-apiserver does to the few requests that the provider makes, and remembers on whose behalf an
// object was last asked for.
type cluster struct {
	mu    sync.Mutex
	asked map[string]string // user by path
	// later tells that a group has been added.
	later atomic.Bool
}

func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	answer := func(o any) { _ = json.NewEncoder(w).Encode(o) }
	version := func(v string) metav1.GroupVersionForDiscovery {
		group, short, _ := strings.Cut(v, "/")
		if short == "" {
			short = group
		}
		return metav1.GroupVersionForDiscovery{GroupVersion: v, Version: short}
	}
	switch r.URL.Path {
	case "/api":
		answer(metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}})
	case "/apis":
		groups := []metav1.APIGroup{{Name: "apps", Versions: []metav1.GroupVersionForDiscovery{version("apps/v1")}}}
		if c.later.Load() {
			groups = append(groups, metav1.APIGroup{Name: "later.io", Versions: []metav1.GroupVersionForDiscovery{version("later.io/v1")}})
		}
		answer(metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}, Groups: groups})
	case "/api/v1":
		answer(metav1.APIResourceList{GroupVersion: "v1", APIResources: []metav1.APIResource{{Name: "nodes", Kind: "Node"}, {Name: "secrets", Kind: "Secret", Namespaced: true}}})
	case "/apis/apps/v1":
		answer(metav1.APIResourceList{GroupVersion: "apps/v1", APIResources: []metav1.APIResource{{Name: "deployments", Kind: "Deployment", Namespaced: true}}})
	case "/apis/later.io/v1":
		answer(metav1.APIResourceList{GroupVersion: "later.io/v1", APIResources: []metav1.APIResource{{Name: "things", Kind: "Thing", Namespaced: true}}})
	default:
		c.mu.Lock()
		defer c.mu.Unlock()
		c.asked[r.URL.Path] = r.Header.Get("Impersonate-User")
		if strings.Contains(r.URL.Path, "forbidden") {
			w.WriteHeader(http.StatusForbidden)
			answer(metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: "Failure", Reason: metav1.StatusReasonForbidden, Code: 403, Message: "User " + r.Header.Get("Impersonate-User") + " cannot get it"})
			return
		}
		_, _ = fmt.Fprint(w, `{"apiVersion":"x/v1","kind":"X","metadata":{"name":"x"},"status":{"readyReplicas":3}}`)
	}
}

func TestMeasure(t *testing.T) {
	c := &cluster{asked: map[string]string{}}
	server := httptest.NewServer(c)
	defer server.Close()
	p, err := New(&rest.Config{Host: server.URL, BearerToken: "the server's"})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name       string
		metric     rov1.KubernetesMetric
		path, user string
		text, err  string
	}{
		{name: "default", metric: rov1.KubernetesMetric{APIVersion: "apps/v1", Kind: "Deployment", Name: "d", JSONPath: "{.status.readyReplicas}"},
			path: "/apis/apps/v1/namespaces/ns/deployments/d", user: "system:serviceaccount:ns:default", text: "3"},
		{name: "an account", metric: rov1.KubernetesMetric{APIVersion: "apps/v1", Kind: "Deployment", Name: "d", ServiceAccountName: "judge", JSONPath: "{.kind}"},
			path: "/apis/apps/v1/namespaces/ns/deployments/d", user: "system:serviceaccount:ns:judge", text: `"X"`},
		{name: "another namespace", metric: rov1.KubernetesMetric{APIVersion: "apps/v1", Kind: "Deployment", Name: "d", Namespace: "other", JSONPath: "{.kind}"},
			path: "/apis/apps/v1/namespaces/other/deployments/d", user: "system:serviceaccount:ns:default", text: `"X"`},
		{name: "of the cluster", metric: rov1.KubernetesMetric{APIVersion: "v1", Kind: "Node", Name: "n", JSONPath: "{.kind}"},
			path: "/api/v1/nodes/n", user: "system:serviceaccount:ns:default", text: `"X"`},
		{name: "forbidden", metric: rov1.KubernetesMetric{APIVersion: "apps/v1", Kind: "Deployment", Name: "forbidden"}, err: "User system:serviceaccount:ns:default cannot get it"},
		{name: "secret", metric: rov1.KubernetesMetric{APIVersion: "v1", Kind: "Secret", Name: "s"}, err: "a Secret is not measured"},
		{name: "nothing there", metric: rov1.KubernetesMetric{APIVersion: "apps/v1", Kind: "Deployment", Name: "d", JSONPath: "{.none}"}, err: "nothing at jsonPath"},
		{name: "no such kind", metric: rov1.KubernetesMetric{APIVersion: "apps/v1", Kind: "Nothing", Name: "d"}, err: "kind apps/v1, Kind=Nothing"},
		{name: "path in a name", metric: rov1.KubernetesMetric{APIVersion: "apps/v1", Kind: "Deployment", Name: "../../secrets/s"}, err: "invalid"},
	} {
		t.Run(test.name, func(t *testing.T) {
			value, err := p.Measure(t.Context(), "ns", &rov1.Metric{Provider: rov1.MetricProvider{Kubernetes: &test.metric}})
			if value.Text != test.text || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s, %v; want %s, %s", value.Text, err, test.text, test.err)
			}
			if got := c.asked[test.path]; got != test.user {
				t.Errorf("%s was read by %q, want %q", test.path, got, test.user)
			}
		})
	}
	for path, user := range c.asked {
		if user == "" {
			t.Errorf("%s was read with the rights of the server", path)
		}
	}
}

// A kind that the cluster learns later is found.
func TestKindsThatComeLater(t *testing.T) {
	c := &cluster{asked: map[string]string{}}
	server := httptest.NewServer(c)
	defer server.Close()
	p, err := New(&rest.Config{Host: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	thing := &rov1.Metric{Provider: rov1.MetricProvider{Kubernetes: &rov1.KubernetesMetric{APIVersion: "later.io/v1", Kind: "Thing", Name: "x", JSONPath: "{.kind}"}}}
	if _, err := p.Measure(t.Context(), "ns", thing); err == nil {
		t.Fatal("a kind that is not there was found")
	}
	c.later.Store(true)
	p.learned = p.learned.Add(-learnAgain)
	if v, err := p.Measure(t.Context(), "ns", thing); err != nil || v.Text != `"X"` {
		t.Errorf("%v, %v", v, err)
	}
}
