// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/rollout/traffic"
)

// TestManagedRoutesNobodyTakes: a step whose route no router takes, or the router cannot make, is told from the beginning, and
// never passed over.
func TestManagedRoutesNobodyTakes(t *testing.T) {
	const header = `{setHeaderRoute: {name: r, match: [{headerName: a, headerValue: {exact: b}}]}}`
	const mirror = `{setMirrorRoute: {name: r, match: [{path: {prefix: /}}]}}`
	const http = `{kind: HTTPRoute, spec: {rules: [{backendRefs: [{name: stable, port: 80}, {name: canary, port: 80}]}]}}`
	const tcp = `{kind: TCPRoute, spec: {rules: [{backendRefs: [{name: stable, port: 80}, {name: canary, port: 80}]}]}}`
	const grpc = `{kind: GRPCRoute, spec: {rules: [{backendRefs: [{name: stable, port: 80}, {name: canary, port: 80}]}]}}`
	const tls = `{kind: VirtualService, spec: {tls: [{route: [{destination: {host: stable}}, {destination: {host: canary}}]}]}}`
	const web = `{kind: VirtualService, spec: {http: [{route: [{destination: {host: stable}}, {destination: {host: canary}}]}]}}`
	for name, tc := range map[string]struct {
		routing, object, step string
		want                  string // part of the message; empty: it is taken
	}{
		"httpRoute":                        {`plugins: {argoproj-labs/gatewayAPI: {httpRoute: x}}`, http, header, ""},
		"httpRoutes with useHeaderRoutes":  {`plugins: {argoproj-labs/gatewayAPI: {httpRoutes: [{name: x, useHeaderRoutes: true}]}}`, http, header, ""},
		"httpRoutes without":               {`plugins: {argoproj-labs/gatewayAPI: {httpRoutes: [{name: x}]}}`, http, header, `steps[0].setHeaderRoute.name: Invalid value: "r": no router takes it`},
		"TCP":                              {`plugins: {argoproj-labs/gatewayAPI: {tcpRoute: x}}`, tcp, mirror, `steps[0].setMirrorRoute.name: Invalid value: "r": no router takes it`},
		"a mirror of gRPC":                 {`plugins: {argoproj-labs/gatewayAPI: {grpcRoute: x}}`, grpc, mirror, `setMirrorRoute "r"`},
		"HTTP of Istio":                    {`istio: {virtualService: {name: x}}`, web, header, ""},
		"TLS of Istio":                     {`istio: {virtualService: {name: x}}`, tls, header, `steps[0].setHeaderRoute.name: Invalid value: "r": no router takes it`},
		"taking away what nobody has made": {`istio: {virtualService: {name: x}}`, tls, `{setHeaderRoute: {name: r}}`, ""},
		"not listed":                       {`managedRoutes: [{name: other}], istio: {virtualService: {name: x}}`, web, header, `must be one of trafficRouting.managedRoutes`},
		"nginx":                            {`nginx: {stableIngress: main}`, "", header, `steps[0].setHeaderRoute: Forbidden`},
	} {
		t.Run(name, func(t *testing.T) {
			routing := tc.routing
			if !strings.Contains(routing, "managedRoutes") {
				routing = "managedRoutes: [{name: r}], " + routing
			}
			s := newSim(t, `spec: {strategy: {canary: {stableService: stable, canaryService: canary, trafficRouting: {`+routing+`}, steps: [`+tc.step+`]}}}`)
			s.ingress()
			if tc.object != "" {
				o := &unstructured.Unstructured{}
				if err := yaml.Unmarshal([]byte(tc.object), &o.Object); err != nil {
					t.Fatal(err)
				}
				o.SetName("x")
				o.SetNamespace("ns")
				for _, ref := range traffic.Refs(s.ro) {
					s.world.Routes[ref] = o
				}
			}
			s.run(time.Minute)
			c := conditionOf(&s.ro.Status, rov1.RolloutConditionInvalidSpec)
			switch {
			case tc.want == "" && c != nil:
				t.Error(c.Message)
			case tc.want != "" && (c == nil || !strings.Contains(c.Message, tc.want)):
				t.Error(s.describe())
			}
		})
	}
}
