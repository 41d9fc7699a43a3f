// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"

	"argosy.dev/argosy/hack/e2e/framework"
)

// compatRuns are the analysis runs of rollouts.
var compatRuns = framework.Compat("analysisruns")

// runs are the names of the analysis runs in the rollout's namespace.
func (a *app) runs() []string {
	a.t.Helper()
	list, err := admin.Dynamic.Resource(compatRuns).Namespace(a.ns).List(within(a.t, time.Minute), metav1.ListOptions{})
	if err != nil {
		a.t.Fatal(err)
	}
	var names []string
	for _, run := range list.Items {
		names = append(names, run.GetName())
	}
	return names
}

func (a *app) wantRuns(n int) {
	a.t.Helper()
	if names := a.runs(); len(names) != n {
		a.t.Errorf("%d analysis runs, want %d: %v", len(names), n, names)
	}
}

// completion waits until the rollout of a version has ended in some way.
func (a *app) completion(want string) {
	a.t.Helper()
	a.waitFor("completion "+want, func(o *unstructured.Unstructured) bool {
		return field(o, "status", "duration", "completionStatus") == want
	})
}

// Old ReplicaSets go but for as many as are to be kept, the latest.
func TestRolloutHistoryLimit(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, "replicas: 1\nrevisionHistoryLimit: 1\nstrategy: {canary: {}}")
	for _, version := range []string{"2", "3", "4"} {
		a.update(version)
		a.stable()
		a.waitPods(map[string]int32{version: 1})
	}
	left := func(want ...string) {
		t.Helper()
		a.waitSets(fmt.Sprintf("revisions %v are left", want), func(sets map[string]*appsv1.ReplicaSet) error {
			if got := slices.Sorted(maps.Keys(sets)); !slices.Equal(got, want) {
				return fmt.Errorf("%v", got)
			}
			return nil
		})
	}
	left("3", "4")
	a.patch(`{"spec":{"revisionHistoryLimit":0}}`)
	left("4")
}

// judged is a canary with an analysis as its only step, which a rollback within the window does not need.
const judged = "replicas: 1\nrollbackWindow: {revisions: 1}\nstrategy: {canary: {steps: [{analysis: {templates: [{templateName: fine}]}}]}}"

// A rollback to a version that was live a short time ago is not judged again. An older one is.
func TestRolloutRollbackWindow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		to, how string
		runs    int
	}{"within": {"2", "FastRolledBack", 2}, "outside": {"1", "RolledBack", 3}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := prepareApp(t)
			a.judge("fine", "exit 0")
			a.create(false, judged)
			a.completion("Promoted")
			for i, version := range []string{"2", "3"} {
				a.update(version)
				a.stable()
				a.completion("Promoted")
				a.waitPods(map[string]int32{version: 1})
				a.wantRuns(i + 1)
			}
			a.update(c.to)
			a.stable()
			a.waitPods(map[string]int32{"4": 1})
			a.wantRuns(c.runs)
			a.completion(c.how)
		})
	}
}

// judge creates an AnalysisTemplate whose only metric is a Job with a command.
func (a *app) judge(name, command string) {
	a.t.Helper()
	create(a.t, admin, a.ns, "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {name: "+name+"}\nspec:\n"+indent(strings.Replace(jobMetric("busybox", command), "name: job", "name: "+name, 1)))
}

// How the rollout of a version ended is told, for every way to end.
func TestRolloutCompletion(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, plain)
	a.completion("Promoted")
	a.update("2")
	a.pausedAt(1)
	a.completion("")
	a.abort()
	a.aborted()
	a.completion("Aborted")
	a.retry()
	a.pausedAt(1)
	a.completion("")
	started, paused := a.duration("rolloutStartedAt"), a.duration("manualPauseStartedAt")
	if started == "" || paused == "" {
		t.Errorf("started at %q, paused since %q", started, paused)
	}
	a.promote()
	a.stable()
	a.completion("Promoted")
	if a.duration("finishedAt") == "" || a.duration("manualPauseStartedAt") != "" {
		t.Errorf("finished at %q, paused since %q", a.duration("finishedAt"), a.duration("manualPauseStartedAt"))
	}
	a.update("3")
	a.pausedAt(1)
	a.promoteFull()
	a.stable()
	a.completion("FastPromoted")
	// Only the number of pods changes: that is no rollout of a version.
	finished := a.duration("finishedAt")
	a.patch(`{"spec":{"replicas":2}}`)
	a.stable()
	a.waitPods(map[string]int32{"3": 2})
	if a.duration("finishedAt") != finished {
		t.Errorf("scaling changed the end from %s to %s", finished, a.duration("finishedAt"))
	}
	a.update("4")
	a.pausedAt(1)
	a.update("3") // back to what is stable
	a.stable()
	a.completion("FastRolledBack")
}

// duration reads a field of status.duration.
func (a *app) duration(name string) string {
	a.t.Helper()
	return field(a.get(), "status", "duration", name)
}

// A restart goes as fast as a disruption budget lets it, though the rollout itself could miss more pods at once.
func TestRolloutRestartBudget(t *testing.T) {
	t.Parallel()
	a := newApp(t, false, "replicas: 3\nstrategy: {canary: {maxUnavailable: 3}}")
	create(t, admin, a.ns, "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec: {minAvailable: 2, selector: {matchLabels: {app: web}}}")
	a.waitPods(map[string]int32{"1": 3})
	budgets := corev1.SchemeGroupVersion.WithResource("poddisruptionbudgets")
	budgets.Group = "policy"
	waitFor(t, time.Minute, budgets, a.ns, "web", func(o *unstructured.Unstructured) (bool, error) {
		n, _, err := unstructured.NestedInt64(o.Object, "status", "disruptionsAllowed")
		return n == 1, err
	})
	// The pods that are ready and not told to go, at any moment.
	ready, least := map[string]bool{}, 3
	before := map[string]bool{}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	began := false
	ended, err := framework.Record(ctx, admin.Dynamic, corev1.SchemeGroupVersion.WithResource("pods"), a.ns, "", func(event watch.EventType, o *unstructured.Unstructured) {
		delete(ready, o.GetName())
		if event != watch.Deleted && o.GetDeletionTimestamp() == nil && hasCondition(o, "Ready") {
			ready[o.GetName()] = true
		}
		if began = began || len(ready) == 3; began {
			least = min(least, len(ready))
		}
		if len(before) < 3 {
			before[o.GetName()] = true
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	a.restart()
	a.stable()
	cancel()
	<-ended
	if !began || least != 2 {
		t.Errorf("at the least moment %d pods were ready, want 2 (%t)", least, began)
	}
	for name := range before {
		if ready[name] {
			t.Errorf("pod %s was not restarted", name)
		}
	}
}

// restart asks for new pods and waits until all old ones have been told to go.
func (a *app) restart() {
	a.t.Helper()
	a.patch(fmt.Sprintf(`{"spec":{"restartAt":%q}}`, time.Now().Add(time.Second).UTC().Format(time.RFC3339)))
	a.waitFor("the restart", func(o *unstructured.Unstructured) bool {
		return field(o, "status", "restartedAt") != "" && field(o, "status", "restartedAt") == field(o, "spec", "restartAt")
	})
}

// An autoscaler changes the number of pods through /scale, of both groups. Below its least number it needs no metrics.
func TestRolloutAutoscaler(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"argoproj.io/v1alpha1", "rollout.argosy.dev/v1alpha1"} {
		group, _, _ := strings.Cut(version, "/")
		t.Run(group, func(t *testing.T) {
			t.Parallel()
			a := newApp(t, false, plain)
			create(t, admin, a.ns, "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec: {minReplicas: 3, maxReplicas: 4, scaleTargetRef: {apiVersion: "+version+", kind: Rollout, name: web}}")
			a.waitPods(map[string]int32{"1": 3})
			a.stable()
			// In the middle of an update, too: the weight holds for the new number.
			a.update("2")
			a.pausedAt(1)
			if _, err := admin.Kube.AutoscalingV2().HorizontalPodAutoscalers(a.ns).Patch(within(t, time.Minute), "web", types.MergePatchType, []byte(`{"spec":{"minReplicas":4}}`), metav1.PatchOptions{}); err != nil {
				t.Fatal(err)
			}
			a.waitPods(map[string]int32{"1": 2, "2": 2})
			a.pausedAt(1)
		})
	}
}
