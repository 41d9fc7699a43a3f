// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime/schema"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

const onePod = `
metadata: {name: w}
spec:
  entrypoint: main
  templates:
  - name: main
    container: {image: i, command: [c], resources: {requests: {cpu: 500m}, limits: {memory: 200Mi, example.com/gpu: 2}}}`

func TestPodErrors(t *testing.T) {
	pods := schema.GroupResource{Resource: "pods"}
	for name, c := range map[string]struct {
		err  error
		want wfv1.NodePhase
		says string
	}{
		"quota":          {quotaError(), wfv1.NodePending, "pod not created yet: pods \"p\" is forbidden: exceeded quota"},
		"forbidden":      {forbiddenError(), wfv1.NodeError, "no service account"},
		"invalid":        {apierrors.NewInvalid(schema.GroupKind{Kind: "Pod"}, "p", nil), wfv1.NodeError, "is invalid"},
		"name taken":     {apierrors.NewAlreadyExists(pods, "w"), wfv1.NodeError, "does not belong to this workflow"},
		"no namespace":   {apierrors.NewNotFound(pods, "w"), wfv1.NodeError, "not found"},
		"server is down": {errors.New("connection refused"), wfv1.NodePending, "connection refused"},
		"conflict":       {apierrors.NewConflict(pods, "w", errors.New("x")), wfv1.NodePending, "x"},
	} {
		t.Run(name, func(t *testing.T) {
			wf := parse(t, onePod)
			w := World{Now: time.Unix(1000, 0)}
			d := Reconcile(wf, w)
			if len(d.Create) != 1 || d.Create[0].Name != "w" {
				t.Fatalf("%+v", d.Create)
			}
			w.PodErrors = map[string]error{"w": c.err}
			d = Reconcile(wf, w)
			n := d.Status.Nodes["w"]
			if n.Phase != c.want || !strings.Contains(n.Message, c.says) || len(d.Create) > 0 {
				t.Fatalf("%s %q, %d pods", n.Phase, n.Message, len(d.Create))
			}
			if c.want != wfv1.NodePending {
				return
			}
			// Another process, which remembers nothing, tries again, and once there is a pod it forgets the message.
			wf.Status = *d.Status
			d = Reconcile(wf, World{Now: w.Now})
			if len(d.Create) != 1 || d.Status.Nodes["w"].Message != "" {
				t.Fatalf("%d pods, %q", len(d.Create), d.Status.Nodes["w"].Message)
			}
			wf.Status = *d.Status
			if d = Reconcile(wf, World{Now: w.Now}); d.Status.Nodes["w"].Message != "pod deleted" {
				t.Errorf("%q", d.Status.Nodes["w"].Message)
			}
		})
	}
}

func TestPodNode(t *testing.T) {
	s := simulate(t, onePod, ends{"": {lasts: 10 * time.Second}})
	s.reconcile()
	s.step()
	s.reconcile()
	n := s.node("")
	if n.Phase != wfv1.NodeRunning || n.HostNodeName != "node-1" || n.Progress != "0/1" {
		t.Errorf("%+v", n)
	}
	if diff := cmp.Diff([]wfv1.Condition{{Type: "Completed", Status: "False"}, {Type: "PodRunning", Status: "True"}}, s.wf.Status.Conditions); diff != "" {
		t.Error(diff)
	}
	s.run()
	n = s.node("")
	want := wfv1.ResourcesDuration{corev1.ResourceCPU: 5, corev1.ResourceMemory: 20, "example.com/gpu": 20}
	if diff := cmp.Diff(want, n.ResourcesDuration); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, s.wf.Status.ResourcesDuration); diff != "" {
		t.Error(diff)
	}
	if d := n.FinishedAt.Sub(n.StartedAt.Time); d != 10*time.Second {
		t.Errorf("took %v", d)
	}
	if diff := cmp.Diff([]wfv1.Condition{{Type: "Completed", Status: "True"}, {Type: "PodRunning", Status: "False"}}, s.wf.Status.Conditions); diff != "" {
		t.Error(diff)
	}
	var reasons []string
	for _, e := range s.events {
		reasons = append(reasons, e.Type+" "+e.Reason+" "+e.Message)
	}
	if diff := cmp.Diff([]string{
		"Normal WorkflowRunning Workflow Running",
		"Normal WorkflowNodeRunning Running node w",
		"Normal WorkflowNodeSucceeded Succeeded node w",
		"Normal WorkflowSucceeded Workflow completed",
	}, reasons); diff != "" {
		t.Error(diff)
	}
	if got := s.events[2].Annotations; got[wfv1.AnnotationNodeName] != "w" || got[wfv1.AnnotationNodeType] != "Pod" || got[wfv1.AnnotationNodeStartTime] != "2026-11-22T20:00:00Z" {
		t.Errorf("%v", got)
	}
}

// TestDeadlineOfPods: a pod that waits is deleted at the deadline; one that runs is its kubelet's for a while.
func TestDeadlineOfPods(t *testing.T) {
	text := strings.Replace(onePod, "entrypoint", "activeDeadlineSeconds: 10\n  entrypoint", 1)
	for _, running := range []bool{false, true} {
		s := simulate(t, text, ends{"": {lasts: -1}})
		s.reconcile()
		if got := *s.pods["w"].pod.Spec.ActiveDeadlineSeconds; got != 10 {
			t.Errorf("the pod's deadline is %d", got)
		}
		if running {
			s.begin(s.pods["w"])
			s.reconcile()
		}
		want := 10 * time.Second
		if running {
			want += deadlineGrace
		}
		s.now = s.wf.Status.StartedAt.Add(want - time.Second)
		if d := Reconcile(s.wf, s.world()); d.Status != nil || d.RequeueAfter != time.Second {
			t.Errorf("running %v: too early: %+v", running, d)
		}
		s.now = s.now.Add(time.Second)
		s.reconcile()
		if n := s.node(""); n.Phase != wfv1.NodeFailed || n.Message != "Step exceeded its deadline" || s.pods["w"].wanted() || s.wf.Status.Phase != wfv1.WorkflowFailed {
			t.Errorf("running %v: %s %s, pods %v", running, n.Phase, n.Message, s.pods)
		}
	}
}

// TestLeftovers: a pod that was created just before a crash and is not wanted any more is deleted.
func TestLeftovers(t *testing.T) {
	s := simulate(t, onePod, nil)
	s.reconcile()
	lost := s.pods["w"]
	s.wf.Status = wfv1.WorkflowStatus{}
	if err := Terminate(s.wf, &wfv1.WorkflowTerminate{}, s.now); err != nil {
		t.Fatal(err)
	}
	s.reconcile()
	s.reconcile()
	if s.wf.Status.Phase != wfv1.WorkflowFailed || len(s.pods) > 0 {
		t.Errorf("%s, pod %v", describe(s.wf), lost.pod.Name)
	}
}

func TestResourcesDuration(t *testing.T) {
	p := &corev1.Pod{}
	p.Spec.Containers = []corev1.Container{{Name: "main", Resources: corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("2")}}}}
	if got := resourcesDuration(p); got != nil {
		t.Errorf("without statuses: %v", got)
	}
}

// TestNodeNames: the fast way to ids is the right one.
func TestNodeNames(t *testing.T) {
	wf := parse(t, onePod)
	for _, rest := range []string{"a", "", "a-long-name(0:x)", "ü"} {
		if got, want := newNodeNames("w", "w.").id(rest), wf.NodeID("w."+rest); got != want {
			t.Errorf("%q: %s, want %s", rest, got, want)
		}
	}
}

// TestSameID: two tasks whose names have the same hash would be taken for each other. The workflow says so and ends.
func TestSameID(t *testing.T) {
	wf := parse(t, onePod)
	names := newNodeNames("w", "w.")
	seen := map[string]string{}
	var pair []string
	for i := 0; pair == nil; i++ {
		name := fmt.Sprintf("t%d", i)
		id := names.id(name)
		if other, ok := seen[id]; ok {
			pair = []string{other, name}
		}
		seen[id] = name
	}
	wf.Spec.Templates = append(wf.Spec.Templates, wfv1.Template{Name: "dag", DAG: &wfv1.DAGTemplate{Tasks: []wfv1.DAGTask{
		{Name: "before", Template: "main"}, {Name: pair[0], Template: "main"}, {Name: pair[1], Template: "main"},
	}}})
	wf.Spec.Entrypoint = "dag"
	s := newSim(t, wf)
	s.run()
	if s.wf.Status.Phase != wfv1.WorkflowError || !strings.Contains(s.wf.Status.Message, "have the same id") {
		t.Error(describe(s.wf))
	}
	for name, p := range s.pods {
		if !p.at.IsZero() {
			t.Errorf("pod %s still runs", name)
		}
	}
}

// TestEditedSpec: a step that is edited out of the spec while it runs does not outlive its workflow.
func TestEditedSpec(t *testing.T) {
	wf := parse(t, onePod)
	wf.Generation = 1
	wf.Spec.Templates = append(wf.Spec.Templates, wfv1.Template{Name: "dag", DAG: &wfv1.DAGTemplate{Tasks: []wfv1.DAGTask{
		{Name: "a", Template: "main"}, {Name: "b", Template: "main"},
	}}})
	wf.Spec.Entrypoint = "dag"
	s := newSim(t, wf)
	s.end = func(_ *corev1.Pod, node string) ending {
		if node == "w.b" {
			return ending{lasts: -1}
		}
		return ending{lasts: time.Second}
	}
	s.reconcile()
	s.wf.Generation++
	s.wf.Spec.Templates[1].DAG.Tasks = s.wf.Spec.Templates[1].DAG.Tasks[:1]
	s.run()
	if n := s.node(".b"); s.wf.Status.Phase != wfv1.WorkflowSucceeded || n.Phase != wfv1.NodeError {
		t.Error(describe(s.wf))
	}
}
