// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/wait"
	kubefake "k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	argosyfake "argosy.dev/argosy/generated/clientset/versioned/fake"
)

// twoSteps is a workflow of two containers, one after the other.
func twoSteps() *wfv1.Workflow {
	step := func(name string) wfv1.ParallelSteps {
		return wfv1.ParallelSteps{{Name: name, Template: "work"}}
	}
	return &wfv1.Workflow{
		ObjectMeta: metav1.ObjectMeta{Name: "two", Namespace: "ns", UID: "uid-1"},
		Spec: wfv1.WorkflowSpec{
			Entrypoint: "main",
			Templates: []wfv1.Template{
				{Name: "main", Steps: []wfv1.ParallelSteps{step("a"), step("b")}},
				{Name: "work", Container: &wfv1.Container{Container: corev1.Container{Image: "busybox", Command: []string{"true"}}}},
			},
		},
	}
}

// world is a fake cluster and a fake Argosy with a loop between them. Its pods succeed as soon as they exist.
type world struct {
	t       *testing.T
	argosy  *argosyfake.Clientset
	cluster *kubefake.Clientset
	// created counts the pods that came into being, by name.
	created map[string]*atomic.Int32
}

func newWorld(t *testing.T, wf *wfv1.Workflow) *world {
	argosy := argosyfake.NewSimpleClientset()
	w := &world{t: t, argosy: argosy, cluster: kubefake.NewClientset(), created: map[string]*atomic.Int32{}}
	for _, name := range []string{"a", "b"} {
		w.created[wfv1.PodName(wf, "two["+map[string]string{"a": "0", "b": "1"}[name]+"]."+name, "work")] = &atomic.Int32{}
	}
	w.cluster.PrependReactor("create", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
		pod := action.(clienttesting.CreateAction).GetObject().(*corev1.Pod)
		if _, err := w.cluster.Tracker().Get(corev1.SchemeGroupVersion.WithResource("pods"), pod.Namespace, pod.Name); err == nil {
			return true, nil, apierrors.NewAlreadyExists(corev1.Resource("pods"), pod.Name)
		}
		if counter := w.created[pod.Name]; counter != nil {
			counter.Add(1)
		} else {
			t.Errorf("unexpected pod %s", pod.Name)
		}
		pod.UID = types.UID("pod-" + pod.Name)
		pod.Status = corev1.PodStatus{Phase: corev1.PodSucceeded, ContainerStatuses: []corev1.ContainerStatus{{
			Name:  "main",
			State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{StartedAt: metav1.Now(), FinishedAt: metav1.Now()}},
		}}}
		return false, nil, nil
	})
	if _, err := w.argosy.WorkflowV1alpha1().Workflows(wf.Namespace).Create(t.Context(), wf, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return w
}

// run drives the world by a new loop, as a process does that has just started, until the workflow has ended
// or the loop is told to stop. It returns how the workflow then stands.
func (w *world) run(stop <-chan struct{}) *wfv1.Workflow {
	w.t.Helper()
	c, err := New(Config{Argosy: w.argosy, Cluster: w.cluster, ExecutorImage: "executor", Workers: 2})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	var wf *wfv1.Workflow
	err = wait.PollUntilContextCancel(ctx, time.Millisecond, true, func(ctx context.Context) (bool, error) {
		select {
		case <-stop:
			return true, nil
		default:
		}
		var err error
		wf, err = w.argosy.WorkflowV1alpha1().Workflows("ns").Get(ctx, "two", metav1.GetOptions{})
		return err == nil && wf.Status.Phase.Completed(), err
	})
	cancel()
	if runErr := <-ended; runErr != nil {
		w.t.Errorf("the loop ended with: %v", runErr)
	}
	if err != nil {
		w.t.Fatalf("waiting for the workflow to end: %v; it stands at %+v", err, wf.Status)
	}
	return wf
}

// expectOncePods fails unless every pod came into being exactly once.
func (w *world) expectOncePods() {
	w.t.Helper()
	for name, counter := range w.created {
		if n := counter.Load(); n != 1 {
			w.t.Errorf("pod %s was created %d times, want once", name, n)
		}
	}
}

func TestRunsToTheEnd(t *testing.T) {
	w := newWorld(t, twoSteps())
	if wf := w.run(nil); wf.Status.Phase != wfv1.WorkflowSucceeded {
		t.Errorf("phase %s (%s; %+v), want Succeeded", wf.Status.Phase, wf.Status.Message, wf.Status.Nodes)
	}
	w.expectOncePods()
}

// A process that dies between an effect and the status that records it must not do the effect twice.
func TestCrashBetweenWrites(t *testing.T) {
	for crash := 1; crash <= 4; crash++ {
		t.Run(fmt.Sprintf("at status write %d", crash), func(t *testing.T) {
			w := newWorld(t, twoSteps())
			died := make(chan struct{})
			var writes atomic.Int32
			w.argosy.PrependReactor("update", "workflows", func(clienttesting.Action) (bool, runtime.Object, error) {
				switch n := int(writes.Add(1)); {
				case n < crash:
					return false, nil, nil
				case n == crash:
					close(died)
				}
				select {
				case <-died:
					if writes.Load() < 1000 { // the first process writes nothing more; the second one may
						return true, nil, errors.New("killed")
					}
				default:
				}
				return false, nil, nil
			})
			w.run(died)
			writes.Store(1000)
			if wf := w.run(nil); wf.Status.Phase != wfv1.WorkflowSucceeded {
				t.Errorf("phase %s (%s; %+v), want Succeeded", wf.Status.Phase, wf.Status.Message, wf.Status.Nodes)
			}
			w.expectOncePods()
		})
	}
}

// Somebody else's pod of the same name is not taken over, and the workflow says why it failed.
func TestForeignPodIsNotAdopted(t *testing.T) {
	wf := twoSteps()
	w := newWorld(t, wf)
	name := wfv1.PodName(wf, "two[0].a", "work")
	foreign := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "ns", UID: "foreign"}}
	if err := w.cluster.Tracker().Add(foreign); err != nil {
		t.Fatal(err)
	}
	got := w.run(nil)
	if got.Status.Phase != wfv1.WorkflowFailed {
		t.Errorf("phase %s (%s), want Failed", got.Status.Phase, got.Status.Message)
	}
	node, _ := got.Status.Nodes.Find("two[0].a")
	if node.Phase != wfv1.NodeError || !strings.Contains(node.Message, "does not belong to this workflow") {
		t.Errorf("node is %s (%s), want Error with the reason", node.Phase, node.Message)
	}
}

// A quota that is exceeded for a while delays the workflow and does not fail it.
func TestRetriesCreatingPods(t *testing.T) {
	w := newWorld(t, twoSteps())
	var attempts atomic.Int32
	w.cluster.PrependReactor("create", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
		if attempts.Add(1) <= 3 {
			return true, nil, apierrors.NewServiceUnavailable("the API server is away")
		}
		return false, nil, nil
	})
	if wf := w.run(nil); wf.Status.Phase != wfv1.WorkflowSucceeded {
		t.Errorf("phase %s (%s; %+v), want Succeeded", wf.Status.Phase, wf.Status.Message, wf.Status.Nodes)
	}
	w.expectOncePods()
}

// A pod that may not be created is an attempt that failed; the next attempt's pod is created all the same.
func TestAttemptAfterRefusedPod(t *testing.T) {
	wf := twoSteps()
	limit := intstr.FromInt32(1)
	wf.Spec.Templates[1].RetryStrategy = &wfv1.RetryStrategy{Limit: &limit, RetryPolicy: wfv1.RetryPolicyAlways}
	w := newWorld(t, wf)
	clear(w.created)
	for _, node := range []string{"two[0].a(1)", "two[1].b(0)"} {
		w.created[wfv1.PodName(wf, node, "work")] = &atomic.Int32{}
	}
	first := wfv1.PodName(wf, "two[0].a(0)", "work")
	w.cluster.PrependReactor("create", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
		if pod := action.(clienttesting.CreateAction).GetObject().(*corev1.Pod); pod.Name == first {
			return true, nil, apierrors.NewForbidden(corev1.Resource("pods"), first, errors.New("not by this policy"))
		}
		return false, nil, nil
	})
	if wf := w.run(nil); wf.Status.Phase != wfv1.WorkflowSucceeded {
		t.Errorf("phase %s (%s; %+v), want Succeeded", wf.Status.Phase, wf.Status.Message, wf.Status.Nodes)
	}
	w.expectOncePods()
}

func TestMemory(t *testing.T) {
	version := func(v string) *wfv1.Workflow {
		return &wfv1.Workflow{ObjectMeta: metav1.ObjectMeta{ResourceVersion: v}}
	}
	m := &memory{written: version("20")}
	if got := m.newest(version("9")); got.ResourceVersion != "20" {
		t.Errorf("a stale cache won over what was written: version %s", got.ResourceVersion)
	}
	if got := m.newest(version("21")); got.ResourceVersion != "21" || m.written != nil {
		t.Errorf("what was written won over a newer cache: version %s", got.ResourceVersion)
	}
	m = &memory{pending: &wfv1.WorkflowStatus{Phase: wfv1.WorkflowRunning}, basis: "5"}
	if got := m.newest(version("5")); got.Status.Phase != wfv1.WorkflowRunning {
		t.Error("a status that was decided but not written is lost")
	}
	if got := m.newest(version("6")); got.Status.Phase != "" || m.pending != nil {
		t.Error("a status that was decided on an older object is kept")
	}

	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", ResourceVersion: "30"}}
	m = &memory{created: map[string]*corev1.Pod{"p": pod}}
	pods := map[string]*corev1.Pod{}
	if waiting := m.observe(pods, "29"); !waiting || pods["p"] != pod {
		t.Error("a pod that was created and that the cache cannot know yet is missing")
	}
	pods = map[string]*corev1.Pod{}
	if waiting := m.observe(pods, "30"); waiting || len(pods) != 0 || len(m.created) != 0 {
		t.Error("a pod that the cache must have seen, and does not have, still counts as there")
	}
}
