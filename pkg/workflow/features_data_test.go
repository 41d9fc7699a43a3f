// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"testing"
)

// Loops, inputs and outputs.
func TestData(t *testing.T) {
	fail := ending{code: 1}
	testFeatures(t, []feature{
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
	})
}
