// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// Defaults of Backoff and of the retries of automated syncs, as the peer has them.
const (
	defaultBackoff             = 5 * time.Second
	defaultBackoffMax          = 3 * time.Minute
	defaultBackoffFactor       = 2
	automatedRetries     int64 = 5
)

// Begin is the state of an operation that begins. What is synced (revisions and sources) is part of it, so that the
// operation goes on with the same after a crash; resources are nil.
func Begin(operation appv1.Operation, what appv1.SyncOperationResult, now time.Time) appv1.OperationState {
	what.Resources = nil
	return appv1.OperationState{
		Operation: operation, Phase: appv1.OperationRunning, StartedAt: metav1.NewTime(now.Truncate(time.Second)),
		SyncResult: &what, RetryCount: 0,
	}
}

// Break ends a try that cannot go on, for a reason that does not lie in its objects: the repository, the cluster or the
// settings are away. What has come of it so far, which may be known by the outcomes alone, stays known. There is another try
// if the operation has any left; otherwise it ends in error. A try that is waited for is not broken off.
func Break(state *appv1.OperationState, done map[ID]Outcome, message string, now time.Time) appv1.OperationState {
	next := *state.DeepCopy()
	if until, waits := Retrying(&next); waits && until.After(now) {
		return next
	}
	if sync := next.Operation.Sync; sync != nil && !ptr.Deref(sync.DryRun, false) {
		var r results
		r.open(next.SyncResult)
		r.recall(done, next.RetryCount)
		r.close(&next)
	}
	conclude(&next, appv1.OperationError, message, now)
	if !ended(next.Phase) {
		return next
	}
	var r results
	r.open(next.SyncResult)
	r.close(&next)
	if sync, result := next.Operation.Sync, next.SyncResult; sync != nil && result != nil && Unresolved(&next) {
		// It was tried: an automated sync is not begun again for the same.
		result.Revision, result.Revisions = sync.Revision, sync.Revisions
	}
	return next
}

// conclude ends a try without success: the operation ends in the phase, or waits for its next try, for how long is returned.
func conclude(state *appv1.OperationState, phase appv1.OperationPhase, message string, now time.Time) (wait time.Duration) {
	if state.Phase == appv1.OperationTerminating || !retriesLeft(&state.Operation, state.RetryCount) {
		if state.RetryCount > 0 {
			message += fmt.Sprintf(" (retried %d times).", state.RetryCount)
		}
		state.Phase, state.Message, state.FinishedAt = phase, message, ptr.To(metav1.NewTime(now.Truncate(time.Second)))
		return 0
	}
	// Times are stored in whole seconds. What is left of this one is waited for, too: otherwise a wait that is shorter than
	// a second would be over before it begins.
	at := now.Truncate(time.Second)
	if at.Before(now) {
		at = at.Add(time.Second)
	}
	state.RetryCount++
	state.FinishedAt = ptr.To(metav1.NewTime(at))
	until, _ := Retrying(state)
	state.Message = fmt.Sprintf("%s. Retrying attempt #%d at %s.", message, state.RetryCount, until.UTC().Format(time.Kitchen))
	return until.Sub(now)
}

// Unresolved tells that the revisions which an operation syncs are not known yet: what they were asked for could not be found
// out.
func Unresolved(state *appv1.OperationState) bool {
	sync, result := state.Operation.Sync, state.SyncResult
	return sync != nil && len(sync.Manifests) == 0 && result != nil &&
		(result.Source != nil && result.Revision == "" || len(result.Sources) > 0 && len(result.Revisions) == 0)
}

// Resumes tells that the next try goes on where the last was broken off (Break), with hooks that run or have run. One that
// has failed, or that syncs something else, begins anew.
func Resumes(state *appv1.OperationState) bool {
	if _, waits := Retrying(state); !waits || Refreshes(&state.Operation) || state.SyncResult == nil {
		return false
	}
	return len(state.SyncResult.Resources) > 0 && !slices.ContainsFunc(state.SyncResult.Resources, func(r appv1.ResourceResult) bool {
		return r.Status == appv1.ResultSyncFailed || r.HookPhase == appv1.OperationFailed
	})
}

// Retrying tells that a try has failed and the next is waited for, and until when.
func Retrying(state *appv1.OperationState) (until time.Time, waits bool) {
	if state.Phase != appv1.OperationRunning || state.FinishedAt == nil {
		return time.Time{}, false
	}
	return state.FinishedAt.Add(backoff(state.Operation.Retry, state.RetryCount)), true
}

// Refreshes tells that the next try of an operation syncs what the sources are by then, not what the first has synced.
func Refreshes(operation *appv1.Operation) bool {
	return operation.Retry != nil && ptr.Deref(operation.Retry.Refresh, false)
}

// retriesLeft tells whether an operation that was tried again so often may be tried once more.
func retriesLeft(operation *appv1.Operation, count int64) bool {
	if operation.Retry == nil {
		return false
	}
	limit := ptr.Deref(operation.Retry.Limit, 0)
	return limit < 0 || count < limit
}

// backoff is the wait before the nth retry, the first being 1.
func backoff(retry *appv1.RetryStrategy, n int64) time.Duration {
	wait, most, factor := defaultBackoff, defaultBackoffMax, int64(defaultBackoffFactor)
	if retry != nil && retry.Backoff != nil {
		if d, err := parseDuration(retry.Backoff.Duration); err == nil && d > 0 {
			wait = d
		}
		if d, err := parseDuration(retry.Backoff.MaxDuration); err == nil && d > 0 {
			most = d
		}
		if f := ptr.Deref(retry.Backoff.Factor, defaultBackoffFactor); f > 0 {
			factor = f
		}
	}
	for i := int64(1); i < n && wait < most && factor > 1; i++ {
		if wait > most/time.Duration(factor) {
			return most
		}
		wait *= time.Duration(factor)
	}
	return min(wait, most)
}

// parseDuration reads seconds, or a duration such as 2m.
func parseDuration(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%q is neither seconds nor a duration", text)
	}
	return d, nil
}
