// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"argosy.dev/argosy/hack/e2e/framework"
)

// The server is killed right after a Job came into being, that is before the status that records it, and right after
// one ended. Every measurement is taken, each by one Job.
func TestKillServerAnalysis(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes")
	}
	const runs, measurements, kills = 8, 3, 4
	ns := newNamespace(t)
	jobs := schema.GroupVersionResource{Group: "batch", Version: "v1", Resource: "jobs"}
	var mu sync.Mutex
	made := map[string]map[types.UID]bool{} // by name
	created, ended := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done, err := framework.Record(ctx, admin.Dynamic, jobs, ns, "analysisrun.argoproj.io/uid", func(event watch.EventType, o *unstructured.Unstructured) {
		sign := ended
		mu.Lock()
		if made[o.GetName()] == nil {
			made[o.GetName()] = map[types.UID]bool{}
		}
		if !made[o.GetName()][o.GetUID()] {
			made[o.GetName()][o.GetUID()] = true
			sign = created
		} else if conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions"); event != watch.Modified || len(conditions) == 0 {
			sign = nil
		}
		mu.Unlock()
		select {
		case sign <- struct{}{}:
		default:
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range runs {
		metrics := strings.Replace(jobMetric("busybox", fmt.Sprintf("sleep %d", i%4)), "- name: job", fmt.Sprintf("- name: job\n  count: %d\n  interval: 2s", measurements), 1)
		create(t, admin, ns, analysis("rollout.argosy.dev/v1alpha1", fmt.Sprintf("run-%d", i), metrics))
	}
	for k := range kills {
		sign := created
		if k%2 == 1 {
			sign = ended
		}
		select {
		case <-sign:
		case <-time.After(time.Minute):
			t.Fatalf("nothing happened for a minute after %d kills", k)
		}
		began := time.Now()
		pod, restarts := killServer(t)
		waitServer(t, pod, restarts)
		t.Logf("kill %d; back after %s", k+1, time.Since(began).Round(100*time.Millisecond))
	}
	for i := range runs {
		run := waitAnalysed(t, ns, fmt.Sprintf("run-%d", i), "Successful")
		results, _, err := unstructured.NestedSlice(run.Object, "status", "metricResults")
		if err != nil || len(results) != 1 {
			t.Errorf("results of run %d: %v, %v", i, results, err)
			continue
		}
		if result := results[0].(map[string]any); result["successful"] != int64(measurements) || result["error"] != nil || result["failed"] != nil {
			t.Errorf("run %d: %v", i, result)
		}
	}
	cancel()
	<-done
	if len(made) != runs*measurements {
		t.Errorf("%d Jobs for %d measurements", len(made), runs*measurements)
	}
	for name, uids := range made {
		if len(uids) != 1 {
			t.Errorf("Job %s was made %d times", name, len(uids))
		}
	}
}
