// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
)

// rule is an object that breaks one rule, and what is said of it: FIELD: a piece of the message. Empty means that the
// object is right.
type rule struct{ name, object, want string }

// check validates the objects that decode into a new object each. What is wrong must be all that is wrong.
func check(t *testing.T, rules []rule, empty func() runtime.Object) {
	t.Helper()
	for _, tc := range rules {
		t.Run(tc.name, func(t *testing.T) {
			obj := empty()
			if err := yaml.UnmarshalStrict([]byte(tc.object), obj); err != nil {
				t.Fatal(err)
			}
			errs := validate(obj)
			switch {
			case tc.want == "" && len(errs) == 0:
			case tc.want == "":
				t.Errorf("refused: %v", errs.ToAggregate())
			case len(errs) != 1 || !strings.Contains(errs[0].Error(), tc.want):
				t.Errorf("got %v, want %s", errs.ToAggregate(), tc.want)
			}
		})
	}
}

const (
	dependency = "dependencies: [{name: a, eventSourceName: s, eventName: e}]"
	logs       = "triggers: [{template: {name: t, log: {}}}]"
	param      = "src: {dependencyName: a}, dest: d"
)

// of is a sensor with one trigger, whose template has this kind.
func of(kind string) string {
	return "spec: {" + dependency + ", triggers: [{template: {name: t, " + kind + "}}]}"
}

// with is a sensor with one trigger that has this, too.
func with(trigger string) string {
	return "spec: {" + dependency + ", triggers: [{template: {name: t, log: {}}, " + trigger + "}]}"
}

// on is a sensor whose one dependency has this, too.
func on(more string) string {
	return "spec: {dependencies: [{name: a, eventSourceName: s, eventName: e, " + more + "}], " + logs + "}"
}

func TestSensorRules(t *testing.T) {
	const t0, tpl = "spec.triggers[0].", "spec.triggers[0].template."
	check(t, []rule{
		{"right", "spec: {" + dependency + ", " + logs + "}", ""},
		{"no dependencies", "spec: {triggers: [{template: {name: t, log: {}}}]}", "spec.dependencies: Required value"},
		{"no triggers", "spec: {" + dependency + "}", "spec.triggers: Required value"},
		{"negative replicas", "spec: {replicas: -1, " + dependency + ", " + logs + "}", "spec.replicas: Invalid value: -1"},
		{"dependency without a name", "spec: {dependencies: [{eventSourceName: s, eventName: e}], " + logs + "}", "spec.dependencies[0].name: Required value"},
		{"dependency without a source", "spec: {dependencies: [{name: a, eventName: e}], " + logs + "}", "spec.dependencies[0].eventSourceName: Required value"},
		{"dependency without an event", "spec: {dependencies: [{name: a, eventSourceName: s}], " + logs + "}", "spec.dependencies[0].eventName: Required value"},
		{"two dependencies of a name", "spec: {dependencies: [{name: a-b, eventSourceName: s, eventName: e}, {name: a_b, eventSourceName: s, eventName: f}], " + logs + "}", "spec.dependencies[1].name: Duplicate value"},
		{"two dependencies on an event", "spec: {dependencies: [{name: a, eventSourceName: s, eventName: e}, {name: b, eventSourceName: s, eventName: e}], " + logs + "}", ""},

		{"two triggers of a name", "spec: {" + dependency + ", triggers: [{template: {name: t, log: {}}}, {template: {name: t, log: {}}}]}", "spec.triggers[1].template.name: Duplicate value"},
		{"dlqTrigger of the same name", with("atLeastOnce: true, dlqTrigger: {atLeastOnce: true, template: {name: t, log: {}}}"), ""},
		{"dlqTrigger of a trigger that is tried once", with("dlqTrigger: {atLeastOnce: true, template: {name: u, log: {}}}"), t0 + "atLeastOnce: Required value"},
		{"dlqTrigger that is tried once", with("atLeastOnce: true, dlqTrigger: {template: {name: u, log: {}}}"), t0 + "dlqTrigger.atLeastOnce: Required value"},
		{"dlqTrigger with a mistake", with("atLeastOnce: true, dlqTrigger: {atLeastOnce: true, template: {log: {}}}"), t0 + "dlqTrigger.template.name: Required value"},
		{"no template", "spec: {" + dependency + ", triggers: [{}]}", t0 + "template: Required value"},
		{"no name", "spec: {" + dependency + ", triggers: [{template: {log: {}}}]}", tpl + "name: Required value"},
		{"no kind", "spec: {" + dependency + ", triggers: [{template: {name: t}}]}", t0 + "template: Required value"},
		{"kind from parameters", "spec: {" + dependency + ", triggers: [{template: {name: t}, parameters: [{" + param + "}]}]}", ""},

		{"conditions", of("log: {}, conditions: a && (a || a)"), ""},
		{"conditions that are none", of("log: {}, conditions: 'a &&'"), tpl + "conditions: Invalid value"},
		{"conditions on nothing known", of("log: {}, conditions: a || b"), `there is no dependency "b"`},
		{"reset", of("log: {}, conditionsReset: [{byTime: {cron: '0 0 * * *', timezone: Europe/Berlin}}]"), ""},
		{"reset at no time", of("log: {}, conditionsReset: [{}]"), tpl + "conditionsReset[0].byTime: Required value"},
		{"reset without cron", of("log: {}, conditionsReset: [{byTime: {}}]"), tpl + "conditionsReset[0].byTime.cron: Required value"},
		{"reset with seconds", of("log: {}, conditionsReset: [{byTime: {cron: '0 0 0 * * *'}}]"), tpl + "conditionsReset[0].byTime.cron: Invalid value"},
		{"reset where no time zone is", of("log: {}, conditionsReset: [{byTime: {cron: '0 0 * * *', timezone: Mars/Base}}]"), tpl + "conditionsReset[0].byTime.timezone: Invalid value"},

		{"policy on labels", with("policy: {k8s: {labels: {a: b}, backoff: {steps: 3}}}"), ""},
		{"policy on no labels", with("policy: {k8s: {backoff: {steps: 3}}}"), t0 + "policy.k8s.labels: Required value"},
		{"policy on no codes", with("policy: {status: {allow: []}}"), t0 + "policy.status.allow: Required value"},
		{"rate per fortnight", with("rateLimit: {unit: Fortnight}"), t0 + "rateLimit.unit: Unsupported value"},
		{"negative rate", with("rateLimit: {unit: Hour, requestsPerUnit: -1}"), t0 + "rateLimit.requestsPerUnit: Invalid value"},
		{"retry after no time", with("retryStrategy: {duration: soon}"), t0 + "retryStrategy.duration: Invalid value"},
		{"retry after nanoseconds", with("retryStrategy: {duration: 1000, factor: 1.5, jitter: 0, steps: 0}"), ""},
		{"negative factor", with("retryStrategy: {factor: -1}"), t0 + "retryStrategy.factor: Invalid value"},
		{"negative steps", with("retryStrategy: {steps: -1}"), t0 + "retryStrategy.steps: Invalid value"},

		{"parameter", with("parameters: [{" + param + ", operation: append}]"), ""},
		{"parameter from nowhere", with("parameters: [{dest: d}]"), t0 + "parameters[0].src: Required value"},
		{"parameter to nowhere", with("parameters: [{src: {dependencyName: a}}]"), t0 + "parameters[0].dest: Required value"},
		{"parameter of no dependency", with("parameters: [{src: {}, dest: d}]"), t0 + "parameters[0].src.dependencyName: Required value"},
		{"unknown operation", with("parameters: [{" + param + ", operation: insert}]"), t0 + "parameters[0].operation: Unsupported value"},
		{"template of data", with("parameters: [{src: {dependencyName: a, dataTemplate: '{{ .Input.body | upper }'}, dest: d}]"), t0 + "parameters[0].src.dataTemplate: Invalid value"},
		{"template with an unknown function", with("parameters: [{src: {dependencyName: a, contextTemplate: '{{ nope .Input }}'}, dest: d}]"), t0 + "parameters[0].src.contextTemplate: Invalid value"},
	}, func() runtime.Object { return &snv1.Sensor{} })
}

func TestTriggerKindRules(t *testing.T) {
	const tpl = "spec.triggers[0].template."
	resource := "source: {resource: {apiVersion: v1, kind: ConfigMap}}"
	check(t, []rule{
		{"k8s", of("k8s: {" + resource + "}"), ""},
		{"k8s without a source", of("k8s: {operation: create}"), tpl + "k8s.source: Required value"},
		{"k8s from nowhere", of("k8s: {source: {}}"), tpl + "k8s.source: Required value"},
		{"k8s of no kind", of("k8s: {source: {resource: {apiVersion: v1}}}"), tpl + "k8s.source.resource.kind: Required value"},
		{"k8s whose kind comes from an event", of("k8s: {source: {resource: {}}, parameters: [{" + param + "}]}"), ""},
		{"k8s replace", of("k8s: {operation: replace, " + resource + "}"), tpl + "k8s.operation: Unsupported value"},
		{"k8s patch by no strategy", of("k8s: {operation: patch, patchStrategy: text/plain, " + resource + "}"), tpl + "k8s.patchStrategy: Unsupported value"},
		{"k8s from a config map without a key", of("k8s: {source: {configmap: {name: c}}}"), tpl + "k8s.source.configmap.key: Required value"},
		{"k8s from a bucket without a name", of("k8s: {source: {s3: {endpoint: e, bucket: {key: k}}}}"), tpl + "k8s.source.s3.bucket.name: Required value"},
		{"k8s from git without a file", of("k8s: {source: {git: {url: u}}}"), tpl + "k8s.source.git.filePath: Required value"},
		{"k8s parameter", of("k8s: {" + resource + ", parameters: [{dest: d}]}"), tpl + "k8s.parameters[0].src: Required value"},

		{"workflow", of("argoWorkflow: {operation: submit, " + resource + "}"), ""},
		{"workflow without an operation", of("argoWorkflow: {" + resource + "}"), tpl + "argoWorkflow.operation: Required value"},
		{"workflow with an unknown one", of("argoWorkflow: {operation: run, " + resource + "}"), tpl + "argoWorkflow.operation: Unsupported value"},
		{"workflow without a source", of("argoWorkflow: {operation: stop}"), tpl + "argoWorkflow.source: Required value"},

		{"http", of("http: {url: 'http://a', method: POST, timeout: 0}"), ""},
		{"http to nowhere", of("http: {method: POST}"), tpl + "http.url: Required value"},
		{"http HEAD", of("http: {url: 'http://a', method: HEAD}"), tpl + "http.method: Unsupported value"},
		{"http payload", of("http: {url: 'http://a', payload: [{" + param + ", operation: x}]}"), tpl + "http.payload[0].operation: Unsupported value"},
		{"http dynamic header", of("http: {url: 'http://a', dynamicHeaders: [{src: {dependencyName: a}}]}"), tpl + "http.dynamicHeaders[0].dest: Required value"},
		{"http certificate without a key", of("http: {url: 'http://a', tls: {clientCertSecret: {name: a, key: b}}}"), tpl + "http.tls.clientKeySecret: Required value"},
		{"http negative timeout", of("http: {url: 'http://a', timeout: -1}"), tpl + "http.timeout: Invalid value"},
		{"http address from an event", of("http: {url: '%', parameters: [{" + param + "}]}"), ""},

		{"lambda", of("awsLambda: {functionName: f, region: r, payload: []}"), ""},
		{"lambda of no name", of("awsLambda: {region: r, payload: []}"), tpl + "awsLambda.functionName: Required value"},
		{"lambda of no region", of("awsLambda: {functionName: f, payload: []}"), tpl + "awsLambda.region: Required value"},
		{"lambda without payload", of("awsLambda: {functionName: f, region: r}"), tpl + "awsLambda.payload: Required value"},
		{"openWhisk", of("openWhisk: {host: h, actionName: a}"), ""},
		{"openWhisk without a host", of("openWhisk: {actionName: a}"), tpl + "openWhisk.host: Required value"},
		{"openWhisk without an action", of("openWhisk: {host: h}"), tpl + "openWhisk.actionName: Required value"},
		{"openWhisk token without a key", of("openWhisk: {host: h, actionName: a, authToken: {name: s}}"), tpl + "openWhisk.authToken.key: Required value"},
		{"custom", of("custom: {serverURL: u, spec: {a: b}}"), ""},
		{"custom without a server", of("custom: {spec: {a: b}}"), tpl + "custom.serverURL: Required value"},
		{"custom without a spec", of("custom: {serverURL: u}"), tpl + "custom.spec: Required value"},
		{"custom secure", of("custom: {serverURL: u, spec: {}, secure: true}"), tpl + "custom.certSecret: Required value"},

		{"kafka", of("kafka: {url: u, topic: t, payload: [{" + param + "}]}"), ""},
		{"kafka without brokers", of("kafka: {topic: t, payload: []}"), tpl + "kafka.url: Required value"},
		{"kafka without a topic", of("kafka: {url: u, payload: []}"), tpl + "kafka.topic: Required value"},
		{"kafka without payload", of("kafka: {url: u, topic: t}"), tpl + "kafka.payload: Required value"},
		{"kafka mechanism", of("kafka: {url: u, topic: t, payload: [], sasl: {mechanism: NTLM}}"), tpl + "kafka.sasl.mechanism: Unsupported value"},
		{"kafka user without a password", of("kafka: {url: u, topic: t, payload: [], sasl: {userSecret: {name: a, key: b}}}"), tpl + "kafka.sasl.passwordSecret: Required value"},
		{"nats", of("nats: {url: u, subject: s, payload: []}"), ""},
		{"nats without servers", of("nats: {subject: s, payload: []}"), tpl + "nats.url: Required value"},
		{"nats without a subject", of("nats: {url: u, payload: []}"), tpl + "nats.subject: Required value"},
		{"nats without payload", of("nats: {url: u, subject: s}"), tpl + "nats.payload: Required value"},
		{"pulsar without a topic", of("pulsar: {url: u}"), tpl + "pulsar.topic: Required value"},
		{"pulsar whose topic comes from an event", of("pulsar: {url: u, parameters: [{" + param + "}]}"), ""},
		{"event hubs without a hub", of("azureEventHubs: {fqdn: f}"), tpl + "azureEventHubs.hubName: Required value"},
		{"service bus", of("azureServiceBus: {queueName: q}"), ""},
		{"slack", of("slack: {slackToken: {name: s, key: k}}"), ""},
		{"slack without a token", of("slack: {channel: c}"), tpl + "slack.slackToken: Required value"},
		{"email", of("email: {host: h, port: 65535}"), ""},
		{"email without a host", of("email: {port: 25}"), tpl + "email.host: Required value"},
		{"email port", of("email: {host: h, port: 65536}"), tpl + "email.port: Invalid value"},
		{"log", of("log: {intervalSeconds: -1}"), tpl + "log.intervalSeconds: Invalid value"},
	}, func() runtime.Object { return &snv1.Sensor{} })
}

func TestFilterRules(t *testing.T) {
	const f = "spec.dependencies[0].filters."
	check(t, []rule{
		{"all", on("filtersLogicalOperator: or, filters: {exprLogicalOperator: or, dataLogicalOperator: and, exprs: [{expr: n > 1, fields: [{name: n, path: body.n}]}], data: [{path: a, type: string, value: [b]}], context: {type: webhook}, time: {start: '22:00:00', stop: '06:00:00', timezone: UTC}, script: return true}"), ""},
		{"operator", on("filtersLogicalOperator: xor"), "spec.dependencies[0].filtersLogicalOperator: Unsupported value"},
		{"operator of data", on("filters: {dataLogicalOperator: xor}"), f + "dataLogicalOperator: Unsupported value"},
		{"operator of exprs", on("filters: {exprLogicalOperator: xor}"), f + "exprLogicalOperator: Unsupported value"},
		{"empty expr", on("filters: {exprs: [{fields: [{name: n, path: p}]}]}"), f + "exprs[0].expr: Required value"},
		{"expr without fields", on("filters: {exprs: [{expr: 'true'}]}"), f + "exprs[0].fields: Required value"},
		{"expr with a field without a path", on("filters: {exprs: [{expr: n, fields: [{name: n}]}]}"), f + "exprs[0].fields[0].path: Required value"},
		{"expr with a field without a name", on("filters: {exprs: [{expr: 'true', fields: [{path: p}]}]}"), f + "exprs[0].fields[0].name: Required value"},
		{"expr that is none", on("filters: {exprs: [{expr: 'n >', fields: [{name: n, path: p}]}]}"), f + "exprs[0].expr: Invalid value"},
		{"data without a path", on("filters: {data: [{type: bool, value: ['true']}]}"), f + "data[0].path: Required value"},
		{"data without a type", on("filters: {data: [{path: p, value: [a]}]}"), f + "data[0].type: Required value"},
		{"data of an unknown type", on("filters: {data: [{path: p, type: date, value: [a]}]}"), f + "data[0].type: Unsupported value"},
		{"data without values", on("filters: {data: [{path: p, type: bool}]}"), f + "data[0].value: Required value"},
		{"data with an empty value", on("filters: {data: [{path: p, type: string, value: ['']}]}"), f + "data[0].value[0]: Required value"},
		{"data comparator", on("filters: {data: [{path: p, type: number, comparator: '=>', value: ['1']}]}"), f + "data[0].comparator: Unsupported value"},
		{"data number", on("filters: {data: [{path: p, type: number, value: ['1e3', one]}]}"), f + "data[0].value[1]: Invalid value"},
		{"data boolean", on("filters: {data: [{path: p, type: bool, value: ['yes']}]}"), f + "data[0].value[0]: Invalid value"},
		{"data expression", on("filters: {data: [{path: p, type: string, value: ['(']}]}"), f + "data[0].value[0]: Invalid value"},
		{"data of a template", on("filters: {data: [{path: p, type: number, template: '{{ .Input }}', value: [one]}]}"), ""},
		{"data of no template", on("filters: {data: [{path: p, type: string, template: '{{', value: [one]}]}"), f + "data[0].template: Invalid value"},
		{"context of nothing", on("filters: {context: {}}"), f + "context: Required value"},
		{"time that is none", on("filters: {time: {start: '25:00:00', stop: '06:00:00'}}"), f + "time.start: Invalid value"},
		{"time without a stop", on("filters: {time: {start: '23:00:00'}}"), f + "time.stop: Required value"},
		{"time of no length", on("filters: {time: {start: '6:00:00', stop: '06:00:00'}}"), f + "time.stop: Invalid value"},
		{"time zone", on("filters: {time: {start: '05:00:00', stop: '06:00:00', timezone: Mars}}"), f + "time.timezone: Invalid value"},
		{"script", on("filters: {script: 'return )'}"), f + "script: Invalid value"},
		{"jq", on("transform: {jq: '.body |= '}"), "spec.dependencies[0].transform.jq: Invalid value"},
		{"jq function", on("transform: {jq: nope(1)}"), "spec.dependencies[0].transform.jq: Invalid value"},
		{"lua", on("transform: {script: 'event.a = '}"), "spec.dependencies[0].transform.script: Invalid value"},
	}, func() runtime.Object { return &snv1.Sensor{} })
}
