// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/hack/e2e/framework"
	"argosy.dev/argosy/hack/e2e/gitserver"
)

var applications = appv1.SchemeGroupVersion.WithResource("applications")

// nodeAddress is where pods reach this machine.
const nodeAddress = "10.25.0.1"

// syncAccount is the service account as which applications of its namespace are synced.
const syncAccount = "argocd-application-controller"

// world is a namespace in which applications live and to which they go, with a Git server of its own.
type world struct {
	*testing.T
	ns   string
	git  *gitserver.Server
	repo *gitserver.Repository
}

// newWorld makes a namespace whose account may do anything in it, and a repository with files.
func newWorld(t *testing.T, files map[string]string) *world {
	t.Helper()
	return newWorldOf(t, gitserver.Options{}, files)
}

func newWorldOf(t *testing.T, o gitserver.Options, files map[string]string) *world {
	t.Helper()
	o.Host = nodeAddress
	w := &world{T: t, ns: newNamespace(t), git: gitserver.Start(t, o)}
	w.repo = w.git.Repository("app.git")
	if len(files) > 0 {
		w.repo.Commit(files)
	}
	w.account(syncAccount, "cluster-admin")
	if len(w.git.CA) > 0 {
		w.settings("argocd-tls-certs-cm", map[string]string{nodeAddress: string(w.git.CA)})
	}
	t.Cleanup(func() {
		if t.Failed() {
			for _, args := range [][]string{{"get", "applications.application.argosy.dev", "-o", "yaml"}, {"get", "events"}} {
				out, _, err := admin.Kubectl(context.Background(), "", append(args, "-n", w.ns)...)
				t.Logf("kubectl %v (%v):\n%s", args, err, out)
			}
		}
		w.release()
	})
	return w
}

// release takes the finalizers off the namespace's applications, so that it can go.
func (w *world) release() {
	list, err := admin.Dynamic.Resource(applications).Namespace(w.ns).List(context.Background(), metav1.ListOptions{})
	if err != nil {
		w.Errorf("list applications: %v", err)
		return
	}
	for _, app := range list.Items {
		_, err := admin.Dynamic.Resource(applications).Namespace(w.ns).Patch(context.Background(), app.GetName(), types.MergePatchType, []byte(`{"metadata":{"finalizers":[]}}`), metav1.PatchOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			w.Errorf("take the finalizers off: %v", err)
		}
	}
}

// account makes a service account with a ClusterRole in the namespace.
func (w *world) account(name, role string) {
	w.Helper()
	ctx := within(w.T, time.Minute)
	if _, err := admin.Kube.CoreV1().ServiceAccounts(w.ns).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{}); err != nil {
		w.Fatal(err)
	}
	if role == "" {
		return
	}
	if _, err := admin.Kube.RbacV1().RoleBindings(w.ns).Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Name: name, Namespace: w.ns}},
	}, metav1.CreateOptions{}); err != nil {
		w.Fatal(err)
	}
}

// everywhere gives the namespace's account all rights in the whole cluster.
func (w *world) everywhere() {
	w.Helper()
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "e2e-" + w.ns},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Name: syncAccount, Namespace: w.ns}},
	}
	if _, err := admin.Kube.RbacV1().ClusterRoleBindings().Create(within(w.T, time.Minute), binding, metav1.CreateOptions{}); err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() {
		if err := admin.Kube.RbacV1().ClusterRoleBindings().Delete(context.Background(), binding.Name, metav1.DeleteOptions{}); err != nil {
			w.Errorf("delete cluster role binding: %v", err)
		}
	})
}

// settings makes, or changes, one of the ConfigMaps with settings.
func (w *world) settings(name string, data map[string]string) {
	w.Helper()
	ctx := within(w.T, time.Minute)
	maps := admin.Kube.CoreV1().ConfigMaps(w.ns)
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app.kubernetes.io/part-of": "argocd"}}, Data: data}
	_, err := maps.Create(ctx, cm, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		_, err = maps.Update(ctx, cm, metav1.UpdateOptions{})
	}
	if err != nil {
		w.Fatal(err)
	}
}

// app creates an application of a folder of the repository. spec is further YAML of the spec, one key a line.
func (w *world) app(name, path string, spec ...string) {
	w.Helper()
	lines := []string{
		"apiVersion: application.argosy.dev/v1alpha1", "kind: Application", "metadata:", "  name: " + name,
		"spec:", "  destination: {name: in-cluster, namespace: " + w.ns + "}",
	}
	if path != "" {
		lines = append(lines, fmt.Sprintf("  source: {repoURL: %q, path: %q}", w.url(), path))
	}
	for _, more := range spec {
		for line := range strings.SplitSeq(strings.TrimSpace(more), "\n") {
			lines = append(lines, "  "+line)
		}
	}
	create(w.T, admin, w.ns, strings.Join(lines, "\n"))
}

// patch changes an application's main resource by a merge patch.
func (w *world) patch(name, patch string) {
	w.Helper()
	if _, err := admin.Dynamic.Resource(applications).Namespace(w.ns).Patch(within(w.T, time.Minute), name, types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		w.Fatalf("patch application %s: %v", name, err)
	}
}

// verb asks for a verb, with fields of its request as JSON.
func (w *world) verb(c *framework.Client, app, verb, fields string) error {
	w.Helper()
	request := &unstructured.Unstructured{Object: map[string]any{}}
	if fields != "" {
		if err := json.Unmarshal([]byte(fields), &request.Object); err != nil {
			w.Fatal(err)
		}
	}
	request.SetAPIVersion(appv1.SchemeGroupVersion.String())
	request.SetKind("Application" + strings.ToUpper(verb[:1]) + verb[1:])
	request.SetName(app)
	_, err := c.Dynamic.Resource(applications).Namespace(w.ns).Create(within(w.T, time.Minute), request, metav1.CreateOptions{}, verb)
	return err
}

// sync asks for a sync and waits until it has ended, which it returns.
func (w *world) sync(app, fields string) *appv1.Application {
	w.Helper()
	before := w.get(app)
	if err := w.verb(admin, app, "sync", fields); err != nil {
		w.Fatalf("sync: %v", err)
	}
	return w.ended(app, before)
}

// ended waits until an operation has ended that had not before.
func (w *world) ended(app string, before *appv1.Application) *appv1.Application {
	w.Helper()
	return w.until(app, "its operation has ended", func(a *appv1.Application) bool {
		s, old := a.Status.OperationState, before.Status.OperationState
		return a.Operation == nil && s != nil && s.FinishedAt != nil && s.Phase != appv1.OperationRunning && s.Phase != appv1.OperationTerminating &&
			(old == nil || !old.StartedAt.Equal(&s.StartedAt) || old.FinishedAt == nil)
	})
}

// get reads an application.
func (w *world) get(name string) *appv1.Application {
	w.Helper()
	u, err := admin.Dynamic.Resource(applications).Namespace(w.ns).Get(within(w.T, time.Minute), name, metav1.GetOptions{})
	if err != nil {
		w.Fatal(err)
	}
	return w.typed(u)
}

func (w *world) typed(u *unstructured.Unstructured) *appv1.Application {
	w.Helper()
	text, err := u.MarshalJSON()
	if err != nil {
		w.Fatal(err)
	}
	app := &appv1.Application{}
	if err := json.Unmarshal(text, app); err != nil {
		w.Fatal(err)
	}
	return app
}

// until waits until something holds of an application.
func (w *world) until(name, what string, holds func(*appv1.Application) bool) *appv1.Application {
	w.Helper()
	var last *appv1.Application
	_, err := framework.WaitFor(within(w.T, 2*time.Minute), admin.Dynamic, applications, w.ns, name, func(u *unstructured.Unstructured) (bool, error) {
		last = w.typed(u)
		return holds(last), nil
	})
	if err != nil {
		w.Fatalf("waiting until %s of application %s: %v", what, name, err)
	}
	return last
}

// is waits for a sync status and a health.
func (w *world) is(name string, sync appv1.SyncStatusCode, health appv1.HealthStatusCode) *appv1.Application {
	w.Helper()
	return w.until(name, fmt.Sprintf("%s and %s", sync, health), func(a *appv1.Application) bool {
		return a.Status.Sync.Status == sync && a.Status.Health.Status == health
	})
}

// condition waits for a condition whose message has the text.
func (w *world) condition(name string, kind appv1.ApplicationConditionType, text string) *appv1.Application {
	w.Helper()
	return w.until(name, fmt.Sprintf("condition %s with %q", kind, text), func(a *appv1.Application) bool {
		for _, c := range a.Status.Conditions {
			if c.Type == kind && strings.Contains(c.Message, text) {
				return true
			}
		}
		return false
	})
}

// phase fails the test unless the last operation is in the phase, and its message has the text.
func (w *world) phase(app *appv1.Application, phase appv1.OperationPhase, message string) {
	w.Helper()
	s := app.Status.OperationState
	if s == nil || s.Phase != phase || !strings.Contains(s.Message, message) {
		w.Fatalf("operation: %+v; want %s with %q", s, phase, message)
	}
}

// results are what became of the objects in the last sync, as KIND/NAME: STATUS/HOOKPHASE.
func results(app *appv1.Application) map[string]string {
	out := map[string]string{}
	if s := app.Status.OperationState; s != nil && s.SyncResult != nil {
		for _, r := range s.SyncResult.Resources {
			out[r.Kind+"/"+r.Name] = r.Status + "/" + string(r.HookPhase)
		}
	}
	return out
}

// resource is what status.resources says of an object.
func (w *world) resource(app *appv1.Application, kind, name string) appv1.ResourceStatus {
	w.Helper()
	for _, r := range app.Status.Resources {
		if r.Kind == kind && r.Name == name {
			return r
		}
	}
	w.Fatalf("status.resources has no %s/%s: %+v", kind, name, app.Status.Resources)
	return appv1.ResourceStatus{}
}

var configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

// object reads an object of the namespace, nil if it is not there.
func (w *world) object(gvr schema.GroupVersionResource, name string) *unstructured.Unstructured {
	w.Helper()
	u, err := admin.Dynamic.Resource(gvr).Namespace(w.ns).Get(within(w.T, time.Minute), name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		w.Fatal(err)
	}
	return u
}

// gone waits until an object of the namespace is gone.
func (w *world) gone(gvr schema.GroupVersionResource, name string) {
	w.Helper()
	if err := framework.WaitGone(within(w.T, 2*time.Minute), admin.Dynamic, gvr, w.ns, name); err != nil {
		w.Fatalf("waiting until %s %s is gone: %v", gvr.Resource, name, err)
	}
}

// configMapFile is a manifest with one value, and annotations as YAML.
func configMapFile(name, value, annotations string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s\n  annotations: {%s}\ndata: {value: %q}\n", name, annotations, value)
}

// url is where the repository is.
func (w *world) url() string { return w.git.HTTPS("app.git") }
