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

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"argosy.dev/argosy/hack/e2e/framework"
)

// The server is killed while 20 rollouts are in the middle of an update. All end with the new version alone, and no
// ReplicaSet is orphaned or made twice.
func TestKillServerRollouts(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes")
	}
	const rollouts, kills = 20, 10
	a := prepareApp(t)
	strategies := []string{
		"{canary: {maxSurge: 1, maxUnavailable: 0, steps: [{setWeight: 50}, {pause: {duration: PAUSE}}]}}",
		"{blueGreen: {activeService: NAME, scaleDownDelaySeconds: 1, autoPromotionSeconds: PAUSEONLY}}",
	}
	for i := range rollouts {
		a.name = fmt.Sprintf("web-%02d", i)
		a.services(a.name)
		// Pauses of different length, so that there is something to do all the time.
		pause := fmt.Sprint(4 * (i + 1))
		strategy := strings.NewReplacer("PAUSEONLY", pause, "PAUSE", pause+"s", "NAME", a.name).Replace(strategies[i%2])
		a.submit(false, "replicas: 2\nstrategy: "+strategy)
	}
	for i := range rollouts {
		a.name = fmt.Sprintf("web-%02d", i)
		a.stable()
	}

	// Every ReplicaSet that there ever was, and a sign each time that something was written.
	var mu sync.Mutex
	sets := map[types.UID]string{}
	signs := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended, err := framework.Record(ctx, admin.Dynamic, replicaSetResource, a.ns, labelHash, func(_ watch.EventType, o *unstructured.Unstructured) {
		mu.Lock()
		owner := metav1.GetControllerOf(o)
		if owner == nil {
			sets[o.GetUID()] = "nobody's " + o.GetName()
		} else {
			sets[o.GetUID()] = owner.Name
		}
		mu.Unlock()
		select {
		case signs <- struct{}{}:
		default:
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range rollouts {
		a.name = fmt.Sprintf("web-%02d", i)
		a.update("2")
	}
	for k := range kills {
		select {
		case <-signs:
		case <-time.After(time.Minute):
			t.Fatalf("nothing happened for a minute after %d kills", k)
		}
		began := time.Now()
		pod, restarts := killServer(t)
		waitServer(t, pod, restarts)
		t.Logf("kill %d; back after %s", k+1, time.Since(began).Round(100*time.Millisecond))
	}
	for i := range rollouts {
		a.name = fmt.Sprintf("web-%02d", i)
		a.stable()
		a.waitPods(map[string]int32{"2": 2})
		if i%2 == 1 {
			a.waitSelects(a.name, "2")
		}
	}
	cancel()
	<-ended
	by := map[string]int{}
	for _, owner := range sets {
		by[owner]++
	}
	for owner, n := range by {
		if n != 2 {
			t.Errorf("%s had %d ReplicaSets, want 2", owner, n)
		}
	}
	if len(by) != rollouts {
		t.Errorf("%d owners of ReplicaSets, want %d", len(by), rollouts)
	}
}
