// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/rollout/traffic"
)

// tb is what *testing.T and *rapid.T have in common.
type tb interface {
	Helper()
	Fatalf(format string, args ...any)
	Logf(format string, args ...any)
}

// simPod is a pod of the simulated cluster.
type simPod struct {
	name    string
	created time.Time
	// ready is when it becomes ready; zero is never.
	ready  time.Time
	labels map[string]string
}

// simSet is a ReplicaSet of the simulated cluster.
type simSet struct {
	rs   *appsv1.ReplicaSet
	pods []*simPod
}

// sim is a simulated cluster with the shell around the core: virtual time, a ReplicaSet controller, and faults on demand.
type sim struct {
	t        tb
	ro       *rov1.Rollout
	now      time.Time
	sets     map[string]*simSet
	services map[string]*corev1.Service
	runs     []*rov1.AnalysisRun
	world    World
	// takes is how long a pod of a template needs to become ready; negative is for ever.
	takes func(rs *appsv1.ReplicaSet) time.Duration
	// crash is asked before each write whether the shell dies here; nil is never.
	crash func() bool
	// refused are names of pods that a disruption budget protects.
	refused map[string]bool
	events  []Event
	wake    time.Time
	serial  int
	looks   int
	scaled  int32
	writes  int
}

func newSim(t tb, text string) *sim {
	t.Helper()
	ro := &rov1.Rollout{}
	if err := yaml.Unmarshal([]byte(text), ro); err != nil {
		t.Fatalf("%v", err)
	}
	ro.Name, ro.Namespace, ro.UID, ro.Generation = "ro", "ns", "uid", 1
	rov1.SetDefaultsRollout(ro)
	if ro.Spec.Selector == nil && ro.Spec.WorkloadRef == nil {
		ro.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "ro"}}
	}
	s := &sim{t: t, ro: ro, now: time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC), sets: map[string]*simSet{}, services: map[string]*corev1.Service{},
		takes: func(*appsv1.ReplicaSet) time.Duration { return 2 * time.Second }, refused: map[string]bool{}}
	ro.CreationTimestamp = metav1.NewTime(s.now)
	if ro.Spec.WorkloadRef == nil && ro.Spec.Template.IsZero() {
		s.image("one")
		ro.Generation = 1
	}
	for _, name := range Services(ro) {
		s.services[name] = &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns"},
			Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "ro"}}}
	}
	s.scaled = ro.Spec.GetReplicas()
	return s
}

// image gives the pods another image.
func (s *sim) image(image string) {
	text := fmt.Sprintf(`{"metadata":{"labels":{"app":"ro"}},"spec":{"containers":[{"name":"c","image":%q}]}}`, image)
	if err := s.ro.Spec.Template.UnmarshalJSON([]byte(text)); err != nil {
		s.t.Fatalf("%v", err)
	}
	s.ro.Generation++
}

func (s *sim) edit(change func(*rov1.RolloutSpec)) {
	change(&s.ro.Spec)
	s.ro.Generation++
}

// resize wants another number of pods.
func (s *sim) resize(n int32) {
	s.edit(func(spec *rov1.RolloutSpec) { spec.Replicas = &n })
}

func (s *sim) observe() World {
	w := s.world
	w.Now = s.now
	w.Services, w.AnalysisRuns = s.services, s.runs
	w.Pods = map[types.UID][]*corev1.Pod{}
	for _, name := range slices.Sorted(maps.Keys(s.sets)) {
		set := s.sets[name]
		w.ReplicaSets = append(w.ReplicaSets, set.rs)
		for _, p := range set.pods {
			pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: p.name, Namespace: "ns", UID: types.UID(p.name), Labels: p.labels,
				CreationTimestamp: metav1.NewTime(p.created)}}
			if s.isReady(p) {
				pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.NewTime(p.ready)}}
			}
			w.Pods[set.rs.UID] = append(w.Pods[set.rs.UID], pod)
		}
	}
	return w
}

func (s *sim) isReady(p *simPod) bool { return !p.ready.IsZero() && !p.ready.After(s.now) }

func (s *sim) isAvailable(p *simPod, rs *appsv1.ReplicaSet) bool {
	return s.isReady(p) && !p.ready.Add(time.Duration(rs.Spec.MinReadySeconds)*time.Second).After(s.now)
}

// availableNow counts the pods that are available.
func (s *sim) availableNow() (n int32) {
	for _, set := range s.sets {
		for _, p := range set.pods {
			if s.isAvailable(p, set.rs) {
				n++
			}
		}
	}
	return n
}

// sync is the ReplicaSet controller. It returns whether it did anything.
func (s *sim) sync() bool {
	did := false
	for _, name := range slices.Sorted(maps.Keys(s.sets)) {
		set := s.sets[name]
		for int32(len(set.pods)) < *set.rs.Spec.Replicas {
			s.serial++
			p := &simPod{name: fmt.Sprintf("%s-%d", name, s.serial), created: s.now, labels: maps.Clone(set.rs.Spec.Template.Labels)}
			if d := s.takes(set.rs); d >= 0 {
				p.ready = s.now.Add(d)
			}
			set.pods = append(set.pods, p)
		}
		if over := int32(len(set.pods)) - *set.rs.Spec.Replicas; over > 0 {
			// Those that are not ready go first, then the youngest.
			slices.SortStableFunc(set.pods, func(a, b *simPod) int {
				if s.isReady(a) != s.isReady(b) {
					if s.isReady(a) {
						return -1
					}
					return 1
				}
				return a.created.Compare(b.created)
			})
			set.pods = set.pods[:len(set.pods)-int(over)]
		}
		status := appsv1.ReplicaSetStatus{Replicas: int32(len(set.pods)), ObservedGeneration: set.rs.Generation}
		for _, p := range set.pods {
			if s.isReady(p) {
				status.ReadyReplicas++
			}
			if s.isAvailable(p, set.rs) {
				status.AvailableReplicas++
			}
		}
		if !reflect.DeepEqual(status, set.rs.Status) {
			set.rs = set.rs.DeepCopy()
			set.rs.Status = status
			did = true
		}
	}
	return did
}

// look lets the shell act once. It returns whether anything was done; a crash counts.
func (s *sim) look() bool {
	s.t.Helper()
	s.looks++
	if s.looks > 5000 {
		s.t.Fatalf("does not settle:\n%s", s.describe())
	}
	before := s.ro.DeepCopy()
	w := s.observe()
	copies := w.deepCopy()
	d := Reconcile(s.ro, w)
	if !reflect.DeepEqual(before, s.ro) {
		s.t.Fatalf("Reconcile changed the rollout:\n%s", cmp.Diff(before, s.ro))
	}
	if diff := cmp.Diff(copies.ReplicaSets, w.ReplicaSets); diff != "" {
		s.t.Fatalf("Reconcile changed a ReplicaSet:\n%s", diff)
	}
	if diff := cmp.Diff(copies.Services, w.Services); diff != "" {
		s.t.Fatalf("Reconcile changed a Service:\n%s", diff)
	}
	if again := Reconcile(s.ro, w); !reflect.DeepEqual(d, again) {
		s.t.Fatalf("Reconcile gives two answers:\n%s", cmp.Diff(d, again))
	}
	dies := func() bool { return s.crash != nil && s.crash() }
	s.checkDecision(d)
	for _, e := range d.Effects {
		if dies() {
			return true
		}
		s.writes++
		s.apply(e)
	}
	if dies() {
		return true
	}
	if len(d.Annotations) > 0 {
		s.ro.Annotations = maps.Clone(s.ro.Annotations)
		if s.ro.Annotations == nil {
			s.ro.Annotations = map[string]string{}
		}
		maps.Copy(s.ro.Annotations, d.Annotations)
	}
	if dies() {
		return true
	}
	if d.Status != nil {
		s.writes++
		s.ro.Status = *d.Status
		// What is stored is what JSON keeps.
		text, err := json.Marshal(s.ro.Status)
		if err != nil {
			s.t.Fatalf("%v", err)
		}
		s.ro.Status = rov1.RolloutStatus{}
		if err := json.Unmarshal(text, &s.ro.Status); err != nil {
			s.t.Fatalf("%v", err)
		}
	}
	s.events = append(s.events, d.Events...)
	s.wake = time.Time{}
	if d.RequeueAfter > 0 {
		s.wake = s.now.Add(d.RequeueAfter)
	}
	return len(d.Effects) > 0 || d.Status != nil || len(d.Annotations) > 0
}

func (w World) deepCopy() World {
	c := w
	c.ReplicaSets = nil
	for _, rs := range w.ReplicaSets {
		c.ReplicaSets = append(c.ReplicaSets, rs.DeepCopy())
	}
	c.Services = map[string]*corev1.Service{}
	for name, service := range w.Services {
		c.Services[name] = service.DeepCopy()
	}
	return c
}

func (s *sim) apply(e Effect) {
	s.t.Helper()
	switch e := e.(type) {
	case CreateReplicaSet:
		if s.sets[e.Object.Name] == nil {
			rs := e.Object.DeepCopy()
			rs.UID, rs.CreationTimestamp, rs.Generation = types.UID("uid-"+rs.Name), metav1.NewTime(s.now), 1
			s.sets[rs.Name] = &simSet{rs: rs}
			// No two ReplicaSets are created within a second, or their order could not be told.
			s.now = s.now.Add(time.Second)
		}
	case PatchReplicaSet:
		set := s.sets[e.After.Name]
		if set == nil || e.After.UID != set.rs.UID {
			s.t.Fatalf("patch of a ReplicaSet that is not there: %s", e.After.Name)
		}
		if len(e.Before.Labels) != len(e.After.Labels) || !reflect.DeepEqual(e.Before.Spec.Selector, e.After.Spec.Selector) {
			s.t.Fatalf("patch of what cannot be changed")
		}
		s.checkScale(set, *e.After.Spec.Replicas)
		rs := e.After.DeepCopy()
		rs.Status, rs.Generation = set.rs.Status, set.rs.Generation+1
		set.rs = rs
	case DeleteReplicaSet:
		if set := s.sets[e.Object.Name]; set != nil && len(set.pods) > 0 {
			s.t.Fatalf("ReplicaSet %s is deleted with %d pods", e.Object.Name, len(set.pods))
		}
		delete(s.sets, e.Object.Name)
	case PatchService:
		s.services[e.After.Name] = e.After.DeepCopy()
	case PatchPod:
		for _, set := range s.sets {
			for _, p := range set.pods {
				if p.name == e.After.Name {
					p.labels = e.After.Labels
				}
			}
		}
	case EvictPod:
		if s.refused[e.Object.Name] {
			return
		}
		for _, set := range s.sets {
			set.pods = slices.DeleteFunc(set.pods, func(p *simPod) bool { return p.name == e.Object.Name })
		}
	case CreateAnalysisRun:
		for _, run := range s.runs {
			if run.Name == e.Object.Name {
				return
			}
		}
		run := e.Object.DeepCopy()
		run.UID, run.CreationTimestamp = types.UID(run.Name), metav1.NewTime(s.now)
		run.Status.Phase = rov1.AnalysisPhaseRunning
		s.runs = append(s.runs, run)
	case TerminateAnalysisRun:
		s.editRun(e.Object.Name, func(run *rov1.AnalysisRun) {
			run.Spec.Terminate = ptr.To(true)
			run.Status.Phase = rov1.AnalysisPhaseSuccessful
		})
	case DeleteAnalysisRun:
		s.runs = slices.DeleteFunc(slices.Clone(s.runs), func(run *rov1.AnalysisRun) bool { return run.Name == e.Object.Name })
	case PutRoute:
		routes := traffic.Observed{}
		maps.Copy(routes, s.world.Routes)
		routes[e.Change.Ref] = e.Change.Object
		s.world.Routes = routes
	case ScaleWorkload:
		w := *s.world.Workload
		w.Replicas = ptr.To(e.Replicas)
		s.world.Workload = &w
	default:
		s.t.Fatalf("unknown effect %T", e)
	}
}

func (s *sim) editRun(name string, change func(*rov1.AnalysisRun)) {
	for i, run := range s.runs {
		if run.Name == name {
			run = run.DeepCopy()
			change(run)
			s.runs[i] = run
		}
	}
}

// endRun ends the latest run whose name ends so.
func (s *sim) endRun(suffix string, phase rov1.AnalysisPhase) {
	s.t.Helper()
	for _, run := range slices.Backward(s.runs) {
		if strings.HasSuffix(run.Name, suffix) && !run.Status.Phase.Completed() {
			s.editRun(run.Name, func(run *rov1.AnalysisRun) { run.Status.Phase = phase })
			return
		}
	}
	s.t.Fatalf("no run ...%s goes on:\n%s", suffix, s.describe())
}

// until runs the cluster until the condition holds, and fails if it does not within an hour.
func (s *sim) until(what string, holds func() bool) {
	s.t.Helper()
	for end := s.now.Add(time.Hour); ; {
		for s.sync() || s.look() {
			if holds() {
				return
			}
		}
		if holds() {
			return
		}
		next := s.nextEvent()
		if next.IsZero() || next.After(end) {
			s.t.Fatalf("%s never comes:\n%s", what, s.describe())
		}
		s.now = next
	}
}

// run lets time pass.
func (s *sim) run(d time.Duration) {
	s.t.Helper()
	for end := s.now.Add(d); ; {
		for s.sync() || s.look() {
		}
		next := s.nextEvent()
		if next.IsZero() || next.After(end) {
			s.now = end
			for s.sync() || s.look() {
			}
			return
		}
		s.now = next
	}
}

// nextEvent is when something happens by itself.
func (s *sim) nextEvent() time.Time {
	next := s.wake
	if !next.After(s.now) {
		next = time.Time{}
	}
	for _, set := range s.sets {
		for _, p := range set.pods {
			for _, at := range []time.Time{p.ready, p.ready.Add(time.Duration(set.rs.Spec.MinReadySeconds) * time.Second)} {
				if !p.ready.IsZero() && at.After(s.now) && (next.IsZero() || at.Before(next)) {
					next = at
				}
			}
		}
	}
	return next
}
