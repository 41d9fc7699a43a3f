// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/generated/clientset/versioned"
	"argosy.dev/argosy/pkg/rollout"
)

// api is a small API server, cluster and ours in one, with what the loop relies on: resourceVersions that rise, conflicts,
// preconditions by UID, watches, and a status apart from the rest. Unlike client-go's fakes it knows versions, and it can
// be told to end a client's life between any two of its writes.
type api struct {
	t       *testing.T
	server  *httptest.Server
	mu      sync.Mutex
	changed *sync.Cond
	version int
	objects map[string]*unstructured.Unstructured // by path
	log     []event
	// made counts the objects that were ever created, by path.
	made map[string]int
	// served are the resources of groups beyond the built-in ones.
	served []metav1.APIResourceList
	// guard decides about each write of the loop, before it is done; nil lets all through.
	guard func(method, path string) error
	// settle plays the other controllers of the cluster, after each write.
	settle func()
	done   bool
	// core is the core of the loops that run here.
	core func(*rov1.Rollout, rollout.World) rollout.Decision
}

// errAfterwards is a guard's verdict by which the write is done and the answer is lost.
var errAfterwards = errors.New("the answer is lost")

type event struct {
	version int
	kind    string
	path    string
	object  *unstructured.Unstructured
	before  labels.Set
}

func newAPI(t *testing.T) *api {
	a := &api{t: t, objects: map[string]*unstructured.Unstructured{}, made: map[string]int{}}
	a.changed = sync.NewCond(&a.mu)
	a.server = httptest.NewServer(http.HandlerFunc(a.serve))
	t.Cleanup(func() {
		a.mu.Lock()
		a.done = true
		a.mu.Unlock()
		a.changed.Broadcast()
		a.server.CloseClientConnections()
		a.server.Close()
	})
	return a
}

// config returns a loop's clients.
func (a *api) config() Config {
	c := &rest.Config{Host: a.server.URL, QPS: -1, ContentConfig: rest.ContentConfig{ContentType: "application/json", AcceptContentTypes: "application/json"}}
	argosy, err := versioned.NewForConfig(c)
	if err != nil {
		a.t.Fatal(err)
	}
	cluster, err := kubernetes.NewForConfig(c)
	if err != nil {
		a.t.Fatal(err)
	}
	dyn, err := dynamic.NewForConfig(c)
	if err != nil {
		a.t.Fatal(err)
	}
	return Config{Argosy: argosy, Cluster: cluster, Dynamic: dyn, Workers: 2}
}

// put stores an object as it is; the lock must be held.
func (a *api) put(path string, o *unstructured.Unstructured) *unstructured.Unstructured {
	old := a.objects[path]
	kind := "MODIFIED"
	if old == nil {
		kind = "ADDED"
		a.made[path]++
	} else {
		stripped := func(o *unstructured.Unstructured) string {
			c := o.DeepCopy()
			c.SetResourceVersion("")
			data, _ := c.MarshalJSON()
			return string(data)
		}
		if stripped(old) == stripped(o) {
			return old
		}
	}
	a.version++
	o.SetResourceVersion(strconv.Itoa(a.version))
	if o.GetUID() == "" {
		o.SetUID(schemaUID(path, a.made[path]))
	}
	if created := o.GetCreationTimestamp(); created.IsZero() {
		o.SetCreationTimestamp(metav1.Now())
	}
	a.objects[path] = o
	a.record(kind, path, o, old)
	return o
}

func (a *api) record(kind, path string, o, old *unstructured.Unstructured) {
	e := event{version: a.version, kind: kind, path: path, object: o.DeepCopy()}
	if old != nil {
		e.before = old.GetLabels()
	}
	a.log = append(a.log, e)
	a.changed.Broadcast()
}

func (a *api) remove(path string) {
	o := a.objects[path]
	delete(a.objects, path)
	a.version++
	o = o.DeepCopy()
	o.SetResourceVersion(strconv.Itoa(a.version))
	a.record("DELETED", path, o, o)
}

// edit changes an object as somebody else would, and creates it if it is not there.
func (a *api) edit(path string, change func(*unstructured.Unstructured)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	o := &unstructured.Unstructured{Object: map[string]any{}}
	if old := a.objects[path]; old != nil {
		o = old.DeepCopy()
	}
	change(o)
	if a.put(path, o); a.settle != nil {
		a.settle()
	}
}

// find returns an object, nil if there is none.
func (a *api) find(path string) *unstructured.Unstructured {
	a.mu.Lock()
	defer a.mu.Unlock()
	if o := a.objects[path]; o != nil {
		return o.DeepCopy()
	}
	return nil
}

// below returns the paths of objects under a path.
func (a *api) below(prefix string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(a.objects)), func(p string) bool { return !strings.HasPrefix(p, prefix) })
}

func schemaUID(path string, n int) types.UID { return types.UID(fmt.Sprintf("%s#%d", path, n)) }

// serve answers one request.
func (a *api) serve(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimSuffix(r.URL.Path, "/")
	if r.Method == http.MethodGet && a.discovery(w, path) {
		return
	}
	object, subresource, collection := split(path)
	if r.Method == http.MethodGet && collection {
		if r.URL.Query().Get("watch") != "" {
			a.watch(w, r, object)
			return
		}
		a.list(w, r, object)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		fail(w, err)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	var verdict error
	if r.Method != http.MethodGet && a.guard != nil && !strings.Contains(path, "/events") {
		if verdict = a.guard(r.Method, path); verdict != nil && !errors.Is(verdict, errAfterwards) {
			fail(w, verdict)
			return
		}
	}
	answer, err := a.do(r, object, subresource, body)
	if err == nil && r.Method != http.MethodGet && a.settle != nil {
		a.settle()
	}
	if err == nil {
		err = verdict
	}
	if err != nil {
		fail(w, err)
		return
	}
	respond(w, answer)
}

func (a *api) do(r *http.Request, path, subresource string, body []byte) (*unstructured.Unstructured, error) {
	name := path[strings.LastIndex(path, "/")+1:]
	resource := schema.GroupResource{Resource: "object"}
	old := a.objects[path]
	given := &unstructured.Unstructured{}
	if r.Method == http.MethodPost || r.Method == http.MethodPut {
		if err := utiljson.Unmarshal(body, &given.Object); err != nil {
			return nil, err
		}
	}
	if r.Method == http.MethodPost && subresource == "" {
		path += "/" + given.GetName()
		if a.objects[path] != nil {
			return nil, apierrors.NewAlreadyExists(resource, given.GetName())
		}
		return a.put(path, given), nil
	}
	if old == nil {
		return nil, apierrors.NewNotFound(resource, name)
	}
	conflict := func(o *unstructured.Unstructured) error {
		if v := o.GetResourceVersion(); v != "" && v != old.GetResourceVersion() {
			return apierrors.NewConflict(resource, name, errors.New("the object has been modified"))
		}
		if u := o.GetUID(); u != "" && u != old.GetUID() {
			return apierrors.NewConflict(resource, name, errors.New("another UID"))
		}
		return nil
	}
	switch {
	case r.Method == http.MethodGet:
		return old, nil
	case r.Method == http.MethodPost && subresource == "eviction", r.Method == http.MethodDelete:
		options := metav1.DeleteOptions{}
		if raw, ok := given.Object["deleteOptions"]; ok {
			body, _ = json.Marshal(raw)
		}
		if len(body) > 0 {
			if err := json.Unmarshal(body, &options); err != nil {
				return nil, err
			}
		}
		if p := options.Preconditions; p != nil && (p.UID != nil && *p.UID != old.GetUID() || p.ResourceVersion != nil && *p.ResourceVersion != old.GetResourceVersion()) {
			return nil, apierrors.NewConflict(resource, name, errors.New("precondition"))
		}
		a.remove(path)
		return old, nil
	case r.Method == http.MethodPatch:
		patch := map[string]any{}
		if err := utiljson.Unmarshal(body, &patch); err != nil {
			return nil, err
		}
		given.Object = merge(old.DeepCopy().Object, patch)
	}
	if err := conflict(given); err != nil {
		return nil, err
	}
	next := old.DeepCopy()
	if subresource == "status" {
		next.Object["status"] = given.Object["status"]
	} else {
		next = given
		if status, ok := old.Object["status"]; ok {
			next.Object["status"] = status
		} else {
			delete(next.Object, "status")
		}
	}
	return a.put(path, next), nil
}

// merge applies a JSON merge patch.
func merge(object, patch map[string]any) map[string]any {
	if object == nil {
		object = map[string]any{}
	}
	for key, value := range patch {
		switch value := value.(type) {
		case nil:
			delete(object, key)
		case map[string]any:
			below, _ := object[key].(map[string]any)
			object[key] = merge(below, value)
		default:
			object[key] = value
		}
	}
	return object
}

// split tells apart the path of an object or collection and its subresource.
func split(path string) (object, subresource string, collection bool) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	depth := 2 // api/v1
	if parts[0] == "apis" {
		depth = 3
	}
	rest := parts[depth:]
	if len(rest) > 2 && rest[0] == "namespaces" {
		rest = rest[2:]
	}
	if len(rest) > 2 {
		return strings.TrimSuffix(path, "/"+rest[2]), rest[2], false
	}
	return path, "", len(rest) == 1
}

// in tells whether an object belongs to a collection, which may be that of all namespaces.
func in(object, collection string) bool {
	if strings.Contains(collection, "/namespaces/") {
		return strings.HasPrefix(object, collection+"/")
	}
	i := strings.LastIndex(collection, "/")
	return strings.HasPrefix(object, collection+"/") || strings.HasPrefix(object, collection[:i]+"/namespaces/") && strings.Contains(object, collection[i:]+"/")
}

func (a *api) list(w http.ResponseWriter, r *http.Request, collection string) {
	selector, err := labels.Parse(r.URL.Query().Get("labelSelector"))
	if err != nil {
		fail(w, err)
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	items := []any{}
	for _, path := range slices.Sorted(maps.Keys(a.objects)) {
		if o := a.objects[path]; in(path, collection) && selector.Matches(labels.Set(o.GetLabels())) {
			items = append(items, o.DeepCopy().Object)
		}
	}
	respond(w, &unstructured.Unstructured{Object: map[string]any{
		"kind": lists[collection[strings.LastIndex(collection, "/")+1:]], "apiVersion": groupVersion(collection), "metadata": map[string]any{"resourceVersion": strconv.Itoa(a.version)}, "items": items,
	}})
}

// lists are the kinds of lists, by resource.
var lists = map[string]string{
	"rollouts": "RolloutList", "analysisruns": "AnalysisRunList", "analysistemplates": "AnalysisTemplateList",
	"clusteranalysistemplates": "ClusterAnalysisTemplateList", "replicasets": "ReplicaSetList", "pods": "PodList",
	"services": "ServiceList", "deployments": "DeploymentList", "virtualservices": "VirtualServiceList", "ingresses": "IngressList",
}

func groupVersion(path string) string {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	if parts[0] == "apis" {
		return parts[1] + "/" + parts[2]
	}
	return parts[1]
}

func (a *api) watch(w http.ResponseWriter, r *http.Request, collection string) {
	query := r.URL.Query()
	selector, err := labels.Parse(query.Get("labelSelector"))
	if err != nil {
		fail(w, err)
		return
	}
	if query.Get("sendInitialEvents") != "" {
		fail(w, apierrors.NewInvalid(schema.GroupKind{Kind: "ListOptions"}, "", nil))
		return
	}
	from, _ := strconv.Atoi(query.Get("resourceVersion"))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-r.Context().Done():
			a.changed.Broadcast()
		case <-stop:
		}
	}()
	encoder := json.NewEncoder(w)
	a.mu.Lock()
	defer a.mu.Unlock()
	for next := 0; ; {
		for next == len(a.log) && r.Context().Err() == nil && !a.done {
			w.(http.Flusher).Flush()
			a.changed.Wait()
		}
		if r.Context().Err() != nil || a.done {
			return
		}
		e := a.log[next]
		next++
		if e.version <= from || !in(e.path, collection) {
			continue
		}
		now, before := selector.Matches(labels.Set(e.object.GetLabels())), e.before != nil && selector.Matches(e.before)
		kind := e.kind
		switch {
		case !now && !before:
			continue
		case !now:
			kind = "DELETED"
		case !before && kind == "MODIFIED":
			kind = "ADDED"
		}
		if err := encoder.Encode(map[string]any{"type": kind, "object": e.object.Object}); err != nil {
			return
		}
	}
}

// discovery answers what the server serves; only what is looked up by discovery is listed.
func (a *api) discovery(w http.ResponseWriter, path string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch path {
	case "/api":
		respond(w, &metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}})
		return true
	case "/api/v1":
		respond(w, &metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList"}, GroupVersion: "v1"})
		return true
	case "/apis":
		groups := &metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList"}}
		for _, list := range a.served {
			gv, _ := schema.ParseGroupVersion(list.GroupVersion)
			version := metav1.GroupVersionForDiscovery{GroupVersion: list.GroupVersion, Version: gv.Version}
			groups.Groups = append(groups.Groups, metav1.APIGroup{Name: gv.Group, Versions: []metav1.GroupVersionForDiscovery{version}, PreferredVersion: version})
		}
		respond(w, groups)
		return true
	}
	for i := range a.served {
		if path == "/apis/"+a.served[i].GroupVersion {
			respond(w, &a.served[i])
			return true
		}
	}
	return false
}

func respond(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}

func fail(w http.ResponseWriter, err error) {
	status := apierrors.NewInternalError(err).Status()
	if known := apierrors.APIStatus(nil); errors.As(err, &known) {
		status = known.Status()
	}
	status.Kind, status.APIVersion = "Status", "v1"
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(int(status.Code))
	_ = json.NewEncoder(w).Encode(status)
}
