// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

func templatesFrom(t *testing.T, text string) *goldenTemplates {
	t.Helper()
	g := &goldenTemplates{local: map[string]*wfv1.WorkflowTemplate{}, cluster: map[string]*wfv1.ClusterWorkflowTemplate{}}
	var list []*wfv1.WorkflowTemplate
	if err := yaml.Unmarshal([]byte(text), &list); err != nil {
		t.Fatal(err)
	}
	for _, tmpl := range list {
		g.local[tmpl.Name] = tmpl
		g.cluster[tmpl.Name] = &wfv1.ClusterWorkflowTemplate{ObjectMeta: tmpl.ObjectMeta, Spec: tmpl.Spec}
	}
	return g
}

const library = `
- metadata: {name: lib}
  spec:
    entrypoint: a
    onExit: b
    arguments: {parameters: [{name: p, value: lib}, {name: q, value: q}]}
    volumes: [{name: v, emptyDir: {}}]
    podMetadata: {labels: {x: lib, z: lib}}
    workflowMetadata:
      labels: {from: lib}
      labelsFrom: {p: {expression: "workflow.parameters.p + '-1'"}}
    templates:
    - {name: b, container: {image: i, command: [c]}}
    - name: a
      inputs: {parameters: [{name: p}]}
      steps:
      - - {name: x, template: b, hooks: {exit: {template: b}}}
        - {name: y, templateRef: {name: lib, template: rec, clusterScope: true}, when: "false"}
    - name: rec
      dag: {tasks: [{name: z, template: rec}, {name: i, inline: {steps: [[{name: k, template: b}]]}}]}
`

func TestResolveTemplateRef(t *testing.T) {
	g := templatesFrom(t, library)
	wf := parse(t, `
metadata: {name: w}
spec:
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks:
      - {name: t, templateRef: {name: lib, template: a}, arguments: {parameters: [{name: p, value: 1}]}}`)
	for range 2 {
		if errs := Resolve(wf, g); len(errs) > 0 {
			t.Fatal(errs)
		}
	}
	want := []string{"cluster/lib/b", "cluster/lib/rec", "namespaced/lib/a", "namespaced/lib/b"}
	if diff := cmp.Diff(want, sortedKeys(wf.Status.StoredTemplates)); diff != "" {
		t.Error(diff)
	}
	// What is changed later does not matter.
	g.local["lib"].Spec.Templates[0].Container.Image = "changed"
	if got := wf.Status.StoredTemplates["namespaced/lib/b"].Container.Image; got != "i" {
		t.Errorf("image %s", got)
	}
	s := newSim(t, wf)
	s.run()
	if n := s.node(".t[0].x"); n.TemplateScope != "namespaced/lib" || n.TemplateName != "b" || s.wf.Status.Phase != wfv1.WorkflowSucceeded {
		t.Errorf("%+v", n)
	}
}

func TestResolveWorkflowTemplateRef(t *testing.T) {
	g := templatesFrom(t, library)
	wf := parse(t, `
metadata: {name: w}
spec:
  workflowTemplateRef: {name: lib}
  arguments: {parameters: [{name: p, value: mine}, {name: r, value: r}]}
  podMetadata: {labels: {z: mine}}`)
	if errs := Resolve(wf, g); len(errs) > 0 {
		t.Fatal(errs)
	}
	spec := wf.Status.StoredWorkflowTemplateSpec
	if spec == nil || spec.Entrypoint != "a" || spec.OnExit != "b" || len(spec.Volumes) != 1 {
		t.Fatalf("%+v", spec)
	}
	if got, want := parametersJSON(spec.Arguments.Parameters), `[{"name":"p","value":"mine"},{"name":"q","value":"q"},{"name":"r","value":"r"}]`; got != want {
		t.Errorf("arguments %s, want %s", got, want)
	}
	if diff := cmp.Diff(map[string]string{"x": "lib", "z": "mine"}, spec.PodMetadata.Labels); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"from": "lib", "p": "mine-1"}, wf.Labels); diff != "" {
		t.Error(diff)
	}
	s := newSim(t, wf)
	s.run()
	if s.wf.Status.Phase != wfv1.WorkflowSucceeded || s.node("").Inputs.Parameters[0].Value.String() != "mine" || s.node(".onExit").TemplateName != "b" {
		t.Error(describe(s.wf))
	}
}

type brokenGetter struct{ TemplateGetter }

func (brokenGetter) WorkflowTemplate(string) (*wfv1.WorkflowTemplate, error) {
	return nil, errors.New("storage is down")
}

func TestResolveErrors(t *testing.T) {
	g := templatesFrom(t, library)
	for _, c := range []struct {
		spec, want string
		get        TemplateGetter
	}{
		{spec: "workflowTemplateRef: {name: ghost}", want: `spec.workflowTemplateRef.name: Not found: "ghost"`},
		{spec: "workflowTemplateRef: {}", want: "spec.workflowTemplateRef.name: Required value"},
		{spec: "templates: [{name: m, steps: [[{name: a, templateRef: {name: ghost, template: t}}]]}]", want: `spec.templates[0].steps[0][0].templateRef.name: Not found: "ghost"`},
		{spec: "templates: [{name: m, dag: {tasks: [{name: a, templateRef: {name: lib, template: t}}]}}]", want: `spec.templates[0].dag.tasks[0].templateRef.template: Invalid value: "t": template reference lib.t not found`},
		{spec: "templates: [{name: m, dag: {tasks: [{name: a, templateRef: {name: lib}}]}}]", want: "spec.templates[0].dag.tasks[0].templateRef: Required value"},
		{spec: "hooks: {exit: {templateRef: {name: ghost, template: t}}}", want: `spec.hooks[exit].templateRef.name: Not found: "ghost"`},
		{spec: "workflowTemplateRef: {name: lib}", want: "storage is down", get: brokenGetter{g}},
		{spec: "workflowMetadata: {labelsFrom: {l: {expression: workflow.zz.y}}}", want: "spec.workflowMetadata.labelsFrom[l].expression"},
	} {
		wf := parse(t, "metadata: {name: w}\nspec:\n  "+c.spec)
		get := c.get
		if get == nil {
			get = g
		}
		errs := Resolve(wf, get)
		if len(errs) == 0 || !strings.Contains(errs.ToAggregate().Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.spec, errs, c.want)
		}
	}
}

func TestTemplateDefaults(t *testing.T) {
	base, tmpl := &wfv1.Template{}, &wfv1.Template{}
	for text, into := range map[string]*wfv1.Template{
		`{activeDeadlineSeconds: 5, nodeSelector: {a: x, b: x}, container: {image: i, env: [{name: E, value: d}, {name: F, value: d}]}, script: {image: s, source: x}, name: d}`: base,
		`{name: t, nodeSelector: {b: z}, container: {command: [c], env: [{name: E, value: own}]}}`:                                                                               tmpl,
	} {
		if err := yaml.Unmarshal([]byte(text), into); err != nil {
			t.Fatal(err)
		}
	}
	got, err := WithDefaults(tmpl, base)
	if err != nil {
		t.Fatal(err)
	}
	b, err := yaml.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	const want = `activeDeadlineSeconds: 5
container:
  command:
  - c
  env:
  - name: E
    value: own
  - name: F
    value: d
  image: i
name: t
nodeSelector:
  a: x
  b: z
`
	if diff := cmp.Diff(want, string(b)); diff != "" {
		t.Error(diff)
	}
}
