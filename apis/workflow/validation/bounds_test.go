// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"

	"argosy.dev/argosy/apis/raw"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// limit is how long anything may take that fits into a request. It is generous: what it catches is work that grows with
// the square of the input.
const limit = 10 * time.Second

func container() *wfv1.Workflow {
	wf := &wfv1.Workflow{}
	wf.Name = "wf"
	wf.Spec.Entrypoint = "main"
	return wf
}

// chain is a DAG of n tasks, each depending on the one before and reading outputs of both ends of the chain.
func chain(t testing.TB, n int) *wfv1.Workflow {
	wf := workflowOf(t, dag("{name: t0, template: r}"))
	tasks := wf.Spec.Templates[0].DAG.Tasks
	for i := 1; i < n; i++ {
		value := fmt.Sprintf("{{tasks.t0.outputs.result}} {{tasks.t%d.outputs.result}} {{workflow.name}}", i/2)
		tasks = append(tasks, wfv1.DAGTask{
			Name: fmt.Sprintf("t%d", i), Template: "q", Depends: fmt.Sprintf("t%d.Succeeded", i-1),
			When:      fmt.Sprintf("{{tasks.t%d.outputs.result}} != %d", i-1, i),
			Arguments: wfv1.Arguments{Parameters: []wfv1.Parameter{{Name: "m", Value: wfv1.ToAnyString(value)}}},
		})
	}
	wf.Spec.Templates[0].DAG.Tasks = tasks
	q := wf.Spec.Template("p").DeepCopy()
	q.Name = "q"
	wf.Spec.Templates = append(wf.Spec.Templates, *q)
	return wf
}

func BenchmarkValidateDAG10000(b *testing.B) {
	wf := chain(b, 10_000)
	for b.Loop() {
		if errs := ValidateWorkflow(wf); len(errs) > 0 {
			b.Fatal(errs)
		}
	}
}

func TestBounds(t *testing.T) {
	wide := func(n int) *wfv1.Workflow {
		wf := workflowOf(t, dag("{name: t0, template: r}"))
		tasks := wf.Spec.Templates[0].DAG.Tasks
		var names, tags []string
		for i := 1; i < n; i++ {
			tasks = append(tasks, wfv1.DAGTask{Name: fmt.Sprintf("t%d", i), Template: "r", Depends: "t0"})
			names, tags = append(names, fmt.Sprintf("t%d", i)), append(tags, fmt.Sprintf("{{tasks.t%d.outputs.result}}", i))
		}
		tasks = append(tasks, wfv1.DAGTask{Name: "join", Template: "p", Depends: strings.Join(names, " && "),
			Arguments: wfv1.Arguments{Parameters: []wfv1.Parameter{{Name: "m", Value: wfv1.ToAnyString(strings.Join(tags, ""))}}}})
		wf.Spec.Templates[0].DAG.Tasks = tasks
		return wf
	}
	ring := func(n int) *wfv1.Workflow {
		wf := chain(t, n)
		wf.Spec.Templates[0].DAG.Tasks[0].Depends = fmt.Sprintf("t%d", n-1)
		return wf
	}
	text := func(s string) *wfv1.Workflow {
		wf := workflowOf(t, one(""))
		wf.Spec.Templates[0].Container.Args = []string{s}
		return wf
	}
	defaults := container()
	defaults.Spec.TemplateDefaults = &wfv1.Template{Annotations: map[string]string{"a": strings.Repeat("x", 1<<20)}}
	many := container()
	for i := range 20_000 {
		tmpl := wfv1.Template{Name: fmt.Sprintf("t%d", i), Suspend: &wfv1.SuspendTemplate{}}
		defaults.Spec.Templates = append(defaults.Spec.Templates, tmpl)
		many.Spec.Templates = append(many.Spec.Templates, wfv1.Template{})
	}
	var expressions strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&expressions, "{{=%d}}", i)
	}
	nested := workflowOf(t, steps("[{name: a, template: t}]"))
	inner := &wfv1.Template{Suspend: &wfv1.SuspendTemplate{}}
	for range 5000 {
		inner = &wfv1.Template{Steps: []wfv1.ParallelSteps{{{Name: "a", Inline: inner}}}}
	}
	nested.Spec.Templates[0].Steps[0][0] = wfv1.WorkflowStep{Name: "a", Inline: inner}
	items := workflowOf(t, steps("[{name: a, template: t}]"))
	deepItem := json.RawMessage(strings.Repeat("[", 9000) + `"{{x}}"` + strings.Repeat("]", 9000))
	items.Spec.Templates[0].Steps[0][0].WithItems = []raw.JSON{{Raw: deepItem}}
	arguments := workflowOf(t, one(""))
	for i := range 50_000 {
		arguments.Spec.Arguments.Parameters = append(arguments.Spec.Arguments.Parameters, wfv1.Parameter{Name: fmt.Sprintf("p%d", i), Value: wfv1.ToAnyString("x")})
		arguments.Spec.Templates[0].Container.Args = append(arguments.Spec.Templates[0].Container.Args, fmt.Sprintf("{{workflow.parameters.p%d}}", i))
	}
	for _, c := range []struct {
		name string
		wf   *wfv1.Workflow
		bad  bool
	}{
		{"chain", chain(t, 20_000), false},
		{"wide", wide(20_000), false},
		{"ring", ring(20_000), true},
		{"empty templates", many, true},
		{"large defaults", defaults, true},
		{"many expressions", text(expressions.String()), true},
		{"open braces", text(strings.Repeat("{{", 500_000)), false},
		{"unknown tags", text(strings.Repeat("{{workflow.x}}", 100_000)), true},
		{"long name", func() *wfv1.Workflow {
			wf := workflowOf(t, one(""))
			wf.Spec.Entrypoint = strings.Repeat("n", 1<<20)
			return wf
		}(), true},
		{"inline in inline", nested, true},
		{"deep item", items, false},
		{"many arguments", arguments, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			start := time.Now()
			errs := ValidateWorkflow(c.wf)
			if d := time.Since(start); d > limit {
				t.Errorf("took %v", d)
			} else {
				t.Logf("took %v", d)
			}
			if len(errs) > maxErrors {
				t.Errorf("%d errors", len(errs))
			}
			if (len(errs) > 0) != c.bad {
				t.Errorf("errors: %.300v", errs)
			}
			size := 0
			for _, e := range errs {
				size += len(e.Error())
			}
			if size > 200_000 {
				t.Errorf("the errors take %d bytes", size)
			}
		})
	}
}

// FuzzValidateWorkflow: whatever decodes is judged without a panic, in bounded time, and is left as it was.
func FuzzValidateWorkflow(f *testing.F) {
	for _, s := range []string{
		one(""), one("outputs: {parameters: [{name: a, valueFrom: {path: /a}}]}"),
		steps("[{name: a, template: t, withItems: [1, {a: b}], when: '{{item}} == 1'}]", "[{name: b, template: p, arguments: {parameters: [{name: m, value: '{{steps.a.outputs.result}} {{=1+1}}'}]}}]"),
		dag("{name: a, template: t, depends: b}", "{name: b, template: r, depends: '!a && b.Failed', hooks: {exit: {template: t}}}"),
		"workflowTemplateRef: {name: x}\nentrypoint: '{{workflow.parameters.a}}'", "templateDefaults: {container: {image: x}}\n" + one(""),
	} {
		wf := workflowOf(f, s)
		data, err := json.Marshal(wf)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		wf.Status.StoredWorkflowTemplateSpec = wf.Spec.DeepCopy()
		wf.Status.StoredTemplates = map[string]wfv1.Template{"namespaced/x/t": {Name: "t", Suspend: &wfv1.SuspendTemplate{}}}
		if data, err = json.Marshal(wf); err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		wf := &wfv1.Workflow{}
		if json.Unmarshal(data, wf) != nil {
			return
		}
		before := wf.DeepCopy()
		start := time.Now()
		errs := ValidateWorkflow(wf)
		ValidateWorkflowUpdate(wf, &wfv1.Workflow{})
		ValidateWorkflowTemplate(&wfv1.WorkflowTemplate{Spec: wf.Spec})
		WarningsCronWorkflow(&wfv1.CronWorkflow{Spec: wfv1.CronWorkflowSpec{WorkflowSpec: wf.Spec, Schedules: []string{wf.Name}, When: wf.Spec.OnExit}})
		if d := time.Since(start); d > limit {
			t.Errorf("took %v", d)
		}
		if len(errs) > maxErrors {
			t.Errorf("%d errors", len(errs))
		}
		for _, e := range errs {
			if e.Field == "" {
				t.Errorf("an error without a field: %v", e)
			}
		}
		if !equality.Semantic.DeepEqual(before, wf) {
			t.Error("the workflow was changed")
		}
	})
}
