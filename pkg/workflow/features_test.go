// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// prelude has templates that most cases use: p succeeds or fails as the script says, arg takes an argument.
const prelude = `
metadata: {name: w}
spec:
  entrypoint: main
  templates:
  - name: p
    container: {image: i, command: [c]}
  - name: arg
    inputs: {parameters: [{name: v}]}
    container: {image: i, command: [c], args: ["{{inputs.parameters.v}}"]}
  - name: res
    script: {image: i, command: [sh], source: x}
  - name: out
    container: {image: i, command: [c]}
    outputs: {parameters: [{name: o, valueFrom: {path: /o}}]}
`

// indented puts text under spec.templates.
func indented(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ") + "\n"
}

// ends are the outcomes of pods by the name of their node without the workflow's.
type ends map[string]ending

func simulate(t tb, text string, e ends) *sim {
	t.Helper()
	s := newSim(t, parse(t, text))
	s.end = func(_ *corev1.Pod, node string) ending {
		out := e[strings.TrimPrefix(node, s.wf.Name)]
		if out.lasts == 0 {
			out.lasts = time.Second
		}
		return out
	}
	return s
}

func TestFeatures(t *testing.T) {
	fail := ending{code: 1}
	for _, c := range []struct {
		name string
		// templates come after the prelude; text, if set, is the whole workflow.
		templates, text string
		ends            ends
		// want is what describe says.
		want string
	}{
		{
			name: "a failed step lets its siblings end and stops the next group",
			templates: `
- name: main
  steps:
  - - {name: a, template: p}
    - {name: b, template: p}
  - - {name: c, template: p}`,
			ends: ends{"[0].a": fail, "[0].b": {lasts: 9 * time.Second}},
			want: `
Failed "child '$[0].a' failed" 1/2
$ Steps Failed "child '$[0].a' failed"
$[0] StepGroup Failed "child '$[0].a' failed"
$[0].a Pod Failed "main: Error (exit code 1)"
$[0].b Pod Succeeded ""`,
		},
		{
			name: "continueOn lets the next group run",
			templates: `
- name: main
  steps:
  - - {name: a, template: p, continueOn: {failed: true}}
  - - {name: b, template: arg, arguments: {parameters: [{name: v, value: "{{steps.a.exitCode}} {{steps.a.status}}"}]}}`,
			ends: ends{"[0].a": fail},
			want: `
Succeeded "" 1/2
$ Steps Succeeded ""
$[0] StepGroup Succeeded ""
$[0].a Pod Failed "main: Error (exit code 1)"
$[1] StepGroup Succeeded ""
$[1].b Pod Succeeded "" v=1 Failed`,
		},
		{
			name: "when",
			templates: `
- name: main
  steps:
  - - {name: a, template: res}
  - - {name: b, template: p, when: "{{steps.a.outputs.result}} == yes"}
    - {name: c, template: p, when: "{{=steps.a.outputs.result == 'no'}}"}
    - {name: d, template: arg, when: "false", arguments: {parameters: [{name: v, value: "{{steps.zz.outputs.result}}"}]}}`,
			ends: ends{"[0].a": {result: "no"}},
			want: `
Succeeded "" 2/2
$ Steps Succeeded ""
$[0] StepGroup Succeeded ""
$[0].a Pod Succeeded ""
$[1] StepGroup Succeeded ""
$[1].b Skipped Skipped "when 'no == yes' evaluated false"
$[1].c Pod Succeeded ""
$[1].d Skipped Skipped "when 'false' evaluated false"`,
		},
		{
			name: "a when that is no condition",
			templates: `
- name: main
  steps:
  - - {name: b, template: p, when: "a +"}
    - {name: c, template: p}`,
			want: `
Failed "child '$[0].b' failed" 1/1
$ Steps Failed "child '$[0].b' failed"
$[0] StepGroup Failed "child '$[0].b' failed"
$[0].b Skipped Error "invalid when \"a +\": Unexpected end of expression (text with special characters needs quotes)"
$[0].c Pod Succeeded ""`,
		},
		{
			name: "depends, with a failure that is dealt with",
			templates: `
- name: main
  dag:
    tasks:
    - {name: A, template: p}
    - {name: B, template: p, depends: A.Failed}
    - {name: C, template: p, depends: A}
    - {name: D, template: p, depends: "B && (C.Omitted || C)"}`,
			ends: ends{".A": fail},
			want: `
Succeeded "" 2/3
$ DAG Succeeded ""
$.A Pod Failed "main: Error (exit code 1)"
$.B Pod Succeeded ""
$.C Skipped Omitted "omitted: depends condition not met"
$.D Pod Succeeded ""`,
		},
		{
			name: "an omitted target makes the dag fail as what it waited for",
			templates: `
- name: main
  dag:
    tasks:
    - {name: A, template: p}
    - {name: B, template: p, dependencies: [A]}
    - {name: C, template: p, dependencies: [B]}`,
			ends: ends{".A": fail},
			want: `
Failed "" 0/1
$ DAG Failed ""
$.A Pod Failed "main: Error (exit code 1)"
$.B Skipped Omitted "omitted: depends condition not met"
$.C Skipped Omitted "omitted: depends condition not met"`,
		},
		{
			name: "fail fast begins nothing new after a failure",
			templates: `
- name: main
  dag:
    tasks:
    - {name: A, template: p}
    - {name: A1, template: p, depends: A}
    - {name: B, template: p}
    - {name: C, template: p}
    - {name: C1, template: p, depends: C}
    - {name: D, template: p, depends: "B.Failed && C"}`,
			ends: ends{".A": fail, ".B": fail, ".C": {lasts: 9 * time.Second}},
			want: `
Failed "" 2/4
$ DAG Failed ""
$.A Pod Failed "main: Error (exit code 1)"
$.A1 Skipped Omitted "omitted: depends condition not met"
$.B Pod Failed "main: Error (exit code 1)"
$.C Pod Succeeded ""
$.D Pod Succeeded ""`,
		},
		{
			name: "without fail fast all branches run",
			templates: `
- name: main
  dag:
    failFast: false
    tasks:
    - {name: A, template: p}
    - {name: A1, template: p, depends: A}
    - {name: B, template: p}
    - {name: C, template: p, depends: B}`,
			ends: ends{".A": fail, ".B": {lasts: 9 * time.Second}},
			want: `
Failed "" 2/3
$ DAG Failed ""
$.A Pod Failed "main: Error (exit code 1)"
$.A1 Skipped Omitted "omitted: depends condition not met"
$.B Pod Succeeded ""
$.C Pod Succeeded ""`,
		},
		{
			name: "continueOn in a dag",
			templates: `
- name: main
  dag:
    tasks:
    - {name: A, template: p, continueOn: {failed: true}}
    - {name: B, template: p, dependencies: [A]}`,
			ends: ends{".A": fail},
			want: `
Succeeded "" 1/2
$ DAG Succeeded ""
$.A Pod Failed "main: Error (exit code 1)"
$.B Pod Succeeded ""`,
		},
		{
			name: "loops in a dag: items, aggregates, results of those that succeeded",
			templates: `
- name: main
  dag:
    tasks:
    - {name: A, template: res, withItems: [1, {k: a, j: "(b)"}, "x(y)", [1]]}
    - {name: B, template: arg, depends: A.AnySucceeded, arguments: {parameters: [{name: v, value: "{{tasks.A.outputs.result}}"}]}}
    - {name: C, template: p, depends: A.AllFailed}`,
			ends: ends{".A(0:1)": {result: "7"}, ".A(1:j:b,k:a)": {result: `{"b":1,"a":2}`}, ".A(2:xy)": fail, ".A(3:[1])": {result: "word"}},
			want: `
Failed "" 4/5
$ DAG Failed ""
$.A TaskGroup Failed ""
$.A(0:1) Pod Succeeded ""
$.A(1:j:b,k:a) Pod Succeeded ""
$.A(2:xy) Pod Failed "main: Error (exit code 1)"
$.A(3:[1]) Pod Succeeded ""
$.B Pod Succeeded "" v=[7,{"b":1,"a":2},"word"]
$.C Skipped Omitted "omitted: depends condition not met"`,
		},
		{
			name: "empty loops are skipped",
			templates: `
- name: main
  dag:
    tasks:
    - {name: A, template: p, withParam: "[]"}
    - {name: B, template: p, depends: A, withSequence: {count: "0"}}
    - {name: C, template: p, depends: B, withItems: []}
    - {name: D, template: steps, depends: C}
- name: steps
  steps:
  - - {name: a, template: p, withParam: "[]"}
  - - {name: b, template: p}`,
			want: `
Succeeded "" 1/1
$ DAG Succeeded ""
$.A Skipped Skipped "Skipped, empty params"
$.B Skipped Skipped "Skipped, empty params"
$.C Skipped Skipped "Skipped, empty params"
$.D Steps Succeeded ""
$.D[0] StepGroup Succeeded ""
$.D[0].a Skipped Skipped "Skipped, empty params"
$.D[1] StepGroup Succeeded ""
$.D[1].b Pod Succeeded ""`,
		},
		{
			name: "a loop over something that is no list",
			templates: `
- name: main
  steps:
  - - {name: a, template: p, withParam: "{}"}
    - {name: b, template: p}`,
			want: `
Failed "step a: withParam value could not be parsed as a JSON list: \"{}\": it is a JSON object" 
$ Steps Failed "step a: withParam value could not be parsed as a JSON list: \"{}\": it is a JSON object"
$[0] StepGroup Error "step a: withParam value could not be parsed as a JSON list: \"{}\": it is a JSON object"`,
		},
		{
			name: "outputs of what was skipped: default of the producer, of the consumer, of an expression, none",
			templates: `
- name: def
  container: {image: i, command: [c]}
  outputs: {parameters: [{name: o, valueFrom: {path: /o, default: producer}}]}
- name: consumer
  inputs: {parameters: [{name: v, default: consumer}]}
  container: {image: i, command: [c], args: ["{{inputs.parameters.v}}"]}
- name: main
  dag:
    tasks:
    - {name: A, template: def, when: "false"}
    - {name: B, template: out, when: "false"}
    - {name: A1, depends: A, template: arg, arguments: {parameters: [{name: v, value: "{{tasks.A.outputs.parameters.o}}"}]}}
    - {name: B1, depends: B, template: consumer, arguments: {parameters: [{name: v, value: "{{tasks.B.outputs.parameters.o}}"}]}}
    - {name: B2, depends: B, template: arg, arguments: {parameters: [{name: v, value: "{{=tasks.B.outputs.parameters.o ?? 'expression'}}"}]}}
    - {name: B3, depends: B, template: arg, arguments: {parameters: [{name: v, value: "{{tasks.B.outputs.parameters.o}}"}]}}`,
			want: `
Error "" 3/3
$ DAG Error ""
$.A Skipped Skipped "when 'false' evaluated false"
$.A1 Pod Succeeded "" v=producer
$.B Skipped Skipped "when 'false' evaluated false"
$.B1 Pod Succeeded "" v=consumer
$.B2 Pod Succeeded "" v=expression
$.B3 Skipped Error "inputs.parameters.v was not supplied"`,
		},
		{
			name: "retries end when the limit is reached",
			templates: `
- name: r
  retryStrategy: {limit: "2"}
  container: {image: i, command: [c], args: ["{{retries}} {{lastRetry.exitCode}}"]}
- name: main
  steps:
  - - {name: a, template: r}
    - {name: b, template: r}`,
			ends: ends{"[0].a(0)": fail, "[0].b(0)": fail, "[0].b(1)": fail, "[0].b(2)": fail},
			want: `
Failed "child '$[0].b' failed" 1/5
$ Steps Failed "child '$[0].b' failed"
$[0] StepGroup Failed "child '$[0].b' failed"
$[0].a Retry Succeeded ""
$[0].a(0) Pod Failed "main: Error (exit code 1)"
$[0].a(1) Pod Succeeded ""
$[0].b Retry Failed "No more retries left"
$[0].b(0) Pod Failed "main: Error (exit code 1)"
$[0].b(1) Pod Failed "main: Error (exit code 1)"
$[0].b(2) Pod Failed "main: Error (exit code 1)"`,
		},
		{
			name: "OnError does not retry failures, and steps are retried as a whole",
			templates: `
- name: r
  retryStrategy: {limit: 1, retryPolicy: OnError}
  container: {image: i, command: [c]}
- name: s
  retryStrategy: {limit: 1, retryPolicy: Always}
  steps: [[{name: x, template: r}]]
- name: main
  steps: [[{name: a, template: s}]]`,
			ends: ends{"[0].a(0)[0].x(0)": fail},
			want: `
Succeeded "" 1/2
$ Steps Succeeded ""
$[0] StepGroup Succeeded ""
$[0].a Retry Succeeded ""
$[0].a(0) Steps Failed "child '$[0].a(0)[0].x' failed"
$[0].a(0)[0] StepGroup Failed "child '$[0].a(0)[0].x' failed"
$[0].a(0)[0].x Retry Failed "main: Error (exit code 1)"
$[0].a(0)[0].x(0) Pod Failed "main: Error (exit code 1)"
$[0].a(1) Steps Succeeded ""
$[0].a(1)[0] StepGroup Succeeded ""
$[0].a(1)[0].x Retry Succeeded ""
$[0].a(1)[0].x(0) Pod Succeeded ""`,
		},
		{
			name: "exit handlers of a workflow and of steps, and their failures",
			text: `
metadata: {name: w}
spec:
  entrypoint: main
  onExit: bye
  templates:
  - name: p
    container: {image: i, command: [c]}
  - name: arg
    inputs: {parameters: [{name: v}]}
    container: {image: i, command: [c], args: ["{{inputs.parameters.v}}"]}
  - name: main
    steps:
    - - {name: a, template: p, onExit: p}
    - - name: b
        template: p
        hooks: {exit: {template: arg, arguments: {parameters: [{name: v, value: "{{steps.b.status}}"}]}}}
  - name: bye
    steps: [[{name: x, template: arg, arguments: {parameters: [{name: v, value: "{{workflow.status}}"}]}}]]`,
			ends: ends{"[1].b": fail, "[0].a.onExit": fail},
			want: `
Failed "child '$[1].b' failed" 3/5
$ Steps Failed "child '$[1].b' failed"
$.onExit Steps Succeeded ""
$.onExit[0] StepGroup Succeeded ""
$.onExit[0].x Pod Succeeded "" v=Failed
$[0] StepGroup Succeeded ""
$[0].a Pod Succeeded ""
$[0].a.onExit Pod Failed "main: Error (exit code 1)"
$[1] StepGroup Failed "child '$[1].b' failed"
$[1].b Pod Failed "main: Error (exit code 1)"
$[1].b.onExit Pod Succeeded "" v=Failed`,
		},
		{
			name: "an exit handler that fails fails the workflow",
			text: `
metadata: {name: w}
spec:
  entrypoint: main
  hooks: {exit: {template: main}}
  templates: [{name: main, container: {image: i, command: [c]}}]`,
			ends: ends{".onExit": {code: 3}},
			want: `
Failed "main: Error (exit code 3)" 1/2
$ Pod Succeeded ""
$.onExit Pod Failed "main: Error (exit code 3)"`,
		},
		{
			name: "recursion ends",
			templates: `
- name: main
  steps: [[{name: r, template: main, when: "true"}]]`,
			want: "recursion",
		},
		{
			name: "an input that is not supplied, and one outside its enum",
			templates: `
- name: e
  inputs: {parameters: [{name: v, enum: [a, b]}]}
  container: {image: i, command: [c]}
- name: main
  dag:
    failFast: false
    tasks:
    - {name: A, template: arg}
    - {name: B, template: e, arguments: {parameters: [{name: v, value: c}]}}`,
			want: `
Error "" 
$ DAG Error ""
$.A Skipped Error "inputs.parameters.v was not supplied"
$.B Skipped Error "inputs.parameters.v: value \"c\" is not one of [\"a\" \"b\"]"`,
		},
		{
			name: "global outputs, parameters of the workflow, values with tags, inline templates in a loop",
			text: `
metadata: {name: w}
spec:
  entrypoint: main
  arguments: {parameters: [{name: g, value: "{{workflow.name}}!"}, {name: num, value: 5}]}
  templates:
  - name: arg
    inputs: {parameters: [{name: v}, {name: d, default: "{{workflow.parameters.num}}"}]}
    container: {image: i, command: [c], args: ["{{inputs.parameters.v}}"]}
  - name: out
    container: {image: i, command: [c]}
    outputs: {parameters: [{name: o, globalName: glob, valueFrom: {path: /o}}]}
  - name: main
    inputs: {parameters: [{name: g}]}
    steps:
    - - {name: a, template: out}
    - - {name: b, template: arg, arguments: {parameters: [{name: v, value: "{{inputs.parameters.g}} {{workflow.outputs.parameters.glob}}"}]}}
      - {name: c, template: arg, arguments: {parameters: [{name: v, valueFrom: {expression: "asInt(workflow.parameters.num) + 1"}}]}}
      - name: i
        withItems: [x, z]
        inline:
          inputs: {parameters: [{name: own, value: "{{item}}"}]}
          container: {image: i, command: [c], args: ["{{inputs.parameters.own}}"]}
    outputs: {parameters: [{name: sum, globalName: sum, valueFrom: {expression: "steps.a.outputs.parameters.o + 's'"}}]}`,
			ends: ends{"[0].a": {params: map[string]string{"o": "{{workflow.uid}}"}}},
			want: `
Succeeded "" 5/5 glob={{workflow.uid}} sum={{workflow.uid}}s
$ Steps Succeeded "" g=w!
$[0] StepGroup Succeeded ""
$[0].a Pod Succeeded ""
$[1] StepGroup Succeeded ""
$[1].b Pod Succeeded "" v=w! {{workflow.uid}} d=5
$[1].c Pod Succeeded "" v=6 d=5
$[1].i(0:x) Pod Succeeded "" own=x
$[1].i(1:z) Pod Succeeded "" own=z`,
		},
		{
			name: "the workflow's deadline ends what runs and what waits, but not its exit handler",
			text: `
metadata: {name: w}
spec:
  entrypoint: main
  onExit: p
  activeDeadlineSeconds: 10
  templates:
  - {name: p, container: {image: i, command: [c]}}
  - {name: s, suspend: {}}
  - name: main
    dag:
      tasks: [{name: A, template: p}, {name: B, template: s}, {name: C, template: p, depends: A}]`,
			ends: ends{".A": {lasts: -1}},
			want: `
Failed "" 1/2
$ DAG Failed ""
$.A Pod Failed "Step exceeded its deadline"
$.B Suspend Failed "Step exceeded its deadline"
$.C Skipped Omitted "omitted: depends condition not met"
$.onExit Pod Succeeded ""`,
		},
		{
			name: "a template's deadline",
			templates: `
- name: d
  inputs: {parameters: [{name: s}]}
  activeDeadlineSeconds: "{{inputs.parameters.s}}"
  container: {image: i, command: [c]}
- name: main
  steps: [[{name: a, template: d, arguments: {parameters: [{name: s, value: 10}]}}]]`,
			ends: ends{"[0].a": {lasts: -1}},
			want: `
Failed "child '$[0].a' failed" 0/1
$ Steps Failed "child '$[0].a' failed"
$[0] StepGroup Failed "child '$[0].a' failed"
$[0].a Pod Failed "Step exceeded its deadline" s=10`,
		},
		{
			name: "a suspend with a duration, whose outputs take their defaults",
			templates: `
- name: s
  suspend: {duration: "{{workflow.parameters.d}}"}
  outputs: {parameters: [{name: o, valueFrom: {supplied: {}, default: dflt}}]}
- name: main
  steps:
  - - {name: a, template: s}
  - - {name: b, template: arg, arguments: {parameters: [{name: v, value: "{{steps.a.outputs.parameters.o}}"}]}}`,
			want: `
Succeeded "" 1/1
$ Steps Succeeded ""
$[0] StepGroup Succeeded ""
$[0].a Suspend Succeeded ""
$[1] StepGroup Succeeded ""
$[1].b Pod Succeeded "" v=dflt`,
		},
		{
			name: "targets",
			templates: `
- name: main
  dag:
    target: "B {{workflow.parameters.d}}"
    tasks:
    - {name: A, template: p}
    - {name: B, template: p, depends: A}
    - {name: C, template: p, depends: B}
    - {name: 20s, template: p}`,
			want: `
Succeeded "" 3/3
$ DAG Succeeded ""
$.20s Pod Succeeded ""
$.A Pod Succeeded ""
$.B Pod Succeeded ""`,
		},
		{
			name: "display names and template failFast",
			templates: `
- name: main
  failFast: true
  annotations: {workflows.argoproj.io/display-name: "main of {{workflow.name}}"}
  steps: [[{name: a, template: p}]]`,
			ends: ends{"[0].a": fail},
			want: `
Failed "template has failed or errored children and failFast enabled" 0/1
$ Steps Failed "template has failed or errored children and failFast enabled"
$[0] StepGroup Failed "child '$[0].a' failed"
$[0].a Pod Failed "main: Error (exit code 1)"`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := c.text
			if text == "" {
				text = prelude + indented(c.templates) + "  arguments: {parameters: [{name: d, value: 20s}]}"
			}
			s := simulate(t, text, c.ends)
			wf := s.run()
			if c.want == "recursion" {
				if n := len(wf.Status.Nodes); n < 200 || wf.Status.Phase != wfv1.WorkflowFailed {
					t.Errorf("%d nodes, %s", n, wf.Status.Phase)
				}
				return
			}
			if diff := cmp.Diff(strings.TrimSpace(c.want), describe(wf)); diff != "" {
				t.Errorf("(-want +got)\n%s\n%s", diff, describe(wf))
			}
		})
	}
}
