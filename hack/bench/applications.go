// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"argosy.dev/argosy/hack/bench/surface"
	"argosy.dev/argosy/hack/e2e/framework"
)

var (
	nativeApplications = schema.GroupVersionResource{Group: "application.argosy.dev", Version: "v1alpha1", Resource: "applications"}
	configMaps         = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
)

const (
	// objectsOf is how many ConfigMaps each application has.
	objectsOf = 10
	// drifts is how many objects are changed by hand, each of another application.
	drifts = 9
	// syncAccount is the service account as which applications are synced.
	syncAccount = "argocd-application-controller"
)

// applications measures many applications of one repository: from nothing to all synced, a commit to one of them, and
// changes by hand that are undone.
func (b *runner) applications(ctx context.Context, n int) (rows []row, ok bool, err error) {
	if n <= drifts {
		return nil, false, fmt.Errorf("%d applications are too few: more than %d are needed", n, drifts)
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Minute)
	defer cancel()
	repo, err := newMonorepo(ctx, n)
	if err != nil {
		return nil, false, err
	}
	defer repo.close()
	if err := b.mayAll(ctx); err != nil {
		return nil, false, err
	}
	servers, err := surface.FindServers(ctx, b.Client)
	if err != nil {
		return nil, false, err
	}
	add := func(what, format string, args ...any) {
		rows = append(rows, row{fmt.Sprintf("%d applications of %d ConfigMaps: ", n, objectsOf) + what, fmt.Sprintf(format, args...), ""})
		fmt.Fprintf(os.Stderr, "%s: %s\n", what, rows[len(rows)-1].value)
	}

	heap, err := servers.Heap(ctx)
	if err != nil {
		return nil, false, err
	}
	cluster, argosy, err := servers.Written(ctx)
	if err != nil {
		return nil, false, err
	}
	busy, began := servers.CPU(), time.Now()
	if err := each(n, func(i int) error { return b.createApplication(ctx, repo, i) }); err != nil {
		return nil, false, err
	}
	for i := range n {
		if _, err := b.applicationIs(ctx, i, repo.head); err != nil {
			return nil, false, err
		}
	}
	took, used := time.Since(began), servers.CPU()
	clusterAfter, argosyAfter, err := servers.Written(ctx)
	if err != nil {
		return nil, false, err
	}
	heapAfter, err := servers.Heap(ctx)
	if err != nil {
		return nil, false, err
	}
	wrote, told := clusterAfter.Minus(cluster), argosyAfter.Minus(argosy)
	add("from nothing to all Synced", "%.1f s, %.1f/s", took.Seconds(), float64(n)/took.Seconds())
	add("CPU for each application, kube-apiserver + etcd + Argosy", "%.1f + %.1f + %.1f ms", perOne(used[0]-busy[0], n), perOne(used[1]-busy[1], n), perOne(used[2]-busy[2], n))
	add("writes for each ConfigMap", "%s", perKind(wrote, "configmaps", n*objectsOf))
	add("writes of each application", "%s", perKind(told, "applications", n))
	add("live heap that they add, resident memory then", "%.1f MB, %.0f MB", (heapAfter-heap)/1e6, float64(servers.Resident())/1e6)

	began = time.Now()
	head, err := repo.change(ctx, 0, "changed")
	if err != nil {
		return nil, false, err
	}
	if err := b.refresh(ctx, 0); err != nil {
		return nil, false, err
	}
	if _, err := b.applicationIs(ctx, 0, head); err != nil {
		return nil, false, err
	}
	add("a commit of one file, and a refresh, to Synced", "%.0f ms", float64(time.Since(began).Microseconds())/1e3)

	var healed []time.Duration
	for i := 1; i <= drifts; i++ {
		took, err := b.drift(ctx, i)
		if err != nil {
			return nil, false, err
		}
		healed = append(healed, took)
	}
	slices.Sort(healed)
	add(fmt.Sprintf("a change by hand is undone, median and longest of %d", drifts), "%.0f ms, %.0f ms", float64(healed[drifts/2].Microseconds())/1e3, float64(healed[drifts-1].Microseconds())/1e3)
	return rows, true, nil
}

// perKind is how often each kind of write was done of a resource, for one of n.
func perKind(writes surface.Writes, resource string, n int) string {
	var out []string
	for key, count := range writes {
		if _, of, _ := strings.Cut(key, " "); of == resource || strings.HasPrefix(of, resource+"/") {
			out = append(out, fmt.Sprintf("%.2f %s", count/float64(n), key))
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// mayAll makes the account of the namespace, which may do anything in it.
func (b *runner) mayAll(ctx context.Context) error {
	if _, err := b.Kube.CoreV1().ServiceAccounts(b.ns).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: syncAccount}}, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("create service account: %w", err)
	}
	_, err := b.Kube.RbacV1().RoleBindings(b.ns).Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: syncAccount},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Name: syncAccount, Namespace: b.ns}},
	}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("create role binding: %w", err)
	}
	return nil
}

func applicationName(i int) string { return fmt.Sprintf("app-%d", i) }

func (b *runner) createApplication(ctx context.Context, repo *monorepo, i int) error {
	app := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
		"project":     "default",
		"source":      map[string]any{"repoURL": repo.url, "path": folder(i)},
		"destination": map[string]any{"name": "in-cluster", "namespace": b.ns},
		"syncPolicy":  map[string]any{"automated": map[string]any{"selfHeal": true}},
	}}}
	app.SetAPIVersion("application.argosy.dev/v1alpha1")
	app.SetKind("Application")
	app.SetName(applicationName(i))
	if _, err := b.Dynamic.Resource(nativeApplications).Namespace(b.ns).Create(ctx, app, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("create application: %w", err)
	}
	return nil
}

// applicationIs waits until an application is synced to a revision.
func (b *runner) applicationIs(ctx context.Context, i int, revision string) (*unstructured.Unstructured, error) {
	return framework.WaitFor(ctx, b.Dynamic, nativeApplications, b.ns, applicationName(i), func(u *unstructured.Unstructured) (bool, error) {
		status, _, err := unstructured.NestedString(u.Object, "status", "sync", "status")
		if err != nil {
			return false, err
		}
		is, _, err := unstructured.NestedString(u.Object, "status", "sync", "revision")
		return status == "Synced" && is == revision, err
	})
}

func (b *runner) refresh(ctx context.Context, i int) error {
	request := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "application.argosy.dev/v1alpha1", "kind": "ApplicationRefresh"}}
	request.SetName(applicationName(i))
	if _, err := b.Dynamic.Resource(nativeApplications).Namespace(b.ns).Create(ctx, request, metav1.CreateOptions{}, "refresh"); err != nil {
		return fmt.Errorf("refresh: %w", err)
	}
	return nil
}

// drift changes an object by hand, and measures how long it stays so.
func (b *runner) drift(ctx context.Context, i int) (time.Duration, error) {
	began := time.Now()
	if _, err := b.Dynamic.Resource(configMaps).Namespace(b.ns).Patch(ctx, objectName(i, 0), types.MergePatchType, []byte(`{"data":{"value":"by hand"}}`), metav1.PatchOptions{}); err != nil {
		return 0, fmt.Errorf("change a ConfigMap: %w", err)
	}
	_, err := framework.WaitFor(ctx, b.Dynamic, configMaps, b.ns, objectName(i, 0), func(u *unstructured.Unstructured) (bool, error) {
		value, _, err := unstructured.NestedString(u.Object, "data", "value")
		return value != "by hand", err
	})
	return time.Since(began), err
}
