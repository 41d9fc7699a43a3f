// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"strings"
	"testing"
)

func TestReferences(t *testing.T) {
	leaf := func(text string) string {
		return "arguments: {parameters: [{name: a, value: x}]}\nentrypoint: main\ntemplates:\n- name: main\n  inputs: {parameters: [{name: q, value: x}]}\n  container: {image: busybox, command: [echo, '" + strings.ReplaceAll(text, "'", "''") + "']}\n"
	}
	arg := "spec.templates[0].container.command[1]"
	two := func(value string) string {
		return steps("[{name: a, template: o}, {name: l, template: r, withItems: [1]}]", "[{name: b, template: p, arguments: {parameters: [{name: m, value: \""+value+"\"}]}}, {name: c, template: t}]", "[{name: d, template: t}]")
	}
	b := "spec.templates[0].steps[1][0].arguments.parameters[0].value"
	item := func(loop, value string) string {
		return steps("[{name: a, template: p, " + loop + ", arguments: {parameters: [{name: m, value: '" + value + "'}]}}]")
	}
	inItem := "spec.templates[0].steps[0][0].arguments.parameters[0].value"
	task := func(depends, value string) string {
		return dag("{name: a, template: r}", "{name: b, template: t, depends: a}", "{name: c, template: p, "+depends+"arguments: {parameters: [{name: m, value: '"+value+"'}]}}")
	}
	check(t, []row{
		{"input", leaf("{{inputs.parameters.q}} {{ inputs.parameters.q }} {{inputs.parameters}}"), nil},
		{"unknown input", leaf("{{inputs.parameters.z}}"), []want{{arg, inv, "{{inputs.parameters.z}}"}}},
		{"workflow", leaf("{{workflow.name}} {{workflow.uid}} {{workflow.parameters.a}} {{workflow.parameters.json}} {{workflow.labels.app}} {{workflow.creationTimestamp.RFC3339}} {{workflow.status}} {{workflow.duration}}"), nil},
		{"unknown parameter of the workflow", leaf("{{workflow.parameters.z}}"), []want{{arg, inv, `"z"`}}},
		{"unknown label", leaf("{{workflow.labels.z}}"), []want{{arg, inv, `no label "z"`}}},
		{"label of the server", leaf("{{workflow.labels.workflows.argoproj.io/creator}}"), nil},
		{"unknown variable of the workflow", leaf("{{workflow.nome}}"), []want{{arg, inv, "workflow.nome"}}},
		{"failures without an exit handler", leaf("{{workflow.failures}}"), []want{{arg, inv, "spec.onExit"}}},
		{"failures", "onExit: main\n" + leaf("{{workflow.failures}}"), nil},
		{"output nobody publishes", leaf("{{workflow.outputs.parameters.z}}"), []want{{arg, inv, "globalName"}}},
		{"published output", leaf("{{workflow.outputs.parameters.z}}") + "- name: out\n  container: {image: busybox, command: [x]}\n  outputs: {parameters: [{name: x, globalName: z, valueFrom: {path: /x}}]}", nil},
		{"names of its own", leaf("{{pod.name}} {{node.name}} {{steps.name}} {{tasks.name}} {{retries}} {{lastRetry.exitCode}} {{outputs.parameters.x.path}}"), nil},
		{"pod of no pod", "entrypoint: main\ntemplates: [{name: main, suspend: {}, metadata: {annotations: {a: '{{pod.name}}'}}}]", []want{{"spec.templates[0].metadata.annotations[a]", inv, "pod.name"}}},
		{"templates of others", leaf("{{ foo }} {{#if x}} {{.Values.a}} {{item}} {{{a}}}"), nil},
		{"steps in a leaf", leaf("{{steps.a.outputs.result}}"), []want{{arg, inv, "hand the value on as an argument"}}},
		{"item in a leaf", leaf("{{item.a}}"), []want{{arg, inv, "no loop"}}},
		{"expression", leaf("{{=asInt(inputs.parameters.q) + 1}} {{=sprig.trim(workflow.parameters.a)}}"), nil},
		{"expression that does not compile", leaf("{{=1 +}}"), []want{{arg, inv, "expression"}}},
		{"expression with an unknown input", leaf("{{=inputs.parameters.z}}"), []want{{arg, inv, "inputs.parameters.z"}}},
		{"expression that can do without", leaf("{{=inputs.parameters?.z ?? 'x'}}"), nil},
		{"expression with an unknown parameter", leaf("{{=workflow.parameters.z}}"), []want{{arg, inv, `"z"`}}},

		{"earlier step", two("{{steps.a.outputs.parameters.x}} {{steps.a.id}} {{steps.a.exitCode}} {{steps.a.status}} {{steps.a.outputs.result}}"), nil},
		{"earlier loop", two("{{steps.l.outputs.result}} {{steps.l.outputs.parameters}}"), nil},
		{"parameters of no loop", two("{{steps.a.outputs.parameters}}"), []want{{b, inv, "does not yield"}}},
		{"unknown step", two("{{steps.z.outputs.result}}"), []want{{b, inv, `no step "z"`}}},
		{"unknown output", two("{{steps.a.outputs.parameters.z}}"), []want{{b, inv, "outputs.parameters.z"}}},
		{"address of no daemon", two("{{steps.a.ip}}"), []want{{b, inv, "does not yield ip"}}},
		{"step beside", two("{{steps.c.outputs.result}}"), []want{{b, inv, "runs beside"}}},
		{"later step", two("{{steps.d.outputs.result}}"), []want{{b, inv, "comes later"}}},
		{"tasks in steps", two("{{tasks.a.outputs.result}}"), []want{{b, inv, "tasks can be referred to"}}},
		{"expression over steps", two("{{=steps['a'].outputs.parameters.x}}"), nil},
		{"expression over an unknown step", two("{{=steps['z'].outputs.parameters.x}}"), []want{{b, inv, `no step "z"`}}},

		{"item", item("withItems: [1]", "{{item}}"), nil},
		{"keys of items", item("withItems: [{a: 1}, {b: 2}]", "{{item.a}}{{item.b}}"), nil},
		{"unknown key", item("withItems: [{a: 1}]", "{{item.z}}"), []want{{inItem, inv, `key "z"`}}},
		{"keys of a list from elsewhere", item("withParam: '{{workflow.name}}'", "{{item.z}}"), nil},
		{"key of a number", item("withSequence: {count: 2}", "{{item.z}}"), []want{{inItem, inv, `key "z"`}}},
		{"tag in an item", item("withItems: ['{{workflow.nome}}']", "{{item}}"), []want{{"spec.templates[0].steps[0][0].withItems[0]", inv, "workflow.nome"}}},

		{"direct dependency", task("depends: a, ", "{{tasks.a.outputs.result}}"), nil},
		{"ancestor", task("depends: b, ", "{{tasks.a.outputs.result}}"), nil},
		{"no ancestor", task("", "{{tasks.a.outputs.result}}"), []want{{"spec.templates[0].dag.tasks[2]", inv, "missing dependency"}}},
		{"no ancestor in an expression", task("", "{{=tasks.a.outputs.result}}"), []want{{"spec.templates[0].dag.tasks[2]", inv, `depend on "a"`}}},
		{"itself", task("depends: a, ", "{{tasks.c.id}}"), []want{{"spec.templates[0].dag.tasks[2].arguments.parameters[0].value", inv, "itself"}}},
		{"itself in its hook", dag("{name: a, template: r, hooks: {exit: {template: p, arguments: {parameters: [{name: m, value: '{{tasks.a.outputs.result}}'}]}}}}"), nil},
		{"unknown task", task("depends: a, ", "{{tasks.z.id}}"), []want{{"spec.templates[0].dag.tasks[2].arguments.parameters[0].value", inv, `no task "z"`}}},
		{"in a when", dag("{name: a, template: r}", "{name: b, template: t, depends: a, when: \"{{tasks.a.outputs.result}} == x\"}"), nil},
		{"in outputs", strings.Replace(task("", "x"), "  dag:", "  outputs: {parameters: [{name: z, valueFrom: {parameter: '{{tasks.a.outputs.result}}'}}]}\n  dag:", 1), nil},
	})
}
