// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"testing"

	"k8s.io/utils/ptr"
)

const istioOne = "istio: {virtualService: {name: vs}}"

const istioNamed = "istio: {virtualService: {name: many, routes: [primary, secondary]}}"

const virtualServiceOneRoute = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: vs, labels: {kept: label}}
spec:
  hosts: [web.example]
  http:
  - timeout: 5s
    route:
    - destination: {host: stable, port: {number: 8080}}
      headers: {response: {add: {x: y}}}
    - destination: {host: canary.ns.svc.cluster.local}
`

const virtualServiceManyRoutes = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: many}
spec:
  http:
  - {name: primary, route: [{destination: {host: stable}, weight: 100}, {destination: {host: canary}, weight: 0}]}
  - {name: other, route: [{destination: {host: elsewhere}}]}
  - {name: secondary, retries: {attempts: 3}, route: [{destination: {host: stable}, weight: 100}, {destination: {host: canary}, weight: 0}]}
`

const subsets = `istio: {virtualService: {name: vs}, destinationRule: {name: dr, canarySubsetName: new-pods, stableSubsetName: old-pods}}`

const virtualServiceSubsets = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: vs}
spec: {http: [{route: [{destination: {host: web, subset: old-pods}, weight: 100}, {destination: {host: web, subset: new-pods}, weight: 0}]}]}
`

const destinationRule = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: dr}
spec:
  host: web
  subsets:
  - {name: old-pods, labels: {app: web}, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}
  - {name: new-pods}
  - {name: mine, labels: {app: web, zone: a}}
  - {name: left-by-experiment, labels: {rollouts-pod-template-hash: gone}}
`

func TestVirtualService(t *testing.T) {
	runAll(t, []scenario{
		{
			name: "the only route, with no name", routing: istioOne, before: virtualServiceOneRoute, desired: weights(20),
			after: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: vs, labels: {kept: label}}
spec:
  hosts: [web.example]
  http:
  - timeout: 5s
    route:
    - destination: {host: stable, port: {number: 8080}}
      headers: {response: {add: {x: y}}}
      weight: 80
    - destination: {host: canary.ns.svc.cluster.local}
      weight: 20
`},
		{
			name: "named routes, and no others", routing: istioNamed, before: virtualServiceManyRoutes, desired: weights(5),
			after: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: many}
spec:
  http:
  - {name: primary, route: [{destination: {host: stable}, weight: 95}, {destination: {host: canary}, weight: 5}]}
  - {name: other, route: [{destination: {host: elsewhere}}]}
  - {name: secondary, retries: {attempts: 3}, route: [{destination: {host: stable}, weight: 95}, {destination: {host: canary}, weight: 5}]}
`},
		{name: "nothing to do", routing: istioNamed, before: virtualServiceManyRoutes, desired: weights(0)},
		{
			name: "several objects, one of them in another namespace", before: virtualServiceOneRoute + "\n---\n" + `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: vs, namespace: mesh}
spec: {http: [{name: any, route: [{destination: {host: stable.ns}, weight: 100}, {destination: {host: canary.ns}, weight: 0}]}]}
`,
			routing: "istio: {virtualServices: [{name: absent}, {name: vs.mesh}]}", desired: weights(50),
			problems: []string{`trafficRouting.istio.virtualServices[0].name: Invalid value: "absent"`},
			after: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: vs, namespace: mesh}
spec: {http: [{name: any, route: [{destination: {host: stable.ns}, weight: 50}, {destination: {host: canary.ns}, weight: 50}]}]}
`},
		{
			name: "subsets, and the rule before the routes", routing: subsets, before: virtualServiceSubsets + "\n---\n" + destinationRule, desired: weights(30), noServices: true,
			after: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: vs}
spec: {http: [{route: [{destination: {host: web, subset: old-pods}, weight: 70}, {destination: {host: web, subset: new-pods}, weight: 30}]}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: dr, annotations: {argo-rollouts.argoproj.io/managed-by-rollouts: web}}
spec:
  host: web
  subsets:
  - {name: old-pods, labels: {app: web, rollouts-pod-template-hash: old}, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}
  - {name: new-pods, labels: {rollouts-pod-template-hash: new}}
  - {name: mine, labels: {app: web, zone: a}}
`},
		{
			name: "subsets with a fixed part", noServices: true, desired: weights(30),
			routing: `istio: {virtualService: {name: vs}, destinationRule: {name: dr, canarySubsetName: new-pods, stableSubsetName: old-pods, additionalSubsetNames: [mine]}}`,
			before: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: vs}
spec: {http: [{route: [{destination: {host: web, subset: old-pods}, weight: 90}, {destination: {host: web, subset: new-pods}, weight: 0}, {destination: {host: web, subset: mine}, weight: 10}]}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: dr, annotations: {argo-rollouts.argoproj.io/managed-by-rollouts: web}}
spec: {host: web, subsets: [{name: old-pods, labels: {rollouts-pod-template-hash: old}}, {name: new-pods, labels: {rollouts-pod-template-hash: new}}, {name: mine, labels: {rollouts-pod-template-hash: old}}]}
`,
			after: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: vs}
spec: {http: [{route: [{destination: {host: web, subset: old-pods}, weight: 60}, {destination: {host: web, subset: new-pods}, weight: 30}, {destination: {host: web, subset: mine}, weight: 10}]}]}
`},
		{
			name: "the rule waits for pods", routing: subsets, before: virtualServiceSubsets + "\n---\n" + destinationRule, noServices: true,
			desired: Desired{Canary: Destination{Hash: "new"}, Stable: Destination{Hash: "old", Weight: 100}, KeepHashes: true},
		},
		{
			name: "TLS by its hosts in any order, TCP by its port", desired: weights(25),
			routing: `istio: {virtualService: {name: vs, tlsRoutes: [{port: 443, sniHosts: [a, b]}], tcpRoutes: [{port: 3306}]}}`,
			before: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: vs}
spec:
  http: [{route: [{destination: {host: elsewhere}}]}]
  tls:
  - {match: [{port: 443, sniHosts: [b, a]}], route: [{destination: {host: stable}}, {destination: {host: canary}}]}
  - {match: [{port: 443, sniHosts: [c]}], route: [{destination: {host: elsewhere}}]}
  tcp:
  - {match: [{port: 3306}, {port: 3307}], route: [{destination: {host: elsewhere}}]}
  - {match: [{port: 3306}], route: [{destination: {host: stable}}, {destination: {host: canary}}]}
`,
			after: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: vs}
spec:
  http: [{route: [{destination: {host: elsewhere}}]}]
  tls:
  - {match: [{port: 443, sniHosts: [b, a]}], route: [{destination: {host: stable}, weight: 75}, {destination: {host: canary}, weight: 25}]}
  - {match: [{port: 443, sniHosts: [c]}], route: [{destination: {host: elsewhere}}]}
  tcp:
  - {match: [{port: 3306}, {port: 3307}], route: [{destination: {host: elsewhere}}]}
  - {match: [{port: 3306}], route: [{destination: {host: stable}, weight: 75}, {destination: {host: canary}, weight: 25}]}
`},
		{
			name: "an experiment takes its part from the stable one, and what it left goes", routing: istioOne,
			desired: Desired{Canary: Destination{Service: "canary", Weight: 10}, Stable: Destination{Service: "stable", Weight: 70}, Additional: []Destination{{Service: "baseline", Weight: 20}}},
			before: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: vs}
spec: {http: [{route: [{destination: {host: stable}, weight: 90}, {destination: {host: canary}, weight: 0}, {destination: {host: gone}, weight: 10}]}]}
`,
			after: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: vs}
spec: {http: [{route: [{destination: {host: stable}, weight: 70}, {destination: {host: canary}, weight: 10}, {destination: {host: baseline}, weight: 20}]}]}
`},
	})
}

func TestVirtualServiceManaged(t *testing.T) {
	const managed = "\nmanagedRoutes: [{name: mirror}, {name: header}]"
	runAll(t, []scenario{
		{
			name: "managed routes come first, in the rollout's order", routing: istioOne + managed, before: virtualServiceOneRoute,
			desired: withMirror(withHeader(weights(20), "header", agentExact, langPrefix), "mirror", ptr.To[int32](35)),
			after: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: vs, labels: {kept: label}}
spec:
  hosts: [web.example]
  http:
  - name: mirror
    match: [{method: {exact: GET}, uri: {prefix: /}}]
    mirror: {host: canary, port: {number: 8080}}
    mirrorPercentage: {value: 35}
    route:
    - destination: {host: stable, port: {number: 8080}}
      headers: {response: {add: {x: y}}}
      weight: 80
    - destination: {host: canary.ns.svc.cluster.local}
      weight: 20
  - name: header
    match: [{headers: {agent: {exact: firefox}}}, {headers: {lang: {prefix: de.x}}}]
    route: [{destination: {host: canary, port: {number: 8080}}, weight: 100}]
  - timeout: 5s
    route:
    - destination: {host: stable, port: {number: 8080}}
      headers: {response: {add: {x: y}}}
      weight: 80
    - destination: {host: canary.ns.svc.cluster.local}
      weight: 20
`},
		{
			name: "they lead to the subset", routing: subsets + managed, before: virtualServiceSubsets + "\n---\n" + `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: dr, annotations: {argo-rollouts.argoproj.io/managed-by-rollouts: web}}
spec: {host: web, subsets: [{name: old-pods, labels: {rollouts-pod-template-hash: old}}, {name: new-pods, labels: {rollouts-pod-template-hash: new}}]}
`, desired: withHeader(weights(0), "header", agentExact), noServices: true,
			after: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: vs}
spec:
  http:
  - {name: header, match: [{headers: {agent: {exact: firefox}}}], route: [{destination: {host: web, subset: new-pods}, weight: 100}]}
  - {route: [{destination: {host: web, subset: old-pods}, weight: 100}, {destination: {host: web, subset: new-pods}, weight: 0}]}
`},
		{
			name: "they go when nothing wants them", routing: istioNamed + managed, desired: withHeader(weights(0), "header"),
			before: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: many}
spec:
  http:
  - {name: header, match: [{headers: {a: {exact: b}}}], route: [{destination: {host: canary}, weight: 100}]}
  - {name: primary, route: [{destination: {host: stable}, weight: 100}, {destination: {host: canary}, weight: 0}]}
  - {name: mirror, mirror: {host: canary}, route: [{destination: {host: stable}, weight: 100}, {destination: {host: canary}, weight: 0}]}
  - {name: secondary, route: [{destination: {host: stable}, weight: 100}, {destination: {host: canary}, weight: 0}]}
`,
			after: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: many}
spec:
  http:
  - {name: primary, route: [{destination: {host: stable}, weight: 100}, {destination: {host: canary}, weight: 0}]}
  - {name: secondary, route: [{destination: {host: stable}, weight: 100}, {destination: {host: canary}, weight: 0}]}
`},
	})
}

func TestIstioProblems(t *testing.T) {
	const at = "spec.strategy.canary.trafficRouting.istio.virtualService.name: Invalid value: "
	runAll(t, []scenario{
		{name: "not there", routing: istioOne, desired: weights(1), problems: []string{at + `"vs": virtualservices of networking.istio.io "vs" not found in namespace ns`}},
		{name: "no routes", routing: istioOne, desired: weights(1), problems: []string{"no HTTP, TLS or TCP routes"}, before: `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: vs}
spec: {hosts: [x]}
`},
		{name: "which of them", routing: "istio: {virtualService: {name: many}}", before: virtualServiceManyRoutes, desired: weights(1), problems: []string{"must have exactly one route unless"}},
		{name: "no such route", routing: "istio: {virtualService: {name: many, routes: [primary, third]}}", before: virtualServiceManyRoutes, desired: weights(1), problems: []string{`no HTTP route has the name "third"`}},
		{name: "no canary in it", routing: "istio: {virtualService: {name: many, routes: [other]}}", before: virtualServiceManyRoutes, desired: weights(1), problems: []string{`does not lead to the canary Service "canary"`}},
		{name: "no such subset", routing: subsets, before: virtualServiceOneRoute + "\n---\n" + destinationRule, noServices: true,
			desired:  Desired{Canary: Destination{Hash: "new"}, Stable: Destination{Hash: "old", Weight: 100}, KeepHashes: true},
			problems: []string{`does not lead to the canary subset "new-pods"`}},
		{name: "no such rule", routing: subsets, before: virtualServiceSubsets, desired: weights(0), noServices: true, problems: []string{"destinationRule.name: Invalid value: \"dr\""}},
	})
}
