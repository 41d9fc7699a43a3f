// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"

	"argosy.dev/argosy/hack/e2e/framework"
)

// eventually is for what no watch tells: that an authorizer or an admission
// plugin has seen an object. The last error is reported.
func eventually(t *testing.T, d time.Duration, what string, check func(context.Context) error) {
	t.Helper()
	var last error
	err := wait.PollUntilContextTimeout(t.Context(), 250*time.Millisecond, d, true, func(ctx context.Context) (bool, error) {
		last = check(ctx)
		return last == nil, nil
	})
	if err != nil {
		t.Fatalf("%s: %v: %v", what, err, last)
	}
}

// allow binds a user in a namespace to verbs on resources of our groups and
// waits until the cluster's authorizer knows.
func allow(t *testing.T, ns, user string, c *framework.Client, group, verb, resource string) {
	t.Helper()
	name := strings.ReplaceAll(user+"-"+verb+"-"+group+"-"+resource, "/", "-")
	create(t, admin, ns, `
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: `+name+`}
rules:
- apiGroups: [`+group+`]
  resources: ["`+resource+`"]
  verbs: [`+verb+`]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: `+name+`}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: `+name+`}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: `+user+`}]
`)
	res, sub, _ := strings.Cut(resource, "/")
	eventually(t, time.Minute, "binding of "+user, func(ctx context.Context) error {
		r, err := c.Kube.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{
			Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
				Namespace: ns, Verb: verb, Group: group, Resource: res, Subresource: sub}}}, metav1.CreateOptions{})
		if err == nil && !r.Status.Allowed {
			return apierrors.NewForbidden(framework.Native(res).GroupResource(), "", nil)
		}
		return err
	})
}

// A person who may only stop can stop, in his namespace and group, and
// nothing else.
func TestRBACStopOnly(t *testing.T) {
	t.Parallel()
	mine, other := newNamespace(t), newNamespace(t)
	native, compat := framework.Native("workflows"), framework.Compat("workflows")
	wf, foreign := startGated(t, mine), startGated(t, other)
	allow(t, mine, "alice", alice, framework.NativeGroup, "create", "workflows/stop")
	ctx := within(t, time.Minute)
	workflows := alice.Dynamic.Resource(native).Namespace(mine)

	refused := map[string]func() error{
		"get":  func() error { _, err := workflows.Get(ctx, wf.GetName(), metav1.GetOptions{}); return err },
		"list": func() error { _, err := workflows.List(ctx, metav1.ListOptions{}); return err },
		"watch": func() error {
			w, err := workflows.Watch(ctx, metav1.ListOptions{})
			if err == nil {
				w.Stop()
			}
			return err
		},
		"create": func() error {
			_, err := alice.Create(ctx, mine, decode(t, gated)[0], metav1.CreateOptions{})
			return err
		},
		"update": func() error { _, err := workflows.Update(ctx, wf, metav1.UpdateOptions{}); return err },
		"patch": func() error {
			_, err := workflows.Patch(ctx, wf.GetName(), types.MergePatchType, []byte(`{"spec":{"shutdown":"Stop"}}`), metav1.PatchOptions{})
			return err
		},
		"status": func() error {
			_, err := workflows.UpdateStatus(ctx, wf, metav1.UpdateOptions{})
			return err
		},
		"delete": func() error { return workflows.Delete(ctx, wf.GetName(), metav1.DeleteOptions{}) },
		"log":    func() error { return logs(ctx, alice, mine, wf.GetName(), "").Err },
		"list elsewhere": func() error {
			_, err := alice.Dynamic.Resource(native).Namespace(other).List(ctx, metav1.ListOptions{})
			return err
		},
		"stop elsewhere": func() error {
			_, err := verb(ctx, alice, native, other, foreign.GetName(), "stop", nil, metav1.CreateOptions{})
			return err
		},
		"stop in the other group": func() error {
			_, err := verb(ctx, alice, compat, mine, wf.GetName(), "stop", nil, metav1.CreateOptions{})
			return err
		},
	}
	for _, v := range []string{"terminate", "suspend", "resume"} {
		refused[v] = func() error {
			_, err := verb(ctx, alice, native, mine, wf.GetName(), v, nil, metav1.CreateOptions{})
			return err
		}
	}
	for what, do := range refused {
		if err := do(); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "alice") {
			t.Errorf("%s: want 403 that names alice, got %v", what, err)
		}
	}
	if got := phaseOf(t, mine, wf.GetName()); got != "Running" {
		t.Fatalf("after refused requests the workflow is %s", got)
	}
	if _, err := verb(ctx, alice, native, mine, wf.GetName(), "stop", map[string]any{"message": "I may"}, metav1.CreateOptions{}); err != nil {
		t.Fatalf("stop by alice: %v", err)
	}
	done := waitCompleted(t, mine, wf.GetName())
	if field(done, "status", "phase") != "Failed" {
		t.Errorf("stopped workflow is %s", field(done, "status", "phase"))
	}
	if got := phaseOf(t, other, foreign.GetName()); got != "Running" {
		t.Errorf("the workflow elsewhere is %s", got)
	}
}
