// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/hack/e2e/framework"
)

// hookFile is a PreSync hook that takes some seconds.
const hookFile = `apiVersion: batch/v1
kind: Job
metadata:
  name: %s
  annotations: {argocd.argoproj.io/hook: PreSync}
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers:
      - {name: main, image: busybox, command: [sleep, "%d"]}
`

// The server is killed five times while 20 applications are synced, each with a PreSync Job and three waves. Each sync
// succeeds, each hook runs once, and nothing goes that no application has made.
func TestKillServerApplications(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	const apps, kills = 20, 5
	name := func(i int) string { return fmt.Sprintf("app-%02d", i) }
	files := map[string]string{}
	for i := range apps {
		// Hooks of different length, so that there is something to do all the time.
		files[name(i)+"/hook.yaml"] = fmt.Sprintf(hookFile, name(i), 1+i)
		for wave := range 3 {
			object := fmt.Sprintf("%s-%d", name(i), wave)
			files[fmt.Sprintf("%s/%d.yaml", name(i), wave)] = configMapFile(object, "one", fmt.Sprintf("argocd.argoproj.io/sync-wave: %q", fmt.Sprint(wave)))
		}
	}
	w := newWorld(t, files)
	create(t, admin, w.ns, configMapFile("foreign", "kept", ""))
	for i := range apps {
		w.app(name(i), name(i))
	}
	for i := range apps {
		w.is(name(i), appv1.SyncStatusOutOfSync, appv1.HealthMissing)
	}

	// Every Job that there ever was, by its application, and a sign each time that one was written.
	var mu sync.Mutex
	jobs := map[types.UID]string{}
	signs := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended, err := framework.Record(ctx, admin.Dynamic, schema.GroupVersionResource{Group: "batch", Version: "v1", Resource: "jobs"}, w.ns, "", func(_ watch.EventType, o *unstructured.Unstructured) {
		mu.Lock()
		jobs[o.GetUID()] = o.GetName()
		mu.Unlock()
		select {
		case signs <- struct{}{}:
		default:
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range apps {
		if err := w.verb(admin, name(i), "sync", `{"prune":true}`); err != nil {
			t.Fatalf("sync %s: %v", name(i), err)
		}
	}
	for k := range kills {
		select {
		case <-signs:
		case <-time.After(time.Minute):
			t.Fatalf("no Job was written for a minute after %d kills", k)
		}
		began := time.Now()
		pod, restarts := killServer(t)
		waitServer(t, pod, restarts)
		t.Logf("kill %d; back after %s", k+1, time.Since(began).Round(100*time.Millisecond))
	}
	for i := range apps {
		app := w.until(name(i), "its sync has ended and it is Synced", func(a *appv1.Application) bool {
			s := a.Status.OperationState
			return a.Operation == nil && s != nil && s.FinishedAt != nil && a.Status.Sync.Status == appv1.SyncStatusSynced
		})
		w.phase(app, appv1.OperationSucceeded, "")
		if len(app.Status.History) != 1 {
			t.Errorf("%s: %d entries of history, want 1", name(i), len(app.Status.History))
		}
		for wave := range 3 {
			object := fmt.Sprintf("%s-%d", name(i), wave)
			if w.object(configMaps, object) == nil {
				t.Errorf("ConfigMap %s is not there", object)
			}
		}
	}
	cancel()
	<-ended
	runs := map[string]int{}
	for _, job := range jobs {
		runs[job]++
	}
	for i := range apps {
		if n := runs[name(i)]; n != 1 {
			t.Errorf("the hook of %s ran %d times, want once", name(i), n)
		}
	}
	if w.object(configMaps, "foreign") == nil {
		t.Error("what no application has made is gone")
	}
}
