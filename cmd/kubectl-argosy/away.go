// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// A server that is away is asked again after the first of these times, doubled each time up to the second, and no longer
// than the third where the command has no deadline: it may be that nobody brings it up again.
const (
	firstAgain   = 250 * time.Millisecond
	slowestAgain = 2 * time.Second
	patience     = 5 * time.Minute
)

// isAway tells that a server could not be reached, or not yet, as while it is started anew.
func isAway(err error) bool {
	return isDeaf(err) || utilnet.IsConnectionReset(err) || utilnet.IsProbableEOF(err) || utilnet.IsHTTP2ConnectionLost(err) ||
		errors.Is(err, io.ErrUnexpectedEOF) || utilnet.IsTimeout(err) ||
		apierrors.IsTimeout(err) || apierrors.IsServerTimeout(err) || apierrors.IsTooManyRequests(err)
}

// isDeaf tells that a server is away, and has not got the request: it can be sent again without doing something twice.
func isDeaf(err error) bool {
	return apierrors.IsServiceUnavailable(err) || utilnet.IsConnectionRefused(err)
}

// line tells the user that the server is away, once for each time. Nil tells nobody.
type line struct {
	out io.Writer

	mu    sync.Mutex
	since time.Time
}

// down notes that the server is away. It returns since when.
func (l *line) down(err error) time.Time {
	if l == nil {
		return time.Now()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.since.IsZero() {
		l.since = time.Now()
		fmt.Fprintf(l.out, "the server is away, will go on when it is back: %s\n", oneLine(err.Error()))
	}
	return l.since
}

// up notes that the server has answered.
func (l *line) up() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.since = time.Time{}
}

// patiently asks a server, again and again while it is away, until ctx ends, which is an error, or patience does.
func patiently[T any](ctx context.Context, l *line, ask func(context.Context) (T, error)) (T, error) {
	return again(ctx, l, isAway, ask)
}

// again asks a server as long as its answer is an error that may pass.
func again[T any](ctx context.Context, l *line, passes func(error) bool, ask func(context.Context) (T, error)) (T, error) {
	began, wait := time.Now(), firstAgain
	_, ends := ctx.Deadline()
	for {
		answer, err := ask(ctx)
		switch {
		case ctx.Err() != nil:
			return answer, whyEnded(ctx)
		case err == nil:
			l.up()
			return answer, nil
		case !passes(err), !ends && time.Since(began) > patience:
			return answer, err
		}
		l.down(err)
		select {
		case <-ctx.Done():
			return answer, whyEnded(ctx)
		case <-time.After(wait):
		}
		wait = min(2*wait, slowestAgain)
	}
}
