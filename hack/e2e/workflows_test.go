// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"argosy.dev/argosy/hack/e2e/framework"
)

// expectation is what the last document of a file in testdata says. Empty
// fields are not looked at. $WF stands for the workflow's name.
type expectation struct {
	Phase    oneOf
	Message  string // part of the workflow's message or of a node's
	Progress string
	// Pods is how many pods there were.
	Pods *int
	// Log is a line, or part of one, of the merged log.
	Log     string
	Outputs map[string]string
	Labels  map[string]string
	// Nodes by display name.
	Nodes map[string]struct {
		Type, Phase, Message, Result, ExitCode, TemplateName string

		Inputs, Outputs map[string]string
	}
	Absent []string
	// NotRun nodes are absent or omitted.
	NotRun []string
	// Wrapped says by node whether its pod carries the executor.
	Wrapped map[string]bool
	// The run takes at most Seconds and at least AtLeast.
	Seconds, AtLeast int
}

type oneOf []string

// UnmarshalJSON takes a string or a list.
func (o *oneOf) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) == nil {
		*o = oneOf{s}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(o))
}

// TestWorkflows runs every file of testdata.
func TestWorkflows(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".yaml"), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			at := bytes.LastIndex(data, []byte("---\nexpect:"))
			if at < 0 {
				t.Fatalf("%s expects nothing", f)
			}
			var e struct{ Expect expectation }
			if err := yaml.UnmarshalStrict(data[at:], &e); err != nil {
				t.Fatal(err)
			}
			ns := newNamespace(t)
			wf := finish(t, ns, string(data[:at]))
			e.Expect.check(t, wf)
		})
	}
}

func (e *expectation) check(t *testing.T, wf *unstructured.Unstructured) {
	t.Helper()
	name := func(s string) string { return strings.ReplaceAll(s, "$WF", wf.GetName()) }
	same := func(what, got, want string) {
		t.Helper()
		if want != "" && got != want {
			t.Errorf("%s is %q, want %q", what, got, want)
		}
	}
	if phase := field(wf, "status", "phase"); !slices.Contains(e.Phase, phase) {
		t.Errorf("phase %s, want %v: %s", phase, e.Phase, field(wf, "status", "message"))
	}
	same("progress", field(wf, "status", "progress"), e.Progress)
	data, err := wf.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if e.Message != "" && !strings.Contains(string(data), e.Message) {
		t.Errorf("%q is nowhere in the status: message %q", e.Message, field(wf, "status", "message"))
	}
	for k, v := range e.Labels {
		same("label "+k, wf.GetLabels()[k], v)
	}
	same("label of the phase", wf.GetLabels()["workflows.argoproj.io/phase"], field(wf, "status", "phase"))
	same("label of the end", wf.GetLabels()["workflows.argoproj.io/completed"], "true")
	outputs, _, err := unstructured.NestedMap(wf.Object, "status", "outputs")
	if err != nil {
		t.Fatal(err)
	}
	e.parameters(t, "workflow outputs", outputs, e.Outputs)
	for n, w := range e.Nodes {
		got := node(t, wf, name(n))
		if got == nil {
			t.Errorf("no node %s", n)
			continue
		}
		str := func(k string) string { s, _ := got[k].(string); return s }
		inputs, _ := got["inputs"].(map[string]any)
		outputs, _ := got["outputs"].(map[string]any)
		same(n+" type", str("type"), w.Type)
		same(n+" phase", str("phase"), w.Phase)
		same(n+" template", str("templateName"), w.TemplateName)
		if !strings.Contains(str("message"), w.Message) {
			t.Errorf("%s message is %q, want %q", n, str("message"), w.Message)
		}
		same(n+" result", fmt.Sprint(outputs["result"]), w.Result)
		same(n+" exit code", fmt.Sprint(outputs["exitCode"]), w.ExitCode)
		e.parameters(t, n+" inputs", inputs, w.Inputs)
		e.parameters(t, n+" outputs", outputs, w.Outputs)
	}
	for _, n := range e.Absent {
		if got := node(t, wf, name(n)); got != nil {
			t.Errorf("there is a node %s: %v", n, got)
		}
	}
	for _, n := range e.NotRun {
		if got := node(t, wf, name(n)); got != nil && got["phase"] != "Omitted" {
			t.Errorf("node %s was run: %v", n, got)
		}
	}
	e.checkPods(t, wf)
	e.checkTime(t, wf)
	if e.Log != "" {
		if r := logs(within(t, time.Minute), admin, wf.GetNamespace(), wf.GetName(), ""); r.Err != nil || !r.has(e.Log) {
			t.Errorf("log has no %q: %q %v", e.Log, r.Lines, r.Err)
		}
	}
}

func (e *expectation) parameters(t *testing.T, what string, side map[string]any, want map[string]string) {
	t.Helper()
	list, _ := side["parameters"].([]any)
	got := map[string]string{}
	for _, p := range list {
		if m, ok := p.(map[string]any); ok {
			got[fmt.Sprint(m["name"])] = fmt.Sprint(m["value"])
		}
	}
	for k, v := range want {
		if got[k] != v {
			t.Errorf("%s: %s is %q, want %q", what, k, got[k], v)
		}
	}
}

func (e *expectation) checkPods(t *testing.T, wf *unstructured.Unstructured) {
	t.Helper()
	pods, err := admin.Kube.CoreV1().Pods(wf.GetNamespace()).List(within(t, 20*time.Second), metav1.ListOptions{LabelSelector: "workflows.argoproj.io/workflow=" + wf.GetName()})
	if err != nil {
		t.Fatal(err)
	}
	if e.Pods != nil && len(pods.Items) != *e.Pods {
		t.Errorf("%d pods, want %d", len(pods.Items), *e.Pods)
	}
	for n, want := range e.Wrapped {
		pod := podName(t, wf, n)
		i := slices.IndexFunc(pods.Items, func(p corev1.Pod) bool { return p.Name == pod })
		wrapped := slices.ContainsFunc(pods.Items[i].Spec.InitContainers, func(c corev1.Container) bool { return c.Name == "init" })
		if wrapped != want {
			t.Errorf("pod of %s carries the executor: %t, want %t", n, wrapped, want)
		}
		if len(pods.Items[i].Spec.Containers) != 1 || pods.Items[i].Spec.Containers[0].Name != "main" {
			t.Errorf("containers of %s: %v", n, pods.Items[i].Spec.Containers)
		}
	}
}

func (e *expectation) checkTime(t *testing.T, wf *unstructured.Unstructured) {
	t.Helper()
	began, err := time.Parse(time.RFC3339, field(wf, "status", "startedAt"))
	if err != nil {
		t.Errorf("startedAt: %v", err)
	}
	ended, err := time.Parse(time.RFC3339, field(wf, "status", "finishedAt"))
	if err != nil {
		t.Errorf("finishedAt: %v", err)
	}
	took := ended.Sub(began)
	if e.Seconds > 0 && took > time.Duration(e.Seconds)*time.Second {
		t.Errorf("took %s, want at most %d s", took, e.Seconds)
	}
	// Times are whole seconds: one may be lost.
	if took < time.Duration(e.AtLeast-1)*time.Second {
		t.Errorf("took %s, want at least %d s", took, e.AtLeast)
	}
}

// What a plain pod looks like: the user's container alone, labelled so that
// users' tools find it.
func TestPlainPod(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	data, err := os.ReadFile("testdata/shape.yaml")
	if err != nil {
		t.Fatal(err)
	}
	wf := finish(t, ns, strings.Split(string(data), "---\nexpect:")[0])
	pod, err := admin.Kube.CoreV1().Pods(ns).Get(within(t, time.Minute), wf.GetName(), metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]string{"tier": "demo", "own": ns, "default": "yes", "workflows.argoproj.io/workflow": wf.GetName(), "workflows.argoproj.io/completed": ""} {
		if got := pod.Labels[k]; v != "" && got != v {
			t.Errorf("label %s is %q, want %q", k, got, v)
		}
	}
	for k, v := range map[string]string{"note": wf.GetName(), "workflows.argoproj.io/node-id": wf.GetName(), "workflows.argoproj.io/node-name": wf.GetName()} {
		if got := pod.Annotations[k]; got != v {
			t.Errorf("annotation %s is %q, want %q", k, got, v)
		}
	}
	if len(pod.Spec.Containers) != 1 || pod.Spec.Containers[0].Name != "main" || len(pod.Spec.InitContainers) != 1 || pod.Spec.InitContainers[0].Name != "first" {
		t.Errorf("containers %v, init containers %v: a plain pod has only the user's", pod.Spec.Containers, pod.Spec.InitContainers)
	}
	if pod.Spec.NodeSelector["kubernetes.io/os"] != "linux" || len(pod.Spec.HostAliases) != 1 || *pod.Spec.SecurityContext.RunAsUser != 1000 || pod.Spec.RestartPolicy != corev1.RestartPolicyNever {
		t.Errorf("pod spec: %+v", pod.Spec)
	}
	if c := metav1.GetControllerOf(pod); c == nil || c.Kind != "Workflow" || c.UID != wf.GetUID() {
		t.Errorf("controller of the pod: %v", c)
	}
	r := logs(within(t, time.Minute), admin, ns, wf.GetName(), "")
	for _, line := range []string{"prepared", "1000", "far.example", "i am " + wf.GetName(), "/more"} {
		if !r.has(line) {
			t.Errorf("log has no %q: %q", line, r.Lines)
		}
	}
}

// Events tell the story of a workflow.
func TestEvents(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	wf := finish(t, ns, hello)
	for _, reason := range []string{"WorkflowRunning", "WorkflowSucceeded", "WorkflowNodeSucceeded"} {
		waitEvent(t, ns, wf.GetName(), func(r, _ string) bool { return r == reason }, reason)
	}
}

// What no loop acts on yet is accepted with a warning.
func TestKindsWithoutALoopWarn(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	for resource, manifest := range map[string]string{
		"cronworkflows":         "apiVersion: workflow.argosy.dev/v1alpha1\nkind: CronWorkflow\nmetadata: {name: nightly}\nspec: {schedules: ['0 3 * * *'], workflowSpec: {entrypoint: main, templates: [{name: main, container: {image: busybox, command: [echo]}}]}}",
		"workfloweventbindings": "apiVersion: workflow.argosy.dev/v1alpha1\nkind: WorkflowEventBinding\nmetadata: {name: hook}\nspec: {event: {selector: payload.go == true}, submit: {workflowTemplateRef: {name: later}}}",
		"workflowtemplates":     "apiVersion: workflow.argosy.dev/v1alpha1\nkind: WorkflowTemplate\nmetadata: {name: later}\nspec: {entrypoint: main, parallelism: 2, templates: [{name: main, container: {image: busybox, command: [echo]}}]}",
	} {
		body, err := decode(t, manifest)[0].MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		r := admin.Kube.CoreV1().RESTClient().Post().
			RequestURI(fmt.Sprintf("/apis/%s/v1alpha1/namespaces/%s/%s?fieldValidation=Strict", framework.NativeGroup, ns, resource)).
			SetHeader("Content-Type", "application/json").Body(body).Do(within(t, time.Minute))
		if r.Error() != nil {
			t.Errorf("%s: %v", resource, r.Error())
		} else if len(r.Warnings()) == 0 {
			t.Errorf("%s: accepted without a warning", resource)
		}
	}
}
