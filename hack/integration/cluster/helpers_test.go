// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
	"argosy.dev/argosy/pkg/cluster"
)

// bound is how long a test waits for what must come.
const bound = time.Minute

// wire counts what is asked of the API server.
type wire struct {
	mu       sync.Mutex
	requests []string
	// watches are the answers to requests that watch, by path.
	watches map[string][]io.Closer
	// before, if set, is called before each request.
	before func(*http.Request)
}

func (w *wire) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		verb := r.Method
		if r.URL.Query().Get("watch") == "true" {
			verb = "WATCH"
		}
		w.mu.Lock()
		w.requests = append(w.requests, verb+" "+r.URL.Path)
		before := w.before
		w.mu.Unlock()
		if before != nil {
			before(r)
		}
		response, err := next.RoundTrip(r)
		if err == nil && verb == "WATCH" {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.watches[r.URL.Path] = append(w.watches[r.URL.Path], response.Body)
		}
		return response, err
	})
}

// discovery are the paths by which a client learns which kinds there are. It does so whenever a definition changes, and
// definitions of other tests do at any time.
var discovery = regexp.MustCompile(`^/version$|^/api(/v1)?$|^/apis(/[^/]+(/[^/]+)?)?$|/(customresourcedefinitions|apiservices)$`)

// asked are the requests since the last reset, without what serves to know the kinds.
func (w *wire) asked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.requests), func(request string) bool {
		_, path, _ := strings.Cut(request, " ")
		return discovery.MatchString(path)
	})
}

// cut ends the watches of a namespace, as networks do.
func (f *fixture) cut(namespace string) {
	f.Helper()
	f.wire.mu.Lock()
	defer f.wire.mu.Unlock()
	cut := 0
	for path, bodies := range f.wire.watches {
		if strings.Contains(path, "/namespaces/"+namespace+"/") {
			for _, body := range bodies {
				_ = body.Close() // it may have ended by itself
				cut++
			}
		}
	}
	if cut == 0 {
		f.Fatalf("nothing is watched in %s", namespace)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// count returns how many requests had that verb and a path with that in it, and forgets nothing.
func (w *wire) count(verb, path string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, request := range w.requests {
		if strings.HasPrefix(request, verb+" ") && strings.Contains(request, path) {
			n++
		}
	}
	return n
}

// writes are the requests that change something.
func (w *wire) writes() int {
	return w.count("PATCH", "") + w.count("PUT", "") + w.count("POST", "") + w.count("DELETE", "")
}

func (w *wire) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.requests = nil
}

// fixture is caches of one test, in a namespace of its own.
type fixture struct {
	*testing.T
	ctx       context.Context
	wire      *wire
	caches    *cluster.Caches
	namespace string
	client    kubernetes.Interface
	dynamic   dynamic.Interface

	mu      sync.Mutex
	changes []cluster.Change
	told    chan struct{}
}

func start(t *testing.T, config cluster.Config) *fixture {
	t.Helper()
	f := &fixture{T: t, wire: &wire{watches: map[string][]io.Closer{}}, told: make(chan struct{})}
	var cancel context.CancelFunc
	f.ctx, cancel = context.WithTimeout(context.Background(), 5*time.Minute)
	f.client = kubernetes.NewForConfigOrDie(admin)
	f.dynamic = dynamic.NewForConfigOrDie(admin)
	config.Changed = f.changed
	f.caches = cluster.New(config)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.caches.Run(f.ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	f.namespace = f.newNamespace("default-account")
	return f
}

// newNamespace makes a namespace in which the service account may do everything.
func (f *fixture) newNamespace(accounts ...string) string {
	f.Helper()
	made, err := f.client.CoreV1().Namespaces().Create(f.ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}, metav1.CreateOptions{})
	f.must(err)
	for _, account := range accounts {
		f.allow(made.Name, made.Name, account)
	}
	return made.Name
}

// allow lets a service account of one namespace do everything in another.
func (f *fixture) allow(in, of, account string) {
	f.Helper()
	_, err := f.client.RbacV1().RoleBindings(in).Create(f.ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "allow-"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: of, Name: account}},
	}, metav1.CreateOptions{})
	f.must(err)
}

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) changed(c cluster.Change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changes = append(f.changes, c)
	close(f.told)
	f.told = make(chan struct{})
}

// changesOf returns which users were told of a change of an object.
func (f *fixture) changesOf(key object.Key) (out []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.changes {
		if c.Key == key {
			out = append(out, c.Users...)
		}
	}
	return out
}

// eventually waits until it is so; it looks whenever the caches have told of something, and now and then.
func (f *fixture) eventually(what string, so func() bool) {
	f.Helper()
	ctx, cancel := context.WithTimeout(f.ctx, bound)
	defer cancel()
	for {
		f.mu.Lock()
		told := f.told
		f.mu.Unlock()
		if so() {
			return
		}
		select {
		case <-told:
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			f.Fatalf("never: %s", what)
		}
	}
}

// own is the cluster by its own credentials, which are an admin's.
func (f *fixture) own() cluster.Destination {
	f.Helper()
	config := rest.CopyConfig(admin)
	config.Wrap(f.wire.wrap)
	d, err := cluster.Resolve(appv1.ApplicationDestination{Name: cluster.InClusterName}, "", nil, config)
	f.must(err)
	return d
}

// everywhere is a service account that may do everything everywhere.
func (f *fixture) everywhere() cluster.Identity {
	f.Helper()
	_, err := f.client.RbacV1().ClusterRoleBindings().Create(f.ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "everywhere-"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: f.namespace, Name: "everywhere"}},
	}, metav1.CreateOptions{})
	f.must(err)
	return cluster.ServiceAccount(f.namespace, "everywhere")
}

// use returns the cache of the own cluster for a user.
func (f *fixture) use(user string, identity cluster.Identity) *cluster.Cache {
	f.Helper()
	c, err := f.caches.Use(user, f.own(), identity)
	f.must(err)
	return c
}

// manifest reads a manifest, and puts it into the test's namespace.
func (f *fixture) manifest(text string) *unstructured.Unstructured {
	f.Helper()
	u := &unstructured.Unstructured{}
	f.must(yaml.UnmarshalStrict([]byte(text), &u.Object))
	u.SetNamespace(f.namespace)
	return u
}

// configMap is a manifest of an application.
func (f *fixture) configMap(name, application, value string) *unstructured.Unstructured {
	f.Helper()
	u := f.manifest(fmt.Sprintf("{apiVersion: v1, kind: ConfigMap, metadata: {name: %s}, data: {key: %q}}", name, value))
	if application != "" {
		object.Track(u, application)
	}
	return u
}

func keys(list []*unstructured.Unstructured) (out []string) {
	for _, u := range list {
		out = append(out, object.KeyOf(u).Label())
	}
	return out
}
