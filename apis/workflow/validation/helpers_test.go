// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// spec reads a spec from YAML, and fails the test if it has fields that do not exist.
func spec(t testing.TB, text string) wfv1.WorkflowSpec {
	t.Helper()
	var s wfv1.WorkflowSpec
	if err := yaml.UnmarshalStrict([]byte(text), &s); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return s
}

func workflowOf(t testing.TB, text string) *wfv1.Workflow {
	t.Helper()
	return &wfv1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: "wf", Labels: map[string]string{"app": "demo"}}, Spec: spec(t, text)}
}

// want is one error: the exact path, its type, and a part of what it says.
type want struct {
	path string
	kind field.ErrorType
	says string
}

// row is a spec and what is wrong with it; nothing if wants is empty.
type row struct {
	name  string
	spec  string
	wants []want
}

func same(t *testing.T, errs field.ErrorList, wants []want) {
	t.Helper()
	if len(errs) != len(wants) {
		t.Errorf("%d errors, want %d: %v", len(errs), len(wants), errs)
		return
	}
	for i, w := range wants {
		if e := errs[i]; e.Field != w.path || e.Type != w.kind || !strings.Contains(e.Error(), w.says) {
			t.Errorf("error %d is %s at %s: %q; want %s at %s with %q", i, e.Type, e.Field, e.Error(), w.kind, w.path, w.says)
		}
	}
}

func check(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) { same(t, ValidateWorkflow(workflowOf(t, r.spec)), r.wants) })
	}
}

// one is a workflow of one container template, with more lines for the template.
func one(template string) string {
	return "entrypoint: main\ntemplates:\n- name: main\n  container: {image: busybox, command: [echo]}\n" + indent(template, "  ")
}

const say = `
- name: t
  container: {image: busybox, command: [echo]}
- name: r
  script: {image: busybox, command: [sh], source: echo}
- name: p
  inputs: {parameters: [{name: m}]}
  container: {image: busybox, command: [echo, "{{inputs.parameters.m}}"]}
- name: o
  container: {image: busybox, command: [echo]}
  outputs: {parameters: [{name: x, valueFrom: {path: /x}}]}
`

// dag is a workflow of tasks; t, r (a script), p (takes m) and o (yields x) are templates.
func dag(tasks ...string) string { return dagWith("", tasks...) }

func dagWith(more string, tasks ...string) string {
	return "entrypoint: main\ntemplates:\n- name: main\n  dag:\n" + indent(more, "    ") + "    tasks:\n    - " + strings.Join(tasks, "\n    - ") + say
}

// steps is a workflow of groups, each a YAML list.
func steps(groups ...string) string {
	return "entrypoint: main\ntemplates:\n- name: main\n  steps:\n  - " + strings.Join(groups, "\n  - ") + say
}

func indent(text, by string) string {
	if text = strings.TrimSpace(text); text == "" {
		return ""
	}
	return by + strings.ReplaceAll(text, "\n", "\n"+by) + "\n"
}
