// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
)

const gatewayHTTP = "plugins: {argoproj-labs/gatewayAPI: {httpRoute: http}}"

const gatewayBoth = "plugins: {argoproj-labs/gatewayAPI: {httpRoutes: [{name: http, useHeaderRoutes: true}], grpcRoute: grpc}}"

const httpRoute = `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: http, labels: {team: a}}
spec:
  parentRefs: [{name: gateway}]
  rules:
  - matches: [{path: {type: PathPrefix, value: /}}]
    timeouts: {request: 5s}
    backendRefs:
    - {group: "", kind: Service, name: stable, port: 80, weight: 100}
    - {group: "", kind: Service, name: canary, port: 80, weight: 0}
  - matches: [{path: {type: PathPrefix, value: /docs}}]
    backendRefs: [{group: "", kind: Service, name: docs, port: 80, weight: 1}]
`

const grpcRoute = `
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: grpc}
spec:
  rules:
  - matches: [{method: {type: Exact, service: shop}, headers: [{type: Exact, name: tenant, value: a}]}]
    backendRefs: [{name: stable, port: 80}, {name: canary, port: 80}]
`

// shifted is httpRoute with weights, more rules and more metadata.
func shifted(stable, canary, metadata, rules string) string {
	return strings.NewReplacer("weight: 100}", "weight: "+stable+"}", "weight: 0}", "weight: "+canary+"}",
		"labels: {team: a}", "labels: {team: a"+metadata).Replace(httpRoute) + rules
}

const marked = ", rollouts.argoproj.io/gatewayapi-canary: in-progress}"

func TestGateway(t *testing.T) {
	runAll(t, []scenario{
		{name: "weights, and a mark while they shift", routing: gatewayHTTP, before: httpRoute, desired: weights(40), after: shifted("60", "40", marked, "")},
		{name: "no mark at the end", routing: gatewayHTTP, before: shifted("60", "40", marked, ""), desired: weights(100), after: shifted("0", "100", "}", "")},
		{name: "nothing to do", routing: gatewayHTTP, before: httpRoute, desired: weights(0)},
		{
			name: "no mark if none is wanted", before: httpRoute, desired: weights(40), after: shifted("60", "40", "}", ""),
			routing: "plugins: {argoproj-labs/gatewayAPI: {httpRoute: http, disableInProgressLabel: true}}",
		},
		{
			name: "a mark of the user's", before: httpRoute, desired: weights(40), after: shifted("60", "40", ", shifting: now}", ""),
			routing: "plugins: {argoproj-labs/gatewayAPI: {httpRoute: http, inProgressLabelKey: shifting, inProgressLabelValue: now}}",
		},
		{
			name: "another namespace, TCP, and a reference that only looks like ours", desired: weights(40),
			routing: "plugins: {argoproj-labs/gatewayAPI: {namespace: gw, tcpRoutes: [{name: tcp}], disableInProgressLabel: true}}",
			before: `
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: {name: tcp, namespace: gw}
spec:
  rules:
  - backendRefs: [{name: stable, namespace: ns, port: 80}, {name: canary, namespace: ns, port: 80}, {name: canary, port: 80, weight: 3}, {kind: Other, name: canary, namespace: ns}]
`,
			after: `
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: {name: tcp, namespace: gw}
spec:
  rules:
  - backendRefs: [{name: stable, namespace: ns, port: 80, weight: 60}, {name: canary, namespace: ns, port: 80, weight: 40}, {name: canary, port: 80, weight: 3}, {kind: Other, name: canary, namespace: ns}]
`},
		{
			name: "header routes of HTTP and gRPC", routing: gatewayBoth + "\nmanagedRoutes: [{name: header}]",
			before: httpRoute + "\n---\n" + grpcRoute, desired: withHeader(weights(0), "header", agentExact, langPrefix),
			after: shifted("100", "0", "}, annotations: {rollout.argosy.dev/managed-rules: '"+httpHeaderRecord+"'}", `
  - matches:
    - path: {type: PathPrefix, value: /}
      headers: [{type: Exact, name: agent, value: firefox}, {type: RegularExpression, name: lang, value: 'de\.x.*'}]
    timeouts: {request: 5s}
    backendRefs: [{group: "", kind: Service, name: canary, port: 80, weight: 1}]
`) + "\n---\n" + `
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: grpc, annotations: {rollout.argosy.dev/managed-rules: '` + grpcHeaderRecord + `'}}
spec:
  rules:
  - matches: [{method: {type: Exact, service: shop}, headers: [{type: Exact, name: tenant, value: a}]}]
    backendRefs: [{name: stable, port: 80, weight: 100}, {name: canary, port: 80, weight: 0}]
  - matches:
    - method: {type: Exact, service: shop}
      headers: [{type: Exact, name: tenant, value: a}, {type: Exact, name: agent, value: firefox}, {type: RegularExpression, name: lang, value: 'de\.x.*'}]
    backendRefs: [{name: canary, port: 80, weight: 1}]
`},
		{
			name: "a mirror route", routing: gatewayHTTP + "\nmanagedRoutes: [{name: mirror}]", before: httpRoute, desired: withMirror(weights(0), "mirror", ptr.To[int32](20)),
			after: shifted("100", "0", "}, annotations: {rollout.argosy.dev/managed-rules: '"+mirrorRecord+"'}", `
  - matches: [{method: GET, path: {type: PathPrefix, value: /}}]
    timeouts: {request: 5s}
    filters: [{type: RequestMirror, requestMirror: {percent: 20, backendRef: {group: "", kind: Service, name: canary, port: 80}}}]
    backendRefs:
    - {group: "", kind: Service, name: stable, port: 80, weight: 100}
    - {group: "", kind: Service, name: canary, port: 80, weight: 0}
`)},
	})
}

const (
	httpHeaderRecord = `{"web":[{"backendRefs":[{"group":"","kind":"Service","name":"canary","port":80,"weight":1}],"matches":[{"headers":[{"name":"agent","type":"Exact","value":"firefox"},{"name":"lang","type":"RegularExpression","value":"de\\.x.*"}],"path":{"type":"PathPrefix","value":"/"}}],"timeouts":{"request":"5s"}}]}`
	grpcHeaderRecord = `{"web":[{"backendRefs":[{"name":"canary","port":80,"weight":1}],"matches":[{"headers":[{"name":"tenant","type":"Exact","value":"a"},{"name":"agent","type":"Exact","value":"firefox"},{"name":"lang","type":"RegularExpression","value":"de\\.x.*"}],"method":{"service":"shop","type":"Exact"}}]}]}`
	mirrorRecord     = `{"web":[{"backendRefs":[{"group":"","kind":"Service","name":"stable","port":80,"weight":100},{"group":"","kind":"Service","name":"canary","port":80,"weight":0}],"filters":[{"requestMirror":{"backendRef":{"group":"","kind":"Service","name":"canary","port":80},"percent":20},"type":"RequestMirror"}],"matches":[{"method":"GET","path":{"type":"PathPrefix","value":"/"}}],"timeouts":{"request":"5s"}}]}`
)

// The cluster adds defaults to what is written: a managed rule is still found, and not written again for them.
func TestGatewayDefaults(t *testing.T) {
	ro := rollout(t, gatewayBoth+"\nmanagedRoutes: [{name: header}]")
	ro.Spec.Strategy.Canary.TrafficRouting.Plugins[GatewayPlugin] = rollout(t, "plugins: {argoproj-labs/gatewayAPI: {grpcRoute: grpc}}").Spec.Strategy.Canary.TrafficRouting.Plugins[GatewayPlugin]
	desired := withHeader(weights(10), "header", agentExact)
	changes, problems := Plan(ro, parse(t, grpcRoute), desired)
	if len(problems) > 0 || len(changes) != 1 {
		t.Fatal(changes, problems)
	}
	written := changes[0].Object
	rules, _ := dicts(dict(written.Object, "spec"), "rules")
	for _, rule := range rules {
		refs, _ := dicts(rule, "backendRefs")
		for _, ref := range refs {
			ref["group"], ref["kind"] = "", "Service"
		}
	}
	now := Observed{changes[0].Ref: written}
	if again, _ := Plan(ro, now, desired); len(again) > 0 {
		t.Errorf("written again:\n%s", cmp.Diff(written, again[0].Object))
	}
	changes, problems = Plan(ro, now, weights(10))
	if len(problems) > 0 || len(changes) != 1 {
		t.Fatal(changes, problems)
	}
	rules, _ = dicts(dict(changes[0].Object.Object, "spec"), "rules")
	if len(rules) != 1 || len(changes[0].Object.GetAnnotations()) > 0 {
		t.Errorf("the managed rule is left behind: %v", changes[0].Object)
	}
}

// Two rollouts may share a route; each removes its own rules only.
func TestGatewayShared(t *testing.T) {
	first := rollout(t, gatewayHTTP+"\nmanagedRoutes: [{name: header}]")
	second := first.DeepCopy()
	second.Name, second.UID = "shop", "uid-shop"
	now := parse(t, strings.Replace(httpRoute, "name: docs, port: 80, weight: 1}]", "name: docs, port: 80, weight: 1}, {name: docs-new, port: 80}]", 1))
	shop := Desired{Canary: Destination{Service: "docs-new"}, Stable: Destination{Service: "docs", Weight: 100}}
	changes, problems := Plan(first, now, withHeader(weights(0), "header", agentExact))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	now = apply(now, changes)
	withFirst := now
	changes, problems = Plan(second, now, withHeader(shop, "header", langPrefix))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	now = apply(now, changes)
	changes, _ = Plan(second, now, shop)
	now = apply(now, changes)
	strip := func(observed Observed) *unstructured.Unstructured {
		for _, o := range observed {
			rules, _ := dicts(dict(o.Object, "spec"), "rules")
			for _, rule := range rules {
				refs, _ := dicts(rule, "backendRefs")
				for _, ref := range refs {
					delete(ref, "weight")
				}
			}
			return o
		}
		return nil
	}
	if diff := cmp.Diff(strip(withFirst), strip(now)); diff != "" {
		t.Errorf("the second rollout's end changed what is the first's:\n%s", diff)
	}
}

func TestGatewayProblems(t *testing.T) {
	const at = "trafficRouting.plugins[argoproj-labs/gatewayAPI]"
	runAll(t, []scenario{
		{name: "not there", routing: gatewayHTTP, desired: weights(1), problems: []string{at + `.httpRoute: Invalid value: "http": httproutes of gateway.networking.k8s.io "http" not found in namespace ns`}},
		{name: "no route named", routing: "plugins: {argoproj-labs/gatewayAPI: {}}", desired: weights(1), problems: []string{at + ": Required value"}},
		{name: "by labels", routing: "plugins: {argoproj-labs/gatewayAPI: {httpRouteSelector: {}}}", desired: weights(1), problems: []string{at + ".httpRouteSelector: Forbidden"}},
		{name: "no rule leads to both", routing: gatewayHTTP, before: strings.Replace(httpRoute, "name: canary", "name: another", 1), desired: weights(1), problems: []string{`no rule has backendRefs to both Service "canary" and Service "stable"`}},
		{name: "gRPC cannot mirror", routing: "plugins: {argoproj-labs/gatewayAPI: {grpcRoute: grpc}}\nmanagedRoutes: [{name: mirror}]", before: grpcRoute,
			desired: withMirror(weights(0), "mirror", nil), problems: []string{`setMirrorRoute "mirror"`}},
	})
}
