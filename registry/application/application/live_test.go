// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/fake"
	clientscheme "k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	fakerest "k8s.io/client-go/rest/fake"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/apis/raw"
	"argosy.dev/argosy/generated/clientset/versioned"
	"argosy.dev/argosy/pkg/apiserver/apiservertest"
	"argosy.dev/argosy/pkg/application/object"
	"argosy.dev/argosy/registry/application/application"
)

// world is what a test has Live answer.
type world struct {
	mu      sync.Mutex
	asked   []string
	err     error
	pods    []application.Pod
	logs    map[string]string // by pod/container, or pod/container/previous
	changed chan struct{}
}

func (w *world) Manifests(_ context.Context, app *appv1.Application, o *appv1.ApplicationManifestsOptions) (*appv1.ApplicationManifests, error) {
	w.ask("manifests", app, o.Revision, o.Hard)
	return &appv1.ApplicationManifests{Revisions: []string{"abc"}, Manifests: []raw.Object{{Raw: []byte(`{"kind":"ConfigMap"}`)}}}, w.err
}

func (w *world) Diff(_ context.Context, app *appv1.Application, o *appv1.ApplicationDiffOptions) (*appv1.ApplicationDiff, error) {
	w.ask("diff", app, o.Revision, o.Hard)
	return &appv1.ApplicationDiff{Resources: []appv1.ApplicationDiffResource{{Kind: "ConfigMap", Name: "a", Change: appv1.DiffModified, Diff: "-a\n+b\n"}}}, w.err
}

func (w *world) Tree(_ context.Context, app *appv1.Application) ([]appv1.ApplicationTreeNode, error) {
	w.ask("tree", app, nil, false)
	return []appv1.ApplicationTreeNode{{Kind: "ConfigMap", Name: "a", UID: "1"}}, w.err
}

func (w *world) Pods(_ context.Context, _ *appv1.Application) (*application.Pods, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return &application.Pods{Cluster: cluster{fake.NewClientset(), w}, Pods: append([]application.Pod(nil), w.pods...)}, w.err
}

func (w *world) Watch(context.Context, *appv1.Application) (<-chan struct{}, error) {
	return w.changed, nil
}

func (w *world) ask(what string, app *appv1.Application, revision []string, hard bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if hard {
		what = "hard " + what
	}
	w.asked = append(w.asked, strings.TrimSpace(what+" of "+app.Name+" "+strings.Join(revision, ",")))
}

// cluster is a fake cluster whose pods have the logs of a world.
type cluster struct {
	*fake.Clientset
	world *world
}

var _ kubernetes.Interface = cluster{}

func (c cluster) CoreV1() typedcorev1.CoreV1Interface { return core{c.Clientset.CoreV1(), c.world} }

type core struct {
	typedcorev1.CoreV1Interface
	world *world
}

func (c core) Pods(namespace string) typedcorev1.PodInterface {
	return pods{c.CoreV1Interface.Pods(namespace), c.world}
}

type pods struct {
	typedcorev1.PodInterface
	world *world
}

func (p pods) GetLogs(name string, o *corev1.PodLogOptions) *rest.Request {
	client := &fakerest.RESTClient{
		NegotiatedSerializer: clientscheme.Codecs.WithoutConversion(),
		GroupVersion:         schema.GroupVersion{Version: "v1"},
		Client: fakerest.CreateHTTPClient(func(*http.Request) (*http.Response, error) {
			key := name + "/" + o.Container
			if o.Previous {
				key += "/previous"
			}
			p.world.mu.Lock()
			defer p.world.mu.Unlock()
			text, ok := p.world.logs[key]
			if !ok {
				return nil, errors.New("no log of " + key)
			}
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(text))}, nil
		}),
	}
	return client.Request()
}

// podOf is a pod below a deployment, with the containers, of which the first was started again the number of times.
func podOf(name, deployment string, restarts int32, containers ...string) application.Pod {
	pod := application.Pod{
		Pod: corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "shop", UID: types.UID(name)}},
		Path: []object.Key{
			{Kind: "Pod", Namespace: "shop", Name: name},
			{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: deployment},
		},
	}
	for _, c := range containers {
		pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: c})
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: c, RestartCount: restarts, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}})
	}
	return pod
}

// start runs a server with an application of two sources.
func start(t *testing.T, live application.Live) *apiservertest.Server {
	t.Helper()
	s := apiservertest.Start(t, apiservertest.Config{Live: live, Authorizer: apiservertest.Allow(func(a authorizer.Attributes) bool {
		granted := strings.Split(a.GetUser().GetName(), "+")[1:]
		for _, right := range granted {
			if a.GetVerb() == "get" && a.GetSubresource() == right {
				return true
			}
		}
		return false
	})})
	client, err := versioned.NewForConfig(s.Admin)
	if err != nil {
		t.Fatal(err)
	}
	app := &appv1.Application{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "ns"}}
	app.Spec.Destination.Name = "in-cluster"
	app.Spec.Sources = []appv1.ApplicationSource{{RepoURL: "https://git.example/a.git", Path: "."}, {RepoURL: "https://git.example/b.git", Path: "."}}
	apps := client.ApplicationV1alpha1().Applications("ns")
	if app, err = apps.Create(t.Context(), app, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	app.Status.Sync = appv1.SyncStatus{Status: appv1.SyncStatusSynced, Revisions: []string{"a", "b"}}
	app.Status.Health.Status = appv1.HealthHealthy
	if _, err = apps.UpdateStatus(t.Context(), app, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	return s
}

// get reads a subresource.
func get(t *testing.T, c *rest.Config, group, what string) (string, error) {
	t.Helper()
	client, err := versioned.NewForConfig(c)
	if err != nil {
		t.Fatal(err)
	}
	data, err := client.RESTClient().Get().RequestURI("/apis/" + group + "/v1alpha1/namespaces/ns/applications/" + what).DoRaw(t.Context())
	return string(data), err
}

var groups = []string{appv1.GroupName, "argoproj.io"}

func TestRead(t *testing.T) {
	w := &world{}
	s := start(t, w)
	for _, group := range groups {
		w.asked = nil
		for what, says := range map[string][]string{
			"manifests?revision=v1&revision=&hard=1": {`"kind":"ApplicationManifests"`, `"manifests":[{"kind":"ConfigMap"}]`, `"revisions":["abc"]`},
			"diff":                                   {`"kind":"ApplicationDiff"`, `"change":"Modified"`, `"diff":"-a\n+b\n"`},
			"tree":                                   {`"kind":"ApplicationTree"`, `"sync":"Synced"`, `"health":{"status":"Healthy"}`, `"revisions":["a","b"]`, `"nodes":[{"kind":"ConfigMap","name":"a","uid":"1"}]`},
		} {
			right, _, _ := strings.Cut(what, "?")
			text, err := get(t, s.As("alice+"+right), group, "web/"+what)
			if err != nil {
				t.Errorf("%s %s: %v", group, what, err)
			}
			for _, want := range append(says, `"apiVersion":"`+group+`/v1alpha1"`, `"name":"web"`, `"namespace":"ns"`, `"generation":1`) {
				if !strings.Contains(text, want) {
					t.Errorf("%s %s: %s is not in %s", group, what, want, text)
				}
			}
			// Neither the right to read applications nor any other will do.
			if _, err := get(t, s.As("bob+log"), group, "web/"+what); !apierrors.IsForbidden(err) {
				t.Errorf("%s %s without the right: %v", group, what, err)
			}
			if _, err := get(t, s.Admin, group, "nobody/"+what); !apierrors.IsNotFound(err) {
				t.Errorf("%s %s of nobody: %v", group, what, err)
			}
		}
		if diff := cmp.Diff(map[string]bool{"hard manifests of web v1,": true, "diff of web": true, "tree of web": true}, set(w.asked)); diff != "" {
			t.Error(diff)
		}
		for what, check := range map[string]func(error) bool{"diff?revision=v1": apierrors.IsBadRequest, "manifests?hard=maybe": apierrors.IsBadRequest} {
			if _, err := get(t, s.Admin, group, "web/"+what); !check(err) {
				t.Errorf("%s %s: %v", group, what, err)
			}
		}
	}
	w.err = apierrors.NewBadRequest("no such path")
	if _, err := get(t, s.Admin, groups[0], "web/manifests"); !apierrors.IsBadRequest(err) {
		t.Errorf("got %v", err)
	}
	w.err = errors.New("connection refused")
	if text, err := get(t, s.Admin, groups[0], "web/diff"); !apierrors.IsInternalError(err) || !strings.Contains(text, "application web: connection refused") {
		t.Errorf("got %v: %s", err, text)
	}
}

func set(words []string) map[string]bool {
	out := map[string]bool{}
	for _, word := range words {
		out[word] = true
	}
	return out
}

func TestReadWithoutALoop(t *testing.T) {
	s := start(t, nil)
	for _, what := range []string{"manifests", "diff", "tree", "log"} {
		if _, err := get(t, s.Admin, groups[0], "web/"+what); !apierrors.IsServiceUnavailable(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestLog(t *testing.T) {
	w := &world{
		pods: []application.Pod{podOf("web-1", "web", 1, "main", "side"), podOf("db-1", "db", 0, "db")},
		logs: map[string]string{"web-1/main": "hello\n", "web-1/main/previous": "before\n", "web-1/side": "aside\n", "db-1/db": "data\n"},
	}
	w.pods[1].Annotations = map[string]string{"kubectl.kubernetes.io/default-container": "db"}
	s := start(t, w)
	for query, want := range map[string]string{
		"":                                      "[db-1] data\n[web-1] hello\n",
		"prefix=false":                          "data\nhello\n",
		"resource=apps:Deployment:web":          "hello\n",
		"resource=apps:Deployment:shop/web":     "hello\n",
		"resource=apps:Deployment:elsewhere/*":  "",
		"resource=*:Pod:db-1&prefix=true":       "[db-1] data\n",
		"resource=:Pod:db-1&resource=:Pod:web*": "data\n",
		"podName=web-1&container=side":          "aside\n",
		"podName=web-1&previous=true":           "before\n",
	} {
		got, err := get(t, s.As("alice+log"), groups[0], "web/log?"+query)
		if err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", query, got, err, want)
		}
	}
	for query, check := range map[string]func(error) bool{
		"podName=nobody":             apierrors.IsNotFound,
		"resource=Pod":               apierrors.IsInvalid,
		"sinceSeconds=0":             apierrors.IsInvalid,
		"follow=true&previous=true":  apierrors.IsInvalid,
		"tailLines=few":              apierrors.IsBadRequest,
		"podName=db-1&container=no":  apierrors.IsBadRequest, // it has not begun
		"podName=db-1&previous=true": apierrors.IsInternalError,
	} {
		if _, err := get(t, s.Admin, groups[0], "web/log?"+query); !check(err) {
			t.Errorf("%s: %v", query, err)
		}
	}
	if _, err := get(t, s.As("bob+tree"), groups[0], "web/log"); !apierrors.IsForbidden(err) {
		t.Errorf("without the right: %v", err)
	}
}

// Logs of pods that come, and of containers that start again, follow those that are there.
func TestLogFollow(t *testing.T) {
	w := &world{
		pods:    []application.Pod{podOf("web-1", "web", 0, "main")},
		logs:    map[string]string{"web-1/main": "one\n", "web-2/main": "two\n"},
		changed: make(chan struct{}),
	}
	s := start(t, w)
	client, err := versioned.NewForConfig(s.Admin)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	body, err := client.RESTClient().Get().RequestURI("/apis/" + groups[0] + "/v1alpha1/namespaces/ns/applications/web/log?follow=1").Stream(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	lines := bufio.NewReader(body)
	expect := func(want string) {
		t.Helper()
		if got, err := lines.ReadString('\n'); got != want || err != nil && !(want == "" && errors.Is(err, io.EOF)) {
			t.Fatalf("%q, %v; want %q", got, err, want)
		}
	}
	change := func(pods ...application.Pod) {
		t.Helper()
		w.mu.Lock()
		w.pods = pods
		w.mu.Unlock()
		select {
		case w.changed <- struct{}{}:
		case <-ctx.Done():
			t.Fatal("nobody listens")
		}
	}
	expect("[web-1] one\n")
	change(podOf("web-1", "web", 0, "main"), podOf("web-2", "web", 0, "main"))
	expect("[web-2] two\n")
	change(podOf("web-1", "web", 1, "main"), podOf("web-2", "web", 0, "main"))
	expect("[web-1] one\n")
	close(w.changed)
	expect("")
}
