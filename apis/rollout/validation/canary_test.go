// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"strings"
	"testing"
)

// canary says all changes of the tests relative to the strategy.
func canary(change string) string { return "{spec: {strategy: {canary: " + change + "}}}" }

// said puts the path of the strategy before the lines.
func said(lines ...string) string {
	return "spec.strategy.canary." + strings.Join(lines, "\nspec.strategy.canary.")
}

func testCanaries(t *testing.T, rules []rule) {
	for i := range rules {
		rules[i].change = canary(rules[i].change)
	}
	testRollouts(t, rollout, rules)
}

func TestCanary(t *testing.T) {
	testCanaries(t, []rule{
		{"percentages", `{maxSurge: 150%, maxUnavailable: 0}`, ""},
		{"both zero", `{maxSurge: 0, maxUnavailable: "0%"}`, said(`maxSurge: Invalid value: 0: MaxSurge and MaxUnavailable both can not be zero`)},
		{"surge zero alone", `{maxSurge: 0}`, ""},
		{"no percentages", `{maxSurge: many, maxUnavailable: 101%}`, said(`maxSurge: Invalid value: "many": must be a number or a percentage`, `maxUnavailable: Invalid value: "101%": must not be greater than 100%`)},
		{"negative numbers", `{maxSurge: -1, trafficRouting: {plugins: {a: {}}}, scaleDownDelaySeconds: -1, scaleDownDelayRevisionLimit: -1, abortScaleDownDelaySeconds: -1, minPodsPerReplicaSet: -1}`,
			said("maxSurge: Invalid value: -1", "scaleDownDelaySeconds: Invalid value: -1", "scaleDownDelayRevisionLimit: Invalid value: -1", "abortScaleDownDelaySeconds: Invalid value: -1", "minPodsPerReplicaSet: Invalid value: -1")},
		{"same services", `{canaryService: a, stableService: a}`, said(`stableService: Invalid value: "a": must be another Service than canaryService`)},
		{"delay without routing", `{scaleDownDelaySeconds: 30}`, said("scaleDownDelaySeconds: Invalid value: 30: only with trafficRouting")},
		{"dynamic scale without routing", `{dynamicStableScale: true}`, said("dynamicStableScale: Invalid value: true: only with trafficRouting")},
		{"dynamic scale switched off", `{dynamicStableScale: false}`, ""},
		{"dynamic scale with a delay", `{dynamicStableScale: true, scaleDownDelaySeconds: 0, trafficRouting: {plugins: {a: {}}}}`, said("dynamicStableScale: Invalid value: true: not together with scaleDownDelaySeconds")},
		{"threshold", `{replicaProgressThreshold: {type: Percent, value: 90}}`, ""},
		{"bad threshold", `{replicaProgressThreshold: {type: Percent, value: 101}}`, said("replicaProgressThreshold.value: Invalid value: 101")},
		{"threshold of another type", `{replicaProgressThreshold: {type: Most, value: -1}}`, said(`replicaProgressThreshold.type: Unsupported value: "Most"`, "replicaProgressThreshold.value: Invalid value: -1")},
		{"background analysis", `{analysis: {templates: [{templateName: a, clusterScope: true}], startingStep: -1, args: [{name: a, valueFrom: {podTemplateHashValue: Oldest}}]}}`,
			said(`analysis.args[0].valueFrom.podTemplateHashValue: Unsupported value: "Oldest"`, "analysis.startingStep: Invalid value: -1")},
		{"fields", `{analysis: {templates: [{templateName: a}], args: [{name: a, valueFrom: {fieldRef: {fieldPath: "metadata.labels['a.b/c']"}}}, {name: b, valueFrom: {fieldRef: {fieldPath: "status.conditions[0].type"}}}, {name: c, valueFrom: {fieldRef: {fieldPath: "metadata.annotations['A.b/c']"}}}]}}`, ""},
		{"no fields", `{analysis: {templates: [{templateName: a}], args: [{name: a, valueFrom: {fieldRef: {fieldPath: "metadata.labels['a b']"}}}, {name: b, valueFrom: {fieldRef: {fieldPath: data}}}, {name: c, valueFrom: {fieldRef: {fieldPath: ""}}}]}}`,
			said(`analysis.args[0].valueFrom.fieldRef.fieldPath: Invalid value: "metadata.labels['a b']"`, `analysis.args[1].valueFrom.fieldRef.fieldPath: Invalid value: "data": must be metadata.name`, `analysis.args[2].valueFrom.fieldRef.fieldPath: Required value`)},
	})
}

func TestPingPong(t *testing.T) {
	testCanaries(t, []rule{
		{"istio", `{pingPong: {pingService: a, pongService: b}, trafficRouting: {istio: {virtualService: {name: v}}}}`, ""},
		{"alb", `{pingPong: {pingService: a, pongService: b}, trafficRouting: {alb: {ingress: i, servicePort: 80, rootService: r}}}`, ""},
		{"plugin", `{pingPong: {pingService: a, pongService: b}, trafficRouting: {plugins: {p: {}}}}`, ""},
		{"alb without a root", `{pingPong: {pingService: a, pongService: b}, trafficRouting: {alb: {ingress: i, servicePort: 80}}}`, said("trafficRouting.alb.rootService: Required value: pingPong needs it")},
		{"no router", `{pingPong: {pingService: a, pongService: b}}`, said("pingPong: Forbidden: only with the router alb or istio, or a plugin")},
		{"a router that cannot", `{canaryService: c, stableService: s, pingPong: {pingService: a, pongService: b}, trafficRouting: {smi: {}}}`, said("pingPong: Forbidden")},
		{"same services", `{pingPong: {pingService: a, pongService: a}, trafficRouting: {plugins: {p: {}}}}`, said(`pingPong.pongService: Invalid value: "a": must be another Service than pingService`)},
		{"no services", `{pingPong: {pingService: "", pongService: ""}, trafficRouting: {plugins: {p: {}}}}`, said("pingPong.pingService: Required value", "pingPong.pongService: Required value")},
	})
}

func TestTrafficRouting(t *testing.T) {
	need := said("canaryService: Required value: the traffic router needs this Service", "stableService: Required value: the traffic router needs this Service")
	testCanaries(t, []rule{
		{"alb needs services", `{trafficRouting: {alb: {ingress: i, servicePort: 80}}}`, need},
		{"istio needs services", `{trafficRouting: {istio: {virtualService: {name: v}}}}`, need},
		{"istio with subsets needs none", `{trafficRouting: {istio: {virtualService: {name: v}, destinationRule: {name: d, canarySubsetName: c, stableSubsetName: s}}}}`, ""},
		{"smi needs services", `{trafficRouting: {smi: {}}}`, need},
		{"nginx needs services", `{trafficRouting: {nginx: {stableIngress: i}}}`, need},
		{"ambassador needs services", `{trafficRouting: {ambassador: {mappings: [m]}}}`, need},
		{"appMesh needs services", `{trafficRouting: {appMesh: {virtualService: {name: v}}}}`, need},
		{"traefik needs services", `{trafficRouting: {traefik: {weightedTraefikServiceName: t}}}`, need},
		{"apisix needs services", `{trafficRouting: {apisix: {route: {name: r}}}}`, need},
		{"plugins need none", `{trafficRouting: {plugins: {argoproj-labs/gatewayAPI: {httpRoute: r}}}}`, ""},
		{"several at once", `{canaryService: c, stableService: s, trafficRouting: {nginx: {stableIngresses: [i, j]}, istio: {virtualServices: [{name: v}]}, smi: {}}}`, ""},
		{"names", `{canaryService: c, stableService: s, trafficRouting: {ambassador: {mappings: []}, appMesh: {}, traefik: {weightedTraefikServiceName: ""}, apisix: {}}}`,
			said("trafficRouting.ambassador.mappings: Required value", "trafficRouting.appMesh.virtualService: Required value", "trafficRouting.traefik.weightedTraefikServiceName: Required value", "trafficRouting.apisix.route: Required value")},
		{"istio", `{canaryService: c, stableService: s, trafficRouting: {istio: {virtualService: {name: ""}, virtualServices: [{name: ""}], destinationRule: {name: "", canarySubsetName: "", stableSubsetName: ""}}}}`,
			said("trafficRouting.istio.virtualServices: Forbidden", "trafficRouting.istio.virtualService.name: Required value", "trafficRouting.istio.virtualServices[0].name: Required value",
				"trafficRouting.istio.destinationRule.name: Required value", "trafficRouting.istio.destinationRule.canarySubsetName: Required value", "trafficRouting.istio.destinationRule.stableSubsetName: Required value")},
		{"istio without anything", `{canaryService: c, stableService: s, trafficRouting: {istio: {}}}`, said("trafficRouting.istio.virtualService: Required value")},
		{"ingresses", `{canaryService: c, stableService: s, trafficRouting: {nginx: {stableIngress: a, stableIngresses: [""]}, alb: {servicePort: 0, stickinessConfig: {enabled: true, durationSeconds: 0}}}}`,
			said(`trafficRouting.nginx.stableIngress: Invalid value: "a"`, "trafficRouting.nginx.stableIngresses[0]: Required value", `trafficRouting.alb.ingress: Invalid value: ""`, "trafficRouting.alb.servicePort: Invalid value: 0", "trafficRouting.alb.stickinessConfig.durationSeconds: Invalid value: 0")},
		{"weights", `{trafficRouting: {plugins: {p: {}}, maxTrafficWeight: 1000}, steps: [{setWeight: 1000}]}`, ""},
		{"weights of a router that cannot", `{canaryService: c, stableService: s, trafficRouting: {smi: {}, maxTrafficWeight: 0}}`, said("trafficRouting.maxTrafficWeight: Invalid value: 0: must be greater than 0", "trafficRouting.maxTrafficWeight: Invalid value: 0: only with the router nginx or a plugin")},
		{"managed routes", `{trafficRouting: {plugins: {p: {}}, managedRoutes: [{name: a}, {name: a}, {name: ""}]}}`, said(`trafficRouting.managedRoutes[1].name: Duplicate value: "a"`, "trafficRouting.managedRoutes[2].name: Required value")},
	})
}

func TestSteps(t *testing.T) {
	const istio = `trafficRouting: {istio: {virtualService: {name: v}}, managedRoutes: [{name: r}]}, canaryService: c, stableService: s`
	testCanaries(t, []rule{
		{"all", `{` + istio + `, steps: [{setWeight: 0}, {setWeight: 100}, {pause: {}}, {pause: {duration: 0}}, {pause: {duration: "30"}}, {pause: {duration: 1h30m}}, {setCanaryScale: {replicas: 0}},
			{analysis: {templates: [{templateName: a}]}}, {experiment: {templates: [{name: a, specRef: canary, weight: 5}], duration: 5m}},
			{setHeaderRoute: {name: r}}, {setMirrorRoute: {name: r, percentage: 50, match: [{method: {exact: GET}, headers: {a: {regex: b}}}]}}, {plugin: {name: p}}]}`, ""},
		{"none", `{steps: [{}]}`, said("steps[0]: Required value: one of setWeight, pause,")},
		{"several types", `{` + istio + `, steps: [{setWeight: 1, pause: {}, setCanaryScale: {replicas: 1}}]}`, said(`steps[0]: Invalid value: "setWeight, pause": only one of`)},
		{"a scale beside a weight", `{` + istio + `, steps: [{setWeight: 1, setCanaryScale: {replicas: 1}}]}`, ""},
		{"weights", `{steps: [{setWeight: -1}, {setWeight: 101}]}`, said("steps[0].setWeight: Invalid value: -1: SetWeight needs to be between 0 and 100", "steps[1].setWeight: Invalid value: 101: SetWeight needs to be between 0 and 100")},
		{"pauses", `{steps: [{pause: {duration: -1}}, {pause: {duration: "-1s"}}, {pause: {duration: soon}}, {pause: {duration: "99999999999"}}]}`,
			said(`steps[0].pause.duration: Invalid value: "-1": Duration needs to be greater than 0`, `steps[1].pause.duration: Invalid value: "-1s": Duration needs to be greater than 0`, `steps[2].pause.duration: Invalid value: "soon": must be a number of seconds`, `steps[3].pause.duration: Invalid value: "99999999999": must be shorter than 68 years`)},
		{"scale", `{steps: [{setCanaryScale: {weight: -1, replicas: -1}}]}`, said("steps[0].setCanaryScale: Forbidden: only with trafficRouting", "steps[0].setCanaryScale.replicas: Invalid value: -1", "steps[0].setCanaryScale.weight: Invalid value: -1")},
		{"header route without a router", `{steps: [{setHeaderRoute: {}}]}`, said("steps[0].setHeaderRoute: Forbidden: only with the router istio, alb or apisix", "steps[0].setHeaderRoute.name: Required value")},
		{"header route", `{` + istio + `, steps: [{setHeaderRoute: {name: other, match: [{headerName: "", headerValue: {}}, {headerName: a, headerValue: {exact: a, prefix: b}}]}}]}`,
			said(`steps[0].setHeaderRoute.name: Invalid value: "other": must be one of trafficRouting.managedRoutes`, "steps[0].setHeaderRoute.match[0].headerName: Required value",
				"steps[0].setHeaderRoute.match[0].headerValue: Required value: one of exact, prefix, regex", `steps[0].setHeaderRoute.match[1].headerValue: Invalid value: "exact, prefix"`)},
		{"header route of alb", `{canaryService: c, stableService: s, trafficRouting: {alb: {ingress: i, servicePort: 1}, managedRoutes: [{name: r}]}, steps: [{setHeaderRoute: {name: r, match: [{headerName: a, headerValue: {regex: b}}]}}]}`,
			said("steps[0].setHeaderRoute.match[0].headerValue.exact: Required value: the router alb compares whole values only")},
		{"mirror route", `{` + istio + `, steps: [{setMirrorRoute: {name: r, percentage: 101, match: [{method: {}, path: {exact: a, regex: b}, headers: {a: {}, b: {exact: x}}}]}}]}`,
			said("steps[0].setMirrorRoute.percentage: Invalid value: 101", "steps[0].setMirrorRoute.match[0].method: Required value", `steps[0].setMirrorRoute.match[0].path: Invalid value: "exact, regex"`, "steps[0].setMirrorRoute.match[0].headers[a]: Required value")},
		{"mirror route without a router", `{canaryService: c, stableService: s, trafficRouting: {smi: {}, managedRoutes: [{name: r}]}, steps: [{setMirrorRoute: {name: r}}]}`, said("steps[0].setMirrorRoute: Forbidden: only with the router istio, or a plugin")},
		{"experiment", `{steps: [{experiment: {templates: [], duration: soon, scaleDownDelaySeconds: -1, analyses: [{name: a, templateName: ""}, {name: a, templateName: t}]}}]}`,
			said("steps[0].experiment.templates: Required value", `steps[0].experiment.duration: Invalid value: "soon"`, "steps[0].experiment.scaleDownDelaySeconds: Invalid value: -1", "steps[0].experiment.analyses[0].templateName: Required value", `steps[0].experiment.analyses[1].name: Duplicate value: "a"`)},
		{"templates of an experiment", `{steps: [{experiment: {templates: [{name: a, specRef: newest, replicas: -1, weight: 101}, {name: a, specRef: stable, selector: {}, service: {name: A}}]}}]}`,
			said(`steps[0].experiment.templates[0].specRef: Unsupported value: "newest"`, "steps[0].experiment.templates[0].replicas: Invalid value: -1", "steps[0].experiment.templates[0].weight: Invalid value: 101: must be between 0 and 100",
				"steps[0].experiment.templates[0].weight: Invalid value: 101: only with the router smi", `steps[0].experiment.templates[1].name: Duplicate value: "a"`, "steps[0].experiment.templates[1].selector: Invalid value: {}", `steps[0].experiment.templates[1].service.name: Invalid value: "A"`)},
		{"plugin", `{steps: [{plugin: {name: ""}}]}`, said("steps[0].plugin.name: Required value")},
	})
}
