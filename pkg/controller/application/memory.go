// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"errors"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	appsync "argosy.dev/argosy/pkg/application/sync"
	"argosy.dev/argosy/pkg/cluster"
	"argosy.dev/argosy/pkg/controller/loop"
)

// everything selects everything.
var everything = labels.Everything()

// memory is what this process knows of one application that is stored nowhere. Losing it (a restart) costs work done
// twice, never a wrong result. Only the worker that holds the application's key touches it.
type memory struct {
	uid types.UID
	// written is the application as this process last wrote it.
	written *appv1.Application
	known   *known
	// rest is what known rests on.
	rest string
	// begun is when the last operation that was begun here began.
	begun time.Time
	// started is when the operation began whose effects are in done.
	started metav1.Time
	done    map[appsync.ID]appsync.Outcome
	// tried is the try that is worked on, and since when.
	tried operationTry
	since time.Time
	// failures is how often in a row looking has failed.
	failures int
	// cleaned is the try of an operation whose hooks were cleaned up.
	cleaned operationTry
	// told tells that an Event has said that hooks of its deletion do not run.
	told bool
	// waited is what its deletion waits for, and since when; the time is zero once an Event has said so.
	waited      string
	waitedSince time.Time
}

// operationTry names one try of an operation.
type operationTry struct {
	started time.Time
	retry   int64
}

// remember returns the memory of the application, a new one if another object had the name before.
func (c *Controller) remember(key types.NamespacedName, uid types.UID) *memory {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.memories[key]
	if m == nil || m.uid != uid {
		m = &memory{uid: uid, known: newKnown(), done: map[appsync.ID]appsync.Outcome{}}
		c.memories[key] = m
	}
	return m
}

// forget drops what is known of an application that is gone.
func (c *Controller) forget(key types.NamespacedName) {
	c.config.Engine.release(userOfKey(key))
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.memories, key)
}

// newest returns the newer of the cached application and the one last written here. The result is shared with the cache:
// it must not be changed.
func (m *memory) newest(cached *appv1.Application) *appv1.Application {
	return loop.Newest(&m.written, cached)
}

// operation makes the memory one of the operation.
func (m *memory) operation(state *appv1.OperationState) {
	if !m.started.Equal(&state.StartedAt) {
		m.started = state.StartedAt
		clear(m.done)
	}
}

// trying is since when a try is worked on.
func (m *memory) trying(state *appv1.OperationState, now time.Time) time.Time {
	try := operationTry{state.StartedAt.Time, state.RetryCount}
	if state.FinishedAt != nil {
		try.retry = -1 // it is waited for
	}
	if m.tried != try {
		m.tried, m.since = try, now
	}
	return m.since
}

// waits tells that a deletion has waited for the same for so long that somebody should know. It is true once.
func (m *memory) waits(message string, now time.Time) bool {
	if m.waited != message {
		m.waited, m.waitedSince = message, now
	}
	if message == "" || m.waitedSince.IsZero() || now.Sub(m.waitedSince) < lookAgain {
		return false
	}
	m.waitedSince = time.Time{}
	return true
}

// retry is after which time to look again without an event, because looking has failed. It grows with each failure, and is
// zero if it has not failed. It does not depend on the settings: who has repositories not asked by and by wants to be told by
// events that something has changed, and there is no event for a repository that answers again.
func (m *memory) retry(failed bool) time.Duration {
	if !failed {
		m.failures = 0
		return 0
	}
	wait := min(troubled<<min(m.failures, 10), longTroubled)
	m.failures++
	return wait
}

// rests forgets what is known of objects if what it rests on has changed.
func (m *memory) rests(s *scene) {
	rest := fmt.Sprintf("%p %d %p %s", s.settings, s.app.Generation, s.cache, s.instance)
	if rest != m.rest {
		m.rest = rest
		m.known.forget()
	}
}

// userOf is the name under which an application uses caches.
func userOf(app *appv1.Application) string { return userOfKey(keyOf(app)) }

func userOfKey(key types.NamespacedName) string { return key.String() }

// keyOfUser is the application of that name.
func keyOfUser(user string) types.NamespacedName {
	namespace, name, _ := strings.Cut(user, "/")
	return types.NamespacedName{Namespace: namespace, Name: name}
}

func keyOf(object metav1.Object) types.NamespacedName {
	return types.NamespacedName{Namespace: object.GetNamespace(), Name: object.GetName()}
}

// asProblem tells whether an error is a problem, and which.
func asProblem(err error, into *problem) bool { return errors.As(err, into) }

// asNotServed tells whether an error is that of a kind that is not served.
func asNotServed(err error, into **cluster.NotServed) bool { return errors.As(err, into) }
