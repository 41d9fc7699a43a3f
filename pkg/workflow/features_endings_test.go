// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"testing"
)

// Retries, deadlines, exit handlers, and what ends a workflow.
func TestEndings(t *testing.T) {
	fail := ending{code: 1}
	testFeatures(t, []feature{
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
	})
}
