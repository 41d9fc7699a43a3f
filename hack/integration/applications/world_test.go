// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package applications

import (
	"context"
	"fmt"
	"os"
	"slices"
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
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/yaml"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/generated/clientset/versioned"
	"argosy.dev/argosy/hack/e2e/gitserver"
	"argosy.dev/argosy/pkg/apiserver/apiservertest"
	"argosy.dev/argosy/pkg/controller/application"
)

// bound is how long a test waits for what must come.
const bound = 2 * time.Minute

// syncer is the account as which applications are synced.
const syncer = "argocd-application-controller"

var configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

// world is our server with its loop, and a namespace of the cluster with a repository.
type world struct {
	*testing.T
	ns      string
	argosy  versioned.Interface
	kube    kubernetes.Interface
	dynamic dynamic.Interface
	git     *gitserver.Server
	repo    *gitserver.Repository
	engine  *application.Engine
	// stop ends the loop, as a crash would; run starts one that knows nothing.
	stop func()
}

// newWorld makes one with files in its repository.
func newWorld(t *testing.T, files map[string]string) *world {
	t.Helper()
	server := apiservertest.Start(t, apiservertest.Config{})
	w := &world{
		T: t, argosy: versioned.NewForConfigOrDie(server.Admin), kube: kubernetes.NewForConfigOrDie(admin), dynamic: dynamic.NewForConfigOrDie(admin),
		git: gitserver.Start(t, gitserver.Options{}),
	}
	made, err := w.kube.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}, metav1.CreateOptions{})
	w.must(err)
	w.ns = made.Name
	w.repo = w.git.Repository("app.git")
	if len(files) > 0 {
		w.repo.Commit(files)
	}
	_, err = w.kube.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: w.ns},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Name: syncer, Namespace: w.ns}},
	}, metav1.CreateOptions{})
	w.must(err)
	// An object says itself how it does.
	w.settings(map[string]string{"resource.customizations.health.ConfigMap": `
hs = {status = "Healthy"}
if obj.data ~= nil and obj.data.health ~= nil then hs.status = obj.data.health end
return hs`})
	w.run()
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// run starts a loop.
func (w *world) run() {
	w.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	config := application.EngineConfig{}
	config.Default()
	config.Dir, config.RepositoryDirs = w.TempDir(), []string{w.git.Root}
	engine := application.NewEngine(config)
	w.engine = engine
	loop := application.New(application.Config{Argosy: w.argosy, Cluster: w.kube, Engine: engine, Namespace: "argosy"})
	ended := make(chan error, 2)
	go func() { ended <- engine.Run(ctx, w.argosy, admin) }()
	go func() { ended <- loop.Run(ctx) }()
	stopped := false
	w.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		for range 2 {
			if err := <-ended; err != nil {
				w.Errorf("the loop: %v", err)
			}
		}
	}
	w.Cleanup(w.stop)
}

// settings writes the ConfigMap argocd-cm.
func (w *world) settings(data map[string]string) {
	w.Helper()
	cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "argocd-cm", Labels: map[string]string{"app.kubernetes.io/part-of": "argocd"}}, Data: data}
	_, err := w.kube.CoreV1().ConfigMaps(w.ns).Create(w.Context(), cm, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		_, err = w.kube.CoreV1().ConfigMaps(w.ns).Update(w.Context(), cm, metav1.UpdateOptions{})
	}
	w.must(err)
}

// url is where the repository is; away takes it away until back is called.
func (w *world) url() string { return w.git.File("app.git") }

func (w *world) away() (back func()) {
	w.Helper()
	is, was := strings.TrimPrefix(w.url(), "file://"), strings.TrimPrefix(w.url(), "file://")+".away"
	w.must(os.Rename(is, was))
	return func() { w.Helper(); w.must(os.Rename(was, is)) }
}

// app makes an application of a folder, with further YAML of its spec.
func (w *world) app(name, path, spec string) {
	w.Helper()
	app := &appv1.Application{}
	text := fmt.Sprintf("destination: {name: in-cluster, namespace: %s}\nsource: {repoURL: %q, path: %q}\n%s", w.ns, w.url(), path, spec)
	w.must(yaml.UnmarshalStrict([]byte(text), &app.Spec))
	app.Name = name
	_, err := w.argosy.ApplicationV1alpha1().Applications(w.ns).Create(w.Context(), app, metav1.CreateOptions{})
	w.must(err)
}

func (w *world) get(name string) *appv1.Application {
	w.Helper()
	app, err := w.argosy.ApplicationV1alpha1().Applications(w.ns).Get(w.Context(), name, metav1.GetOptions{})
	w.must(err)
	return app
}

// patch changes an application by a merge patch of YAML.
func (w *world) patch(name, patch string) {
	w.Helper()
	text, err := yaml.YAMLToJSON([]byte(patch))
	w.must(err)
	_, err = w.argosy.ApplicationV1alpha1().Applications(w.ns).Patch(w.Context(), name, types.MergePatchType, text, metav1.PatchOptions{})
	w.must(err)
}

// until waits until something holds of an application.
func (w *world) until(name, what string, holds func(*appv1.Application) bool) *appv1.Application {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), bound)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		app := w.get(name)
		if holds(app) {
			return app
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			text, err := yaml.Marshal(app)
			w.must(err)
			w.Fatalf("%s is never %s:\n%s", name, what, text)
		}
	}
}

// is waits for a sync status.
func (w *world) is(name string, sync appv1.SyncStatusCode) *appv1.Application {
	w.Helper()
	return w.until(name, string(sync), func(app *appv1.Application) bool { return app.Status.Sync.Status == sync })
}

// begin asks for a sync by fields of its request as YAML.
func (w *world) begin(name, fields string) {
	w.Helper()
	request := &appv1.ApplicationSync{}
	w.must(yaml.UnmarshalStrict([]byte(fields), request))
	request.Name = name
	_, err := w.argosy.ApplicationV1alpha1().Applications(w.ns).Sync(w.Context(), name, request, metav1.CreateOptions{})
	w.must(err)
}

// ended waits until no operation is asked for or runs.
func (w *world) ended(name string) *appv1.Application {
	w.Helper()
	return w.until(name, "through with its operation", func(app *appv1.Application) bool {
		s := app.Status.OperationState
		return app.Operation == nil && s != nil && s.Phase != appv1.OperationRunning && s.Phase != appv1.OperationTerminating
	})
}

// sync asks for a sync and waits for its end.
func (w *world) sync(name, fields string) *appv1.Application {
	w.Helper()
	w.begin(name, fields)
	return w.ended(name)
}

// says waits until the operation's message has a text.
func (w *world) says(name, text string) *appv1.Application {
	w.Helper()
	return w.until(name, "one that says "+text, func(app *appv1.Application) bool {
		return app.Status.OperationState != nil && strings.Contains(app.Status.OperationState.Message, text)
	})
}

// phase fails the test unless the operation is in the phase, and its message has the text.
func (w *world) phase(app *appv1.Application, phase appv1.OperationPhase, message string) {
	w.Helper()
	if s := app.Status.OperationState; s.Phase != phase || !strings.Contains(s.Message, message) {
		w.Fatalf("%s %q, not %s with %q; results %+v", s.Phase, s.Message, phase, message, s.SyncResult)
	}
}

// results are what became of the objects, as KIND/NAME: STATUS/HOOKPHASE.
func results(app *appv1.Application) map[string]string {
	out := map[string]string{}
	if s := app.Status.OperationState; s != nil && s.SyncResult != nil {
		for _, r := range s.SyncResult.Resources {
			out[r.Kind+"/"+r.Name] = r.Status + "/" + string(r.HookPhase)
		}
	}
	return out
}

// gone waits until an application is gone.
func (w *world) gone(name string) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), bound)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := w.argosy.ApplicationV1alpha1().Applications(w.ns).Get(ctx, name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return
		}
		w.must(err)
		<-tick.C
	}
}

// object reads an object, nil if it is not there.
func (w *world) object(gvr schema.GroupVersionResource, namespace, name string) *unstructured.Unstructured {
	w.Helper()
	u, err := w.dynamic.Resource(gvr).Namespace(namespace).Get(w.Context(), name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	w.must(err)
	return u
}

// deleted tells whether an object was deleted. Nothing collects garbage here, so one that waits for what it owns stays.
func (w *world) deleted(gvr schema.GroupVersionResource, name string) bool {
	w.Helper()
	u := w.object(gvr, w.ns, name)
	return u == nil || u.GetDeletionTimestamp() != nil && slices.Equal(u.GetFinalizers(), []string{metav1.FinalizerDeleteDependents})
}

// configMap is a manifest; health is how it does, annotations are YAML.
func configMap(name, health, annotations string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, annotations: {%s}}\ndata: {health: %s}\n", name, annotations, health)
}

// becomes has an object do otherwise.
func (w *world) becomes(name, health string) {
	w.Helper()
	_, err := w.dynamic.Resource(configMaps).Namespace(w.ns).Patch(w.Context(), name, types.MergePatchType, []byte(`{"data":{"health":"`+health+`"}}`), metav1.PatchOptions{})
	w.must(err)
}
