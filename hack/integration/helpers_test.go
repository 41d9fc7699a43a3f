// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"argosy.dev/argosy/apis/argoproj"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/apiserver/apiservertest"
)

var (
	native = wfv1.SchemeGroupVersion.WithResource("workflows")
	compat = argoproj.SchemeGroupVersion.WithResource("workflows")
)

// workflow returns a small valid workflow in the group of gvr.
func workflow(gvr schema.GroupVersionResource, name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": gvr.GroupVersion().String(),
		"kind":       "Workflow",
		"metadata":   map[string]any{"name": name, "namespace": "default"},
		"spec": map[string]any{
			"entrypoint": "main",
			"templates": []any{map[string]any{
				"name":      "main",
				"container": map[string]any{"image": "busybox", "command": []any{"true"}},
			}},
		},
	}}
}

func with(obj *unstructured.Unstructured, value any, path ...string) *unstructured.Unstructured {
	obj = obj.DeepCopy()
	if err := unstructured.SetNestedField(obj.Object, value, path...); err != nil {
		panic(err)
	}
	return obj
}

func at(t *testing.T, obj *unstructured.Unstructured, path ...string) any {
	t.Helper()
	v, _, err := unstructured.NestedFieldNoCopy(obj.Object, path...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func client(t testing.TB, c *rest.Config) dynamic.Interface {
	t.Helper()
	d, err := dynamic.NewForConfig(c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func workflows(t testing.TB, c *rest.Config, gvr schema.GroupVersionResource) dynamic.ResourceInterface {
	t.Helper()
	return client(t, c).Resource(gvr).Namespace("default")
}

func create(t testing.TB, ri dynamic.ResourceInterface, obj *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	out, err := ri.Create(context.Background(), obj, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// response is what came back for a raw request.
type response struct {
	code    int
	header  http.Header
	body    []byte
	status  metav1.Status
	decoded map[string]any
}

// send makes a raw request, with the body as it is.
func send(t testing.TB, c *rest.Config, method, path string, header map[string]string, body []byte) response {
	t.Helper()
	hc, err := rest.HTTPClientFor(c)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(method, strings.TrimSuffix(c.Host, "/")+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	if header["Content-Length"] == "-1" {
		req.ContentLength = -1
		req.Header.Del("Content-Length")
	}
	resp, err := hc.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	out := response{code: resp.StatusCode, header: resp.Header}
	if out.body, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	// What is no JSON is left to the caller, who has the body.
	if json.Unmarshal(out.body, &out.decoded) == nil {
		_ = json.Unmarshal(out.body, &out.status)
	}
	return out
}

var asJSON = map[string]string{"Content-Type": "application/json"}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// stored returns the bytes of a workflow in etcd.
func stored(t testing.TB, s *apiservertest.Server, name string) (key string, value []byte) {
	t.Helper()
	c, err := clientv3.New(clientv3.Config{Endpoints: []string{s.EtcdEndpoint}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r, err := c.Get(context.Background(), "/registry/", clientv3.WithPrefix())
	if err != nil {
		t.Fatal(err)
	}
	for _, kv := range r.Kvs {
		if strings.HasSuffix(string(kv.Key), "/"+name) {
			if key != "" {
				t.Fatalf("%s is stored twice: %s and %s", name, key, kv.Key)
			}
			key, value = string(kv.Key), kv.Value
		}
	}
	return key, value
}
