// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"

	"argosy.dev/argosy/hack/e2e/framework"
)

// links is the length of a chain.
const links = 10

type runner struct {
	*framework.Client
	ns string
}

// podTimes are the arrivals of what happened to one pod.
type podTimes struct {
	name           string
	created, ended time.Time
}

// podClock watches the pods of a namespace and notes when news of them came.
type podClock struct {
	mu   sync.Mutex
	pods []*podTimes
	// ended gets the name of every pod that ended.
	ended chan string
}

func (b *runner) startClock(ctx context.Context) (*podClock, <-chan struct{}, error) {
	k := &podClock{ended: make(chan string, 10_000)}
	done, err := framework.Record(ctx, b.Dynamic, corev1.SchemeGroupVersion.WithResource("pods"), b.ns, "", func(t watch.EventType, o *unstructured.Unstructured) {
		now := time.Now()
		k.mu.Lock()
		defer k.mu.Unlock()
		i := slices.IndexFunc(k.pods, func(p *podTimes) bool { return p.name == o.GetName() })
		if i < 0 {
			i = len(k.pods)
			k.pods = append(k.pods, &podTimes{name: o.GetName(), created: now})
		}
		if t != watch.Deleted && k.pods[i].ended.IsZero() && hasEnded(o) {
			k.pods[i].ended = now
			k.ended <- o.GetName()
		}
	})
	return k, done, err
}

// hasEnded says whether the main container of a pod is over.
func hasEnded(o *unstructured.Unstructured) bool {
	phase, _, err := unstructured.NestedString(o.Object, "status", "phase")
	if err == nil && (phase == "Succeeded" || phase == "Failed") {
		return true
	}
	list, _, err := unstructured.NestedSlice(o.Object, "status", "containerStatuses")
	if err != nil || len(list) != 1 {
		return false
	}
	m, _ := list[0].(map[string]any)
	_, over, err := unstructured.NestedMap(m, "state", "terminated")
	return err == nil && over
}

// chains runs chains of pods as a workflow and by hand, in turns, so that both
// meet the same state of the machine.
func (b *runner) chains(ctx context.Context, rounds int) ([]row, bool, error) {
	var byHand, asWorkflow, reactions []time.Duration
	// The first chain of each kind warms caches and is not counted.
	for i := range rounds + 1 {
		hand, err := b.handChain(ctx, fmt.Sprintf("hand-%d", i))
		if err != nil {
			return nil, false, fmt.Errorf("by hand: %w", err)
		}
		wf, gaps, err := b.workflowChain(ctx, fmt.Sprintf("chain-%d", i), links, "")
		if err != nil {
			return nil, false, fmt.Errorf("as workflow: %w", err)
		}
		fmt.Fprintf(os.Stderr, "round %d: by hand %s, as workflow %s, slowest reaction %s\n", i, ms(hand), ms(wf), ms(slices.Max(gaps)))
		if i > 0 {
			byHand, asWorkflow, reactions = append(byHand, hand), append(asWorkflow, wf), append(reactions, gaps...)
		}
	}
	ratio := float64(quantile(asWorkflow, 0.5)) / float64(quantile(byHand, 0.5))
	p99 := quantile(reactions, 0.99)
	return []row{
		{fmt.Sprintf("ten pods by hand, one after the other (median of %d)", rounds), ms(quantile(byHand, 0.5)), ""},
		{fmt.Sprintf("the same as one workflow, to its completed status (median of %d)", rounds), ms(quantile(asWorkflow, 0.5)), ""},
		{"ratio", fmt.Sprintf("%.3f", ratio), "≤ 1.10"},
		{fmt.Sprintf("end of a pod → next pod created, p50 (n=%d)", len(reactions)), ms(quantile(reactions, 0.5)), ""},
		{"end of a pod → next pod created, p99", ms(p99), "≤ 50 ms"},
		{"end of a pod → next pod created, max", ms(slices.Max(reactions)), ""},
	}, ratio <= 1.10 && p99 <= 50*time.Millisecond, nil
}

// handChain creates a pod when the one before has ended.
func (b *runner) handChain(ctx context.Context, name string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	clock, done, err := b.startClock(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { cancel(); <-done }()
	drain(clock)
	began := time.Now()
	for i := range links {
		p := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("%s-%d", name, i)},
			Spec: corev1.PodSpec{RestartPolicy: corev1.RestartPolicyNever,
				Containers: []corev1.Container{{Name: "main", Image: "busybox", ImagePullPolicy: corev1.PullIfNotPresent, Command: []string{"true"}}}},
		}
		if _, err := b.Kube.CoreV1().Pods(b.ns).Create(ctx, p, metav1.CreateOptions{}); err != nil {
			return 0, err
		}
		if err := clock.await(ctx, p.Name); err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}

func (k *podClock) await(ctx context.Context, name string) error {
	for {
		select {
		case n := <-k.ended:
			if n == name {
				return nil
			}
		case <-ctx.Done():
			return fmt.Errorf("pod %s did not end: %w", name, ctx.Err())
		}
	}
}

// drain forgets pods that were there before.
func drain(k *podClock) {
	for {
		select {
		case <-k.ended:
		default:
			return
		}
	}
}

// workflowChain runs such pods as a workflow; placement is YAML of its spec that
// says on which nodes. gaps are the times from the
// end of a pod to the creation of the next.
func (b *runner) workflowChain(ctx context.Context, name string, steps int, placement string) (took time.Duration, gaps []time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	clock, done, err := b.startClock(ctx)
	if err != nil {
		return 0, nil, err
	}
	text := "apiVersion: workflow.argosy.dev/v1alpha1\nkind: Workflow\nmetadata: {name: " + name + "}\nspec:\n  entrypoint: main\n" + placement + "  templates:\n  - name: main\n    steps:\n"
	for i := range steps {
		text += fmt.Sprintf("    - - {name: s%d, template: t}\n", i)
	}
	text += "  - name: t\n    container: {image: busybox, imagePullPolicy: IfNotPresent, command: [\"true\"]}\n"
	objects, err := framework.Decode([]byte(text))
	if err != nil {
		return 0, nil, err
	}
	began := time.Now()
	if _, err := b.Create(ctx, b.ns, objects[0], metav1.CreateOptions{}); err != nil {
		return 0, nil, err
	}
	wf, err := framework.WaitFor(ctx, b.Dynamic, framework.Native("workflows"), b.ns, name, completed)
	took = time.Since(began)
	if err != nil {
		return 0, nil, err
	}
	if phase, _, err := unstructured.NestedString(wf.Object, "status", "phase"); err != nil || phase != "Succeeded" {
		return 0, nil, fmt.Errorf("workflow %s is %s: %w", name, phase, err)
	}
	cancel()
	<-done
	clock.mu.Lock()
	defer clock.mu.Unlock()
	mine := slices.DeleteFunc(clock.pods, func(p *podTimes) bool { return len(p.name) < len(name)+2 || p.name[:len(name)+1] != name+"-" })
	slices.SortFunc(mine, func(a, b *podTimes) int { return a.created.Compare(b.created) })
	if len(mine) != steps {
		return 0, nil, fmt.Errorf("workflow %s had %d pods, want %d", name, len(mine), steps)
	}
	for i := 1; i < steps; i++ {
		gaps = append(gaps, mine[i].created.Sub(mine[i-1].ended))
	}
	return took, gaps, nil
}

func completed(o *unstructured.Unstructured) (bool, error) {
	phase, _, err := unstructured.NestedString(o.Object, "status", "phase")
	return phase == "Succeeded" || phase == "Failed" || phase == "Error", err
}

// quantile gives the value that a share q of all values does not exceed.
func quantile(ds []time.Duration, q float64) time.Duration {
	s := slices.Sorted(slices.Values(ds))
	return s[min(len(s)-1, int(float64(len(s))*q))]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }
