// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"argosy.dev/argosy/hack/e2e/framework"
)

// logResult is what a log request gave.
type logResult struct {
	Lines []string
	// Took is the time from the request to the end of the stream.
	Took time.Duration
	Err  error
}

func (r logResult) has(part ...string) bool {
	for _, l := range r.Lines {
		all := true
		for _, p := range part {
			all = all && strings.Contains(l, p)
		}
		if all {
			return true
		}
	}
	return false
}

// logs reads workflows/log through the aggregator to its end. query is like
// "follow=true&nodeId=x".
func logs(ctx context.Context, c *framework.Client, ns, name, query string) logResult {
	gv := framework.Native("workflows").GroupVersion()
	uri := fmt.Sprintf("/apis/%s/namespaces/%s/workflows/%s/log?%s", gv, ns, name, query)
	began := time.Now()
	var r logResult
	body, err := c.Kube.CoreV1().RESTClient().Get().RequestURI(uri).Stream(ctx)
	if err != nil {
		r.Err = err
		return r
	}
	defer body.Close()
	s := bufio.NewScanner(body)
	for s.Scan() {
		r.Lines = append(r.Lines, s.Text())
	}
	r.Err = s.Err()
	r.Took = time.Since(began)
	return r
}

const twoVoices = `
apiVersion: workflow.argosy.dev/v1alpha1
kind: Workflow
metadata: {generateName: voices-}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - {name: left, template: say, arguments: {parameters: [{name: what, value: from the left}]}}
      - {name: right, template: say, arguments: {parameters: [{name: what, value: from the right}]}}
    - - {name: late, template: say, arguments: {parameters: [{name: what, value: from the end}]}}
  - name: say
    inputs: {parameters: [{name: what}]}
    container:
      image: busybox
      command: [sh, -c, 'echo "first {{inputs.parameters.what}}"; echo "second {{inputs.parameters.what}}"']
`

func TestLogs(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	wf := create(t, admin, ns, twoVoices)
	// Following from the start sees pods that come later and ends with the
	// workflow.
	followed := logs(within(t, 2*time.Minute), admin, ns, wf.GetName(), "follow=true")
	done := waitCompleted(t, ns, wf.GetName())
	after := logs(within(t, time.Minute), admin, ns, wf.GetName(), "")
	for how, r := range map[string]logResult{"follow": followed, "after": after} {
		if r.Err != nil {
			t.Fatalf("%s: %v", how, r.Err)
		}
		for _, n := range []string{"left", "right", "late"} {
			pod := podName(t, done, n)
			voice := map[string]string{"left": "from the left", "right": "from the right", "late": "from the end"}[n]
			if !r.has(pod, "first "+voice) || !r.has(pod, "second "+voice) {
				t.Errorf("%s: lines of %s with its pod's name %s are missing in %q", how, n, pod, r.Lines)
			}
		}
		if len(r.Lines) != 6 {
			t.Errorf("%s: want 6 lines, got %q", how, r.Lines)
		}
	}
	right := node(t, done, "right")
	one := logs(within(t, time.Minute), admin, ns, wf.GetName(), fmt.Sprintf("nodeId=%s", right["id"]))
	if one.Err != nil || len(one.Lines) != 2 || one.Lines[0] != "first from the right" {
		t.Errorf("by node: %q, %v", one.Lines, one.Err)
	}
	tail := logs(within(t, time.Minute), admin, ns, wf.GetName(), fmt.Sprintf("nodeId=%s&tailLines=1", right["id"]))
	if tail.Err != nil || len(tail.Lines) != 1 || tail.Lines[0] != "second from the right" {
		t.Errorf("tail: %q, %v", tail.Lines, tail.Err)
	}
	if r := logs(within(t, time.Minute), admin, ns, wf.GetName(), "nodeId=no-such-node"); r.Err == nil {
		t.Errorf("log of a node that does not exist: %q", r.Lines)
	}
	if r := logs(within(t, time.Minute), admin, ns, "no-such-workflow", ""); r.Err == nil {
		t.Errorf("log of a workflow that does not exist: %q", r.Lines)
	}
}

// Only some subresources may last longer than a minute through the
// aggregation layer; log must be one of them.
func TestLogStreams75Seconds(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 75 seconds")
	}
	t.Parallel()
	ns := newNamespace(t)
	wf := create(t, admin, ns, `
apiVersion: workflow.argosy.dev/v1alpha1
kind: Workflow
metadata: {generateName: ticks-}
spec:
  entrypoint: main
  templates:
  - name: main
    container:
      image: busybox
      command: [sh, -c, 'for i in $(seq 1 75); do echo tick $i; sleep 1; done']
`)
	r := logs(within(t, 4*time.Minute), admin, ns, wf.GetName(), "follow=true")
	if r.Err != nil {
		t.Errorf("stream broke after %s and %d lines: %v", r.Took, len(r.Lines), r.Err)
	}
	if len(r.Lines) != 75 || !r.has("tick 75") {
		t.Errorf("want 75 lines, got %d", len(r.Lines))
	}
	if r.Took < 65*time.Second {
		t.Errorf("75 lines in %s: they were not streamed", r.Took)
	}
}
