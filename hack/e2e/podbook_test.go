// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"sort"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"

	"argosy.dev/argosy/hack/e2e/framework"
)

// podBook keeps every pod that workflows of a namespace ever had, by node.
type podBook struct {
	mu sync.Mutex
	// uids holds the pods of a node, by workflow and node name.
	uids map[string]map[string]bool
	// created and ended are told about every pod as it appears and as it ends, if
	// somebody listens.
	created, ended chan string
	over           map[string]bool
}

// keepBook starts a book; it is closed with the test.
func keepBook(t *testing.T, ns string) *podBook {
	t.Helper()
	b := &podBook{uids: map[string]map[string]bool{}, created: make(chan string), ended: make(chan string), over: map[string]bool{}}
	ctx, cancel := context.WithCancel(t.Context())
	ended, err := framework.Record(ctx, admin.Dynamic, corev1.SchemeGroupVersion.WithResource("pods"), ns, "workflows.argoproj.io/workflow", func(_ watch.EventType, o *unstructured.Unstructured) {
		node := o.GetLabels()["workflows.argoproj.io/workflow"] + " " + o.GetAnnotations()["workflows.argoproj.io/node-name"]
		b.mu.Lock()
		if b.uids[node] == nil {
			b.uids[node] = map[string]bool{}
		}
		isNew := !b.uids[node][string(o.GetUID())]
		b.uids[node][string(o.GetUID())] = true
		phase := field(o, "status", "phase")
		isOver := (phase == "Succeeded" || phase == "Failed") && !b.over[string(o.GetUID())]
		if isOver {
			b.over[string(o.GetUID())] = true
		}
		b.mu.Unlock()
		for listener, happened := range map[chan string]bool{b.created: isNew, b.ended: isOver} {
			if happened {
				select {
				case listener <- node:
				default:
				}
			}
		}
	})
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); <-ended })
	return b
}

// twice lists nodes that had more than one pod, and total counts the pods.
func (b *podBook) twice() (twice []string, total int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for node, uids := range b.uids {
		total += len(uids)
		if len(uids) > 1 {
			twice = append(twice, fmt.Sprintf("%s: %d pods", node, len(uids)))
		}
	}
	sort.Strings(twice)
	return twice, total
}

// run runs a program of the machine; its output is part of the error.
func run(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %v: %w: %s", name, args, err, out)
	}
	return nil
}
