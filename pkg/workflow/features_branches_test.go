// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"testing"
	"time"
)

// Steps and dags: what begins, what is skipped, what fails.
func TestBranches(t *testing.T) {
	fail := ending{code: 1}
	testFeatures(t, []feature{
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
	})
}
