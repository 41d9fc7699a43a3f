// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"argosy.dev/argosy/pkg/apiserver/apiservertest"
)

const collection = "/apis/workflow.argosy.dev/v1alpha1/namespaces/default/workflows"

// noise returns text that does not compress.
func noise(n int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	r := rand.New(rand.NewSource(1))
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[r.Intn(len(letters))]
	}
	return string(b)
}

// Whatever comes in, the answer is a Status of the 4xx kind, and nothing is stored.
func TestBadInput(t *testing.T) {
	s := apiservertest.Start(t, apiservertest.Config{})
	big := func(n int) []byte {
		return encode(t, with(workflow(native, "bad"), noise(n), "metadata", "annotations", "big").Object)
	}
	param := func(n int) []byte {
		return encode(t, with(workflow(native, "bad"), []any{map[string]any{"name": "p", "value": noise(n)}}, "spec", "arguments", "parameters").Object)
	}
	unannounced := map[string]string{"Content-Type": "application/json", "Content-Length": "-1"}
	for _, tc := range []struct {
		name   string
		header map[string]string
		body   []byte
		code   int
	}{
		{"5 MB", asJSON, param(5 << 20), 413},
		{"5 MB, length not announced", unannounced, param(5 << 20), 413},
		{"more than etcd takes", asJSON, param(3500000), 413},
		{"annotations too large", asJSON, big(300 << 10), 422},
		{"deep lists", asJSON, []byte(`{"apiVersion":"workflow.argosy.dev/v1alpha1","kind":"Workflow","metadata":{"name":"bad"},"spec":{"templates":` + strings.Repeat("[", 200000) + strings.Repeat("]", 200000) + "}}"), 400},
		{"deep objects", asJSON, []byte(`{"apiVersion":"workflow.argosy.dev/v1alpha1","kind":"Workflow","metadata":{"name":"bad"},"spec":` + strings.Repeat(`{"a":`, 100000) + "1" + strings.Repeat("}", 100001)), 400},
		{"deep in loose JSON", asJSON, []byte(`{"apiVersion":"workflow.argosy.dev/v1alpha1","kind":"Workflow","metadata":{"name":"bad"},"spec":{"entrypoint":"m","templates":[{"name":"m","steps":[[{"name":"a","template":"m","withItems":` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + "}]]}]}}"), 400},
		{"deep YAML", map[string]string{"Content-Type": "application/yaml"}, []byte("apiVersion: workflow.argosy.dev/v1alpha1\nkind: Workflow\nmetadata: {name: bad}\nspec: " + strings.Repeat("[", 20000)), 400},
		{"no JSON", asJSON, []byte("{"), 400},
		{"no object", asJSON, []byte("[]"), 400},
		{"empty", asJSON, nil, 400},
		{"another kind", asJSON, []byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"bad"}}`), 400},
		{"wrong type", asJSON, []byte(`{"apiVersion":"workflow.argosy.dev/v1alpha1","kind":"Workflow","metadata":{"name":"bad"},"spec":{"entrypoint":["a"]}}`), 400},
		{"wrong media type", map[string]string{"Content-Type": "application/vnd.kubernetes.protobuf"}, []byte("k8s\x00abc"), 415},
		{"long name", asJSON, encode(t, workflow(native, strings.Repeat("a", 300)).Object), 422},
		{"upper case name", asJSON, encode(t, workflow(native, "Bad").Object), 422},
		{"other namespace", asJSON, encode(t, with(workflow(native, "bad"), "elsewhere", "metadata", "namespace").Object), 400},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := send(t, s.Admin, "POST", collection, tc.header, tc.body)
			if r.code != tc.code || r.status.Kind != "Status" || r.status.Message == "" {
				t.Errorf("%d (want %d): %.300s", r.code, tc.code, r.body)
			}
		})
	}
	r := send(t, s.Admin, "GET", collection, nil, nil)
	if !bytes.Contains(r.body, []byte(`"items":[]`)) {
		t.Errorf("something was stored: %.300s", r.body)
	}
}

// A status as large as that of a workflow of many nodes is no bad input.
func TestLargeStatus(t *testing.T) {
	s := apiservertest.Start(t, apiservertest.Config{})
	obj := create(t, workflows(t, s.Admin, native), workflow(native, "many"))
	nodes := map[string]any{}
	r := rand.New(rand.NewSource(2))
	for i := range 10000 {
		id := fmt.Sprintf("many-%d%04d", r.Intn(1<<20), i)
		nodes[id] = map[string]any{
			"id": id, "name": fmt.Sprintf("many[0].work(%d:item)", i), "displayName": fmt.Sprintf("work(%d:item)", i), "type": "Pod", "templateName": "work",
			"templateScope": "local/many", "phase": "Succeeded", "boundaryID": "many", "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:10Z",
			"progress": "1/1", "resourcesDuration": map[string]any{"cpu": 1, "memory": 10}, "outputs": map[string]any{"exitCode": "0"}, "hostNodeName": "node",
		}
	}
	obj.Object["status"] = map[string]any{"phase": "Running", "nodes": nodes}
	body := encode(t, obj.Object)
	if len(body) < 3<<20 {
		t.Fatalf("the test's object has only %d bytes", len(body))
	}
	resp := send(t, s.Admin, "PUT", collection+"/many/status", asJSON, body)
	if resp.code != 200 {
		t.Errorf("%d bytes: %d %.300s", len(body), resp.code, resp.body)
	}
	_, value := stored(t, s, "many")
	t.Logf("%d bytes of JSON are stored in %d", len(body), len(value))
}
