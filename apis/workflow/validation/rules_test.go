// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

const (
	inv  = field.ErrorTypeInvalid
	req  = field.ErrorTypeRequired
	dup  = field.ErrorTypeDuplicate
	uns  = field.ErrorTypeNotSupported
	forb = field.ErrorTypeForbidden
	long = field.ErrorTypeTooLong
)

func TestSpecRules(t *testing.T) {
	check(t, []row{
		{"one container", one(""), nil},
		{"no entrypoint", strings.Replace(one(""), "entrypoint: main", "", 1), []want{{"spec.entrypoint", req, "name the template"}}},
		{"entrypoint not there", strings.Replace(one(""), "entrypoint: main", "entrypoint: x", 1), []want{{"spec.entrypoint", inv, `no template "x"`}}},
		{"entrypoint by parameter", "arguments: {parameters: [{name: e, value: main}]}\n" + strings.Replace(one(""), "entrypoint: main", "entrypoint: '{{workflow.parameters.e}}'", 1), nil},
		{"entrypoint by unknown parameter", strings.Replace(one(""), "entrypoint: main", "entrypoint: '{{workflow.parameters.e}}'", 1), []want{{"spec.entrypoint", inv, "workflow.parameters"}}},
		{"onExit not there", "onExit: x\n" + one(""), []want{{"spec.onExit", inv, `no template "x"`}}},
		{"onExit", "onExit: main\n" + one(""), nil},
		{"exit hook", "hooks: {exit: {template: main}}\n" + one(""), nil},
		{"exit hook not there", "hooks: {exit: {template: x}}\n" + one(""), []want{{"spec.hooks[exit].template", inv, `no template "x"`}}},
		{"exit hook of nothing", "hooks: {exit: {}}\n" + one(""), []want{{"spec.hooks[exit].template", req, "say what to run"}}},
		{"exit hook with a bad expression", "hooks: {exit: {template: main, expression: 'a ('}}\n" + one(""), []want{{"spec.hooks[exit].expression", inv, "expression"}}},
		{"unknown shutdown", "shutdown: Now\n" + one(""), []want{{"spec.shutdown", uns, "Terminate"}}},
		{"negative deadline", "activeDeadlineSeconds: -1\n" + one(""), []want{{"spec.activeDeadlineSeconds", inv, "negative"}}},
		{"deadline of nothing", "activeDeadlineSeconds: 0\n" + one(""), nil},
		{"unknown dns policy", "dnsPolicy: Mine\n" + one(""), []want{{"spec.dnsPolicy", uns, "ClusterFirst"}}},
		{"service account", "serviceAccountName: My_account\n" + one(""), []want{{"spec.serviceAccountName", inv, "lowercase"}}},
		{"service account by tag", "serviceAccountName: '{{workflow.parameters.a}}'\narguments: {parameters: [{name: a, value: x}]}\n" + one(""), nil},
		{"volume twice", "volumes: [{name: v, emptyDir: {}}, {name: v, emptyDir: {}}]\n" + one(""), []want{{"spec.volumes[1].name", dup, "v"}}},
		{"volume without a name", "volumes: [{emptyDir: {}}]\n" + one(""), []want{{"spec.volumes[0].name", req, ""}}},
		{"pod label", "podMetadata: {labels: {'a b': x}}\n" + one(""), []want{{"spec.podMetadata.labels", inv, "a b"}}},
		{"pod label value", "podMetadata: {labels: {a: 'x y'}}\n" + one(""), []want{{"spec.podMetadata.labels[a]", inv, "x y"}}},
		{"pod label by tag", "podMetadata: {labels: {a: '{{workflow.name}}'}}\n" + one(""), nil},
		{"unknown variable of the workflow in the spec", "podMetadata: {annotations: {a: '{{workflow.parameters.x}}'}}\n" + one(""), []want{{"spec.podMetadata.annotations[a]", inv, "{{workflow.parameters.x}}"}}},
		{"workflow annotation", "workflowMetadata: {annotations: {'a b': x}}\n" + one(""), []want{{"spec.workflowMetadata.annotations", inv, "a b"}}},
		{"computed label", "workflowMetadata: {labelsFrom: {a: {expression: 'workflow.name'}}}\n" + one(""), nil},
		{"computed label without expression", "workflowMetadata: {labelsFrom: {a: {}}}\n" + one(""), []want{{"spec.workflowMetadata.labelsFrom[a].expression", req, ""}}},
		{"retry policy", "retryStrategy: {retryPolicy: Sometimes}\n" + one(""), []want{{"spec.retryStrategy.retryPolicy", uns, "OnFailure"}}},
		{"named defaults", "templateDefaults: {name: x}\n" + one(""), []want{{"spec.templateDefaults.name", inv, "no name"}}},
		{"defaults bring the image", "templateDefaults: {container: {image: busybox}}\nentrypoint: main\ntemplates: [{name: main, container: {command: [echo]}}]", nil},
		{"templates besides a reference", "workflowTemplateRef: {name: x}\n" + one(""), []want{{"spec.templates", forb, "workflowTemplateRef"}}},
		{"reference without a name", "workflowTemplateRef: {}", []want{{"spec.workflowTemplateRef.name", req, "WorkflowTemplate"}}},
	})
}

func TestTemplateRules(t *testing.T) {
	longName := strings.Repeat("n", 129)
	check(t, []row{
		{"no type", "entrypoint: main\ntemplates: [{name: main}]", []want{{"spec.templates[0]", req, "container, script, steps, dag, suspend"}}},
		{"two types", one("suspend: {}"), []want{{"spec.templates[0]", inv, "[container suspend]"}}},
		{"same name", one("") + "- {name: main, suspend: {}}", []want{{"spec.templates[1].name", dup, "main"}}},
		{"no name", one("") + "- {suspend: {}}", []want{{"spec.templates[1].name", req, "name"}}},
		{"bad name", one("") + "- {name: a_b, suspend: {}}", []want{{"spec.templates[1].name", inv, "letters, digits"}}},
		{"name begins with a dash", one("") + "- {name: -a, suspend: {}}", []want{{"spec.templates[1].name", inv, "begin with"}}},
		{"name with capitals", one("") + "- {name: 1A-b, suspend: {}}", nil},
		{"long name", one("") + "- {name: " + longName + ", suspend: {}}", []want{{"spec.templates[1].name", long, "128"}}},
		{"no image", "entrypoint: main\ntemplates: [{name: main, container: {command: [echo]}}]", []want{{"spec.templates[0].container.image", req, "image"}}},
		{"no script image", "entrypoint: main\ntemplates: [{name: main, script: {source: x}}]", []want{{"spec.templates[0].script.image", req, "image"}}},
		{"mounted twice", "entrypoint: main\ntemplates: [{name: main, container: {image: x, volumeMounts: [{name: a, mountPath: /a}, {name: b, mountPath: /a}]}}]", []want{{"spec.templates[0].container.volumeMounts[1].mountPath", inv, `"a" is already mounted`}}},
		{"mounted nowhere", "entrypoint: main\ntemplates: [{name: main, container: {image: x, volumeMounts: [{name: a}]}}]", []want{{"spec.templates[0].container.volumeMounts[0].mountPath", req, ""}}},
		{"init container", one("initContainers: [{name: first, image: x}]"), nil},
		{"init container without a name", one("initContainers: [{image: x}]"), []want{{"spec.templates[0].initContainers[0].name", req, ""}}},
		{"init container with a reserved name", one("initContainers: [{name: wait, image: x}]"), []want{{"spec.templates[0].initContainers[0].name", inv, "reserved"}}},
		{"init container twice", one("initContainers: [{name: a, image: x}, {name: a, image: x}]"), []want{{"spec.templates[0].initContainers[1].name", dup, "a"}}},
		{"init container without an image", one("initContainers: [{name: a}]"), []want{{"spec.templates[0].initContainers[0].image", req, "image"}}},
		{"init container name", one("initContainers: [{name: A, image: x}]"), []want{{"spec.templates[0].initContainers[0].name", inv, "lower"}}},
		{"deadline", one("activeDeadlineSeconds: 0"), []want{{"spec.templates[0].activeDeadlineSeconds", inv, "greater than 0"}}},
		{"deadline as text", one("activeDeadlineSeconds: '10'"), nil},
		{"deadline by tag", one("activeDeadlineSeconds: '{{workflow.parameters.d}}'") + "arguments: {parameters: [{name: d, value: 1}]}", nil},
		{"deadline that is no number", one("activeDeadlineSeconds: soon"), []want{{"spec.templates[0].activeDeadlineSeconds", inv, "whole number"}}},
		{"deadline of a DAG", strings.Replace(dag("{name: a, template: t}"), "  dag:", "  activeDeadlineSeconds: 5\n  dag:", 1), []want{{"spec.templates[0].activeDeadlineSeconds", inv, "whole workflow"}}},
		{"retries", one("retryStrategy: {limit: -1}"), []want{{"spec.templates[0].retryStrategy.limit", inv, "negative"}}},
		{"retries by tag", one("inputs: {parameters: [{name: num, value: 1}]}\nretryStrategy: {limit: '{{inputs.parameters.num}}'}"), nil},
		{"retries by unknown tag", one("retryStrategy: {limit: '{{inputs.parameters.n}}'}"), []want{{"spec.templates[0].retryStrategy.limit", inv, "inputs.parameters.n"}}},
		{"retry policy", one("retryStrategy: {retryPolicy: Sometimes}"), []want{{"spec.templates[0].retryStrategy.retryPolicy", uns, "Always"}}},
		{"suspend for good", "entrypoint: main\ntemplates: [{name: main, suspend: {}}]", nil},
		{"suspend for seconds", "entrypoint: main\ntemplates: [{name: main, suspend: {duration: '20'}}]", nil},
		{"suspend for a while", "entrypoint: main\ntemplates: [{name: main, suspend: {duration: 1h30m}}]", nil},
		{"suspend for nonsense", "entrypoint: main\ntemplates: [{name: main, suspend: {duration: long}}]", []want{{"spec.templates[0].suspend.duration", inv, "number of seconds"}}},
		{"suspend into the past", "entrypoint: main\ntemplates: [{name: main, suspend: {duration: -1s}}]", []want{{"spec.templates[0].suspend.duration", inv, "negative"}}},
		{"label", one("metadata: {labels: {'-': x}}"), []want{{"spec.templates[0].metadata.labels", inv, "-"}}},
		{"no command, outputs from a file", "entrypoint: main\ntemplates: [{name: main, container: {image: x}, outputs: {parameters: [{name: a, valueFrom: {path: /a}}]}}]", []want{{"spec.templates[0].container.command", req, "name the command"}}},
		{"no command, nothing captured", "entrypoint: main\ntemplates: [{name: main, container: {image: x}}]", nil},
		{"no command, result captured", steps("[{name: a, template: q}]", "[{name: b, template: p, arguments: {parameters: [{name: m, value: '{{steps.a.outputs.result}}'}]}}]") + "- {name: q, container: {image: x}}", []want{{"spec.templates[5].container.command", req, "entrypoint of the image"}}},
		{"no command, result captured by an expression", steps("[{name: a, template: q}]", "[{name: b, template: p, arguments: {parameters: [{name: m, value: \"{{=steps['a'].outputs.result}}\"}]}}]") + "- {name: q, script: {image: x, source: y}}", []want{{"spec.templates[5].script.command", req, "entrypoint of the image"}}},
		{"recursion", "entrypoint: main\ntemplates:\n- name: main\n  steps: [[{name: a, template: main, when: '1 == 2'}]]", nil},
	})
}

func TestParameterRules(t *testing.T) {
	args := func(list string) string { return "arguments: {parameters: " + list + "}\n" + one("") }
	out := func(list string) string { return one("outputs: {parameters: " + list + "}") }
	check(t, []row{
		{"argument", args("[{name: p, value: 1}]"), nil},
		{"argument without a value", args("[{name: p}]"), []want{{"spec.arguments.parameters[0].value", req, `"p"`}}},
		{"argument with a default", args("[{name: p, default: x}]"), nil},
		{"argument twice", args("[{name: p, value: 1}, {name: p, value: 2}]"), []want{{"spec.arguments.parameters[1].name", dup, "p"}}},
		{"argument without a name", args("[{name: '', value: 1}]"), []want{{"spec.arguments.parameters[0].name", req, "name"}}},
		{"argument name", args("[{name: a.b, value: 1}]"), []want{{"spec.arguments.parameters[0].name", inv, "'_'"}}},
		{"argument from a file", args("[{name: p, valueFrom: {path: /a}}]"), []want{{"spec.arguments.parameters[0].valueFrom.path", inv, "outputs only"}, {"spec.arguments.parameters[0].value", req, ""}}},
		{"argument from elsewhere with a default", args("[{name: p, valueFrom: {supplied: {}, default: x}}]"), nil},
		{"in its enum", args("[{name: p, value: a, enum: [a, b]}]"), nil},
		{"outside its enum", args("[{name: p, value: c, enum: [a, b]}]"), []want{{"spec.arguments.parameters[0].value", inv, `"a", "b"`}}},
		{"empty enum", args("[{name: p, value: c, enum: []}]"), []want{{"spec.arguments.parameters[0].enum", req, "at least one"}}},
		{"default outside the enum", one("inputs: {parameters: [{name: p, default: c, enum: [a]}]}"), []want{{"spec.templates[0].inputs.parameters[0].default", inv, `"a"`}}},
		{"input not supplied by the workflow", one("inputs: {parameters: [{name: p}]}"), []want{{"spec.arguments.parameters", req, `not supplied: "p"`}}},
		{"input supplied by the workflow", "arguments: {parameters: [{name: p, value: 1}]}\n" + one("inputs: {parameters: [{name: p}]}"), nil},
		{"input from an output", one("inputs: {parameters: [{name: p, value: x, valueFrom: {parameter: '{{steps.a.outputs.result}}'}}]}"), []want{{"spec.templates[0].inputs.parameters[0].valueFrom.parameter", inv, "outputs only"}, {"spec.templates[0].inputs.parameters[0].valueFrom.parameter", inv, "failed to resolve"}}},
		{"input twice", one("inputs: {parameters: [{name: p, value: x}, {name: p, value: x}]}"), []want{{"spec.templates[0].inputs.parameters[1].name", dup, "p"}}},
		{"step supplies nothing", steps("[{name: a, template: p}]"), []want{{"spec.templates[0].steps[0][0].arguments.parameters", req, `not supplied: "m"`}}},
		{"step supplies more than is asked for", steps("[{name: a, template: t, arguments: {parameters: [{name: m, value: x}]}}]"), nil},
		{"step supplies no value", steps("[{name: a, template: p, arguments: {parameters: [{name: m}]}}]"), []want{{"spec.templates[0].steps[0][0].arguments.parameters[0].value", req, `"m"`}}},
		{"step outside the enum of the input", steps("[{name: a, template: e, arguments: {parameters: [{name: m, value: z}]}}]") + "- {name: e, inputs: {parameters: [{name: m, enum: [x, z1]}]}, suspend: {}}", []want{{"spec.templates[0].steps[0][0].arguments.parameters[0].value", inv, `"x", "z1"`}}},
		{"output from a file", out("[{name: a, valueFrom: {path: /a}}]"), nil},
		{"output from nowhere", out("[{name: a}]"), []want{{"spec.templates[0].outputs.parameters[0].valueFrom", req, "where the value comes from"}}},
		{"output from nothing", out("[{name: a, valueFrom: {}}]"), []want{{"spec.templates[0].outputs.parameters[0].valueFrom.path", req, "container"}}},
		{"output from two places", out("[{name: a, valueFrom: {path: /a, parameter: x}}]"), []want{{"spec.templates[0].outputs.parameters[0].valueFrom", inv, "one source"}}},
		{"output with value and source", out("[{name: a, value: x, valueFrom: {path: /a}}]"), []want{{"spec.templates[0].outputs.parameters[0]", inv, "keep one"}}},
		{"output of a constant", out("[{name: a, value: x}]"), nil},
		{"output of a container from an expression", out("[{name: a, valueFrom: {expression: '1'}}]"), []want{{"spec.templates[0].outputs.parameters[0].valueFrom.expression", inv, `"path"`}}},
		{"output of steps", steps("[{name: a, template: o}]\n  outputs: {parameters: [{name: y, valueFrom: {parameter: '{{steps.a.outputs.parameters.x}}'}}]}"), nil},
		{"output of steps from a file", steps("[{name: a, template: o}]\n  outputs: {parameters: [{name: y, valueFrom: {path: /x}}]}"), []want{{"spec.templates[0].outputs.parameters[0].valueFrom.path", inv, `"parameter", "expression"`}}},
		{"output of steps that is not there", steps("[{name: a, template: o}]\n  outputs: {parameters: [{name: y, valueFrom: {parameter: '{{steps.a.outputs.parameters.z}}'}}]}"), []want{{"spec.templates[0].outputs.parameters[0].valueFrom.parameter", inv, "does not yield outputs.parameters.z"}}},
		{"output of steps by an expression", steps("[{name: a, template: r}]\n  outputs: {parameters: [{name: y, valueFrom: {expression: \"steps['a'].outputs.result\"}}]}"), nil},
		{"output of steps by a bad expression", steps("[{name: a, template: r}]\n  outputs: {parameters: [{name: y, valueFrom: {expression: \"steps['z'].outputs.result\"}}]}"), []want{{"spec.templates[0].outputs.parameters[0].valueFrom.expression", inv, `no step "z"`}}},
		{"output that does not compile", steps("[{name: a, template: r}]\n  outputs: {parameters: [{name: y, valueFrom: {expression: '1 +'}}]}"), []want{{"spec.templates[0].outputs.parameters[0].valueFrom.expression", inv, "expression"}}},
		{"supplied output", "entrypoint: main\ntemplates: [{name: main, suspend: {}, outputs: {parameters: [{name: a, valueFrom: {supplied: {}}}]}}]", nil},
		{"global name", out("[{name: a, valueFrom: {path: /a}, globalName: a b}]"), []want{{"spec.templates[0].outputs.parameters[0].globalName", inv, "'_'"}}},
	})
}

func TestStepsRules(t *testing.T) {
	loop := func(s string) string { return steps("[{name: a, template: t, " + s + "}]") }
	at := "spec.templates[0].steps[0][0]"
	check(t, []row{
		{"steps", steps("[{name: a, template: t}, {name: b, template: t}]", "[{name: c, template: t}]"), nil},
		{"no name", steps("[{template: t}]"), []want{{at + ".name", req, "name"}}},
		{"bad name", steps("[{name: a_b, template: t}]"), []want{{at + ".name", inv, "letters"}}},
		{"same name", steps("[{name: a, template: t}]", "[{name: a, template: t}]"), []want{{"spec.templates[0].steps[1][0].name", inv, "another step"}}},
		{"nothing to run", steps("[{name: a}]"), []want{{at, req, "template, templateRef, inline"}}},
		{"two to run", steps("[{name: a, template: t, inline: {suspend: {}}}]"), []want{{at, inv, "exclude each other"}}},
		{"not there", steps("[{name: a, template: x}]"), []want{{at + ".template", inv, `no template "x"`}}},
		{"computed name", steps("[{name: a, template: '{{item}}', withItems: [t]}]"), []want{{at + ".template", inv, "cannot be computed"}}},
		{"reference without names", steps("[{name: a, templateRef: {}}]"), []want{{at + ".templateRef.name", req, ""}, {at + ".templateRef.template", req, ""}}},
		{"reference that was not frozen", steps("[{name: a, templateRef: {name: x, template: z}}]"), []want{{at + ".templateRef", inv, `"z" of "x"`}}},
		{"inline", steps("[{name: a, inline: {container: {image: x}}}]"), nil},
		{"inline without an image", steps("[{name: a, inline: {container: {}}}]"), []want{{at + ".inline.container.image", req, "image"}}},
		{"inline with a name", steps("[{name: a, inline: {name: n, container: {image: x}}}]"), []want{{at + ".inline.name", inv, "no name"}}},
		{"inline in inline", steps("[{name: a, inline: {steps: [[{name: b, inline: {suspend: {}}}]]}}]"), []want{{at + ".inline.steps[0][0].inline", inv, "no other inline"}}},
		{"inline that sees its caller's inputs", steps("[{name: a, inline: {container: {image: x, args: ['{{inputs.parameters.q}}']}}}]"), []want{{at + ".inline.container.args[0]", inv, "inputs.parameters.q"}}},
		{"two loops", loop("withItems: [1], withParam: '[]'"), []want{{at, inv, "exclude each other"}}},
		{"items", loop("withItems: [1, a, true, [1], {a: b}]"), nil},
		{"null item", loop("withItems: [null]"), []want{{at + ".withItems[0]", inv, "an item is"}}},
		{"list that is none", loop("withParam: '{}'"), []want{{at + ".withParam", inv, "JSON list"}}},
		{"empty list", loop("withParam: '[]'"), nil},
		{"sequence", loop("withSequence: {count: 3}"), nil},
		{"sequence down", loop("withSequence: {start: 5, end: '1', format: 'n%02X'}"), nil},
		{"sequence of no length", loop("withSequence: {start: 1}"), []want{{at + ".withSequence", req, "count, end"}}},
		{"sequence of two lengths", loop("withSequence: {count: 1, end: 2}"), []want{{at + ".withSequence", inv, "exclude"}}},
		{"negative count", loop("withSequence: {count: -1}"), []want{{at + ".withSequence.count", inv, "negative"}}},
		{"count that is no number", loop("withSequence: {count: many}"), []want{{at + ".withSequence.count", inv, "whole number"}}},
		{"bad format", loop("withSequence: {count: 1, format: '%s%s'}"), []want{{at + ".withSequence.format", inv, "printf"}}},
		{"when", loop("when: a == b"), nil},
		{"when with tags", "arguments: {parameters: [{name: x, value: 1}, {name: op, value: '=='}]}\n" + loop("when: '{{workflow.parameters.x}} > 5 && \"{{workflow.name}}\" != foo'"), nil},
		{"when with an operator in a tag", "arguments: {parameters: [{name: op, value: '=='}]}\n" + loop("when: '1 {{workflow.parameters.op}} {{workflow.name}}'"), nil},
		{"when by an expression", loop("when: \"{{= workflow.name == 'x' }}\""), nil},
		{"when that is no condition", loop("when: a == (b"), []want{{at + ".when", inv, "when"}}},
		{"when with a dangling operator", loop("when: '{{workflow.name}} =='"), []want{{at + ".when", inv, "when"}}},
		{"onExit", loop("onExit: t"), nil},
		{"onExit not there", loop("onExit: x"), []want{{at + ".onExit", inv, `no template "x"`}}},
		{"exit hook", loop("hooks: {exit: {template: p, arguments: {parameters: [{name: m, value: '{{steps.a.status}} {{steps.a.exitCode}}'}]}}}"), nil},
		{"exit hook without its argument", loop("hooks: {exit: {template: p}}"), []want{{at + ".hooks[exit].arguments.parameters", req, `"m"`}}},
		{"exit hook by two ways", loop("hooks: {exit: {template: t, templateRef: {name: a, template: b}}}"), []want{{at + ".hooks[exit]", inv, "exclude each other"}}},
	})
}

func TestDAGRules(t *testing.T) {
	at := "spec.templates[0].dag.tasks"
	check(t, []row{
		{"no tasks", "entrypoint: main\ntemplates: [{name: main, dag: {tasks: []}}]", []want{{at, req, "at least one"}}},
		{"depends", dag("{name: a, template: t}", "{name: b, template: t, depends: '!a.Failed && (a || a.Skipped)'}"), nil},
		{"dependencies", dag("{name: a, template: t}", "{name: b, template: t, dependencies: [a]}"), nil},
		{"blank depends", dag("{name: a, template: t, depends: ' '}"), nil},
		{"no name", dag("{name: '', template: t}"), []want{{at + "[0].name", req, ""}}},
		{"same name", dag("{name: a, template: t}", "{name: a, template: t}"), []want{{at + "[1].name", inv, "another task"}}},
		{"digit", dag("{name: 1a, template: t}"), nil},
		{"digit with depends", dag("{name: 1a, template: t}", "{name: b, template: t, depends: 1a}"), []want{{at + "[0].name", inv, "digit"}}},
		{"digit with dependencies", dag("{name: a, template: t}", "{name: 1b, template: t, dependencies: [a]}"), []want{{at + "[1].name", inv, "digit"}}},
		{"both", dag("{name: a, template: t}", "{name: b, template: t, depends: a}", "{name: c, template: t, dependencies: [a, b]}"), []want{{at + "[2].dependencies", inv, `"a && b"`}}},
		{"continueOn with depends", dag("{name: a, template: t, continueOn: {failed: true}}", "{name: b, template: t, depends: a}"), []want{{at + "[0].continueOn", inv, "a.Failed"}}},
		{"continueOn with dependencies", dag("{name: a, template: t, continueOn: {failed: true}}", "{name: b, template: t, dependencies: [a]}"), nil},
		{"depends on nobody", dag("{name: a, template: t, depends: x}"), []want{{at + "[0].depends", inv, `no task "x"`}}},
		{"dependency on nobody", dag("{name: a, template: t, dependencies: [x]}"), []want{{at + "[0].dependencies[0]", inv, `no task "x"`}}},
		{"not an expression", dag("{name: a, template: t}", "{name: b, template: t, depends: 'a &&'}"), []want{{at + "[1].depends", inv, "missing at the end"}}},
		{"unknown result", dag("{name: a, template: t}", "{name: b, template: t, depends: a.Done}"), []want{{at + "[1].depends", inv, "'Done'"}}},
		{"items of no loop", dag("{name: a, template: t}", "{name: b, template: t, depends: a.AnySucceeded}"), []want{{at + "[1].depends", inv, "AnySucceeded is for loops"}}},
		{"items of a loop", dag("{name: a, template: t, withItems: [1]}", "{name: b, template: t, depends: a.AllFailed}"), nil},
		{"cycle of one", dag("{name: a, template: t, depends: a}"), []want{{at + "[0].depends", inv, "cycle detected: a->a"}}},
		{"cycle of two", dag("{name: a, template: t, dependencies: [b]}", "{name: b, template: t, dependencies: [a]}"), []want{{at + "[1].dependencies", inv, "cycle detected: a->b->a"}}},
		{"cycle behind a tail", dag("{name: z, template: t, depends: a}", "{name: a, template: t, depends: c}", "{name: b, template: t, depends: a}", "{name: c, template: t, depends: b}"), []want{{at + "[2].depends", inv, "cycle detected: a->c->b->a"}}},
		{"target", dagWith("target: a b", "{name: a, template: t}", "{name: b, template: t}"), nil},
		{"target not there", dagWith("target: a x", "{name: a, template: t}"), []want{{"spec.templates[0].dag.target", inv, `no task "x"`}}},
		{"target by tag", "arguments: {parameters: [{name: w, value: a}]}\n" + dagWith("target: '{{workflow.parameters.w}}'", "{name: a, template: t}"), nil},
		{"target by unknown tag", dagWith("target: '{{workflow.parameters.w}}'", "{name: a, template: t}"), []want{{"spec.templates[0].dag.target", inv, "workflow.parameters.w"}}},
		{"inline task", dag("{name: a, inline: {script: {source: x}}}"), []want{{at + "[0].inline.script.image", req, "image"}}},
	})
}
