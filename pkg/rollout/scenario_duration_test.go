// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"testing"
	"time"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// TestDurationScenarios: what is told of how long a version took, and how it ended, for both strategies.
func TestDurationScenarios(t *testing.T) {
	paused := func(s *sim) { s.phase(rov1.RolloutPhasePaused) }
	update := func(image string) func(*sim) {
		return func(s *sim) {
			s.image(image)
			s.phase(rov1.RolloutPhasePaused)
			s.run(100 * time.Second)
		}
	}
	promote := func(s *sim) {
		s.promote()
		s.phase(rov1.RolloutPhaseHealthy)
	}
	full := func(s *sim) {
		s.promoteFull()
		s.phase(rov1.RolloutPhaseHealthy)
	}
	abort := func(s *sim) { s.abort() }
	retry := func(s *sim) {
		s.do(Retry(s.ro, &rov1.RolloutRetry{}, s.now))
		s.phase(rov1.RolloutPhasePaused)
	}
	back := func(s *sim) {
		s.image("one")
		s.phase(rov1.RolloutPhaseHealthy)
	}
	scale := func(s *sim) {
		s.resize(4)
		s.run(time.Minute)
	}
	hand := func(s *sim) {
		s.do(Pause(s.ro, &rov1.RolloutPause{}, s.now))
		s.ro.Generation++
		s.run(50 * time.Second)
		s.do(Resume(s.ro, &rov1.RolloutResume{}, s.now))
		s.ro.Generation++
		s.run(10 * time.Second)
	}
	for strategy, spec := range map[string]string{
		"canary":     `{canary: {steps: [{setWeight: 50}, {pause: {}}]}}`,
		"blue-green": `{blueGreen: {activeService: active, autoPromotionEnabled: false, scaleDownDelaySeconds: 10, abortScaleDownDelaySeconds: 1}}`,
	} {
		for name, tc := range map[string]struct {
			do []func(*sim)
			// status is how the version ended; "" is not yet.
			status rov1.CompletionStatus
			// waits tells that somebody is waited for now; waited for how many seconds somebody was before.
			waits  bool
			waited int64
		}{
			"initial":                  {nil, rov1.CompletionPromoted, false, 0},
			"initial, scaled":          {[]func(*sim){scale}, rov1.CompletionPromoted, false, 0},
			"initial, paused by hand":  {[]func(*sim){hand}, rov1.CompletionPromoted, false, 0},
			"paused":                   {[]func(*sim){update("two")}, "", true, 0},
			"paused, scaled":           {[]func(*sim){update("two"), scale}, "", true, 0},
			"promoted":                 {[]func(*sim){update("two"), promote}, rov1.CompletionPromoted, false, 100},
			"promoted, scaled":         {[]func(*sim){update("two"), promote, scale}, rov1.CompletionPromoted, false, 100},
			"promoted to the end":      {[]func(*sim){update("two"), full}, rov1.CompletionFastPromoted, false, 100},
			"aborted":                  {[]func(*sim){update("two"), abort}, rov1.CompletionAborted, false, 100},
			"aborted, scaled":          {[]func(*sim){update("two"), abort, scale}, rov1.CompletionAborted, false, 100},
			"retried":                  {[]func(*sim){update("two"), abort, retry}, "", true, 0},
			"retried, promoted":        {[]func(*sim){update("two"), abort, retry, promote}, rov1.CompletionPromoted, false, 0},
			"aborted, next version":    {[]func(*sim){update("two"), abort, update("three")}, "", true, 0},
			"aborted, gone back":       {[]func(*sim){update("two"), abort, back}, rov1.CompletionAborted, false, 100},
			"superseded":               {[]func(*sim){update("two"), update("three")}, "", true, 0},
			"superseded, promoted":     {[]func(*sim){update("two"), update("three"), promote}, rov1.CompletionPromoted, false, 100},
			"gone back in the middle":  {[]func(*sim){update("two"), back}, rov1.CompletionFastRolledBack, false, 100},
			"gone back after the end":  {[]func(*sim){update("two"), promote, func(s *sim) { s.run(time.Hour) }, update("one"), promote}, rov1.CompletionRolledBack, false, 100},
			"paused by hand in pause":  {[]func(*sim){update("two"), hand, paused, promote}, rov1.CompletionPromoted, false, 160},
			"aborted while superseded": {[]func(*sim){update("two"), update("three"), abort}, rov1.CompletionAborted, false, 100},
		} {
			t.Run(strategy+", "+name, func(t *testing.T) {
				s := newSim(t, `spec: {replicas: 2, strategy: `+spec+`}`)
				s.phase(rov1.RolloutPhaseHealthy)
				for _, do := range tc.do {
					do(s)
				}
				d := s.ro.Status.Duration
				if d == nil || d.RolloutStartedAt == nil {
					t.Fatal(s.describe())
				}
				if d.CompletionStatus != tc.status || (d.FinishedAt != nil) != (tc.status != "") {
					t.Errorf("%q at %v, want %q", d.CompletionStatus, d.FinishedAt, tc.status)
				}
				if waits := d.ManualPauseStartedAt != nil; waits != tc.waits {
					t.Errorf("waits for somebody: %t", waits)
				}
				if got := d.TotalManualPauseDurationSeconds; got < tc.waited || got > tc.waited+10 {
					t.Errorf("somebody was waited for %d s, want about %d", got, tc.waited)
				}
				if d.FinishedAt != nil && d.FinishedAt.Time.Before(d.RolloutStartedAt.Add(time.Duration(d.TotalManualPauseDurationSeconds)*time.Second)) {
					t.Errorf("from %v to %v", d.RolloutStartedAt, d.FinishedAt)
				}
			})
		}
	}
}
