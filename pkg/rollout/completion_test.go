// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// TestReasonsOfCompletion: each way to the end is told with the peer's reason, and noted with its completionStatus.
func TestReasonsOfCompletion(t *testing.T) {
	const canary = `{canary: {steps: [{setWeight: 50}, {pause: {}}]}}`
	const blueGreen = `{blueGreen: {activeService: active, scaleDownDelaySeconds: 600, autoPromotionEnabled: false}}`
	full := func(s *sim) {
		s.phase(rov1.RolloutPhasePaused)
		s.do(Promote(s.ro, &rov1.RolloutPromote{Full: true}, s.now))
	}
	next := func(s *sim) {
		s.phase(rov1.RolloutPhasePaused)
		s.promote()
	}
	to := func(image string, how func(*sim)) func(*sim) {
		return func(s *sim) {
			s.image(image)
			how(s)
			s.phase(rov1.RolloutPhaseHealthy)
		}
	}
	alone := func(*sim) {}
	for name, tc := range map[string]struct {
		spec   string
		do     []func(*sim)
		reason string
		status rov1.CompletionStatus
	}{
		"initial, canary":     {`{strategy: ` + canary + `}`, nil, "Initial deploy", rov1.CompletionPromoted},
		"initial, blue-green": {`{strategy: ` + blueGreen + `}`, nil, "Initial deploy", rov1.CompletionPromoted},
		"steps":               {`{strategy: ` + canary + `}`, []func(*sim){to("two", next)}, "Completed all 2 canary steps", rov1.CompletionPromoted},
		"no steps":            {`{strategy: {canary: {}}}`, []func(*sim){to("two", alone)}, "Completed all 0 canary steps", rov1.CompletionPromoted},
		"full, canary":        {`{strategy: ` + canary + `}`, []func(*sim){to("two", full)}, "Full promotion requested", rov1.CompletionFastPromoted},
		"full, blue-green":    {`{strategy: ` + blueGreen + `}`, []func(*sim){to("two", full)}, "Full promotion requested", rov1.CompletionFastPromoted},
		"blue-green":          {`{strategy: ` + blueGreen + `}`, []func(*sim){to("two", next)}, "Completed blue-green update", rov1.CompletionPromoted},
		"back within the window": {`{rollbackWindow: {revisions: 2}, strategy: ` + canary + `}`, []func(*sim){to("two", next), to("three", next), to("two", alone)},
			"Rollback within window", rov1.CompletionFastRolledBack},
		"back beyond the window": {`{rollbackWindow: {revisions: 1}, strategy: ` + canary + `}`, []func(*sim){to("two", next), to("three", next), to("one", next)},
			"Completed all 2 canary steps", rov1.CompletionRolledBack},
		"back without a window": {`{strategy: ` + canary + `}`, []func(*sim){to("two", next), to("one", next)}, "Completed all 2 canary steps", rov1.CompletionRolledBack},
		"back while the pods wait": {`{strategy: ` + blueGreen + `}`, []func(*sim){to("two", next), to("one", alone)},
			"Fast rollback", rov1.CompletionFastRolledBack},
		"back after the pods have gone": {`{strategy: ` + blueGreen + `}`, []func(*sim){to("two", next), func(s *sim) { s.run(time.Hour) }, to("one", next)},
			"Completed blue-green update", rov1.CompletionRolledBack},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSim(t, "spec: "+tc.spec)
			s.phase(rov1.RolloutPhaseHealthy)
			for _, do := range tc.do {
				do(s)
			}
			told := slices.DeleteFunc(s.told(), func(e string) bool { return !strings.HasPrefix(e, "RolloutCompleted: ") })
			if len(told) == 0 || !strings.HasSuffix(told[len(told)-1], ": "+tc.reason) {
				t.Errorf("told %v, want %s", told, tc.reason)
			}
			if got := s.ro.Status.Duration.CompletionStatus; got != tc.status {
				t.Errorf("completionStatus %s, want %s", got, tc.status)
			}
		})
	}
}

// TestConditionsToWaitFor: what `kubectl wait --for=condition=...` waits for is true when it is so, and false, not absent,
// when it is not.
func TestConditionsToWaitFor(t *testing.T) {
	s := newSim(t, `spec: {replicas: 2, strategy: {canary: {maxSurge: 1, maxUnavailable: 0, steps: [{setWeight: 50}, {pause: {}}]}}}`)
	is := func(when string, want ...bool) {
		t.Helper()
		var got []bool
		for _, of := range []rov1.RolloutConditionType{rov1.RolloutConditionPaused, rov1.RolloutConditionHealthy, rov1.RolloutConditionCompleted, rov1.RolloutConditionAvailable} {
			c := conditionOf(&s.ro.Status, of)
			if c == nil {
				t.Fatalf("%s: no condition %s", when, of)
			}
			got = append(got, c.Status == "True")
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: (paused, healthy, completed, available) is %v, want %v\n%s", when, got, want, s.describe())
		}
	}
	s.phase(rov1.RolloutPhaseProgressing)
	is("at first", false, false, false, false)
	s.phase(rov1.RolloutPhaseHealthy)
	is("healthy", false, true, true, true)
	s.image("two")
	s.phase(rov1.RolloutPhasePaused)
	is("paused", true, false, false, true)
	s.do(Abort(s.ro, &rov1.RolloutAbort{}, s.now))
	s.phase(rov1.RolloutPhaseDegraded)
	s.run(time.Minute)
	is("aborted", false, false, false, true)
	s.image("one")
	s.phase(rov1.RolloutPhaseHealthy)
	is("gone back", false, true, true, true)
	s.do(Pause(s.ro, &rov1.RolloutPause{}, s.now))
	s.ro.Generation++
	s.phase(rov1.RolloutPhasePaused)
	is("paused by hand", true, false, true, true)
}
