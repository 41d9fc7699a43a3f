// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/workflow/template"
)

// advanceRetry runs a template again and again until it succeeds or its strategy says that it is enough.
func (r *run) advanceRetry(n *wfv1.NodeStatus, c *call, t *boundTemplate) {
	attempts := r.ownChildren(n)
	if len(attempts) == 0 {
		if r.paused {
			return
		}
		r.attempt(n, c, 0, nil)
		attempts = r.ownChildren(r.node(n.ID))
	} else if id := attempts[len(attempts)-1]; !fulfilled(r.node(id)) {
		r.advance(r.node(id), r.attemptCall(n, c, len(attempts)-1, r.attemptBefore(attempts, len(attempts)-1)))
	}
	last := r.node(attempts[len(attempts)-1])
	if !fulfilled(last) {
		return
	}
	if !last.FailedOrError() {
		r.edit(n.ID).Outputs = last.Outputs
		r.finish(n.ID, wfv1.NodeSucceeded, "")
		return
	}
	again, reason := r.retryAgain(n, c, t, last, len(attempts))
	_, known := r.wf.Status.Nodes[last.ID]
	switch {
	case !again:
		r.edit(n.ID).Outputs = last.Outputs
		r.finish(n.ID, last.Phase, reason)
	case r.paused:
	case !known:
		// An attempt that fails as soon as it is started must not turn into a busy loop.
		r.requeue(r.now.Add(time.Second))
	default:
		r.edit(n.ID).Outputs = last.Outputs
		r.attempt(n, c, len(attempts), last)
	}
}

func fulfilled(n *wfv1.NodeStatus) bool { return n != nil && n.Phase.Fulfilled() }

func (r *run) attemptBefore(attempts []string, i int) *wfv1.NodeStatus {
	if i == 0 {
		return nil
	}
	return r.node(attempts[i-1])
}

// attempt starts the i-th attempt, after the given one.
func (r *run) attempt(n *wfv1.NodeStatus, c *call, i int, last *wfv1.NodeStatus) {
	a := r.attemptCall(n, c, i, last)
	r.addChild(n.ID, r.wf.NodeID(a.name))
	r.start(a)
}

func (r *run) attemptCall(n *wfv1.NodeStatus, c *call, i int, last *wfv1.NodeStatus) *call {
	a := *c
	a.name = fmt.Sprintf("%s(%d)", n.Name, i)
	a.attempt, a.retried, a.hooked, a.inputs = true, true, false, n.Inputs
	a.locals = map[string]string{
		"retries": strconv.Itoa(i), "lastRetry.exitCode": "0", "lastRetry.status": "", "lastRetry.duration": "0",
		"lastRetry.message": "",
	}
	if last != nil {
		a.locals["lastRetry.status"] = string(last.Phase)
		a.locals["lastRetry.message"] = last.Message
		a.locals["lastRetry.exitCode"] = "-1"
		if last.Outputs != nil && last.Outputs.ExitCode != nil {
			a.locals["lastRetry.exitCode"] = *last.Outputs.ExitCode
		}
		a.locals["lastRetry.duration"] = strconv.FormatInt(int64(last.FinishedAt.Sub(last.StartedAt.Time).Seconds()), 10)
	}
	return &a
}

// retryAgain decides whether there is another attempt after one that failed, and if not, with which message it ends.
func (r *run) retryAgain(n *wfv1.NodeStatus, c *call, t *boundTemplate, last *wfv1.NodeStatus, attempts int) (bool, string) {
	if t.retry == nil {
		return false, last.Message
	}
	if ended, _ := r.ended(c); ended {
		return false, last.Message
	}
	switch t.retry.RetryPolicy {
	case wfv1.RetryPolicyAlways:
	case wfv1.RetryPolicyOnError:
		if last.Phase != wfv1.NodeError {
			return false, last.Message
		}
	case wfv1.RetryPolicyOnTransientError:
		if !transient(last.Message) {
			return false, last.Message
		}
	default:
		if last.Phase != wfv1.NodeFailed {
			return false, last.Message
		}
	}
	if t.retry.Limit == nil {
		return true, ""
	}
	text, unresolved, err := template.String(t.retry.Limit.String(), r.leafVars(c, n, t.tmpl))
	if err == nil && len(unresolved) > 0 {
		err = unresolved[0]
	}
	if err != nil {
		return false, fmt.Sprintf("retryStrategy.limit: %v", err)
	}
	limit, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return false, fmt.Sprintf("retryStrategy.limit: %q is not an integer", text)
	}
	if attempts > limit {
		return false, "No more retries left"
	}
	return true, ""
}

// transientMessages are parts of the messages of errors that pass by themselves.
var transientMessages = []string{
	"i/o timeout", "tls handshake timeout", "connection refused", "connection reset", "connection timed out",
	"request timed out", "too many requests", "exceeded quota", "object has been modified", "unexpected eof",
	"server is currently unable", "no such host", "network is unreachable", "pod deleted", "node is lost",
}

func transient(message string) bool {
	message = strings.ToLower(message)
	for _, s := range transientMessages {
		if strings.Contains(message, s) {
			return true
		}
	}
	return false
}
