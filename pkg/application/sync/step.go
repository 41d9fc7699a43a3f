// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

// stepper is one call of Step.
type stepper struct {
	in        Input
	settings  settings
	operation string
	plan      plan
	results   results
	// planned are the objects that are to be pruned and are still there.
	planned  map[object.Key]bool
	decision Decision
	// problems are what the check has found.
	problems []string
	// failing tells that the try has failed, and only its end is left; terminating that hooks are broken off.
	failing, terminating bool
	// silent is what a cluster that does not answer keeps from being ended.
	silent string
}

// verdict is how far a wave is.
type verdict int

const (
	complete verdict = iota
	// working has effects; waiting has none, but is not complete.
	working
	waiting
	failed
)

// Step decides what happens next in an operation. It changes nothing of its input. An operation that is not a sync is in
// error. While the next try is waited for (Retrying), the objects do not matter: they need not be looked at.
func Step(in Input) Decision {
	s := &stepper{in: in, decision: Decision{State: in.State}}
	state := &s.decision.State
	switch {
	case ended(state.Phase):
		return s.decision
	case state.Operation.Sync == nil:
		s.end(appv1.OperationError, "Invalid operation request: no operation specified")
		return s.decision
	}
	if until, waits := Retrying(state); waits {
		s.results.open(state.SyncResult)
		if s.wake(until); ended(state.Phase) {
			s.results.close(state)
		}
		return s.decision
	}
	s.settings = settingsOf(in.Options)
	s.operation = operationName(state.StartedAt.Time, in.UID, state.RetryCount)
	s.results.open(state.SyncResult)
	s.makePlan()
	s.run()
	s.results.close(state)
	return s.decision
}

// wake begins the next try of an operation, when its time has come. A newer revision brings the time for those that sync it
// then, and ends those that nobody has asked for and that would not.
func (s *stepper) wake(until time.Time) {
	state := &s.decision.State
	newer, refreshes := s.in.Newer != "", Refreshes(&state.Operation)
	switch wait := until.Sub(s.in.Now); {
	case newer && !refreshes && automated(&state.Operation):
		s.supersede("waiting for the next try")
	case wait > 0 && !(newer && refreshes):
		s.decision.After = wait
	default:
		s.again()
	}
}

// again begins a try.
func (s *stepper) again() {
	state := &s.decision.State
	resumes := Resumes(state)
	state.FinishedAt, state.Message = nil, ""
	s.in.Since = s.in.Now
	if state.SyncResult != nil && !resumes {
		result := *state.SyncResult
		if result.Resources = nil; s.in.Options.Is(object.OptionOutOfSyncOnly, "true") {
			result.Resources = anew(state.SyncResult.Resources)
		}
		state.SyncResult = &result
	}
	s.decision.Write, s.decision.Refresh = true, Refreshes(&state.Operation)
}

// run goes through the plan until there is something to do or to wait for.
func (s *stepper) run() {
	state := &s.decision.State
	if state.Phase == appv1.OperationTerminating {
		s.terminate("Operation terminated")
		return
	}
	if left := s.in.Timeout - s.in.Now.Sub(state.StartedAt.Time); s.in.Timeout > 0 {
		if left <= 0 {
			s.terminate(fmt.Sprintf("Operation terminated: it took longer than %s", s.in.Timeout))
			return
		}
		s.decision.After = left
	}
	if len(s.in.Shared) > 0 && s.settings[object.OptionFailOnShared] == "true" && s.results.untouched() {
		s.finish("Shared resource found: " + strings.Join(s.in.Shared, ", "))
		return
	}
	if ptr.Deref(state.Operation.Sync.DryRun, false) {
		s.dryRun()
		return
	}
	switch s.namespace() {
	case working, waiting:
		return
	case failed:
		s.fail()
		return
	}
	switch s.check() {
	case waiting:
		return
	case failed:
		s.finish("one or more synchronization tasks are not valid" + reasons(s.problems))
		return
	}
	switch s.rehearse() {
	case working:
		return
	case failed:
		s.finish("one or more objects failed to apply (dry run)" + reasons(s.problems))
		return
	}
	s.remember()
	s.gone()
	s.strip()
	if len(s.decision.Effects) > 0 {
		return
	}
	if s.hasFailed() {
		s.fail()
		return
	}
	last := s.lastWave()
	for i, w := range s.plan.waves {
		switch s.wave(w, i >= last) {
		case complete:
		case failed:
			s.fail()
			return
		default:
			return
		}
	}
	if len(s.plan.waves) == 0 {
		s.succeed("successfully synced (no more tasks)")
		return
	}
	s.succeed("successfully synced (all tasks run)")
}

// lastWave is the last one that does something: what is applied there is not waited for, only hooks are.
func (s *stepper) lastWave() int {
	for i := len(s.plan.waves) - 1; i > 0; i-- {
		for _, t := range s.plan.waves[i].tasks {
			if t.spared == "" {
				return i
			}
		}
	}
	return 0
}

// wait says what is waited for. A newer revision goes before the waiting, but not before hooks that run: nobody knows what it
// would mean to break them off.
func (s *stepper) wait(format string, args ...any) verdict {
	message := fmt.Sprintf(format, args...)
	state := &s.decision.State
	if s.in.Newer != "" && !s.failing && len(s.runningHooks(s.plan.waves)) == 0 {
		switch {
		case automated(&state.Operation):
			s.supersede(message)
			return waiting
		case Refreshes(&state.Operation) && retriesLeft(&state.Operation, state.RetryCount):
			state.RetryCount++
			s.results.close(state)
			s.results.keep()
			s.again()
			return waiting
		}
	}
	state.Message = message
	return waiting
}

func (s *stepper) supersede(doing string) {
	s.end(appv1.OperationFailed, fmt.Sprintf("superseded by revision %s while %s", s.in.Newer, doing))
}

func automated(operation *appv1.Operation) bool {
	return operation.InitiatedBy != nil && ptr.Deref(operation.InitiatedBy.Automated, false)
}

// later asks to be called again after a time.
func (s *stepper) later(d time.Duration) {
	if s.decision.After == 0 || d < s.decision.After {
		s.decision.After = d
	}
}

// succeed ends the operation.
func (s *stepper) succeed(message string) { s.end(appv1.OperationSucceeded, message) }

// finish ends a try without success. There is another if the operation has any left.
func (s *stepper) finish(message string) {
	s.decision.Effects, s.decision.Write, s.decision.Refresh, s.decision.After = nil, true, false, 0
	s.decision.After = conclude(&s.decision.State, appv1.OperationFailed, message, s.in.Now)
}

// end ends the operation for good.
func (s *stepper) end(phase appv1.OperationPhase, message string) {
	state := &s.decision.State
	state.Phase, state.Message = phase, message
	state.FinishedAt = ptr.To(metav1.NewTime(s.in.Now.Truncate(time.Second)))
	s.decision.Effects, s.decision.Write, s.decision.Refresh, s.decision.After = nil, true, false, 0
}

// mostReasons bounds how many reasons a message gives: the results have them all.
const mostReasons = 5

func reasons(problems []string) string {
	if len(problems) == 0 {
		return ""
	}
	text := ", reason: " + strings.Join(problems[:min(len(problems), mostReasons)], ",")
	if more := len(problems) - mostReasons; more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text
}
