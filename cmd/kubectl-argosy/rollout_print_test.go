// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

func TestTreeIsDrawn(t *testing.T) {
	now := time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)
	ago := func(d time.Duration) metav1.Time { return metav1.NewTime(now.Add(-d)) }
	set, actual := int32(20), int32(25)
	deadline := metav1.NewTime(now.Add(25 * time.Second))
	tree := &rov1.RolloutTree{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop", CreationTimestamp: ago(3 * time.Hour)},
		Phase:      rov1.RolloutPhasePaused, Message: "CanaryPauseStep", Strategy: "Canary", Step: "1/8", SetWeight: &set, ActualWeight: &actual,
		Images:   []rov1.RolloutTreeImage{{Image: "web:1", Roles: []string{"stable"}}, {Image: "web:2", Roles: []string{"canary"}}},
		Replicas: rov1.RolloutTreeReplicas{Desired: 4, Current: 5, Updated: 1, Ready: 4, Available: 4},
		Revisions: []rov1.RolloutTreeRevision{
			{
				Revision: 2,
				ReplicaSets: []rov1.RolloutTreeReplicaSet{{Name: "web-b", Status: "Progressing", CreationTimestamp: ago(time.Minute), Roles: []string{"canary"},
					Pods: []rov1.RolloutTreePod{{Name: "web-b-1", Status: "CrashLoopBackOff", Containers: 2, Ready: 1, Restarts: 3, CreationTimestamp: ago(time.Minute)}}}},
				AnalysisRuns: []rov1.RolloutTreeAnalysisRun{{Name: "web-b-2", Status: rov1.AnalysisPhaseRunning, Successful: 4, Error: 1, CreationTimestamp: ago(30 * time.Second)}},
			},
			{
				Revision: 1,
				ReplicaSets: []rov1.RolloutTreeReplicaSet{{Name: "web-a", Status: "Healthy", CreationTimestamp: ago(3 * time.Hour), Roles: []string{"stable"}, ScaleDownAt: &deadline,
					Pods: []rov1.RolloutTreePod{{Name: "web-a-1", Status: "Running", Containers: 1, Ready: 1, CreationTimestamp: ago(3 * time.Hour)}}}},
			},
		},
	}
	want := `
Name:            web
Namespace:       shop
Status:          ॥ Paused
Message:         CanaryPauseStep
Strategy:        Canary
  Step:          1/8
  SetWeight:     20
  ActualWeight:  25
Images:          web:1 (stable)
                 web:2 (canary)
Replicas:
  Desired:       4
  Current:       5
  Updated:       1
  Ready:         4
  Available:     4

NAME                KIND         STATUS              AGE  INFO
⟳ web               Rollout      ॥ Paused            3h
├──# revision:2
│  ├──⧉ web-b       ReplicaSet   ◌ Progressing       60s  canary
│  │  └──□ web-b-1  Pod          ✖ CrashLoopBackOff  60s  ready:1/2,restarts:3
│  └──α web-b-2     AnalysisRun  ◌ Running           30s  ✔ 4,⚠ 1
└──# revision:1
   └──⧉ web-a       ReplicaSet   ✔ Healthy           3h   stable,delay:25s
      └──□ web-a-1  Pod          ✔ Running           3h   ready:1/1
`
	got := printer{now: now}.tree(tree)
	if diff := cmp.Diff(strings.TrimPrefix(want, "\n"), got); diff != "" {
		t.Errorf("%s\n%s", diff, got)
	}
	colored := printer{now: now, color: true}.tree(tree)
	plain := strings.NewReplacer(green, "", yellow, "", red, "", blue, "", faint, "", reset, "").Replace(colored)
	if plain != got {
		t.Errorf("colours move the columns:\n%s", plain)
	}
	if !strings.Contains(colored, red+"✖"+reset+" CrashLoopBackOff") {
		t.Errorf("no colour:\n%s", colored)
	}
}

func TestParseImages(t *testing.T) {
	for _, tc := range []struct {
		args []string
		err  string
	}{
		{[]string{"web=web:2", "log=log:1"}, ""},
		{[]string{"*=web:2"}, ""},
		{[]string{"web"}, `"web" is not CONTAINER=IMAGE`},
		{[]string{"web="}, `"web=" is not CONTAINER=IMAGE`},
		{[]string{"web=a", "web=b"}, `container "web" is given twice`},
		{[]string{"*=a", "web=b"}, "* stands for all containers, so no other can be given"},
	} {
		got, err := parseImages(tc.args)
		if tc.err != "" {
			if err == nil || err.Error() != tc.err {
				t.Errorf("%v: got error %v, want %s", tc.args, err, tc.err)
			}
			continue
		}
		if err != nil || len(got) != len(tc.args) {
			t.Errorf("%v: got %v, %v", tc.args, got, err)
		}
	}
}
