// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// largeDAG is a workflow of n tasks in layers of 100, half of which have ended and 100 of which run, with its pods.
func largeDAG(b *testing.B, n int) (*wfv1.Workflow, World) {
	b.Helper()
	wf := &wfv1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: "large", Namespace: "ns", UID: types.UID(fmt.Sprint("large-", n)), Generation: 1}}
	wf.Spec.Entrypoint = "main"
	dag := &wfv1.DAGTemplate{}
	for i := range n {
		task := wfv1.DAGTask{Name: fmt.Sprintf("task-%d", i), Template: "p", Arguments: wfv1.Arguments{Parameters: []wfv1.Parameter{{
			Name: "i", Value: wfv1.ToAnyString(fmt.Sprint(i))}}}}
		if i >= 100 {
			task.Depends = fmt.Sprintf("task-%d", i-100)
		}
		dag.Tasks = append(dag.Tasks, task)
	}
	wf.Spec.Templates = []wfv1.Template{{Name: "main", DAG: dag}, {Name: "p",
		Inputs:    wfv1.Inputs{Parameters: []wfv1.Parameter{{Name: "i"}}},
		Container: &wfv1.Container{Container: corev1.Container{Image: "i", Command: []string{"c", "{{inputs.parameters.i}}"}}}}}
	w := World{Now: time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC), Pods: map[string]*corev1.Pod{}}
	for done := 0; done <= n/2; done += 100 {
		d := Reconcile(wf, w)
		wf.Status = *d.Status
		for _, p := range d.Create {
			w.Pods[p.Name] = p
			if done < n/2 {
				end(p, w.Now)
			} else {
				p.Status.Phase = corev1.PodRunning
			}
		}
	}
	d := Reconcile(wf, w)
	if d.Status != nil {
		wf.Status = *d.Status
	}
	return wf, w
}

func end(p *corev1.Pod, now time.Time) {
	p.Status.Phase = corev1.PodSucceeded
	t := metav1.NewTime(now)
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", State: corev1.ContainerState{
		Terminated: &corev1.ContainerStateTerminated{StartedAt: t, FinishedAt: t}}}}
}

// BenchmarkReconcile measures the reaction to the end of one of 10,000 tasks, after which another one starts.
func BenchmarkReconcile(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		b.Run(fmt.Sprintf("tasks=%d", n), func(b *testing.B) {
			wf, w := largeDAG(b, n)
			for _, p := range w.Pods {
				if p.Status.Phase == corev1.PodRunning {
					end(p, w.Now)
					break
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				d := Reconcile(wf, w)
				if d.Status == nil || len(d.Create) != 1 {
					b.Fatalf("status %v, %d pods", d.Status != nil, len(d.Create))
				}
			}
		})
	}
}
