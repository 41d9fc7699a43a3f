// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/dynamic"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/apis/argoproj"
	"argosy.dev/argosy/pkg/apiserver/apiservertest"
)

var applicationGroups = []schema.GroupVersionResource{
	appv1.SchemeGroupVersion.WithResource("applications"),
	argoproj.SchemeGroupVersion.WithResource("applications"),
}

func application(gvr schema.GroupVersionResource, name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": gvr.GroupVersion().String(),
		"kind":       "Application",
		"metadata":   map[string]any{"name": name, "namespace": "default"},
		"spec": map[string]any{
			"project":     "web",
			"destination": map[string]any{"name": "in-cluster", "namespace": "shop"},
			"source": map[string]any{"repoURL": "https://git.example/shop.git", "path": "deploy", "helm": map[string]any{
				"valuesObject": map[string]any{"z": int64(1), "a": map[string]any{"b": true}},
			}},
		},
	}}
}

// rights lets each user do what stands behind the name, as in "alice+sync+update-status": write applications, create
// what is named, and no more, in the group alone that the name begins with, if any ("argoproj.io/alice").
func rights(a authorizer.Attributes) bool {
	name := a.GetUser().GetName()
	group, rest, limited := strings.Cut(name, "/")
	if limited {
		name = rest
	}
	granted := strings.Split(name, "+")[1:]
	switch {
	case a.GetSubresource() == "":
		return true
	case limited && a.GetAPIGroup() != group:
		return false
	case a.GetSubresource() == "status":
		return slices.Contains(granted, a.GetVerb()+"-status")
	}
	return a.GetVerb() == "create" && a.GetResource() == "applications" && a.GetNamespace() == "default" && slices.Contains(granted, a.GetSubresource())
}

// refused checks that a request was refused for want of a right.
func refused(t *testing.T, err error, gvr schema.GroupVersionResource, right string) {
	t.Helper()
	if !apierrors.IsForbidden(err) {
		t.Errorf("want 403 Forbidden, got %v", err)
		return
	}
	for _, piece := range []string{"applications/" + right, gvr.Group, "default"} {
		if !strings.Contains(err.Error(), piece) {
			t.Errorf("the refusal does not name %s: %v", piece, err)
		}
	}
}

// writer is a way to write an operation to an application of the name.
type writer func(ri dynamic.ResourceInterface, gvr schema.GroupVersionResource, name string, operation any) (*unstructured.Unstructured, error)

// writers are all of them, for an application that there is.
var writers = map[string]writer{
	"update": func(ri dynamic.ResourceInterface, _ schema.GroupVersionResource, name string, operation any) (*unstructured.Unstructured, error) {
		obj, err := ri.Get(context.Background(), name, metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		return ri.Update(context.Background(), with(obj, operation, "operation"), metav1.UpdateOptions{})
	},
	"merge patch": func(ri dynamic.ResourceInterface, _ schema.GroupVersionResource, name string, operation any) (*unstructured.Unstructured, error) {
		return patchOperation(ri, types.MergePatchType, name, map[string]any{"operation": operation})
	},
	"strategic merge patch": func(ri dynamic.ResourceInterface, _ schema.GroupVersionResource, name string, operation any) (*unstructured.Unstructured, error) {
		return patchOperation(ri, types.StrategicMergePatchType, name, map[string]any{"operation": operation})
	},
	"JSON patch": func(ri dynamic.ResourceInterface, _ schema.GroupVersionResource, name string, operation any) (*unstructured.Unstructured, error) {
		return patchOperation(ri, types.JSONPatchType, name, []any{map[string]any{"op": "add", "path": "/operation", "value": operation}})
	},
	"server-side apply": func(ri dynamic.ResourceInterface, gvr schema.GroupVersionResource, name string, operation any) (*unstructured.Unstructured, error) {
		return ri.Apply(context.Background(), name, with(application(gvr, name), operation, "operation"), metav1.ApplyOptions{FieldManager: "test", Force: true})
	},
}

func patchOperation(ri dynamic.ResourceInterface, typ types.PatchType, name string, patch any) (*unstructured.Unstructured, error) {
	data, err := json.Marshal(patch)
	if err != nil {
		return nil, err
	}
	return ri.Patch(context.Background(), name, typ, data, metav1.PatchOptions{})
}

func anySync() map[string]any {
	return map[string]any{"sync": map[string]any{"prune": false}, "initiatedBy": map[string]any{"username": "somebody-else"}}
}

func TestOperationNeedsTheRightToSync(t *testing.T) {
	s := apiservertest.Start(t, apiservertest.Config{Authorizer: apiservertest.Allow(rights)})
	for _, gvr := range applicationGroups {
		as := func(user string) dynamic.ResourceInterface { return workflows(t, s.As(user), gvr) }
		name := func(parts ...string) string {
			return strings.ReplaceAll(strings.Join(append(parts, strings.SplitN(gvr.Group, ".", 2)[0]), "-"), " ", "-")
		}
		other := applicationGroups[0].Group
		if gvr.Group == other {
			other = applicationGroups[1].Group
		}
		for way, write := range writers {
			t.Run(gvr.Group+"/"+way, func(t *testing.T) {
				name := strings.ToLower(name("op", way))
				create(t, as("alice"), application(gvr, name))
				_, err := write(as("alice"), gvr, name, anySync())
				refused(t, err, gvr, "sync")
				// Neither another verb nor the other group will do.
				_, err = write(as("alice+terminate+rollback+update-status"), gvr, name, anySync())
				refused(t, err, gvr, "sync")
				_, err = write(as(other+"/alice+sync"), gvr, name, anySync())
				refused(t, err, gvr, "sync")

				obj, err := write(as(gvr.Group+"/bob+sync"), gvr, name, anySync())
				if err != nil {
					t.Fatal(err)
				}
				want := map[string]any{"sync": map[string]any{"prune": false}, "initiatedBy": map[string]any{"username": gvr.Group + "/bob+sync"}}
				if diff := cmp.Diff(want, at(t, obj, "operation")); diff != "" {
					t.Error(diff)
				}
				if obj.GetGeneration() != 1 {
					t.Errorf("an operation is no change of the spec, but the generation is %d", obj.GetGeneration())
				}
				// What leaves it as it is needs no right; a change of any part does.
				if _, err := as("alice").Update(context.Background(), with(obj, "x", "metadata", "labels", "mine"), metav1.UpdateOptions{}); err != nil {
					t.Errorf("a change of labels: %v", err)
				}
				_, err = write(as("alice"), gvr, name, map[string]any{"sync": map[string]any{"prune": true}})
				refused(t, err, gvr, "sync")
				_, err = write(as("alice"), gvr, name, map[string]any{"sync": map[string]any{"prune": false}, "initiatedBy": map[string]any{"username": "forged"}})
				refused(t, err, gvr, "sync")
			})
		}
		t.Run(gvr.Group+"/create", func(t *testing.T) {
			obj := with(application(gvr, name("created")), anySync(), "operation")
			_, err := as("alice").Create(context.Background(), obj, metav1.CreateOptions{})
			refused(t, err, gvr, "sync")
			_, err = writers["server-side apply"](as("alice"), gvr, name("applied"), anySync())
			refused(t, err, gvr, "sync")
			for _, user := range []string{"bob+sync"} {
				for _, made := range []*unstructured.Unstructured{
					create(t, as(user), obj),
					func() *unstructured.Unstructured {
						out, err := writers["server-side apply"](as(user), gvr, name("applied"), anySync())
						if err != nil {
							t.Fatal(err)
						}
						return out
					}(),
				} {
					if got := at(t, made, "operation", "initiatedBy", "username"); got != user {
						t.Errorf("asked for by %v", got)
					}
				}
			}
		})
		t.Run(gvr.Group+"/remove", func(t *testing.T) {
			for _, right := range []string{"sync", "terminate"} {
				name := name("removed", right)
				create(t, as("bob+sync"), with(application(gvr, name), anySync(), "operation"))
				remove := []byte(`{"operation":null}`)
				_, err := as("alice+rollback").Patch(context.Background(), name, types.MergePatchType, remove, metav1.PatchOptions{})
				refused(t, err, gvr, "terminate")
				out, err := as("alice+"+right).Patch(context.Background(), name, types.MergePatchType, remove, metav1.PatchOptions{})
				if err != nil || at(t, out, "operation") != nil {
					t.Errorf("%s: %v, operation %v", right, err, at(t, out, "operation"))
				}
			}
		})
		t.Run(gvr.Group+"/automated", func(t *testing.T) {
			for user, want := range map[string]any{
				"bob+sync":               map[string]any{"username": "bob+sync"},
				"bob+sync+update-status": map[string]any{"automated": true},
				"bob+sync+patch-status":  map[string]any{"username": "bob+sync+patch-status"},
			} {
				obj := with(application(gvr, name("automated", fmt.Sprint(len(user)))), map[string]any{"sync": map[string]any{}, "initiatedBy": map[string]any{"automated": true}}, "operation")
				if diff := cmp.Diff(want, at(t, create(t, as(user), obj), "operation", "initiatedBy")); diff != "" {
					t.Errorf("%s: %s", user, diff)
				}
			}
		})
		t.Run(gvr.Group+"/status", func(t *testing.T) {
			// The right to status is none to operations.
			made := create(t, as("alice"), application(gvr, name("status")))
			changed := with(with(made, anySync(), "operation"), "Healthy", "status", "health", "status")
			out, err := as("loop+update-status").UpdateStatus(context.Background(), changed, metav1.UpdateOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if at(t, out, "operation") != nil || at(t, out, "status", "health", "status") != "Healthy" {
				t.Errorf("operation %v, status %v", at(t, out, "operation"), at(t, out, "status"))
			}
		})
	}
}

func TestRollbackNeedsItsOwnRight(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{Authorizer: apiservertest.Allow(rights)})
	for _, gvr := range applicationGroups {
		t.Run(gvr.Group, func(t *testing.T) {
			as := func(user string) dynamic.ResourceInterface { return workflows(t, s.As(user), gvr) }
			name := "rollback-" + strings.ReplaceAll(gvr.Group, ".", "-")
			made := create(t, as("alice"), application(gvr, name))
			past := map[string]any{"repoURL": "https://git.example/shop.git", "path": "old", "helm": map[string]any{"valuesObject": map[string]any{"z": int64(1), "a": int64(2)}}}
			made = with(made, []any{map[string]any{"id": int64(0), "deployedAt": "2026-11-22T20:50:00Z", "revision": "abc", "source": past}}, "status", "history")
			if _, err := as("loop+update-status").UpdateStatus(ctx, made, metav1.UpdateOptions{}); err != nil {
				t.Fatal(err)
			}
			rollback := func() map[string]any {
				return map[string]any{"sync": map[string]any{"revision": "abc", "source": past, "syncStrategy": map[string]any{"apply": map[string]any{}}}}
			}
			_, err := writers["update"](as("alice+sync"), gvr, name, rollback())
			refused(t, err, gvr, "rollback")
			// What only looks like one is a sync.
			for what, change := range map[string]func(map[string]any){
				"another revision": func(sync map[string]any) { sync["revision"] = "def" },
				"another source":   func(sync map[string]any) { sync["source"] = map[string]any{"repoURL": "https://evil.example/x.git"} },
				"manifests":        func(sync map[string]any) { sync["manifests"] = []any{"{}"} },
				"hooks":            func(sync map[string]any) { sync["syncStrategy"] = map[string]any{"hook": map[string]any{}} },
				"some resources": func(sync map[string]any) {
					sync["resources"] = []any{map[string]any{"kind": "ConfigMap", "name": "a"}}
				},
			} {
				op := rollback()
				change(op["sync"].(map[string]any))
				if _, err := writers["update"](as("alice+rollback"), gvr, name, op); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "applications/sync") {
					t.Errorf("%s: want 403 for applications/sync, got %v", what, err)
				}
			}
			out, err := writers["update"](as("bob+rollback"), gvr, name, rollback())
			if err != nil {
				t.Fatal(err)
			}
			if got := at(t, out, "operation", "initiatedBy", "username"); got != "bob+rollback" {
				t.Errorf("asked for by %v", got)
			}
		})
	}
}

// The peer's clients end an operation by a write to status through the main resource.
func TestTerminationNeedsItsOwnRight(t *testing.T) {
	ctx := context.Background()
	s := apiservertest.Start(t, apiservertest.Config{Authorizer: apiservertest.Allow(rights)})
	native, compat := applicationGroups[0], applicationGroups[1]
	as := func(user string, gvr schema.GroupVersionResource) dynamic.ResourceInterface {
		return workflows(t, s.As(user), gvr)
	}
	state := map[string]any{"phase": "Running", "message": "busy", "startedAt": "2026-11-22T20:50:00Z", "operation": map[string]any{"sync": map[string]any{}}}
	running := func(name string) *unstructured.Unstructured {
		t.Helper()
		create(t, as("alice", native), application(native, name))
		obj, err := as("alice", compat).Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		obj, err = as("loop+update-status", compat).UpdateStatus(ctx, with(obj, state, "status", "operationState"), metav1.UpdateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		return obj
	}
	obj := running("busy")
	ending := with(with(obj, "Terminating", "status", "operationState", "phase"), "forged", "status", "operationState", "message")
	_, err := as("alice+sync", compat).Update(ctx, ending, metav1.UpdateOptions{})
	refused(t, err, compat, "terminate")
	_, err = as(native.Group+"/alice+terminate", compat).Update(ctx, ending, metav1.UpdateOptions{})
	refused(t, err, compat, "terminate")
	_, err = as("alice+update-status", compat).Update(ctx, ending, metav1.UpdateOptions{})
	refused(t, err, compat, "terminate")

	c, w := warned(s.As("bob+terminate"))
	out, err := workflows(t, c, compat).Update(ctx, ending, metav1.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := at(t, out, "status", "operationState", "phase"); got != "Terminating" {
		t.Errorf("phase %v", got)
	}
	if got := at(t, out, "status", "operationState", "message"); got != "busy" {
		t.Errorf("more of status was written than the phase: message %v", got)
	}
	if got := w.take(); !strings.Contains(got, "applications/status") {
		t.Errorf("warning %q", got)
	}
	// Once it ends, other writes that carry the phase need no right.
	if _, err := as("alice", compat).Update(ctx, with(out, "x", "metadata", "labels", "mine"), metav1.UpdateOptions{}); err != nil {
		t.Error(err)
	}

	t.Run("by patch, without a warning", func(t *testing.T) {
		running("patched")
		c, w := warned(s.As("bob+terminate"))
		out, err := workflows(t, c, compat).Patch(ctx, "patched", types.MergePatchType, []byte(`{"status":{"operationState":{"phase":"Terminating"}}}`), metav1.PatchOptions{})
		if err != nil || at(t, out, "status", "operationState", "phase") != "Terminating" {
			t.Errorf("error %v, status %v", err, at(t, out, "status"))
		}
		if got := w.take(); got != "" {
			t.Errorf("warning %q", got)
		}
	})
	t.Run("nothing runs", func(t *testing.T) {
		create(t, as("alice", native), application(native, "idle"))
		_, err := as("bob+terminate", compat).Patch(ctx, "idle", types.MergePatchType, []byte(`{"status":{"operationState":{"phase":"Terminating"}}}`), metav1.PatchOptions{})
		if !apierrors.IsConflict(err) {
			t.Errorf("want 409, got %v", err)
		}
	})
	t.Run("native group", func(t *testing.T) {
		running("strict")
		out, err := as("bob+terminate", native).Patch(ctx, "strict", types.MergePatchType, []byte(`{"status":{"operationState":{"phase":"Terminating"}}}`), metav1.PatchOptions{})
		if err != nil || at(t, out, "status", "operationState", "phase") != "Running" {
			t.Errorf("error %v, status %v", err, at(t, out, "status"))
		}
	})
	t.Run("a sync clears what the last one has left", func(t *testing.T) {
		obj := running("again")
		obj, err := as("loop+update-status", compat).UpdateStatus(ctx, with(obj, "Failed", "status", "operationState", "phase"), metav1.UpdateOptions{})
		if err != nil {
			t.Fatal(err)
		}
		asked := with(obj, anySync(), "operation")
		unstructured.RemoveNestedField(asked.Object, "status", "operationState")
		c, w := warned(s.As("bob+sync"))
		out, err := workflows(t, c, compat).Update(ctx, asked, metav1.UpdateOptions{})
		if err != nil || at(t, out, "status", "operationState") != nil {
			t.Errorf("error %v, status %v", err, at(t, out, "status"))
		}
		if got := w.take(); got != "" {
			t.Errorf("warning %q", got)
		}
	})
}

// Patches sort the keys of free JSON that they do not touch. That changes neither the operation nor the spec, whose
// order stays.
func TestOrderOfKeysIsNoChange(t *testing.T) {
	s := apiservertest.Start(t, apiservertest.Config{Authorizer: apiservertest.Allow(rights)})
	source := `{"repoURL":"https://git.example/a.git","path":"a","helm":{"valuesObject":{"z":1,"a":{"y":2,"b":3}}}}`
	for _, gvr := range applicationGroups {
		t.Run(gvr.Group, func(t *testing.T) {
			name := "keys-" + strings.ReplaceAll(gvr.Group, ".", "-")
			body := fmt.Sprintf(`{"apiVersion":%q,"kind":"Application","metadata":{"name":%q},"spec":{"project":"a","destination":{"name":"in-cluster"},"source":%s},"operation":{"sync":{"source":%s}}}`,
				gvr.GroupVersion(), name, source, source)
			path := "/apis/" + gvr.GroupVersion().String() + "/namespaces/default/applications"
			if r := send(t, s.As("bob+sync"), "POST", path, asJSON, []byte(body)); r.code != 201 {
				t.Fatalf("%d %s", r.code, r.body)
			}
			label := fmt.Sprintf(`{"apiVersion":%q,"kind":"Application","metadata":{"name":%q,"labels":{"a":"b"}}}`, gvr.GroupVersion(), name)
			for _, typ := range []types.PatchType{types.MergePatchType, types.StrategicMergePatchType, types.ApplyPatchType} {
				query := ""
				if typ == types.ApplyPatchType {
					query = "?fieldManager=test&force=true"
				}
				r := send(t, s.As("alice"), "PATCH", path+"/"+name+query, map[string]string{"Content-Type": string(typ)}, []byte(label))
				if r.code != 200 {
					t.Fatalf("%s: %d %s", typ, r.code, r.body)
				}
				if got := r.decoded["metadata"].(map[string]any)["generation"]; got != 1.0 {
					t.Errorf("%s: generation %v", typ, got)
				}
				if n := strings.Count(string(r.body), `"valuesObject":{"z":1,"a":{"y":2,"b":3}}`); n != 2 {
					t.Errorf("%s: the order is lost: %s", typ, r.body)
				}
			}
		})
	}
}
