// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"strings"
	"testing"
	"time"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// TestProgressDeadline: time in which the pods are not at fault does not count: steps that pause or judge, a pause before the
// switch or by hand, and while old pods are kept for a time. All other waiting does, and is told with since when.
func TestProgressDeadline(t *testing.T) {
	never := func(s *sim) { s.takes = func(*appsReplicaSet) time.Duration { return -1 } }
	update := func(s *sim) { s.image("two") }
	for name, tc := range map[string]struct {
		strategy string
		do       []func(*sim)
		late     bool
	}{
		"a pause":             {`{canary: {steps: [{setWeight: 50}, {pause: {}}]}}`, []func(*sim){update}, false},
		"a timed pause":       {`{canary: {steps: [{setWeight: 50}, {pause: {duration: 1h}}]}}`, []func(*sim){update}, false},
		"an analysis":         {`{canary: {steps: [{setWeight: 50}, {analysis: {templates: [{templateName: check}]}}]}}`, []func(*sim){update}, false},
		"before the switch":   {`{blueGreen: {activeService: active, autoPromotionEnabled: false}}`, []func(*sim){update}, false},
		"by hand":             {`{canary: {}}`, []func(*sim){never, update, func(s *sim) { s.do(Pause(s.ro, &rov1.RolloutPause{}, s.now)) }}, false},
		"pods":                {`{canary: {maxUnavailable: 0}}`, []func(*sim){never, update}, true},
		"pods before a pause": {`{canary: {steps: [{setWeight: 50}, {pause: {}}]}}`, []func(*sim){never, update}, true},
		"pods, blue-green":    {`{blueGreen: {activeService: active, autoPromotionEnabled: false}}`, []func(*sim){never, update}, true},
		"while old pods wait": {`{blueGreen: {activeService: active, scaleDownDelaySeconds: 7200}}`, []func(*sim){update, func(s *sim) { s.phase(rov1.RolloutPhaseHealthy) },
			never, func(s *sim) { s.image("three") }}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := analysed(t, `spec: {replicas: 2, progressDeadlineSeconds: 60, strategy: `+tc.strategy+`}`)
			s.phase(rov1.RolloutPhaseHealthy)
			for _, do := range tc.do {
				do(s)
			}
			begun := s.now
			s.run(50 * time.Second)
			if s.ro.Status.Phase == rov1.RolloutPhaseDegraded {
				t.Fatalf("late before the time:\n%s", s.describe())
			}
			s.run(30 * time.Minute)
			if late := s.ro.Status.Phase == rov1.RolloutPhaseDegraded; late != tc.late {
				t.Fatalf("late: %t\n%s", late, s.describe())
			}
			if !tc.late {
				return
			}
			want := `ProgressDeadlineExceeded: ReplicaSet "` + s.byRevision(2).Name + `" has timed out progressing: no progress since ` + begun.Format("2006-01-02T15:04:")
			if !strings.HasPrefix(s.ro.Status.Message, want) {
				t.Errorf("%q, want %q...", s.ro.Status.Message, want)
			}
			// Pods that come at last are progress.
			for _, set := range s.sets {
				for _, p := range set.pods {
					if p.ready.IsZero() {
						p.ready = s.now.Add(time.Second)
					}
				}
			}
			s.takes = func(*appsReplicaSet) time.Duration { return time.Second }
			s.run(time.Minute)
			if s.ro.Status.Phase == rov1.RolloutPhaseDegraded {
				t.Errorf("late for ever:\n%s", s.describe())
			}
		})
	}
}
