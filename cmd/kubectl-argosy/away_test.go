// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

func refused() error {
	return &url.Error{Op: "Get", URL: "https://x", Err: fmt.Errorf("dial tcp: %w", syscall.ECONNREFUSED)}
}

func TestIsAway(t *testing.T) {
	applications := schema.GroupResource{Resource: "applications"}
	for _, test := range []struct {
		err        error
		away, deaf bool
	}{
		{apierrors.NewServiceUnavailable("error trying to reach service"), true, true},
		{refused(), true, true},
		{&url.Error{Op: "Get", URL: "https://x", Err: io.EOF}, true, false},
		{io.ErrUnexpectedEOF, true, false},
		{&url.Error{Op: "Get", URL: "https://x", Err: syscall.ECONNRESET}, true, false},
		{apierrors.NewTimeoutError("", 1), true, false},
		{apierrors.NewTooManyRequests("", 1), true, false},
		{apierrors.NewNotFound(applications, "web"), false, false},
		{apierrors.NewForbidden(applications, "web", nil), false, false},
		{apierrors.NewConflict(applications, "web", nil), false, false},
		{errors.New("x509: certificate signed by unknown authority"), false, false},
	} {
		if away, deaf := isAway(test.err), isDeaf(test.err); away != test.away || deaf != test.deaf {
			t.Errorf("%v: away %t, deaf %t", test.err, away, deaf)
		}
	}
}

// A server that is away is asked again until it is back, until time is over, or, without a deadline, until patience is.
// The user is told once.
func TestPatiently(t *testing.T) {
	for name, test := range map[string]struct {
		timeout, away time.Duration
		want          error
	}{
		"it comes back":          {0, time.Minute, nil},
		"in time":                {time.Hour, 30 * time.Minute, nil},
		"time is over":           {time.Minute, time.Hour, errTime},
		"nobody brings it up":    {0, time.Hour, syscall.ECONNREFUSED},
		"it was not away at all": {0, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := t.Context(), context.CancelFunc(func() {})
				if test.timeout > 0 {
					ctx, stop = context.WithTimeout(ctx, test.timeout)
				}
				defer stop()
				out, began := &bytes.Buffer{}, time.Now()
				_, err := patiently(ctx, &line{out: out}, func(context.Context) (int, error) {
					if time.Since(began) < test.away {
						return 0, refused()
					}
					return 1, nil
				})
				if !errors.Is(err, test.want) {
					t.Errorf("error %v, want %v", err, test.want)
				}
				if n := strings.Count(out.String(), "the server is away"); test.away > 0 && n != 1 || test.away == 0 && n != 0 {
					t.Errorf("told %d times: %s", n, out)
				}
			})
		})
	}
}
