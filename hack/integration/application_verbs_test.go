// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/record"

	"argosy.dev/argosy/pkg/apiserver/apiservertest"
)

// applicationVerbs posts requests to the verbs of one application.
type applicationVerbs struct {
	t    *testing.T
	s    *apiservertest.Server
	gvr  schema.GroupVersionResource
	name string
}

func (v applicationVerbs) post(user, verb, body string, query ...string) response {
	v.t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(body), &object); err != nil {
		v.t.Fatal(err)
	}
	object["apiVersion"], object["kind"] = v.gvr.GroupVersion().String(), "Application"+strings.ToUpper(verb[:1])+verb[1:]
	path := fmt.Sprintf("/apis/%s/namespaces/default/applications/%s/%s?%s", v.gvr.GroupVersion(), v.name, verb, strings.Join(query, "&"))
	return send(v.t, v.s.As(user), "POST", path, asJSON, encode(v.t, object))
}

func (v applicationVerbs) get() *unstructured.Unstructured {
	v.t.Helper()
	out, err := workflows(v.t, v.s.Admin, v.gvr).Get(context.Background(), v.name, metav1.GetOptions{})
	if err != nil {
		v.t.Fatal(err)
	}
	return out
}

// status writes parts of status, as the loop does.
func (v applicationVerbs) status(parts map[string]any) {
	v.t.Helper()
	obj := v.get()
	for name, value := range parts {
		obj = with(obj, value, "status", name)
	}
	if _, err := workflows(v.t, v.s.Admin, v.gvr).UpdateStatus(context.Background(), obj, metav1.UpdateOptions{}); err != nil {
		v.t.Fatal(err)
	}
}

// refuses checks that an answer is a refusal of the code that says all of what is wanted.
func refuses(t *testing.T, r response, code int, says ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("got %d, want %d: %s", r.code, code, r.body)
	}
	for _, want := range says {
		if !strings.Contains(r.status.Message, want) {
			t.Errorf("%q does not say %q", r.status.Message, want)
		}
	}
}

func ok(t *testing.T, r response) {
	t.Helper()
	if r.code != http.StatusCreated && r.code != http.StatusOK {
		t.Fatalf("%d: %s", r.code, r.body)
	}
}

// forEachGroup runs a test on an application in a server of its own for each group.
func forEachGroup(t *testing.T, test func(t *testing.T, v applicationVerbs, events *record.FakeRecorder)) {
	t.Helper()
	for _, gvr := range applicationGroups {
		t.Run(gvr.Group, func(t *testing.T) {
			events := record.NewFakeRecorder(100)
			s := apiservertest.Start(t, apiservertest.Config{Authorizer: apiservertest.Allow(rights), Events: events})
			create(t, workflows(t, s.Admin, gvr), application(gvr, "web"))
			test(t, applicationVerbs{t, s, gvr, "web"}, events)
		})
	}
}

// history has two past syncs.
func history() map[string]any {
	source := func(path string) map[string]any {
		return map[string]any{"repoURL": "https://git.example/shop.git", "path": path}
	}
	return map[string]any{"history": []any{
		map[string]any{"id": int64(0), "deployedAt": "2026-11-22T20:50:00Z", "revision": "abc", "source": source("old")},
		map[string]any{"id": int64(1), "deployedAt": "2026-11-22T21:50:00Z", "revision": "def", "source": source("deploy")},
	}}
}

func runs(phase string) map[string]any {
	return map[string]any{"operationState": map[string]any{"phase": phase, "startedAt": "2026-11-22T20:50:00Z", "operation": map[string]any{"sync": map[string]any{}}}}
}

func TestApplicationVerbs(t *testing.T) {
	forEachGroup(t, func(t *testing.T, v applicationVerbs, events *record.FakeRecorder) {
		v.status(history())
		event := func(want string) {
			t.Helper()
			select {
			case got := <-events.Events:
				if got != want {
					t.Errorf("event %q, want %q", got, want)
				}
			default:
				t.Errorf("no event, want %q", want)
			}
		}

		// Each verb is a right of its own, in the group through which it comes.
		for _, verb := range []string{"sync", "rollback", "terminate", "refresh"} {
			var others []string
			for _, right := range []string{"sync", "rollback", "terminate", "refresh", "override", "update-status"} {
				if right != verb {
					others = append(others, right)
				}
			}
			r := v.post("bob+"+strings.Join(others, "+"), verb, `{}`)
			refuses(t, r, http.StatusForbidden, "applications/"+verb, v.gvr.Group)
		}

		// A dry run tells what would be, and leaves no trace.
		before := v.get()
		ok(t, v.post("bob+sync", "sync", `{}`, "dryRun=All"))
		if diff := cmp.Diff(before, v.get()); diff != "" {
			t.Error(diff)
		}
		if len(events.Events) > 0 {
			t.Errorf("event %q", <-events.Events)
		}

		r := v.post("bob+sync", "sync", `{"revision":"v1","prune":true,"message":"release 1"}`)
		ok(t, r)
		event("Normal SyncRequested sync requested by bob+sync: release 1")
		if want := `application "web": sync requested by bob+sync: release 1`; r.status.Message != want {
			t.Errorf("got %q, want %q", r.status.Message, want)
		}
		want := map[string]any{"sync": map[string]any{"revision": "v1", "prune": true}, "initiatedBy": map[string]any{"username": "bob+sync"}}
		if diff := cmp.Diff(want, at(t, v.get(), "operation")); diff != "" {
			t.Error(diff)
		}
		refuses(t, v.post("bob+rollback", "rollback", `{}`), http.StatusConflict, "asked for already")
		ok(t, v.post("bob+terminate", "terminate", `{}`))
		event("Normal TerminateRequested end of the operation requested by bob+terminate")
		if got := at(t, v.get(), "operation"); got != nil {
			t.Errorf("operation %v", got)
		}

		ok(t, v.post("bob+rollback", "rollback", `{"id":0}`))
		event("Normal RollbackRequested rollback requested by bob+rollback")
		if got := at(t, v.get(), "operation", "sync", "revision"); got != "abc" {
			t.Errorf("rollback to %v", got)
		}
		v.status(runs("Running"))
		refuses(t, v.post("bob+sync", "sync", `{}`), http.StatusConflict, "is running")
		ok(t, v.post("bob+terminate", "terminate", `{}`))
		if got := at(t, v.get(), "status", "operationState", "phase"); got != "Terminating" {
			t.Errorf("phase %v", got)
		}
		refuses(t, v.post("bob+terminate", "terminate", `{}`), http.StatusConflict, "already")

		ok(t, v.post("bob+refresh", "refresh", `{"type":"hard"}`))
		if got := v.get().GetAnnotations()["argocd.argoproj.io/refresh"]; got != "hard" {
			t.Errorf("refresh %q", got)
		}
		if got := v.get().GetGeneration(); got != 1 {
			t.Errorf("verbs change no spec, but the generation is %d", got)
		}
	})
}

func TestApplicationVerbsAreChecked(t *testing.T) {
	forEachGroup(t, func(t *testing.T, v applicationVerbs, _ *record.FakeRecorder) {
		v.status(history())
		all := "bob+sync+rollback+terminate+refresh+override"
		uid := string(v.get().GetUID())
		for _, tc := range []struct {
			verb, body string
			code       int
			says       string
		}{
			{"sync", `{"revisions":["a","b"]}`, 422, "revisions: Forbidden: the application has a single source"},
			{"sync", `{"resources":[{"kind":"","name":"x"}]}`, 422, "resources[0].kind: Required"},
			{"sync", `{"manifests":["a: b"]}`, 422, "manifests[0]: Invalid value: an object has"},
			{"sync", `{"comparedRevision":"x"}`, 409, "precondition on comparedRevision"},
			{"sync", `{"preconditions":{"uid":"other"}}`, 409, "precondition on uid"},
			{"sync", `{"metadata":{"name":"other"}}`, 400, "does not match"},
			{"sync", `{"prune":"yes"}`, 400, "prune"},
			{"rollback", `{"id":7}`, 422, "id: Not found: 7"},
			{"terminate", `{}`, 409, "no operation is running"},
			{"refresh", `{"type":"soft"}`, 422, `type: Unsupported value: "soft"`},
		} {
			refuses(t, v.post(all, tc.verb, tc.body), tc.code, tc.says)
		}
		refuses(t, v.post(all, "sync", `{"prun":true}`, "fieldValidation=Strict"), 400, `unknown field "prun"`)
		ok(t, v.post(all, "sync", `{"preconditions":{"uid":"`+uid+`"}}`, "dryRun=All"))
		other := v
		other.name = "nobody"
		refuses(t, other.post(all, "sync", `{}`), 404)

		// An application that syncs by itself undoes rollbacks and manifests of others.
		if _, err := workflows(t, v.s.Admin, v.gvr).Patch(context.Background(), v.name, types.MergePatchType, []byte(`{"spec":{"syncPolicy":{"automated":{}}}}`), metav1.PatchOptions{}); err != nil {
			t.Fatal(err)
		}
		refuses(t, v.post(all, "rollback", `{}`), 409, "spec.syncPolicy.automated")
		manifest := `{"manifests":["{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"a\"}}"]`
		refuses(t, v.post(all, "sync", manifest+`}`), 409, "spec.syncPolicy.automated")
		ok(t, v.post(all, "sync", manifest+`,"dryRun":true}`, "dryRun=All"))

		// The same by a write of the field.
		past := map[string]any{"sync": map[string]any{"revision": "abc", "syncStrategy": map[string]any{"apply": map[string]any{}},
			"source": map[string]any{"repoURL": "https://git.example/shop.git", "path": "old"}}}
		_, err := writers["update"](workflows(t, v.s.As(all), v.gvr), v.gvr, v.name, past)
		if err == nil || !strings.Contains(err.Error(), "spec.syncPolicy.automated") {
			t.Errorf("a rollback by the field operation: %v", err)
		}
	})
}

// What no source has needs a right of its own, by the verb and by the field.
func TestOverrideNeedsItsOwnRight(t *testing.T) {
	forEachGroup(t, func(t *testing.T, v applicationVerbs, _ *record.FakeRecorder) {
		const manifest = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}`
		body := string(encode(t, map[string]any{"manifests": []any{manifest}}))
		refuses(t, v.post("bob+sync", "sync", body), http.StatusForbidden, "applications/override", v.gvr.Group)
		refuses(t, v.post("bob+override", "sync", body), http.StatusForbidden, "applications/sync")
		ok(t, v.post("bob+sync+override", "sync", body, "dryRun=All"))

		for what, sync := range map[string]map[string]any{
			"manifests":      {"manifests": []any{manifest}},
			"another source": {"source": map[string]any{"repoURL": "https://evil.example/x.git"}},
		} {
			op := map[string]any{"sync": sync}
			for way, write := range writers {
				_, err := write(workflows(t, v.s.As("bob+sync"), v.gvr), v.gvr, v.name, op)
				if err == nil || !strings.Contains(err.Error(), "applications/override") {
					t.Errorf("%s by %s: %v", what, way, err)
				}
			}
			if _, err := writers["update"](workflows(t, v.s.As("bob+sync+override"), v.gvr), v.gvr, v.name, op); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
		// The source of the application in another revision is none.
		source, _, err := unstructured.NestedMap(v.get().Object, "spec", "source")
		if err != nil {
			t.Fatal(err)
		}
		source["targetRevision"] = "v2"
		if _, err := writers["update"](workflows(t, v.s.As("bob+sync"), v.gvr), v.gvr, v.name, map[string]any{"sync": map[string]any{"source": source, "revision": "v2"}}); err != nil {
			t.Error(err)
		}
	})
}

// While an operation runs no other takes its place, unless the loop wants it.
func TestOperationIsNotReplacedWhileItRuns(t *testing.T) {
	forEachGroup(t, func(t *testing.T, v applicationVerbs, _ *record.FakeRecorder) {
		v.status(runs("Running"))
		op := map[string]any{"sync": map[string]any{"prune": true}}
		for way, write := range writers {
			if _, err := write(workflows(t, v.s.As("bob+sync"), v.gvr), v.gvr, v.name, op); err == nil || !strings.Contains(err.Error(), "is running") {
				t.Errorf("%s: %v", way, err)
			}
		}
		if _, err := writers["update"](workflows(t, v.s.As("loop+sync+update-status"), v.gvr), v.gvr, v.name, op); err != nil {
			t.Error(err)
		}
	})
}

// The write of status that ends an operation takes it away, and its owner with it.
func TestEndOfOperationTakesItAway(t *testing.T) {
	ctx := context.Background()
	forEachGroup(t, func(t *testing.T, v applicationVerbs, _ *record.FakeRecorder) {
		ri := workflows(t, v.s.Admin, v.gvr)
		apply := func(manager, revision string) error {
			_, err := ri.Apply(ctx, v.name, &unstructured.Unstructured{Object: map[string]any{
				"apiVersion": v.gvr.GroupVersion().String(), "kind": "Application", "metadata": map[string]any{"name": v.name},
				"operation": map[string]any{"sync": map[string]any{"revision": revision}},
			}}, metav1.ApplyOptions{FieldManager: manager})
			return err
		}
		if err := apply("one", "a"); err != nil {
			t.Fatal(err)
		}
		if err := apply("two", "b"); err == nil {
			t.Fatal("no conflict about an operation that is there")
		}
		ok(t, v.post("bob+refresh", "refresh", `{}`))

		obj := v.get()
		op := at(t, obj, "operation")
		state := func(phase string) map[string]any {
			return map[string]any{"phase": phase, "startedAt": "2026-11-22T20:50:00Z", "operation": op}
		}
		out, err := ri.UpdateStatus(ctx, with(obj, state("Running"), "status", "operationState"), metav1.UpdateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if at(t, out, "operation") == nil || out.GetAnnotations()["argocd.argoproj.io/refresh"] != "normal" {
			t.Errorf("operation %v, annotations %v", at(t, out, "operation"), out.GetAnnotations())
		}
		done := state("Succeeded")
		done["finishedAt"] = "2026-11-22T20:51:00Z"
		out = with(with(out, done, "status", "operationState"), "2026-11-22T20:51:00Z", "status", "reconciledAt")
		out.SetAnnotations(nil)
		if out, err = ri.UpdateStatus(ctx, out, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		if at(t, out, "operation") != nil || len(out.GetAnnotations()) != 0 || at(t, out, "status", "operationState", "phase") != "Succeeded" {
			t.Errorf("operation %v, annotations %v", at(t, out, "operation"), out.GetAnnotations())
		}
		for _, m := range out.GetManagedFields() {
			if m.FieldsV1 != nil && strings.Contains(m.FieldsV1.GetRawString(), `"f:operation"`) && m.Subresource == "" {
				t.Errorf("%s still owns the operation", m.Manager)
			}
		}
		if err := apply("two", "b"); err != nil {
			t.Errorf("somebody is in the way of the next operation: %v", err)
		}
	})
}

// Ready, Synced and Healthy stand among the conditions of the peer, with what kubectl wait looks for.
func TestConditionsHaveAStatus(t *testing.T) {
	forEachGroup(t, func(t *testing.T, v applicationVerbs, _ *record.FakeRecorder) {
		want := []any{
			map[string]any{"type": "SyncError", "message": "no"},
			map[string]any{"type": "Ready", "message": "", "status": "False", "reason": "OutOfSync", "observedGeneration": int64(1)},
		}
		v.status(map[string]any{"conditions": want})
		if diff := cmp.Diff(want, at(t, v.get(), "status", "conditions")); diff != "" {
			t.Error(diff)
		}
	})
}
