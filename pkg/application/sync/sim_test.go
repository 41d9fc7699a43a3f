// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

// tb is what *testing.T and *rapid.T have in common.
type tb interface {
	Helper()
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

const (
	simApp = "app"
	simUID = types.UID("0123456789abcdef")
	simNS  = "ns"
)

var simStart = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// fate is what becomes of an object that has a check of health.
type fate struct {
	// health is where it ends up, after a time; empty is nowhere.
	health appv1.HealthStatusCode
	after  time.Duration
}

// sim is a simulated cluster with a shell around the core: virtual time, and faults on demand.
type sim struct {
	t    tb
	now  time.Time
	rv   int
	live map[object.Key]*unstructured.Unstructured
	// since is when an object was last changed by an apply, healthy whether it has been healthy since.
	since   map[object.Key]time.Time
	healthy map[object.Key]bool
	fates   map[string]fate
	// rejects are errors by name of object; lost kinds are not served.
	rejects   map[string]string
	lost      map[string]bool
	coming    bool
	namespace *unstructured.Unstructured

	manifests []*unstructured.Unstructured
	in        Input
	stored    appv1.OperationState
	// crash is asked before each write whether the shell dies here; nil is never.
	crash func() bool
	// between is called after each step.
	between func()

	log    []string
	runs   map[string]int
	writes int
	steps  int
}

func newSim(t tb, manifests string) *sim {
	s := &sim{
		t: t, now: simStart, live: map[object.Key]*unstructured.Unstructured{}, since: map[object.Key]time.Time{},
		healthy: map[object.Key]bool{}, fates: map[string]fate{}, rejects: map[string]string{}, lost: map[string]bool{},
		runs: map[string]int{},
	}
	s.in = Input{UID: simUID, Instance: simApp, Destination: simNS, Health: s.health, Checked: func(gk schema.GroupKind) bool { return checked(gk.Kind) }}
	s.set(manifests)
	return s
}

// set makes these the manifests.
func (s *sim) set(manifests string) { s.manifests = parse(s.t, manifests) }

func parse(t tb, manifests string) (out []*unstructured.Unstructured) {
	t.Helper()
	for doc := range strings.SplitSeq(manifests, "---") {
		u := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(doc), &u.Object); err != nil {
			t.Fatalf("%v in %s", err, doc)
		}
		if u.Object == nil {
			continue
		}
		if u.GetAPIVersion() == "" {
			u.SetAPIVersion("v1")
		}
		if !clusterWide(u.GetKind()) && u.GetNamespace() == "" {
			u.SetNamespace(simNS)
		}
		out = append(out, u)
	}
	return out
}

func clusterWide(kind string) bool {
	return kind == "Namespace" || kind == "CustomResourceDefinition" || kind == "ClusterRole"
}

// checked are the kinds that have a check of health.
func checked(kind string) bool { return kind == "Pod" || kind == "Job" || kind == "Deployment" }

func (s *sim) health(u *unstructured.Unstructured) *appv1.HealthStatus {
	if !checked(u.GetKind()) {
		return nil
	}
	code, _, _ := unstructured.NestedString(u.Object, "status", "health")
	if code == "" {
		code = string(appv1.HealthProgressing)
	}
	return &appv1.HealthStatus{Status: appv1.HealthStatusCode(code)}
}

// objects are the input's, as a shell would make them.
func (s *sim) objects() []Object {
	var out []Object
	seen := map[object.Key]bool{}
	names := NewNamer(s.stored.SyncResult.Revision, s.stored.StartedAt.Time)
	for _, m := range s.manifests {
		m = m.DeepCopy()
		object.Track(m, simApp)
		for _, target := range names.Named(m) {
			key := object.KeyOf(target)
			live := s.live[key]
			seen[key] = true
			out = append(out, Object{
				Key: key, Version: target.GroupVersionKind().Version, Target: target, Live: live, Modified: live != nil && s.differs(target, live),
				Served: !s.lost[key.Kind], Coming: s.coming, Namespaced: !clusterWide(key.Kind),
			})
		}
	}
	keys := slices.SortedFunc(maps.Keys(s.live), func(a, b object.Key) int { return strings.Compare(a.String(), b.String()) })
	for _, key := range keys {
		if !seen[key] {
			out = append(out, Object{Key: key, Version: "v1", Live: s.live[key], Served: true, Namespaced: !clusterWide(key.Kind)})
		}
	}
	return out
}

func (s *sim) differs(target, live *unstructured.Unstructured) bool {
	for _, field := range []string{"spec", "data"} {
		if !reflect.DeepEqual(target.Object[field], live.Object[field]) {
			return true
		}
	}
	for name, value := range target.GetAnnotations() {
		if live.GetAnnotations()[name] != value {
			return true
		}
	}
	return false
}

// begin starts an operation.
func (s *sim) begin(sync appv1.SyncOperation, retry *appv1.RetryStrategy) {
	s.stored = Begin(appv1.Operation{Sync: &sync, Retry: retry}, appv1.SyncOperationResult{Revision: "1234567890"}, s.now)
	s.in.State, s.in.Done, s.in.Since = s.stored, nil, time.Time{}
	s.log, s.writes, s.steps = nil, 1, 0
	s.runs = map[string]int{}
}

// sync runs an operation to its end.
func (s *sim) sync(sync appv1.SyncOperation) *appv1.OperationState {
	s.t.Helper()
	s.begin(sync, nil)
	return s.finish()
}

// finish runs the operation to its end, and its hooks' cleanup.
func (s *sim) finish() *appv1.OperationState {
	s.t.Helper()
	s.until(func() bool { return false })
	for range 10 {
		effects := Cleanup(&s.stored, simUID, simApp, s.objects())
		if len(effects) == 0 {
			return &s.stored
		}
		for _, e := range effects {
			s.apply(e)
		}
	}
	s.t.Fatalf("the cleanup does not end")
	return nil
}

// until runs the operation to its end, or until stop says so after a step.
func (s *sim) until(stop func() bool) {
	s.t.Helper()
	for ; !ended(s.stored.Phase); s.steps++ {
		if s.steps > 3000 {
			s.t.Fatalf("the operation does not end: %s\n%s", s.in.State.Message, strings.Join(s.log, "\n"))
		}
		s.step()
		if stop() {
			return
		}
	}
}

func (s *sim) step() {
	s.t.Helper()
	s.in.Now, s.in.Objects, s.in.Namespace = s.now, s.objects(), s.namespace
	if s.namespace == nil {
		s.in.Namespace = s.live[object.Key{Kind: "Namespace", Name: simNS}]
	}
	switch { // as the shell does
	case s.in.State.FinishedAt != nil:
		s.in.Since = time.Time{}
	case s.in.Since.IsZero():
		s.in.Since = s.now
	}
	before := s.in.State.DeepCopy()
	d := Step(s.in)
	if !reflect.DeepEqual(before, &s.in.State) {
		s.t.Fatalf("Step has changed its input")
	}
	if d.Write {
		if s.crashes() {
			return
		}
		s.stored = *d.State.DeepCopy()
		s.writes++
		if s.crashes() {
			return
		}
	}
	s.in.State = d.State
	if d.Ended() {
		if len(d.Effects) > 0 || !d.Write {
			s.t.Fatalf("an end with effects, or that is not stored")
		}
		return
	}
	done := maps.Clone(s.in.Done)
	if done == nil {
		done = map[ID]Outcome{}
	}
	for _, e := range d.Effects {
		if s.crashes() {
			return
		}
		done[e.ID()] = s.apply(e)
		if s.crashes() {
			return
		}
	}
	s.in.Done = done
	if s.between != nil {
		s.between()
	}
	if len(d.Effects) == 0 && !d.Write {
		wait := time.Second
		if d.After > 0 {
			wait = min(wait, d.After)
		}
		s.now = s.now.Add(wait)
		s.tick()
	}
}

// crashes tells whether the shell has died here: it has forgotten all but what is stored.
func (s *sim) crashes() bool {
	if s.crash == nil || !s.crash() {
		return false
	}
	s.log = append(s.log, "crash")
	s.in.State, s.in.Done = s.stored, nil
	return true
}

func (s *sim) version(u *unstructured.Unstructured) {
	s.rv++
	u.SetResourceVersion(strconv.Itoa(s.rv))
}

// result returns what became of an object.
func (s *sim) result(name string) appv1.ResourceResult {
	for _, r := range s.in.State.SyncResult.Resources {
		if r.Name == name {
			return r
		}
	}
	return appv1.ResourceResult{}
}

// has tells whether there is a live object of that name.
func (s *sim) has(name string) bool { return s.get(name) != nil }

func (s *sim) get(name string) *unstructured.Unstructured {
	for key, u := range s.live {
		if key.Name == name {
			return u
		}
	}
	return nil
}

// order is the log without what does not matter.
func (s *sim) order() string { return strings.Join(s.log, ", ") }
