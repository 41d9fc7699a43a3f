// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/apis/rollout/validation"
	"argosy.dev/argosy/apis/scheme"
)

const analysis = `
metadata: {name: a}
spec: {metrics: [{name: m, provider: {web: {url: "https://a.example"}}}]}
`

// metric says all changes of the tests relative to the only metric, which they replace.
func metric(text string) string { return "{spec: {metrics: [" + text + "]}}" }

// ofMetric puts the path of the metric before the lines.
func ofMetric(lines ...string) string {
	return "spec.metrics[0]." + strings.Join(lines, "\nspec.metrics[0].")
}

func TestMetrics(t *testing.T) {
	const provider = `provider: {prometheus: {query: q}}`
	for _, r := range []rule{
		{"valid", `{name: m, ` + provider + `, interval: 1m, count: 5, failureLimit: -1, inconclusiveLimit: 5, initialDelay: 10s, successCondition: "result[0] >= 0.95 && !isNaN(result[0])", failureCondition: "default(result, 0) == 1"}`, ""},
		{"tags", `{name: m, ` + provider + `, interval: "{{args.a}}", initialDelay: "{{args.a}}", count: "{{args.a}}", failureLimit: "{{args.a}}", successCondition: "result > {{args.a}}"}`, ""},
		{"no name", `{name: "", ` + provider + `}`, ofMetric("name: Required value")},
		{"durations", `{name: m, ` + provider + `, interval: 1x, initialDelay: -1s}`, ofMetric(`interval: Invalid value: "1x"`, `initialDelay: Invalid value: "-1s": Duration needs to be greater than 0`)},
		{"count without interval", `{name: m, ` + provider + `, count: 2}`, ofMetric("interval: Required value")},
		{"one without interval", `{name: m, ` + provider + `, count: "1"}`, ""},
		{"negative numbers", `{name: m, ` + provider + `, count: -1, failureLimit: -2, inconclusiveLimit: -1, consecutiveErrorLimit: -1, consecutiveSuccessLimit: -1}`,
			ofMetric("count: Invalid value: -1", "failureLimit: Invalid value: -2: must be at least -1", "inconclusiveLimit: Invalid value: -1", "consecutiveErrorLimit: Invalid value: -1", "consecutiveSuccessLimit: Invalid value: -1")},
		{"no numbers", `{name: m, ` + provider + `, count: many}`, ofMetric(`count: Invalid value: "many": must be a number`)},
		{"limits above count", `{name: m, ` + provider + `, interval: 1s, count: 2, failureLimit: 3, inconclusiveLimit: "3", consecutiveSuccessLimit: 3}`,
			ofMetric("count: Invalid value: 2: must not be less than failureLimit", "count: Invalid value: 2: must not be less than inconclusiveLimit", "count: Invalid value: 2: must not be less than consecutiveSuccessLimit")},
		{"conditions", `{name: m, ` + provider + `, successCondition: "result >", failureCondition: "value > 1"}`, ofMetric(`successCondition: Invalid value: "result >": compile expression`, `failureCondition: Invalid value: "value > 1": there is no value`)},
		{"no provider", `{name: m, provider: {}}`, ofMetric("provider: Required value: one of prometheus")},
		{"several providers", `{name: m, provider: {prometheus: {query: q}, web: {url: "http://a"}}}`, ofMetric(`provider: Invalid value: "prometheus, web": only one of`)},
		{"several plugins", `{name: m, provider: {plugin: {a: {}, b: 1}}}`, ofMetric("provider.plugin: Too many: 2")},
		{"prometheus", `{name: m, provider: {prometheus: {address: "a:9090", timeout: -1, rangeQuery: {step: x}, headers: [{key: "", value: ""}], authentication: {basicAuth: {username: a}, sigv4: {region: b}}}}}`,
			ofMetric(`provider.prometheus.address: Invalid value: "a:9090"`, "provider.prometheus.timeout: Invalid value: -1", `provider.prometheus.rangeQuery.step: Invalid value: "x"`, "provider.prometheus.headers[0].key: Required value", `provider.prometheus.authentication: Invalid value: "sigv4, basicAuth"`)},
		{"web", `{name: m, provider: {web: {url: "", method: HEAD, timeoutSeconds: -1, jsonPath: "{.a"}}}`,
			ofMetric("provider.web.url: Required value", `provider.web.method: Unsupported value: "HEAD"`, "provider.web.timeoutSeconds: Invalid value: -1", `provider.web.jsonPath: Invalid value: "{.a"`)},
		{"bodies", `{name: m, provider: {web: {url: "http://a", method: POST, body: a, jsonBody: {a: 1}}}}`, ofMetric("provider.web.jsonBody: Forbidden")},
		{"body of a GET", `{name: m, provider: {web: {url: "http://a", body: a}}}`, ofMetric("provider.web.body: Forbidden")},
		{"job", `{name: m, provider: {job: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: "{{args.a}}", image: "{{args.b}}", resources: {limits: {memory: invalid}}}]}}}}}}`, ""},
		{"bad job", `{name: m, provider: {job: {metadata: {labels: {"a b": c}}, spec: {template: {spec: {restartPolicy: Always, containers: [{name: a}]}}}}}}`,
			ofMetric(`provider.job.metadata.labels: Invalid value: "a b"`, `provider.job.spec.template.spec.restartPolicy: Unsupported value: "Always"`, "provider.job.spec.template.spec.containers[0].image: Required value")},
		{"job without pods", `{name: m, provider: {job: {spec: {}}}}`, ofMetric("provider.job.spec.template.spec.containers: Required value")},
		{"job of a wrong type", `{name: m, provider: {job: {spec: {backoffLimit: x}}}}`, ofMetric("provider.job.spec: Invalid value")},
		{"kubernetes", `{name: m, provider: {kubernetes: {apiVersion: apps/v1, kind: Deployment, name: "{{args.a}}", jsonPath: "{.status.readyReplicas}"}}}`, ""},
		{"bad kubernetes", `{name: m, provider: {kubernetes: {apiVersion: a/b/c, kind: "", name: "", namespace: A, serviceAccountName: B, jsonPath: "{"}}}`,
			ofMetric("provider.kubernetes.kind: Required value", "provider.kubernetes.name: Required value", `provider.kubernetes.apiVersion: Invalid value: "a/b/c"`, `provider.kubernetes.namespace: Invalid value: "A"`, `provider.kubernetes.serviceAccountName: Invalid value: "B"`, `provider.kubernetes.jsonPath: Invalid value: "{"`)},
		{"datadog", `{name: m, provider: {datadog: {apiVersion: v3, aggregator: most, interval: x, query: q, queries: {a: b}}}}`,
			ofMetric(`provider.datadog.interval: Invalid value: "x"`, `provider.datadog.apiVersion: Unsupported value: "v3"`, `provider.datadog.aggregator: Unsupported value: "most"`, `provider.datadog: Invalid value: "query, queries"`)},
		{"others", `{name: m, provider: {newRelic: {query: ""}}}`, ofMetric("provider.newRelic.query: Required value")},
		{"cloudWatch", `{name: m, provider: {cloudWatch: {interval: x, metricDataQueries: []}}}`, ofMetric(`provider.cloudWatch.interval: Invalid value: "x"`, "provider.cloudWatch.metricDataQueries: Required value")},
	} {
		t.Run(r.name, func(t *testing.T) {
			text := changed(t, analysis, metric(r.change))
			var template rov1.AnalysisTemplate
			var cluster rov1.ClusterAnalysisTemplate
			var run rov1.AnalysisRun
			read(t, text, &template)
			read(t, text, &cluster)
			read(t, text, &run)
			check(t, r.want, validation.ValidateAnalysisTemplate(&template))
			check(t, r.want, validation.ValidateClusterAnalysisTemplate(&cluster))
			check(t, r.want, validation.ValidateAnalysisRun(&run))
		})
	}
}

func TestAnalysisTemplate(t *testing.T) {
	for _, r := range []rule{
		{"valid", `{spec: {args: [{name: a}, {name: b, value: ""}, {name: c, valueFrom: {secretKeyRef: {name: s, key: k}}}], dryRun: [{metricName: ".*"}]}}`, ""},
		{"nothing", `{spec: {metrics: []}}`, "spec.metrics: Required value: at least one metric must be given"},
		{"other templates", `{spec: {metrics: null, templates: [{templateName: t, clusterScope: true}]}}`, ""},
		{"templates without names", `{spec: {templates: [{templateName: ""}]}}`, "spec.templates[0].templateName: Required value"},
		{"names that occur twice", `{spec: {metrics: [{name: m, provider: {plugin: {a: {}}}}, {name: m, provider: {plugin: {a: {}}}}]}}`, `spec.metrics[1].name: Duplicate value: "m"`},
		{"arguments", `{spec: {args: [{name: ""}, {name: a, valueFrom: {}}, {name: b, valueFrom: {secretKeyRef: {name: "", key: ""}}}]}}`,
			"spec.args[0].name: Required value\nspec.args[1].valueFrom: Required value: one of secretKeyRef, fieldRef\nspec.args[2].valueFrom.secretKeyRef.name: Required value\nspec.args[2].valueFrom.secretKeyRef.key: Required value"},
	} {
		t.Run(r.name, func(t *testing.T) {
			var template rov1.AnalysisTemplate
			read(t, changed(t, analysis, r.change), &template)
			check(t, r.want, validation.ValidateAnalysisTemplate(&template))
		})
	}
}

func TestAnalysisRun(t *testing.T) {
	for _, r := range []rule{
		{"valid", `{spec: {args: [{name: a, value: ""}], terminate: true, ttlStrategy: {secondsAfterSuccess: 0}}}`, ""},
		{"nothing", `{spec: {metrics: []}}`, "spec.metrics: Required value: at least one metric must be given"},
		{"arguments without values", `{spec: {args: [{name: a}]}}`, "spec.args[0].value: Required value"},
		{"ttl", `{spec: {ttlStrategy: {secondsAfterCompletion: -1, secondsAfterFailure: -1, secondsAfterSuccess: -1}}}`,
			"spec.ttlStrategy.secondsAfterCompletion: Invalid value: -1\nspec.ttlStrategy.secondsAfterFailure: Invalid value: -1\nspec.ttlStrategy.secondsAfterSuccess: Invalid value: -1"},
	} {
		t.Run(r.name, func(t *testing.T) {
			var run rov1.AnalysisRun
			read(t, changed(t, analysis, r.change), &run)
			check(t, r.want, validation.ValidateAnalysisRun(&run))
		})
	}
}

func TestExperiment(t *testing.T) {
	const experiment = `
metadata: {name: a}
spec: {templates: [{name: a, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: a, image: i}]}}}]}
`
	const pods = `selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: a, image: i}]}}`
	for _, r := range []rule{
		{"valid", `{spec: {duration: 5m, analyses: [{name: a, templateName: t, requiredForCompletion: true, args: [{name: a, value: b}]}]}}`, ""},
		{"two groups with one selector", `{spec: {templates: [{name: a, ` + pods + `}, {name: b, ` + pods + `}]}}`, ""},
		{"nothing", `{spec: {templates: []}}`, "spec.templates: Required value"},
		{"numbers", `{spec: {duration: soon, progressDeadlineSeconds: -1, scaleDownDelaySeconds: -1}}`,
			"spec.progressDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0\nspec.progressDeadlineSeconds: Invalid value: -1: must be greater than minReadySeconds of template \"a\"\nspec.duration: Invalid value: \"soon\"\nspec.scaleDownDelaySeconds: Invalid value: -1"},
		{"groups", `{spec: {templates: [{name: a, replicas: -1, minReadySeconds: -1, service: {name: A}, ` + pods + `}, {name: a, selector: {matchLabels: {app: b}}, template: {spec: {}}}, {name: "", selector: null, template: {spec: {containers: [{name: a, image: i}]}}}]}}`,
			"spec.templates[0].replicas: Invalid value: -1\nspec.templates[0].minReadySeconds: Invalid value: -1\nspec.templates[0].service.name: Invalid value: \"A\"\nspec.templates[1].name: Duplicate value: \"a\"\n" +
				"spec.templates[1].template.metadata.labels: Invalid value\nspec.templates[1].template.spec.containers: Required value\nspec.templates[2].name: Required value\nspec.templates[2].selector: Required value"},
		{"analyses", `{spec: {analyses: [{name: a, templateName: A}, {name: a, templateName: t}]}}`, "spec.analyses[0].templateName: Invalid value: \"A\"\nspec.analyses[1].name: Duplicate value: \"a\""},
	} {
		t.Run(r.name, func(t *testing.T) {
			var e rov1.Experiment
			read(t, changed(t, experiment, r.change), &e)
			check(t, r.want, validation.ValidateExperiment(&e))
		})
	}
}

// FuzzValidate looks for objects that make validation panic, or that do not stay as they are under it.
func FuzzValidate(f *testing.F) {
	for _, seed := range []string{rollout, analysis, `{"kind":"Rollout","spec":{"strategy":{"blueGreen":{"maxUnavailable":"x%"},"canary":{"steps":[{"pause":{"duration":"1h"}},{"setMirrorRoute":{"match":[{"headers":{"a":{}}}]}}]}}}}`} {
		data := changed(f, seed, "{}")
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, kind := range []string{"Rollout", "AnalysisTemplate", "ClusterAnalysisTemplate", "AnalysisRun", "Experiment"} {
			obj, err := scheme.Scheme.New(rov1.SchemeGroupVersion.WithKind(kind))
			if err != nil {
				t.Fatal(err)
			}
			if json.Unmarshal(data, obj) != nil {
				continue
			}
			before := obj.DeepCopyObject()
			first := validate(obj)
			if diff := cmp.Diff(before, obj); diff != "" {
				t.Errorf("validation has changed the object: %s", diff)
			}
			// Errors come in one order, so that who reads them twice sees the same.
			if diff := cmp.Diff(fmt.Sprint(first), fmt.Sprint(validate(obj))); diff != "" {
				t.Error(diff)
			}
		}
	})
}
