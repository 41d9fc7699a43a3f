// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"argosy.dev/argosy/hack/e2e/framework"
)

// post sends a body as it is to the workflows of a namespace.
func post(ctx context.Context, group, ns, contentType, body string) (*metav1.Status, error) {
	uri := fmt.Sprintf("/apis/%s/v1alpha1/namespaces/%s/workflows?fieldValidation=Strict", group, ns)
	err := admin.Kube.CoreV1().RESTClient().Post().RequestURI(uri).SetHeader("Content-Type", contentType).Body([]byte(body)).Do(ctx).Error()
	var s apierrors.APIStatus
	if errors.As(err, &s) {
		st := s.Status()
		return &st, nil
	}
	return nil, err
}

// spec makes a workflow from the YAML below spec.
func spec(t *testing.T, group, yaml string) string {
	t.Helper()
	text := "apiVersion: " + group + "/v1alpha1\nkind: Workflow\nmetadata: {generateName: bad-}\nspec:\n"
	for line := range strings.SplitSeq(strings.TrimSpace(yaml), "\n") {
		text += "  " + line + "\n"
	}
	data, err := decode(t, text)[0].MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

const oneTemplate = `
entrypoint: main
templates:
- name: main
  container: {image: busybox, command: [echo]}
`

// noise is text that does not compress.
func noise(n int) string {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + r.IntN(26))
	}
	return string(b)
}

// Whatever is wrong is refused with a Status that says where, and nothing of
// it is stored.
func TestBadInput(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	before := serverPod(t)
	i := serverContainer(t, before)
	table := []struct {
		name string
		// spec is YAML below spec; body, if set, is sent as it is.
		spec, body, contentType string
		code                    int32
		// says is part of the message, path of a field in the causes.
		says, path string
	}{
		{name: "unknown field", spec: oneTemplate + "entrypiont: x", code: 400, says: `unknown field "spec.entrypiont"`},
		{name: "unknown field deep down", spec: strings.Replace(oneTemplate, "image:", "imagee: x, image:", 1), code: 400, says: `unknown field "spec.templates[0].container.imagee"`},
		{name: "list where a string belongs", spec: strings.Replace(oneTemplate, "entrypoint: main", "entrypoint: [main]", 1), code: 400, says: "spec.entrypoint"},
		{name: "string where a list belongs", spec: "entrypoint: main\ntemplates: main", code: 400, says: "spec.templates"},
		{name: "not JSON", body: `{"apiVersion": `, code: 400},
		{name: "another kind", body: `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"}}`, code: 400},
		{name: "body that is not an object", body: `[1,2,3]`, code: 400},
		{name: "5 MB that do not compress", spec: oneTemplate + "arguments: {parameters: [{name: p, value: " + noise(5<<20) + "}]}"},
		{name: "deep nesting", body: `{"apiVersion":"workflow.argosy.dev/v1alpha1","kind":"Workflow","metadata":{"generateName":"deep-"},"spec":{"entrypoint":"m","templates":[{"name":"m","steps":[[{"name":"a","template":"m","withItems":` +
			strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000) + `}]]}]}}`, code: 400},
		{name: "a YAML bomb", contentType: "application/yaml", body: bomb(), code: 400},
		{name: "over-long name", body: strings.Replace(spec(t, framework.NativeGroup, oneTemplate), `"generateName":"bad-"`, `"name":"`+strings.Repeat("n", 300)+`"`, 1), code: 422, path: "metadata.name"},
		{name: "name longer than the peer allows", body: strings.Replace(spec(t, framework.NativeGroup, oneTemplate), `"generateName":"bad-"`, `"name":"`+strings.Repeat("n", 64)+`"`, 1), code: 422, path: "metadata.name"},
		{name: "no entrypoint", spec: strings.Replace(oneTemplate, "entrypoint: main", "", 1), code: 422, path: "spec.entrypoint"},
		{name: "entrypoint that is not there", spec: strings.Replace(oneTemplate, "entrypoint: main", "entrypoint: other", 1), code: 422, path: "spec.entrypoint"},
		{name: "template of no type", spec: "entrypoint: main\ntemplates: [{name: main}]", code: 422, path: "spec.templates[0]"},
		{name: "template of two types", spec: oneTemplate + "  suspend: {}", code: 422, path: "spec.templates[0]"},
		{name: "template twice", spec: oneTemplate + "- name: main\n  suspend: {}", code: 422, path: "spec.templates[1].name"},
		{name: "image missing", spec: strings.Replace(oneTemplate, "image: busybox, ", "", 1), code: 422, path: "spec.templates[0].container.image"},
		{name: "cycle", spec: dag("{name: a, template: t, dependencies: [b]}", "{name: b, template: t, dependencies: [a]}"), code: 422, says: "cycle", path: "spec.templates[0].dag.tasks"},
		{name: "cycle by depends", spec: dag("{name: a, template: t, depends: c.Failed}", "{name: b, template: t, depends: a}", "{name: c, template: t, depends: b}"), code: 422, says: "cycle", path: "spec.templates[0].dag.tasks"},
		{name: "depends on nobody", spec: dag("{name: a, template: t, depends: nobody}"), code: 422, says: "nobody", path: "spec.templates[0].dag.tasks[0].depends"},
		{name: "depends that is no expression", spec: dag("{name: a, template: t}", "{name: b, template: t, depends: 'a &&'}"), code: 422, path: "spec.templates[0].dag.tasks[1].depends"},
		{name: "depends and dependencies", spec: dag("{name: a, template: t}", "{name: b, template: t, depends: a}", "{name: c, template: t, dependencies: [a]}"), code: 422, path: "spec.templates[0].dag"},
		{name: "undefined template", spec: dag("{name: a, template: ghost}"), code: 422, says: "ghost", path: "spec.templates[0].dag.tasks[0].template"},
		{name: "target that is not there", spec: strings.Replace(dag("{name: a, template: t}"), "  dag:", "  dag:\n    target: ghost", 1), code: 422, says: "ghost", path: "spec.templates[0].dag.target"},
		{name: "reference to a step that is not there", spec: strings.Replace(oneTemplate, "command: [echo]", "command: [echo, '{{steps.ghost.outputs.result}}']", 1), code: 422, says: "{{steps.ghost.outputs.result}}", path: "spec.templates[0]"},
		{name: "reference to an input that is not there", spec: strings.Replace(oneTemplate, "command: [echo]", "command: [echo, '{{inputs.parameters.ghost}}']", 1), code: 422, says: "inputs.parameters.ghost", path: "spec.templates[0]"},
		{name: "input not supplied", spec: dag("{name: a, template: t}") + "\n  inputs: {parameters: [{name: needed}]}", code: 422, says: "needed"},
		{name: "argument without a value", spec: oneTemplate + "arguments: {parameters: [{name: p}]}", code: 422, path: "spec.arguments.parameters[0]"},
		{name: "value outside its enum", spec: oneTemplate + "arguments: {parameters: [{name: p, value: c, enum: [a, b]}]}", code: 422, path: "spec.arguments.parameters[0]"},
		{name: "reference to another workflow template", spec: "workflowTemplateRef: {name: ghost}", code: 422, says: "ghost", path: "spec.workflowTemplateRef"},
		{name: "reference to a template elsewhere", spec: dag("{name: a, templateRef: {name: ghost, template: t}}"), code: 422, says: "ghost", path: "spec.templates[0].dag.tasks[0].templateRef"},
		{name: "two kinds of loop", spec: dag("{name: a, template: t, withItems: [1], withParam: '[1]'}"), code: 422, path: "spec.templates[0].dag.tasks[0]"},
		{name: "unknown retry policy", spec: oneTemplate + "  retryStrategy: {limit: 1, retryPolicy: Sometimes}", code: 422, path: "spec.templates[0].retryStrategy.retryPolicy"},
		{name: "not built yet: parallelism", spec: oneTemplate + "parallelism: 1", code: 422, says: "is not supported by this version", path: "spec.parallelism"},
		{name: "not built yet: artifacts", spec: oneTemplate + "  inputs: {artifacts: [{name: a, path: /a, raw: {data: x}}]}", code: 422, says: "is not supported by this version", path: "spec.templates[0].inputs.artifacts"},
		{name: "not built yet: resource", spec: "entrypoint: main\ntemplates: [{name: main, resource: {action: get, manifest: x}}]", code: 422, says: "is not supported by this version", path: "spec.templates[0].resource"},
		{name: "not built yet: backoff", spec: oneTemplate + "  retryStrategy: {limit: 1, backoff: {duration: 1s}}", code: 422, says: "is not supported by this version", path: "spec.templates[0].retryStrategy.backoff"},
	}
	for _, group := range []string{framework.NativeGroup, framework.CompatGroup} {
		for _, c := range table {
			t.Run(group+"/"+c.name, func(t *testing.T) {
				body := strings.Replace(c.body, framework.NativeGroup, group, 1)
				if c.spec != "" {
					body = spec(t, group, c.spec)
				}
				contentType := c.contentType
				if contentType == "" {
					contentType = "application/json"
				}
				st, err := post(within(t, time.Minute), group, ns, contentType, body)
				if err != nil || st == nil {
					t.Fatalf("want a Status that refuses, got %v", err)
				}
				if st.Kind != "Status" && st.Reason == metav1.StatusReasonUnknown {
					t.Errorf("the answer was no Status: %v", st)
				}
				// What is too large may be refused by either limit.
				if c.code == 0 && (st.Code < 400 || st.Code >= 500) || c.code != 0 && st.Code != c.code {
					t.Errorf("code %d, want %d: %s", st.Code, c.code, head(st.Message))
				}
				if !strings.Contains(st.Message, c.says) {
					t.Errorf("message %q does not say %q", head(st.Message), c.says)
				}
				if c.path != "" && !hasCause(st, c.path) {
					t.Errorf("no cause at %s: %s", c.path, causes(st))
				}
			})
		}
	}
	list, err := admin.Dynamic.Resource(framework.Native("workflows")).Namespace(ns).List(within(t, time.Minute), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range list.Items {
		t.Errorf("stored: %s %v", o.GetName(), o.Object["spec"])
	}
	after := serverPod(t)
	if after.UID != before.UID || after.Status.ContainerStatuses[i].RestartCount != before.Status.ContainerStatuses[i].RestartCount {
		t.Errorf("the server restarted: %v", after.Status.ContainerStatuses[i].LastTerminationState)
	}
}

// dag is a workflow of tasks with one template t.
func dag(tasks ...string) string {
	s := "entrypoint: main\ntemplates:\n- name: main\n  dag:\n    tasks:\n"
	for _, t := range tasks {
		s += "    - " + t + "\n"
	}
	return s + "- name: t\n  container: {image: busybox, command: [echo]}"
}

// bomb is YAML that grows when its aliases are opened.
func bomb() string {
	s := "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 12; i++ {
		ref := fmt.Sprintf("*a%d", i-1)
		s += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.Join([]string{ref, ref, ref, ref, ref, ref, ref, ref, ref}, ","))
	}
	return s + "apiVersion: workflow.argosy.dev/v1alpha1\nkind: Workflow\nmetadata: {generateName: bomb-}\nspec: {entrypoint: *a11}\n"
}

func hasCause(st *metav1.Status, path string) bool {
	if st.Details == nil {
		return false
	}
	for _, c := range st.Details.Causes {
		if strings.HasPrefix(c.Field, path) {
			return true
		}
	}
	return false
}

func causes(st *metav1.Status) string {
	if st.Details == nil {
		return "no details: " + head(st.Message)
	}
	data, err := json.Marshal(st.Details.Causes)
	if err != nil {
		return err.Error()
	}
	return head(string(data))
}

func head(s string) string { return s[:min(len(s), 400)] }

// Misspelt fields are warned about when the client does not ask for more.
func TestUnknownFieldWarns(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	body := spec(t, framework.NativeGroup, strings.Replace(gatedSpec, "entrypoint", "entrypiont: x\nentrypoint", 1))
	var warnings []string
	r := admin.Kube.CoreV1().RESTClient().Post().
		RequestURI(fmt.Sprintf("/apis/%s/v1alpha1/namespaces/%s/workflows?fieldValidation=Warn", framework.NativeGroup, ns)).
		SetHeader("Content-Type", "application/json").Body([]byte(body)).Do(within(t, time.Minute))
	for _, w := range r.Warnings() {
		warnings = append(warnings, w.Text)
	}
	code := 0
	r.StatusCode(&code)
	if r.Error() != nil || code != http.StatusCreated {
		t.Fatalf("code %d: %v", code, r.Error())
	}
	if !strings.Contains(strings.Join(warnings, "\n"), `unknown field "spec.entrypiont"`) {
		t.Errorf("warnings: %q", warnings)
	}
}

const gatedSpec = `
entrypoint: main
templates:
- name: main
  suspend: {}
`
