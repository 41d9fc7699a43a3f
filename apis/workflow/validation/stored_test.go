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
	"argosy.dev/argosy/pkg/workflow"
)

func submit(t *testing.T, text string, templates map[string]string) field.ErrorList {
	t.Helper()
	lib := &library{map[string]*wfv1.WorkflowTemplate{}, map[string]*wfv1.ClusterWorkflowTemplate{}}
	for name, s := range templates {
		if c, ok := strings.CutPrefix(name, "cluster/"); ok {
			lib.cluster[c] = &wfv1.ClusterWorkflowTemplate{ObjectMeta: metav1.ObjectMeta{Name: c}, Spec: spec(t, s)}
			continue
		}
		lib.namespaced[name] = &wfv1.WorkflowTemplate{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec(t, s)}
	}
	wf := workflowOf(t, text)
	if errs := workflow.Resolve(wf, lib); len(errs) > 0 {
		t.Fatalf("resolve: %v", errs)
	}
	return ValidateWorkflow(wf)
}

// TestReferredTemplates: errors in templates elsewhere are reported where the user refers to them.
func TestReferredTemplates(t *testing.T) {
	lib := map[string]string{
		"good":      "templates:\n- name: whole\n  steps: [[{name: a, template: p, arguments: {parameters: [{name: m, value: '{{workflow.parameters.who}}'}]}}]]" + say,
		"daemon":    "templates: [{name: bad, daemon: true, container: {image: x}}, {name: outer, steps: [[{name: a, template: bad}]]}]",
		"cluster/c": "templates: [{name: out, container: {image: x}, outputs: {parameters: [{name: o, valueFrom: {path: /o}}]}}]",
	}
	who := "arguments: {parameters: [{name: who, value: x}]}\n"
	ref := func(name, tmpl, more string) string {
		return who + steps("[{name: s, templateRef: {name: "+name+", template: "+tmpl+more+"}}]")
	}
	at := "spec.templates[0].steps[0][0]"
	for _, r := range []row{
		{"good", ref("good", "whole", ""), nil},
		{"argument that the template wants of the workflow", strings.TrimPrefix(ref("good", "whole", ""), who), []want{{at + ".templateRef", inv, "in WorkflowTemplate good, templates[whole].steps[0][0].arguments.parameters[0].value: failed to resolve {{workflow.parameters.who}}"}}},
		{"input not supplied", ref("good", "p", ""), []want{{at + ".arguments.parameters", req, `"m"`}}},
		{"feature that is not built", ref("daemon", "bad", ""), []want{{at + ".templateRef", forb, "in WorkflowTemplate daemon, templates[bad].daemon: running daemons is not supported by this version"}}},
		{"feature that is not built, further down", ref("daemon", "outer", ""), []want{{at + ".templateRef", forb, "templates[bad].daemon"}}},
		{"no command, of a cluster template", ref("c", "out", ", clusterScope: true"), []want{{at + ".templateRef", req, "in ClusterWorkflowTemplate c, templates[out].container.command"}}},
	} {
		t.Run(r.name, func(t *testing.T) { same(t, submit(t, r.spec, lib), r.wants) })
	}
}

func TestWholeTemplate(t *testing.T) {
	lib := map[string]string{
		"good":   "entrypoint: main\narguments: {parameters: [{name: who, value: x}]}\ntemplates: [{name: main, container: {image: x, args: ['{{workflow.parameters.who}}']}}, {name: other, suspend: {}}]",
		"asks":   "entrypoint: main\narguments: {parameters: [{name: who}]}\ntemplates: [{name: main, suspend: {}}]",
		"metric": "entrypoint: main\nmetrics: {}\ntemplates: [{name: main, container: {}}]",
	}
	for _, r := range []row{
		{"good", "workflowTemplateRef: {name: good}", nil},
		{"other entrypoint", "entrypoint: other\nworkflowTemplateRef: {name: good}", nil},
		{"entrypoint not there", "entrypoint: z\nworkflowTemplateRef: {name: good}", []want{{"spec.entrypoint", inv, `no template "z"`}}},
		{"onExit of ours", "onExit: z\nworkflowTemplateRef: {name: good}", []want{{"spec.onExit", inv, `no template "z"`}}},
		{"argument missing", "workflowTemplateRef: {name: asks}", []want{{"spec.arguments.parameters", req, `"who"`}}},
		{"argument given", "arguments: {parameters: [{name: who, value: x}]}\nworkflowTemplateRef: {name: asks}", nil},
		{"bad template", "workflowTemplateRef: {name: metric}", []want{{"spec.workflowTemplateRef", forb, "in WorkflowTemplate metric, spec.metrics"}, {"spec.workflowTemplateRef", req, "in WorkflowTemplate metric, spec.templates[0].container.image"}}},
		{"not built in ours", "parallelism: 1\nworkflowTemplateRef: {name: good}", []want{{"spec.parallelism", forb, "not supported"}}},
	} {
		t.Run(r.name, func(t *testing.T) { same(t, submit(t, r.spec, lib), r.wants) })
	}
}

func TestNames(t *testing.T) {
	n := strings.Repeat("n", 64)
	wf := workflowOf(t, one(""))
	wf.Name = n
	same(t, ValidateWorkflow(wf), []want{{"metadata.name", long, "63"}})
	wt := &wfv1.WorkflowTemplate{ObjectMeta: metav1.ObjectMeta{Name: n}, Spec: wf.Spec}
	same(t, ValidateWorkflowTemplate(wt), []want{{"metadata.name", long, "63"}})
	ct := &wfv1.ClusterWorkflowTemplate{ObjectMeta: metav1.ObjectMeta{Name: n}, Spec: wf.Spec}
	same(t, ValidateClusterWorkflowTemplate(ct), []want{{"metadata.name", long, "63"}})
	cw := &wfv1.CronWorkflow{ObjectMeta: metav1.ObjectMeta{Name: n[:53]}, Spec: wfv1.CronWorkflowSpec{Schedules: []string{"@daily"}, WorkflowSpec: wf.Spec}}
	same(t, ValidateCronWorkflow(cw), []want{{"metadata.name", long, "52"}})
}

// TestStoredKinds: templates are held to the same rules, but for what only a workflow can tell.
func TestStoredKinds(t *testing.T) {
	for _, r := range []row{
		{"library without an entrypoint", strings.Replace(one(""), "entrypoint: main", "", 1), nil},
		{"arguments without values", "arguments: {parameters: [{name: a}]}\n" + one("inputs: {parameters: [{name: a}]}"), nil},
		{"argument of the workflow to come", one("metadata: {labels: {a: '{{workflow.parameters.who}}'}}"), nil},
		{"template elsewhere", steps("[{name: a, templateRef: {name: x, template: z}}]", "[{name: b, template: p, arguments: {parameters: [{name: m, value: '{{steps.a.outputs.parameters.any}}'}]}}]"), nil},
		{"not built", "parallelism: 1\n" + one("daemon: true"), nil},
		{"cycle", dag("{name: a, template: t, depends: b}", "{name: b, template: t, depends: a}"), []want{{"spec.templates[0].dag.tasks[1].depends", inv, "a->b->a"}}},
		{"undefined", steps("[{name: a, template: z}]"), []want{{"spec.templates[0].steps[0][0].template", inv, `"z"`}}},
		{"missing argument", steps("[{name: a, template: p}]"), []want{{"spec.templates[0].steps[0][0].arguments.parameters", req, `"m"`}}},
	} {
		t.Run(r.name, func(t *testing.T) {
			s := spec(t, r.spec)
			same(t, ValidateWorkflowTemplate(&wfv1.WorkflowTemplate{Spec: s}), r.wants)
			same(t, ValidateClusterWorkflowTemplate(&wfv1.ClusterWorkflowTemplate{Spec: s}), r.wants)
		})
	}
	got := WarningsWorkflowTemplate(&wfv1.WorkflowTemplate{Spec: spec(t, "parallelism: 1\n"+one("daemon: true\noutputs: {parameters: [{name: x, valueFrom: {path: /x}}]}"))})
	want := []string{"spec.templates[0].daemon: ", "spec.parallelism: "}
	if len(got) != 2 || !strings.HasPrefix(got[0], want[0]) || !strings.HasPrefix(got[1], want[1]) || !strings.Contains(got[0], "workflows that use it are refused") {
		t.Errorf("warnings %q", got)
	}
	if got := WarningsClusterWorkflowTemplate(&wfv1.ClusterWorkflowTemplate{Spec: spec(t, one(""))}); len(got) != 0 {
		t.Errorf("warnings %q", got)
	}
	many := wfv1.WorkflowSpec{}
	for range 200 {
		many.Templates = append(many.Templates, wfv1.Template{PodSpecPatch: "x"})
	}
	if got := WarningsWorkflowTemplate(&wfv1.WorkflowTemplate{Spec: many}); len(got) != maxWarnings {
		t.Errorf("%d warnings", len(got))
	}
}

func TestCronRules(t *testing.T) {
	good := "schedules: ['*/5 * * * *']\n"
	for _, r := range []row{
		{"good", good, nil},
		{"words", "schedules: ['@daily', '@every 90m']\ntimezone: Europe/Berlin\nconcurrencyPolicy: Forbid\nstartingDeadlineSeconds: 0\n", nil},
		{"none", "", []want{{"spec.schedules", req, "at least one"}}},
		{"malformed", "schedules: ['@daily', '* * * *']\n", []want{{"spec.schedules[1]", inv, "five fields"}}},
		{"zone only", "schedules: ['TZ=UTC']\n", []want{{"spec.schedules[0]", inv, "crontab"}}},
		{"time zone", good + "timezone: Mars/Base\n", []want{{"spec.timezone", inv, "Europe/Berlin"}}},
		{"policy", good + "concurrencyPolicy: Maybe\n", []want{{"spec.concurrencyPolicy", uns, "Replace"}}},
		{"deadline", good + "startingDeadlineSeconds: -1\n", []want{{"spec.startingDeadlineSeconds", inv, "negative"}}},
		{"history", good + "failedJobsHistoryLimit: -1\n", []want{{"spec.failedJobsHistoryLimit", inv, "negative"}}},
		{"stop", good + "stopStrategy: {expression: 'cronworkflow.failed >= 3'}\n", nil},
		{"stop never", good + "stopStrategy: {expression: ''}\n", []want{{"spec.stopStrategy.expression", req, ""}}},
		{"stop nonsense", good + "stopStrategy: {expression: '>= 3'}\n", []want{{"spec.stopStrategy.expression", inv, "expression"}}},
		{"when", good + "when: '{{= cronworkflow.lastScheduledTime == nil || (now() - cronworkflow.lastScheduledTime).Seconds() > 360 }}'\n", nil},
		{"when nonsense", good + "when: '{{= 1 + }}'\n", []want{{"spec.when", inv, "expression"}}},
		{"workflow without an entrypoint", good + "workflowSpec: {templates: [{name: a, suspend: {}}]}", []want{{"spec.workflowSpec.entrypoint", req, ""}}},
		{"workflow with an error", good + "workflowSpec: {entrypoint: b, templates: [{name: a, suspend: {}}]}", []want{{"spec.workflowSpec.entrypoint", inv, `"b"`}}},
		{"workflow by reference", good + "workflowSpec: {workflowTemplateRef: {name: x}}", nil},
		{"workflow argument", good + "workflowSpec: {workflowTemplateRef: {name: x}, arguments: {parameters: [{name: a}]}}", []want{{"spec.workflowSpec.arguments.parameters[0].value", req, ""}}},
	} {
		t.Run(r.name, func(t *testing.T) {
			if !strings.Contains(r.spec, "workflowSpec") {
				r.spec += "workflowSpec: {entrypoint: a, templates: [{name: a, suspend: {}}]}"
			}
			w := &wfv1.CronWorkflow{}
			if err := yaml.UnmarshalStrict([]byte(r.spec), &w.Spec); err != nil {
				t.Fatal(err)
			}
			same(t, ValidateCronWorkflow(w), r.wants)
		})
	}
}

func TestEventBindingRules(t *testing.T) {
	for _, r := range []row{
		{"good", "event: {selector: payload.message != ''}\nsubmit: {workflowTemplateRef: {name: x}, arguments: {parameters: [{name: a, valueFrom: {event: payload.message}}]}}", nil},
		{"no selector", "event: {}", []want{{"spec.event.selector", req, ""}}},
		{"bad selector", "event: {selector: 'a ('}", []want{{"spec.event.selector", inv, "expression"}}},
		{"no template", "event: {selector: 'true'}\nsubmit: {workflowTemplateRef: {}}", []want{{"spec.submit.workflowTemplateRef.name", req, ""}}},
		{"bad value", "event: {selector: 'true'}\nsubmit: {workflowTemplateRef: {name: x}, arguments: {parameters: [{name: a, valueFrom: {event: 'a ('}}]}}", []want{{"spec.submit.arguments.parameters[0].valueFrom.event", inv, "expression"}}},
	} {
		t.Run(r.name, func(t *testing.T) {
			b := &wfv1.WorkflowEventBinding{}
			if err := yaml.UnmarshalStrict([]byte(r.spec), &b.Spec); err != nil {
				t.Fatal(err)
			}
			same(t, ValidateWorkflowEventBinding(b), r.wants)
		})
	}
}

func TestUpdate(t *testing.T) {
	for _, r := range []struct {
		name     string
		old, new string
		wants    []want
	}{
		{"nothing changes in what is refused today", "parallelism: 1\n" + one(""), "parallelism: 1\n" + one(""), nil},
		{"suspending what is refused today", "parallelism: 1\n" + one(""), "suspend: true\nparallelism: 1\n" + one(""), nil},
		{"shutting down", one(""), "shutdown: Stop\n" + one(""), nil},
		{"shutting down somehow", one(""), "shutdown: Somehow\n" + one(""), []want{{"spec.shutdown", uns, "Stop"}}},
		{"a good change", one(""), "activeDeadlineSeconds: 5\n" + one(""), nil},
		{"a bad change", one(""), strings.Replace(one(""), "entrypoint: main", "entrypoint: z", 1), []want{{"spec.entrypoint", inv, `"z"`}}},
		{"a new reference", one(""), steps("[{name: a, templateRef: {name: x, template: z}}]"), []want{{"spec.templates[0].steps[0][0].templateRef", inv, "when the workflow was created"}}},
		{"another template", "workflowTemplateRef: {name: a}", "workflowTemplateRef: {name: b}", []want{{"spec.workflowTemplateRef", forb, "create another"}}},
		{"what the template says", "workflowTemplateRef: {name: a}", "workflowTemplateRef: {name: a}\nentrypoint: x", []want{{"spec", forb, "suspend and shutdown"}}},
		{"suspending what runs a template", "workflowTemplateRef: {name: a}", "workflowTemplateRef: {name: a}\nsuspend: true", nil},
	} {
		t.Run(r.name, func(t *testing.T) {
			same(t, ValidateWorkflowUpdate(workflowOf(t, r.new), workflowOf(t, r.old)), r.wants)
		})
	}
}
