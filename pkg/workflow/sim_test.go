// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/workflow/report"
)

// tb is what *testing.T and *rapid.T have in common.
type tb interface {
	Helper()
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

// ending is how a pod ends.
type ending struct {
	code   int32
	result string
	params map[string]string
	// lasts is how long the pod runs; never, if negative.
	lasts time.Duration
}

// simPod is a pod of the simulated cluster.
type simPod struct {
	pod *corev1.Pod
	end ending
	// at is when the pod starts, or then ends; zero for what does not happen.
	at      time.Time
	running bool
}

// sim is a simulated cluster with the shell around the core: virtual time, scripted pods, and faults on demand.
type sim struct {
	t    tb
	wf   *wfv1.Workflow
	now  time.Time
	pods map[string]*simPod
	// end decides how the pod of a node ends.
	end func(p *corev1.Pod, node string) ending
	// crash is asked before each effect whether the shell dies here; nil is never.
	crash func() bool
	// pick chooses which of the pods that are due ends first; nil is the one that is due first.
	pick func(n int) int
	// createError is asked for each creation; nil is none.
	createError func(p *corev1.Pod) error
	created     map[string]string
	creations   int
	events      []Event
	podErrors   map[string]error
	steps       int
	wake        time.Time
}

func newSim(t tb, wf *wfv1.Workflow) *sim {
	t.Helper()
	wf = wf.DeepCopy()
	start := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	if wf.Name == "" {
		wf.Name = wf.GenerateName + "x7k2p"
	}
	if wf.Namespace == "" {
		wf.Namespace = "ns"
	}
	if wf.UID == "" {
		wf.UID = types.UID("uid-" + wf.Name)
	}
	wf.CreationTimestamp = metav1.NewTime(start)
	return &sim{t: t, wf: wf, now: start, pods: map[string]*simPod{}, created: map[string]string{},
		end: func(*corev1.Pod, string) ending { return ending{lasts: time.Second} }}
}

// parse reads one workflow.
func parse(t tb, text string) *wfv1.Workflow {
	t.Helper()
	wf := &wfv1.Workflow{}
	if err := yaml.Unmarshal([]byte(text), wf); err != nil {
		t.Fatalf("%v", err)
	}
	return wf
}

func (s *sim) world() World {
	w := World{Now: s.now, Pods: map[string]*corev1.Pod{}, PodErrors: s.podErrors, ExecutorImage: "argosy.dev/argosy:dev"}
	for name, p := range s.pods {
		w.Pods[name] = p.pod
	}
	return w
}

// reconcile lets the shell act once. It returns false if the shell died on the way.
func (s *sim) reconcile() bool {
	s.t.Helper()
	before := s.wf.DeepCopy()
	world := s.world()
	d := Reconcile(s.wf, world)
	if !reflect.DeepEqual(before, s.wf) {
		s.t.Fatalf("Reconcile changed what it was given:\n%s", cmp.Diff(before, s.wf))
	}
	crash := func() bool {
		if s.crash == nil || !s.crash() {
			return false
		}
		// What a process only remembers dies with it.
		s.podErrors = nil
		return true
	}
	failed := false
	for _, p := range d.Create {
		if crash() {
			return false
		}
		if s.createError != nil {
			if err := s.createError(p); err != nil {
				if s.podErrors == nil {
					s.podErrors = map[string]error{}
				}
				s.podErrors[p.Name] = err
				failed = true
				continue
			}
		}
		s.create(p)
	}
	for _, end := range d.End {
		if crash() {
			return false
		}
		if p := s.pods[end.Name]; p == nil || !end.Keep {
			delete(s.pods, end.Name)
		} else {
			s.endKept(p)
		}
	}
	if failed {
		d = Reconcile(s.wf, s.world())
		s.podErrors = nil
		s.wake = s.now.Add(5 * time.Second)
		for _, p := range d.Create {
			s.create(p)
		}
	}
	if crash() {
		return false
	}
	if d.Status != nil {
		s.checkMonotone(d.Status)
		s.wf.Status = *d.Status
		// What is stored is what JSON keeps.
		s.wf = roundTrip(s.t, s.wf)
	}
	s.events = append(s.events, d.Events...)
	if d.RequeueAfter > 0 {
		if at := s.now.Add(d.RequeueAfter); s.wake.IsZero() || !s.wake.After(s.now) || at.Before(s.wake) {
			s.wake = at
		}
	}
	// Nothing happened in between, so nothing more may be wanted.
	if !failed {
		if again := Reconcile(s.wf, s.world()); again.Status != nil || len(again.Create)+len(again.End) > 0 {
			s.t.Fatalf("a second look without news wants more: %d pods, %d ends, status changed %v:\n%s", len(again.Create),
				len(again.End), again.Status != nil, describe(s.wf)+cmp.Diff(&s.wf.Status, again.Status))
		}
	}
	return true
}

func roundTrip(t tb, wf *wfv1.Workflow) *wfv1.Workflow {
	t.Helper()
	b, err := json.Marshal(wf)
	if err != nil {
		t.Fatalf("%v", err)
	}
	out := &wfv1.Workflow{}
	if err := json.Unmarshal(b, out); err != nil {
		t.Fatalf("%v", err)
	}
	return out
}

// create is the API server's part: names are unique, and a name never comes back with another content.
func (s *sim) create(p *corev1.Pod) {
	s.t.Helper()
	b, err := json.Marshal(p.Spec)
	if err != nil {
		s.t.Fatalf("%v", err)
	}
	if old, ok := s.created[p.Name]; ok {
		if _, there := s.pods[p.Name]; !there {
			s.t.Fatalf("pod %s is created again after it was deleted", p.Name)
		}
		if old != string(b) {
			s.t.Fatalf("pod %s is created twice with different specs:\n%s", p.Name, cmp.Diff(old, string(b)))
		}
		return
	}
	s.created[p.Name] = string(b)
	s.creations++
	p = p.DeepCopy()
	p.UID = types.UID("uid-" + p.Name)
	p.Status.Phase = corev1.PodPending
	node := p.Annotations[wfv1.AnnotationNodeName]
	e := s.end(p, node)
	s.pods[p.Name] = &simPod{pod: p, end: e, at: s.now.Add(100 * time.Millisecond)}
}

// begin starts a pod as the kubelet would.
func (s *sim) begin(p *simPod) {
	pod := p.pod.DeepCopy()
	now := metav1.NewTime(s.now)
	pod.Status.Phase, pod.Status.StartTime, pod.Spec.NodeName = corev1.PodRunning, &now, "node-1"
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", State: corev1.ContainerState{
		Running: &corev1.ContainerStateRunning{StartedAt: now}}}}
	p.pod, p.running, p.at = pod, true, s.now.Add(p.end.lasts)
	if p.end.lasts < 0 {
		p.at = time.Time{}
	}
}

// finish ends a pod as the kubelet would.
func (s *sim) finish(p *simPod) {
	pod := p.pod.DeepCopy()
	started := pod.Status.ContainerStatuses[0].State.Running.StartedAt
	term := &corev1.ContainerStateTerminated{ExitCode: p.end.code, Reason: "Completed", StartedAt: started, FinishedAt: metav1.NewTime(s.now)}
	pod.Status.Phase = corev1.PodSucceeded
	if p.end.code != 0 {
		pod.Status.Phase, term.Reason = corev1.PodFailed, "Error"
	}
	if pod.Annotations["workflow.argosy.dev/wrapped"] == "true" {
		rep := report.Report{Parameters: p.end.params}
		if p.end.result != "" {
			rep.Result = &p.end.result
		}
		text, err := report.Encode(rep)
		if err != nil {
			s.t.Fatalf("%v", err)
		}
		term.Message = string(text)
	}
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", State: corev1.ContainerState{Terminated: term}}}
	p.pod, p.at = pod, time.Time{}
}

// wanted tells whether nobody has asked for the pod's end.
func (p *simPod) wanted() bool {
	return p != nil && (p.pod.Spec.ActiveDeadlineSeconds == nil || *p.pod.Spec.ActiveDeadlineSeconds > EndDeadline)
}

// endKept gives a pod the deadline by which its kubelet ends it.
func (s *sim) endKept(p *simPod) {
	pod := p.pod.DeepCopy()
	deadline := EndDeadline
	pod.Spec.ActiveDeadlineSeconds = &deadline
	p.pod = pod
	if p.running && (p.at.IsZero() || p.at.After(s.now.Add(time.Second))) && pod.Status.Phase == corev1.PodRunning {
		p.at, p.end.code = s.now.Add(time.Second), 143
	}
}

// step lets the next thing happen in the cluster: a pod starts, a pod ends, or time passes. It returns false if nothing
// can happen any more.
func (s *sim) step() bool {
	var pending []*simPod
	for _, name := range slices.Sorted(maps.Keys(s.pods)) {
		if p := s.pods[name]; !p.at.IsZero() {
			pending = append(pending, p)
		}
	}
	slices.SortStableFunc(pending, func(a, b *simPod) int { return a.at.Compare(b.at) })
	if len(pending) > 0 && (s.wake.IsZero() || !s.wake.After(s.now) || !pending[0].at.After(s.wake)) {
		i := 0
		if s.pick != nil {
			i = s.pick(len(pending))
		}
		if pending[i].at.After(s.now) {
			s.now = pending[i].at
		}
		if pending[i].running {
			s.finish(pending[i])
		} else {
			s.begin(pending[i])
		}
		return true
	}
	if s.wake.After(s.now) {
		s.now = s.wake
		return true
	}
	return false
}

// run goes on until the workflow has ended or nothing moves it.
func (s *sim) run() *wfv1.Workflow {
	s.t.Helper()
	for {
		for tries := 0; !s.reconcile(); tries++ {
			if tries > 1000 {
				s.t.Fatalf("the shell dies all the time")
			}
		}
		if s.steps++; s.steps > 20000 {
			s.t.Fatalf("the workflow does not end: %s", describe(s.wf))
		}
		if s.wf.Status.Phase.Completed() || !s.step() {
			return s.wf
		}
	}
}

// checkMonotone checks what must hold between two statuses.
func (s *sim) checkMonotone(next *wfv1.WorkflowStatus) {
	s.t.Helper()
	rank := func(p wfv1.NodePhase) int {
		switch {
		case p.Fulfilled():
			return 2
		case p == wfv1.NodeRunning:
			return 1
		}
		return 0
	}
	for id, old := range s.wf.Status.Nodes {
		n, ok := next.Nodes[id]
		if !ok {
			s.t.Fatalf("node %s disappeared", old.Name)
		}
		if rank(n.Phase) < rank(old.Phase) || old.Phase.Fulfilled() && old.Phase != n.Phase {
			s.t.Fatalf("node %s went from %s to %s", n.Name, old.Phase, n.Phase)
		}
	}
	for id, n := range next.Nodes {
		if id != n.ID || id != s.wf.NodeID(n.Name) {
			s.t.Fatalf("node %q has id %s under key %s", n.Name, n.ID, id)
		}
		for _, c := range n.Children {
			if _, ok := next.Nodes[c]; !ok {
				s.t.Fatalf("node %s has a child that is not there: %s", n.Name, c)
			}
		}
		if n.BoundaryID != "" {
			if _, ok := next.Nodes[n.BoundaryID]; !ok {
				s.t.Fatalf("node %s has a boundary that is not there", n.Name)
			}
		}
		if n.Phase.Fulfilled() == n.FinishedAt.IsZero() {
			s.t.Fatalf("node %s is %s with finishedAt %v", n.Name, n.Phase, n.FinishedAt)
		}
	}
	if next.Phase.Completed() {
		for _, n := range next.Nodes {
			if !n.Phase.Fulfilled() {
				s.t.Fatalf("the workflow is %s and node %s is %s", next.Phase, n.Name, n.Phase)
			}
		}
	}
}

func quotaError() error {
	return apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "p", fmt.Errorf("exceeded quota: q"))
}

func forbiddenError() error {
	return apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "p", fmt.Errorf("no service account"))
}

var _ tb = (*testing.T)(nil)
