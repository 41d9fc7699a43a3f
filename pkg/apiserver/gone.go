// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"context"
	"strings"

	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
)

// gone are what errors say whose only cause is that the client has gone away. By HTTP/1.1, by which the aggregation
// layer reaches us, a request that is given up closes its connection in the middle of the answer, and the aggregation
// layer gives up all but the first of the five by which it asks whether we are there.
var gone = []string{"broken pipe", "connection reset by peer", "http: Handler timeout", "Timeout or abort while handling", "Post-timeout activity"}

// quietAboutGone keeps errors of clients that have gone away out of the log, in which they would hide what is wrong.
func quietAboutGone() {
	for i, handle := range utilruntime.ErrorHandlers {
		utilruntime.ErrorHandlers[i] = func(ctx context.Context, err error, msg string, keysAndValues ...any) {
			if !isGone(err, msg) {
				handle(ctx, err, msg, keysAndValues...)
			}
		}
	}
}

func isGone(err error, msg string) bool {
	text := msg
	if err != nil {
		text += " " + err.Error()
	}
	for _, says := range gone {
		if strings.Contains(text, says) {
			return true
		}
	}
	return false
}
