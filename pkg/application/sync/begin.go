// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sync

import (
	"fmt"
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
