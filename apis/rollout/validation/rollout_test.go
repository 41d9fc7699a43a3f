// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"strings"
	"testing"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/apis/rollout/validation"
)

const rollout = `
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: a}
spec:
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec: {containers: [{name: a, image: i}]}
  strategy: {canary: {}}
`

func testRollouts(t *testing.T, base string, rules []rule) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			var ro rov1.Rollout
			read(t, changed(t, base, r.change), &ro)
			check(t, r.want, validation.ValidateRollout(&ro))
		})
	}
}

func TestRollout(t *testing.T) {
	testRollouts(t, rollout, []rule{
		{"valid", `{}`, ""},
		{"no selector", `{spec: {selector: null}}`, `spec.selector: Required value: Rollout has missing field '.spec.selector'`},
		{"empty selector", `{spec: {selector: {matchLabels: null}}}`, `spec.selector: Invalid value: {}: empty selector is invalid for deployment`},
		{"bad selector", `{spec: {selector: {matchExpressions: [{key: app, operator: Near}]}}}`, `spec.selector.matchExpressions[0].operator: Invalid value: "Near"`},
		{"selector of others", `{spec: {selector: {matchLabels: {app: b}}}}`, "spec.template.metadata.labels: Invalid value: {\"app\":\"a\"}: `selector` does not match template `labels`"},
		{"no template", `{spec: {template: null}}`, `spec.template: Required value: one of template and workloadRef must be given`},
		{"negative numbers", `{spec: {replicas: -1, minReadySeconds: -1, revisionHistoryLimit: -1, analysis: {successfulRunHistoryLimit: -1, unsuccessfulRunHistoryLimit: -1}, rollbackWindow: {revisions: -1}}}`,
			"spec.replicas: Invalid value: -1\nspec.minReadySeconds: Invalid value: -1\nspec.revisionHistoryLimit: Invalid value: -1\n" +
				"spec.analysis.successfulRunHistoryLimit: Invalid value: -1\nspec.analysis.unsuccessfulRunHistoryLimit: Invalid value: -1\nspec.rollbackWindow.revisions: Invalid value: -1"},
		{"deadline below ready", `{spec: {minReadySeconds: 10, progressDeadlineSeconds: 10}}`, `spec.progressDeadlineSeconds: Invalid value: 10: must be greater than minReadySeconds`},
		{"default deadline below ready", `{spec: {minReadySeconds: 600}}`, `spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds`},
		{"no strategy", `{spec: {strategy: null}}`, `spec.strategy: Required value: one of canary and blueGreen must be given`},
		{"two strategies", `{spec: {strategy: {blueGreen: {activeService: a}}}}`, `spec.strategy: Invalid value: "blueGreen, canary": Multiple Strategies can not be listed`},
		{"workloadRef", `{spec: {selector: null, template: null, workloadRef: {apiVersion: apps/v1, kind: Deployment, name: a, scaleDown: onsuccess}}}`, ""},
		{"workloadRef and template", `{spec: {workloadRef: {apiVersion: apps/v1, kind: ReplicaSet, name: a}}}`, `spec.template: Forbidden: must be empty where workloadRef is given`},
		{"workloadRef to something else", `{spec: {template: null, workloadRef: {apiVersion: v1, kind: Pod, name: A_, scaleDown: later}}}`,
			`spec.workloadRef.kind: Unsupported value: "Pod": supported values: "Deployment", "ReplicaSet", "PodTemplate"` + "\n" +
				`spec.workloadRef.name: Invalid value: "A_"` + "\n" + `spec.workloadRef.scaleDown: Unsupported value: "later"`},
		{"workloadRef of another version", `{spec: {template: null, workloadRef: {apiVersion: apps/v1, kind: PodTemplate}}}`,
			`spec.workloadRef.apiVersion: Unsupported value: "apps/v1": supported values: "v1"` + "\n" + `spec.workloadRef.name: Required value`},
	})
}

func TestBlueGreen(t *testing.T) {
	const base = rollout + `    blueGreen: {activeService: a, previewService: b}
`
	testRollouts(t, strings.Replace(base, "strategy: {canary: {}}", "strategy:", 1), []rule{
		{"valid", `{spec: {strategy: {blueGreen: {autoPromotionSeconds: 0, maxUnavailable: 10%, scaleDownDelayRevisionLimit: 10}}}}`, ""},
		{"no active service", `{spec: {strategy: {blueGreen: {activeService: "", previewService: ""}}}}`, `spec.strategy.blueGreen.activeService: Required value`},
		{"same services", `{spec: {strategy: {blueGreen: {previewService: a}}}}`, `spec.strategy.blueGreen.previewService: Invalid value: "a": must be another Service than activeService`},
		{"no name of a service", `{spec: {strategy: {blueGreen: {activeService: 1a}}}}`, `spec.strategy.blueGreen.activeService: Invalid value: "1a": a DNS-1035 label`},
		{"negative numbers", `{spec: {strategy: {blueGreen: {previewReplicaCount: -1, autoPromotionSeconds: -1, maxUnavailable: -1, scaleDownDelaySeconds: -1, abortScaleDownDelaySeconds: -1, scaleDownDelayRevisionLimit: -1}}}}`,
			"spec.strategy.blueGreen.previewReplicaCount: Invalid value: -1\nspec.strategy.blueGreen.autoPromotionSeconds: Invalid value: -1\nspec.strategy.blueGreen.maxUnavailable: Invalid value: -1\n" +
				"spec.strategy.blueGreen.scaleDownDelaySeconds: Invalid value: -1\nspec.strategy.blueGreen.abortScaleDownDelaySeconds: Invalid value: -1\nspec.strategy.blueGreen.scaleDownDelayRevisionLimit: Invalid value: -1"},
		{"more waiting than kept", `{spec: {revisionHistoryLimit: 1, strategy: {blueGreen: {scaleDownDelayRevisionLimit: 2}}}}`, `spec.strategy.blueGreen.scaleDownDelayRevisionLimit: Invalid value: 2: must not be greater than revisionHistoryLimit`},
		{"both antiaffinities", `{spec: {strategy: {blueGreen: {antiAffinity: {preferredDuringSchedulingIgnoredDuringExecution: {weight: 101}, requiredDuringSchedulingIgnoredDuringExecution: {}}}}}}`,
			"spec.strategy.blueGreen.antiAffinity: Invalid value: \"preferredDuringSchedulingIgnoredDuringExecution, requiredDuringSchedulingIgnoredDuringExecution\": only one of\nspec.strategy.blueGreen.antiAffinity.preferredDuringSchedulingIgnoredDuringExecution.weight: Invalid value: 101: must be between 1 and 100"},
		{"no antiaffinity", `{spec: {strategy: {blueGreen: {antiAffinity: {}}}}}`, `spec.strategy.blueGreen.antiAffinity: Required value: one of`},
		{"analyses", `{spec: {strategy: {blueGreen: {prePromotionAnalysis: {}, postPromotionAnalysis: {templates: [{}], args: [{name: "", valueFrom: {}}], dryRun: [{metricName: "("}], measurementRetention: [{metricName: "", limit: -1}]}}}}}`,
			"spec.strategy.blueGreen.prePromotionAnalysis.templates: Required value\nspec.strategy.blueGreen.postPromotionAnalysis.templates[0].templateName: Required value\n" +
				"spec.strategy.blueGreen.postPromotionAnalysis.args[0].name: Required value\nspec.strategy.blueGreen.postPromotionAnalysis.args[0].valueFrom: Required value: one of podTemplateHashValue, fieldRef\n" +
				"spec.strategy.blueGreen.postPromotionAnalysis.dryRun[0].metricName: Invalid value: \"(\"\nspec.strategy.blueGreen.postPromotionAnalysis.measurementRetention[0].metricName: Required value\n" +
				"spec.strategy.blueGreen.postPromotionAnalysis.measurementRetention[0].limit: Invalid value: -1"},
		{"metadata", `{spec: {strategy: {blueGreen: {previewMetadata: {labels: {"a b": c}}, activeMetadata: {annotations: {"a b": c}}}}}}`,
			"spec.strategy.blueGreen.previewMetadata.labels: Invalid value: \"a b\"\nspec.strategy.blueGreen.activeMetadata.annotations: Invalid value: \"a b\""},
	})
}

func TestTemplate(t *testing.T) {
	container := func(text string) string { return `{spec: {template: {spec: {containers: [` + text + `]}}}}` }
	const at = "spec.template.spec."
	testRollouts(t, rollout, []rule{
		{"quantity that is none", container(`{name: a, image: i, resources: {requests: {memory: invalid}}}`), ""},
		{"wrong type", container(`{name: a, image: i, ports: x}`), `spec.template: Invalid value: "": json: cannot unmarshal`},
		{"no containers", container(``), at + "containers: Required value"},
		{"no spec", `{spec: {template: {spec: null}}}`, at + "containers: Required value"},
		{"no name, no image", container(`{}`), at + "containers[0].name: Required value\n" + at + "containers[0].image: Required value"},
		{"bad names", container(`{name: A, image: " i"}, {name: b, image: i}, {name: b, image: i, imagePullPolicy: Often}`),
			at + "containers[0].name: Invalid value: \"A\"\n" + at + "containers[0].image: Invalid value: \" i\"\n" + at + "containers[2].name: Duplicate value: \"b\"\n" + at + "containers[2].imagePullPolicy: Unsupported value"},
		{"ports", container(`{name: a, image: i, ports: [{containerPort: 0, name: a-}, {containerPort: 80, hostPort: 65536, protocol: X}]}`),
			at + "containers[0].ports[0].name: Invalid value: \"a-\"\n" + at + "containers[0].ports[0].containerPort: Invalid value: 0\n" + at + "containers[0].ports[1].hostPort: Invalid value: 65536\n" + at + "containers[0].ports[1].protocol: Unsupported value"},
		{"env and mounts", container(`{name: a, image: i, env: [{value: x}, {name: A, value: x, valueFrom: {}}], volumeMounts: [{name: v, mountPath: /a}]}`),
			at + "containers[0].env[0].name: Required value\n" + at + "containers[0].env[1].valueFrom: Invalid value\n" + at + "containers[0].volumeMounts[0].name: Not found: \"v\""},
		{"resources", container(`{name: a, image: i, resources: {limits: {cpu: 1}, requests: {cpu: 2, memory: -1}}}`),
			at + "containers[0].resources.requests[memory]: Invalid value: \"-1\"\n" + at + "containers[0].resources.requests[cpu]: Invalid value: \"2\": must be less than or equal to cpu limit of 1"},
		{"probe", container(`{name: a, image: i, livenessProbe: {failureThreshold: -1, tcpSocket: {port: 0}, exec: {}}}`),
			at + "containers[0].livenessProbe: Invalid value: \"exec, tcpSocket\"\n" + at + "containers[0].livenessProbe.failureThreshold: Invalid value: -1\n" + at + "containers[0].livenessProbe.tcpSocket.port: Invalid value: 0"},
		{"restart policy", `{spec: {template: {spec: {restartPolicy: Never, activeDeadlineSeconds: 1}}}}`,
			at + "restartPolicy: Unsupported value: \"Never\": supported values: \"Always\"\n" + at + "activeDeadlineSeconds: Forbidden"},
		{"ephemeral containers", `{spec: {template: {spec: {ephemeralContainers: [{name: b, image: i}]}}}}`, at + "ephemeralContainers: Forbidden"},
		{"ephemeral containers that the peer drops", `{spec: {template: {spec: {ephemeralContainers: [{name: a, image: i, resources: {limits: {cpu: x}}}]}}}}`, ""},
		{"labels and more", `{spec: {template: {metadata: {labels: {"-": x}, annotations: {"a b": c}}, spec: {serviceAccountName: A, terminationGracePeriodSeconds: -1, volumes: [{name: v}, {name: v}], initContainers: [{name: a, image: i}]}}}}`,
			"spec.template.metadata.annotations: Invalid value: \"a b\"\nspec.template.metadata.labels: Invalid value: \"-\"\n" + at + "terminationGracePeriodSeconds: Invalid value: -1\n" +
				at + "serviceAccountName: Invalid value: \"A\"\n" + at + "volumes[1].name: Duplicate value: \"v\"\n" + at + "containers[0].name: Duplicate value: \"a\""},
	})
}

func TestSelectorIsImmutable(t *testing.T) {
	var ro, other, none rov1.Rollout
	read(t, rollout, &ro)
	read(t, changed(t, rollout, `{spec: {selector: {matchLabels: {app: b}}}}`), &other)
	read(t, changed(t, rollout, `{spec: {selector: null}}`), &none)
	check(t, "", validation.ValidateRolloutUpdate(&ro, &ro))
	check(t, "", validation.ValidateRolloutUpdate(&ro, &none))
	check(t, `spec.selector: Invalid value: {"matchLabels":{"app":"b"}}: field is immutable`, validation.ValidateRolloutUpdate(&other, &ro))
}

// A hostile object is not answered with all of its errors.
func TestErrorsAreBounded(t *testing.T) {
	var ro rov1.Rollout
	read(t, rollout, &ro)
	ro.Spec.Strategy.Canary.Steps = make([]rov1.CanaryStep, 10000)
	errs := validation.ValidateRollout(&ro)
	if len(errs) != 100 || !strings.Contains(errs[99].Detail, "there are more errors") {
		t.Errorf("%d errors, the last of which is %v", len(errs), errs[len(errs)-1])
	}
}
