// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"

	"argosy.dev/argosy/hack/e2e/framework"
)

// fakeNodes selects nodes on which no container runs; the local cluster makes
// them with `cluster up --fake-nodes N`.
const fakeNodes = "kwok.x-k8s.io/node=fake"

const suspended = `
apiVersion: workflow.argosy.dev/v1alpha1
kind: Workflow
metadata: {generateName: rate-}
spec:
  entrypoint: main
  suspend: true
  templates:
  - name: main
    container: {image: busybox, command: [echo, hello]}
`

// onFakeNodes places the pods of a workflow there.
const onFakeNodes = "  nodeSelector: {kwok.x-k8s.io/node: fake}\n  tolerations: [{operator: Exists}]\n"

const helloOnFake = `
apiVersion: workflow.argosy.dev/v1alpha1
kind: Workflow
metadata: {generateName: hello-}
spec:
  entrypoint: main
` + onFakeNodes + `  templates:
  - name: main
    container: {image: busybox, command: [echo, hello]}
`

// submit creates n workflows, some at a time.
func (b *runner) submit(ctx context.Context, n int, manifest string) (time.Duration, error) {
	objects, err := framework.Decode([]byte(manifest))
	if err != nil {
		return 0, err
	}
	var wg sync.WaitGroup
	var next atomic.Int64
	errs := make(chan error, 16)
	began := time.Now()
	for range cap(errs) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for next.Add(1) <= int64(n) {
				if _, err := b.Create(ctx, b.ns, objects[0].DeepCopy(), metav1.CreateOptions{}); err != nil {
					errs <- err
					return
				}
			}
		}()
	}
	wg.Wait()
	close(errs)
	return time.Since(began), <-errs
}

// creates measures how fast workflows are taken in that wait for a person.
func (b *runner) creates(ctx context.Context, n int) ([]row, bool, error) {
	took, err := b.submit(ctx, n, suspended)
	if err != nil {
		return nil, false, err
	}
	workflows := b.Dynamic.Resource(framework.Native("workflows")).Namespace(b.ns)
	began := time.Now()
	if _, err := workflows.List(ctx, metav1.ListOptions{}); err != nil {
		return nil, false, err
	}
	listed := time.Since(began)
	if err := workflows.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
		return nil, false, fmt.Errorf("delete: %w", err)
	}
	return []row{
		{fmt.Sprintf("workflows created a second, through the aggregator, 16 at a time (n=%d)", n), fmt.Sprintf("%.0f/s", float64(n)/took.Seconds()), ""},
		{"list of these", ms(listed), ""},
	}, true, nil
}

// onFake measures only control planes: a long chain for the time of reaction,
// and many workflows of one pod.
func (b *runner) onFake(ctx context.Context, n int) ([]row, bool, error) {
	what := fmt.Sprintf("%d hello workflows on fake nodes, from the first request to the last end", n)
	nodes, err := b.Kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{LabelSelector: fakeNodes})
	if err != nil {
		return nil, false, err
	}
	if len(nodes.Items) == 0 {
		return []row{{what, "not measured: the cluster has no fake nodes", ""}}, true, nil
	}
	const steps = 300
	_, gaps, err := b.workflowChain(ctx, "long", steps, onFakeNodes)
	if err != nil {
		return nil, false, err
	}
	took, err := b.hellos(ctx, n)
	if err != nil {
		return nil, false, err
	}
	p99 := quantile(gaps, 0.99)
	return []row{
		{fmt.Sprintf("end of a pod → next pod created, fake node, p50 (n=%d)", len(gaps)), ms(quantile(gaps, 0.5)), ""},
		{"end of a pod → next pod created, fake node, p99", ms(p99), "≤ 50 ms"},
		{what, fmt.Sprintf("%s, %.1f/s", took.Round(time.Millisecond), float64(n)/took.Seconds()), ""},
	}, p99 <= 50*time.Millisecond, nil
}

// hellos runs n workflows of one pod.
func (b *runner) hellos(ctx context.Context, n int) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Minute)
	defer cancel()
	var mu sync.Mutex
	ended := map[string]bool{}
	all := make(chan struct{})
	done, err := framework.Record(ctx, b.Dynamic, framework.Native("workflows"), b.ns, "", func(t watch.EventType, o *unstructured.Unstructured) {
		if over, err := completed(o); err != nil || !over || t == watch.Deleted || o.GetGenerateName() != "hello-" {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if !ended[o.GetName()] {
			ended[o.GetName()] = true
			if len(ended) == n {
				close(all)
			}
		}
	})
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if _, err := b.submit(ctx, n, helloOnFake); err != nil {
		return 0, err
	}
	select {
	case <-all:
	case <-ctx.Done():
		mu.Lock()
		defer mu.Unlock()
		return 0, fmt.Errorf("only %d of %d ended: %w", len(ended), n, ctx.Err())
	}
	took := time.Since(began)
	cancel()
	<-done
	return took, nil
}
