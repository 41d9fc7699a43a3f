// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/record"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/generated/clientset/versioned"
	"argosy.dev/argosy/pkg/apiserver/apiservertest"
)

const namespace = "ns"

// workflow returns a workflow of one container.
func workflow(name string) *wfv1.Workflow {
	wf := &wfv1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}}
	if err := json.Unmarshal([]byte(`{"entrypoint":"main","templates":[{"name":"main","container":{"image":"i","command":["true"]}}]}`), &wf.Spec); err != nil {
		panic(err)
	}
	return wf
}

// clientFor returns a client of the native group.
func clientFor(t *testing.T, c *rest.Config) *versioned.Clientset {
	t.Helper()
	client, err := versioned.NewForConfig(c)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// create stores the workflow with the given status.
func create(t *testing.T, client *versioned.Clientset, wf *wfv1.Workflow, status wfv1.WorkflowStatus) *wfv1.Workflow {
	t.Helper()
	workflows := client.WorkflowV1alpha1().Workflows(wf.Namespace)
	stored, err := workflows.Create(context.Background(), wf, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return setStatus(t, client, stored, func(s *wfv1.WorkflowStatus) {
		stored := s.StoredTemplates
		*s = status
		s.StoredTemplates = stored
	})
}

func setStatus(t *testing.T, client *versioned.Clientset, wf *wfv1.Workflow, change func(*wfv1.WorkflowStatus)) *wfv1.Workflow {
	t.Helper()
	wf = wf.DeepCopy()
	change(&wf.Status)
	wf, err := client.WorkflowV1alpha1().Workflows(wf.Namespace).UpdateStatus(context.Background(), wf, metav1.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return wf
}

// post posts a request to a verb and returns the answer.
func post(t *testing.T, c *rest.Config, group, name, verb, body string, params ...string) (*metav1.Status, error) {
	t.Helper()
	req := clientFor(t, c).RESTClient().Post().AbsPath("/apis/"+group+"/v1alpha1/namespaces/"+namespace+"/workflows/"+name+"/"+verb).
		SetHeader("Content-Type", "application/json").Body([]byte(body))
	for _, p := range params {
		k, v, _ := strings.Cut(p, "=")
		req = req.Param(k, v)
	}
	status := &metav1.Status{}
	result := req.Do(context.Background())
	if err := result.Error(); err != nil {
		return nil, err
	}
	raw, err := result.Raw()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, status); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return status, nil
}

// nextEvent returns the event recorded last, empty if there is none.
func nextEvent(events *record.FakeRecorder) string {
	select {
	case e := <-events.Events:
		return e
	default:
		return ""
	}
}

func TestVerbs(t *testing.T) {
	events := record.NewFakeRecorder(100)
	server := apiservertest.Start(t, apiservertest.Config{Events: events})
	alice := server.As("system:serviceaccount:team:alice@example.org")
	client := clientFor(t, server.Admin)
	running := wfv1.WorkflowStatus{Phase: wfv1.WorkflowRunning}
	suspended := wfv1.WorkflowStatus{Phase: wfv1.WorkflowRunning, Nodes: wfv1.Nodes{"x": {ID: "x", Name: "x", Type: wfv1.NodeTypeSuspend, Phase: wfv1.NodeRunning}}}
	yes := true

	for i, tc := range []struct {
		verb, kind, note string
		status           wfv1.WorkflowStatus
		suspend          *bool
		done             func(*wfv1.Workflow) bool
	}{
		{"stop", "WorkflowStop", "stop requested", running, nil, func(wf *wfv1.Workflow) bool { return wf.Spec.Shutdown == wfv1.ShutdownStrategyStop }},
		{"terminate", "WorkflowTerminate", "termination requested", running, nil, func(wf *wfv1.Workflow) bool { return wf.Spec.Shutdown == wfv1.ShutdownStrategyTerminate }},
		{"suspend", "WorkflowSuspend", "suspension requested", running, nil, func(wf *wfv1.Workflow) bool { return wf.Spec.Suspend != nil && *wf.Spec.Suspend }},
		{"resume", "WorkflowResume", "resumption requested", suspended, &yes, func(wf *wfv1.Workflow) bool {
			return (wf.Spec.Suspend == nil || !*wf.Spec.Suspend) && wf.Status.Nodes["x"].Phase == wfv1.NodeSucceeded
		}},
	} {
		for j, group := range []string{"workflow.argosy.dev", "argoproj.io"} {
			t.Run(tc.verb+" in "+group, func(t *testing.T) {
				name := fmt.Sprintf("wf-%d-%d", i, j)
				wf := workflow(name)
				wf.Spec.Suspend = tc.suspend
				wf = create(t, client, wf, tc.status)
				body := func(more string) string {
					return fmt.Sprintf(`{"apiVersion":"%s/v1alpha1","kind":"%s","message":"too costly"%s}`, group, tc.kind, more)
				}
				get := func() *wfv1.Workflow {
					t.Helper()
					got, err := client.WorkflowV1alpha1().Workflows(namespace).Get(context.Background(), name, metav1.GetOptions{})
					if err != nil {
						t.Fatal(err)
					}
					return got
				}
				untouched := func(what string) {
					t.Helper()
					if got := get(); got.ResourceVersion != wf.ResourceVersion {
						t.Errorf("%s: the workflow was changed", what)
					}
					if e := nextEvent(events); e != "" {
						t.Errorf("%s: event %q", what, e)
					}
				}

				for what, refused := range map[string]struct {
					body string
					code int32
				}{
					"another uid":             {body(`,"preconditions":{"uid":"other"}`), http.StatusConflict},
					"another resourceVersion": {body(`,"preconditions":{"resourceVersion":"1"}`), http.StatusConflict},
					"another name":            {body(`,"metadata":{"name":"other"}`), http.StatusBadRequest},
					"another namespace":       {body(`,"metadata":{"namespace":"other"}`), http.StatusBadRequest},
					"another kind":            {strings.ReplaceAll(body(""), tc.kind, "Workflow"), http.StatusBadRequest},
					"no JSON":                 {"stop it", http.StatusBadRequest},
				} {
					_, err := post(t, alice, group, name, tc.verb, refused.body)
					if code := apierrors.ReasonForError(err); err == nil || err.(apierrors.APIStatus).Status().Code != refused.code {
						t.Errorf("%s: %v (%s)", what, err, code)
					}
					untouched(what)
				}
				if _, err := post(t, alice, group, name, tc.verb, body(""), "dryRun=All"); err != nil {
					t.Error(err)
				}
				untouched("dry run")
				if _, err := post(t, alice, group, name+"-none", tc.verb, body("")); !apierrors.IsNotFound(err) {
					t.Errorf("no such workflow: %v", err)
				}

				status, err := post(t, alice, group, name, tc.verb, body(fmt.Sprintf(`,"preconditions":{"uid":"%s","resourceVersion":"%s"}`, wf.UID, wf.ResourceVersion)))
				if err != nil {
					t.Fatal(err)
				}
				note := tc.note + " by system:serviceaccount:team:alice@example.org: too costly"
				if status.Status != metav1.StatusSuccess || status.Message != fmt.Sprintf("workflow %q: %s", name, note) {
					t.Errorf("%+v", status)
				}
				if d := status.Details; d == nil || d.Name != name || d.Kind != "Workflow" || d.Group != "workflow.argosy.dev" || d.UID != wf.UID {
					t.Errorf("%+v", d)
				}
				got := get()
				if !tc.done(got) {
					t.Errorf("spec %+v, status %+v", got.Spec, got.Status)
				}
				if got.Generation != wf.Generation+1 {
					t.Errorf("generation %d after %d", got.Generation, wf.Generation)
				}
				action := strings.TrimPrefix(tc.kind, "Workflow")
				if got.Labels[wfv1.LabelActor] != "system-serviceaccount-team-alice-example.org" || got.Labels[wfv1.LabelAction] != action {
					t.Errorf("labels %v", got.Labels)
				}
				if want, e := "Normal "+action+"Requested "+note, nextEvent(events); e != want {
					t.Errorf("event %q, want %q", e, want)
				}

				// What has ended is not to be ended, held or let go.
				wf = setStatus(t, client, got, func(s *wfv1.WorkflowStatus) { s.Phase = wfv1.WorkflowSucceeded })
				if _, err := post(t, alice, group, name, tc.verb, body("")); !apierrors.IsConflict(err) {
					t.Errorf("an ended workflow: %v", err)
				}
				untouched("ended")
			})
		}
	}
}

func TestVerbInvalidRequest(t *testing.T) {
	server := apiservertest.Start(t, apiservertest.Config{})
	create(t, clientFor(t, server.Admin), workflow("wf"), wfv1.WorkflowStatus{Phase: wfv1.WorkflowRunning})
	for _, verb := range []string{"stop", "resume"} {
		if _, err := post(t, server.Admin, "workflow.argosy.dev", "wf", verb, `{"nodeFieldSelector":"no selector"}`); !apierrors.IsInvalid(err) {
			t.Errorf("%s: %v", verb, err)
		}
	}
}
