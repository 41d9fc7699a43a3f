// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/apiserver/apiservertest"
)

// dag is the status of a workflow of two tasks, of which the second is retried.
func dag(wf string) wfv1.WorkflowStatus {
	return wfv1.WorkflowStatus{Phase: wfv1.WorkflowRunning, Nodes: wfv1.Nodes{
		wf:   {ID: wf, Type: wfv1.NodeTypeDAG, Children: []string{"a"}},
		"a":  {ID: "a", Type: wfv1.NodeTypePod, BoundaryID: wf, Children: []string{"b"}},
		"b":  {ID: "b", Type: wfv1.NodeTypeRetry, BoundaryID: wf, Children: []string{"b0", "b1"}},
		"b0": {ID: "b0", Type: wfv1.NodeTypePod, BoundaryID: wf},
		"b1": {ID: "b1", Type: wfv1.NodeTypePod, BoundaryID: wf, Children: []string{"c"}},
		"c":  {ID: "c", Type: wfv1.NodeTypePod, BoundaryID: wf},
	}}
}

func TestLogRead(t *testing.T) {
	c := newCluster()
	server := apiservertest.Start(t, apiservertest.Config{Cluster: c})
	client := clientFor(t, server.Admin)
	wf := create(t, client, workflow("wf"), dag("wf"))
	one := create(t, client, workflow("one"), wfv1.WorkflowStatus{Phase: wfv1.WorkflowRunning})
	create(t, client, workflow("none"), wfv1.WorkflowStatus{Phase: wfv1.WorkflowRunning})

	c.add(t, pod(wf, "wf-b1", "b1", isRunning))
	c.add(t, pod(wf, "wf-a", "a", hasEnded))
	c.add(t, pod(wf, "wf-b0", "b0", hasEnded))
	c.add(t, pod(wf, "wf-c", "c", isCreating))
	stranger := pod(wf, "stranger", "a", hasEnded)
	stranger.OwnerReferences[0].UID = "other"
	c.add(t, stranger)
	long := strings.Repeat("x", 200<<10)
	c.text("wf-b1", "b1 one\nb1 "+long+"\n\nb1 no newline")
	c.text("wf-a", "a one\n")
	c.text("wf-b0", "")
	c.text("stranger", "not yours\n")
	c.add(t, pod(one, "one", "one", hasEnded))
	c.set("one", func(o *corev1.PodLogOptions) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(fmt.Sprintf("%s follow=%v timestamps=%v %v %v\n", o.Container, o.Follow, o.Timestamps, deref(o.TailLines), deref(o.SinceSeconds)))), nil
	})

	for _, tc := range []struct{ name, query, want string }{
		{"wf", "", "[wf-b1] b1 one\n[wf-b1] b1 " + long + "\n[wf-b1] \n[wf-b1] b1 no newline\n[wf-a] a one\n"},
		{"wf", "prefix=false", "b1 one\nb1 " + long + "\n\nb1 no newline\na one\n"},
		{"wf", "podName=wf-a", "a one\n"},
		{"wf", "podName=wf-a&prefix=true", "[wf-a] a one\n"},
		{"wf", "nodeId=a", "a one\n"},
		{"wf", "nodeId=b", "[wf-b1] b1 one\n[wf-b1] b1 " + long + "\n[wf-b1] \n[wf-b1] b1 no newline\n"},
		{"wf", "nodeId=b0", ""},
		{"wf", "nodeId=wf&podName=wf-a", "a one\n"},
		{"wf", "nodeId=b&podName=wf-b0", ""},
		{"one", "", "main follow=false timestamps=false <nil> <nil>\n"},
		{"one", "timestamps=true&tailLines=3&sinceSeconds=60", "main follow=false timestamps=true 3 60\n"},
		{"none", "", ""},
	} {
		s, err := stream(t, client, tc.name, tc.query)
		if err != nil {
			t.Errorf("%s?%s: %v", tc.name, tc.query, err)
			continue
		}
		got, err := io.ReadAll(s)
		if err != nil || string(got) != tc.want {
			t.Errorf("%s?%s: %v, %.300q, want %.300q", tc.name, tc.query, err, got, tc.want)
		}
	}

	for _, tc := range []struct {
		name, query, has string
		is               func(error) bool
	}{
		{"missing", "", "workflows.workflow.argosy.dev \"missing\" not found", apierrors.IsNotFound},
		{"wf", "podName=wf-x", "pods \"wf-x\" not found", apierrors.IsNotFound},
		{"wf", "podName=stranger", "pods \"stranger\" not found", apierrors.IsNotFound},
		{"wf", "nodeId=x", "nodes.workflow.argosy.dev \"x\" not found", apierrors.IsNotFound},
		{"wf", "podName=wf-c", "is waiting to start: ContainerCreating", apierrors.IsBadRequest},
		{"wf", "nodeId=c", "is waiting to start: ContainerCreating", apierrors.IsBadRequest},
		{"wf", "podName=wf-a&container=init", "container \"init\" in pod \"wf-a\" is waiting to start", apierrors.IsBadRequest},
		{"wf", "tailLines=-1", "tailLines", apierrors.IsBadRequest},
		{"wf", "sinceSeconds=0", "sinceSeconds", apierrors.IsInvalid},
		{"wf", "container=No", "container", apierrors.IsInvalid},
		{"wf", "podName=../x", "podName", apierrors.IsInvalid},
	} {
		s, err := stream(t, client, tc.name, tc.query)
		if err == nil {
			b, _ := io.ReadAll(s)
			t.Errorf("%s?%s: no error, but %q", tc.name, tc.query, b)
		} else if !tc.is(err) || !strings.Contains(err.Error(), tc.has) {
			t.Errorf("%s?%s: %v", tc.name, tc.query, err)
		}
	}

	// A log that cannot be had is an error if it is the only one, else a line: nobody takes what he sees for all.
	c.set("wf-a", func(*corev1.PodLogOptions) (io.ReadCloser, error) { return nil, errors.New("no route to host") })
	if _, err := stream(t, client, "wf", "podName=wf-a"); !apierrors.IsInternalError(err) || !strings.Contains(err.Error(), "no route to host") {
		t.Error(err)
	}
	c.text("wf-b1", "fine\n")
	s, err := stream(t, client, "wf", "")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(s); err != nil || !strings.Contains(string(got), "[wf-a] the log cannot be read: ") || !strings.HasPrefix(string(got), "[wf-b1] fine\n") {
		t.Errorf("%v: %s", err, got)
	}
	c.set("one", func(*corev1.PodLogOptions) (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader("begun"), broken{})), nil
	})
	if s, err = stream(t, client, "one", ""); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(s); err != nil || string(got) != "begun\nthe log is interrupted: connection reset\n" {
		t.Errorf("%v: %q", err, got)
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func deref(p *int64) any {
	if p == nil {
		return nil
	}
	return *p
}

// Pods join as they begin, lines come as they are written and stay whole, and the stream ends with the workflow and the last log.
func TestLogFollow(t *testing.T) {
	c := newCluster()
	server := apiservertest.Start(t, apiservertest.Config{Cluster: c})
	client := clientFor(t, server.Admin)
	wf := create(t, client, workflow("wf"), dag("wf"))
	a, b0, late := pod(wf, "wf-a", "a", isRunning), pod(wf, "wf-b0", "b0", isCreating), pod(wf, "wf-late", "late", hasEnded)
	wa, wb := c.pipe("wf-a"), c.pipe("wf-b0")
	c.text("wf-late", "late\n")
	c.add(t, a)
	c.add(t, b0)

	all := follow(t, client, "wf", "")
	write(t, wa, "a 1\n")
	all.expect("[wf-a] a 1\n")
	c.become(t, b0, isRunning)
	write(t, wa, "half a line, ") // stays with its other half
	write(t, wb, "b 1\n")
	all.expect("[wf-b0] b 1\n")
	write(t, wa, "and the rest\n")
	all.expect("[wf-a] half a line, and the rest\n")

	// Both ended: the logs end, and so does the stream once the workflow has. Pods that the watch has not shown are read.
	if err := wa.Close(); err != nil {
		t.Fatal(err)
	}
	write(t, wb, "b 2")
	if err := wb.Close(); err != nil {
		t.Fatal(err)
	}
	all.expect("[wf-b0] b 2\n")
	c.add(t, late)
	all.expect("[wf-late] late\n")
	setStatus(t, client, wf, func(s *wfv1.WorkflowStatus) { s.Phase = wfv1.WorkflowSucceeded })
	all.expect("")

	// Afterwards, following is reading.
	c.text("wf-a", "a\n")
	c.text("wf-b0", "b\n")
	s, err := stream(t, client, "wf", "follow=true")
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(s)
	if err != nil || strings.Count(string(got), "\n") != 3 {
		t.Errorf("%v: %q", err, got)
	}
}

// Of a node, the pods of its attempts are followed, also those whose pods come before the node is in the status; what comes after it is not.
func TestLogFollowNode(t *testing.T) {
	c := newCluster()
	server := apiservertest.Start(t, apiservertest.Config{Cluster: c})
	client := clientFor(t, server.Admin)
	status := dag("wf")
	status.Nodes["b"] = wfv1.NodeStatus{ID: "b", Type: wfv1.NodeTypeRetry, BoundaryID: "wf", Children: []string{"b0"}}
	wf := create(t, client, workflow("wf"), status)
	for _, name := range []string{"a", "b0", "b1", "c"} {
		c.text("wf-"+name, name+"\n")
	}
	c.add(t, pod(wf, "wf-a", "a", isRunning))
	c.add(t, pod(wf, "wf-b1", "b1", isRunning))
	c.add(t, pod(wf, "wf-c", "c", isRunning))

	l := follow(t, client, "wf", "nodeId=b")
	c.add(t, pod(wf, "wf-b0", "b0", isRunning))
	l.expect("[wf-b0] b0\n")
	wf = setStatus(t, client, wf, func(s *wfv1.WorkflowStatus) { s.Nodes = dag("wf").Nodes })
	l.expect("[wf-b1] b1\n")
	setStatus(t, client, wf, func(s *wfv1.WorkflowStatus) { s.Phase = wfv1.WorkflowFailed })
	l.expect("")
}

// Following a workflow ends when the workflow is deleted.
func TestLogFollowDeleted(t *testing.T) {
	c := newCluster()
	server := apiservertest.Start(t, apiservertest.Config{Cluster: c})
	client := clientFor(t, server.Admin)
	wf := create(t, client, workflow("wf"), wfv1.WorkflowStatus{Phase: wfv1.WorkflowRunning})
	c.text("wf", "hello\n")
	l := follow(t, client, "wf", "")
	c.add(t, pod(wf, "wf", "wf", isRunning))
	l.expect("hello\n") // one container, one pod: no prefix
	if err := client.WorkflowV1alpha1().Workflows(namespace).Delete(context.Background(), "wf", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	l.expect("")
}

// A client that does not read holds up nobody else, and costs bounded memory; when it goes, everything that was done for it ends.
func TestLogSlowClient(t *testing.T) {
	c := newCluster()
	server := apiservertest.Start(t, apiservertest.Config{Cluster: c})
	client := clientFor(t, server.Admin)
	wf := create(t, client, workflow("wf"), dag("wf"))
	endless := &endless{}
	c.set("wf-a", func(*corev1.PodLogOptions) (io.ReadCloser, error) { return io.NopCloser(endless), nil })
	c.add(t, pod(wf, "wf-a", "a", isRunning))

	slow, err := stream(t, client, "wf", "follow=true")
	if err != nil {
		t.Fatal(err)
	}
	fast := follow(t, client, "wf", "")
	for range 100 {
		fast.expect("[wf-a] " + strings.Repeat("x", 100) + "\n")
	}
	// The slow one has taken what fits into buffers, and no more: reading stands still.
	var before int64 = -1
	eventually(t, func() bool {
		now := endless.count()
		still := now == before
		before = now
		return still
	})
	if before > 64<<20 {
		t.Errorf("%d bytes were read for clients that do not read", before)
	}
	slow.Close()
	eventually(t, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.open == 1
	})
}

// endless is a log without end.
type endless struct {
	mu sync.Mutex
	n  int64
}

func (e *endless) Read(p []byte) (int, error) {
	line := strings.Repeat("x", 100) + "\n"
	n := 0
	for n+len(line) <= len(p) {
		n += copy(p[n:], line)
	}
	e.mu.Lock()
	e.n += int64(n)
	e.mu.Unlock()
	return n, nil
}

func (e *endless) count() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.n
}

// eventually waits until done, at most half a minute.
func eventually(t *testing.T, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatal("it did not happen within 30 s")
		case <-tick.C:
		}
	}
}
