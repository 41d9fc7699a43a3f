// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"

	"argosy.dev/argosy/hack/e2e/framework"
)

var (
	pods            = schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	serviceAccounts = schema.GroupVersionResource{Version: "v1", Resource: "serviceaccounts"}
	roles           = schema.GroupVersionResource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "roles"}
	roleBindings    = schema.GroupVersionResource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "rolebindings"}
)

// stuckDeployment is a Deployment that never becomes available, with a further line of its spec.
func stuckDeployment(name, spec string) string {
	return fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s}
spec:
  %[2]s
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
      - {name: main, image: "busybox:latest", imagePullPolicy: IfNotPresent, command: [sleep, "600"], readinessProbe: {exec: {command: ["false"]}}}
`, name, spec)
}

// serviceFile is a Service of a port, without pods.
func serviceFile(name string, port int) string {
	return fmt.Sprintf("apiVersion: v1\nkind: Service\nmetadata: {name: %s}\nspec: {ports: [{port: %d}], selector: {app: %s}}\n", name, port, name)
}

// recordDeleted watches from now on which objects that are called runner go. It returns how their kinds are had, in the order
// in which they began to go.
func recordDeleted(t *testing.T, ns string) func() string {
	t.Helper()
	var mu sync.Mutex
	var order []string
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	for _, gvr := range []schema.GroupVersionResource{pods, serviceAccounts, roles, roleBindings} {
		_, err := framework.Record(ctx, admin.Dynamic, gvr, ns, "", func(kind watch.EventType, u *unstructured.Unstructured) {
			mu.Lock()
			defer mu.Unlock()
			if u.GetName() == "runner" && (kind == watch.Deleted || u.GetDeletionTimestamp() != nil) && !slices.Contains(order, u.GetKind()) {
				order = append(order, u.GetKind())
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return func() string {
		mu.Lock()
		defer mu.Unlock()
		return strings.Join(order, " ")
	}
}
