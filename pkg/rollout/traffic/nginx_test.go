// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"strings"
	"testing"
)

const nginxOne = "nginx: {stableIngress: front, additionalIngressAnnotations: {canary-by-header: X-Canary}}"

const ingress = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: front, labels: {not: copied}, annotations: {kubernetes.io/ingress.class: nginx, not: copied}}
spec:
  ingressClassName: nginx
  tls: [{hosts: [web.example], secretName: tls}]
  rules:
  - host: web.example
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: stable, port: {number: 80}}}}
      - {path: /static, pathType: Prefix, backend: {resource: {kind: Bucket, name: files}}}
  - host: other.example
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: elsewhere, port: {number: 80}}}}]}
  - host: empty.example
`

const canaryIngress = `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web-front-canary
  annotations:
    kubernetes.io/ingress.class: nginx
    nginx.ingress.kubernetes.io/canary: "true"
    nginx.ingress.kubernetes.io/canary-by-header: X-Canary
    nginx.ingress.kubernetes.io/canary-weight: "WEIGHT"EXTRA
  ownerReferences: [{apiVersion: rollout.argosy.dev/v1alpha1, kind: Rollout, name: web, uid: uid-web, controller: true, blockOwnerDeletion: true}]
spec:
  ingressClassName: nginx
  tls: [{hosts: [web.example], secretName: tls}]
  rules:
  - host: web.example
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: canary, port: {number: 80}}}}
      - {path: /static, pathType: Prefix, backend: {resource: {kind: Bucket, name: files}}}
`

// canaryAt is the canary's Ingress with a weight and more lines of annotations.
func canaryAt(weight, extra string) string {
	return strings.NewReplacer("WEIGHT", weight, "EXTRA", extra).Replace(canaryIngress)
}

func TestNginx(t *testing.T) {
	foreign := strings.Replace(canaryAt("0", ""), "uid-web", "uid-other", 1)
	runAll(t, []scenario{
		{name: "it is created", routing: nginxOne, before: ingress, desired: weights(10), after: canaryAt("10", "")},
		{name: "nothing to do", routing: nginxOne, before: ingress + "\n---\n" + canaryAt("10", ""), desired: weights(10)},
		{
			name: "what others put on it stays", routing: nginxOne, desired: weights(60),
			before: ingress + "\n---\n" + canaryAt("10", "\n    others: annotation"),
			after:  canaryAt("60", "\n    others: annotation"),
		},
		{
			name: "it follows the stable one", routing: nginxOne, desired: weights(10),
			before: strings.Replace(ingress, "/static", "/assets", 1) + "\n---\n" + canaryAt("10", ""),
			after:  strings.Replace(canaryAt("10", ""), "/static", "/assets", 1),
		},
		{
			name: "a total weight", routing: nginxOne + "\nmaxTrafficWeight: 1000", before: ingress,
			desired: Desired{Canary: Destination{Service: "canary", Weight: 1}, Stable: Destination{Service: "stable", Weight: 999}},
			after:   canaryAt("1", "\n    nginx.ingress.kubernetes.io/canary-weight-total: \"1000\""),
		},
		{
			name: "annotations of the user, of which none is the weight", before: ingress, desired: weights(10),
			routing: `nginx: {stableIngress: front, annotationPrefix: acme.com, additionalIngressAnnotations: {canary-weight: "7", acme.com/a: b}, canaryIngressAnnotations: {my/x: "y"}}`,
			after: strings.Replace(strings.ReplaceAll(canaryAt("10", "\n    acme.com/a: b\n    my/x: \"y\""), "nginx.ingress.kubernetes.io", "acme.com"),
				"    acme.com/canary-by-header: X-Canary\n", "", 1),
		},
		{name: "that of another is left alone", routing: nginxOne, before: ingress + "\n---\n" + foreign, desired: weights(10), problems: []string{`"web-front-canary" exists and is not the rollout's own`}},
		{name: "not there", routing: "nginx: {stableIngresses: [front, back]}", desired: weights(1), problems: []string{"nginx.stableIngresses[0]", "nginx.stableIngresses[1]"}},
		{name: "no rule for it", routing: nginxOne, before: strings.ReplaceAll(ingress, "name: stable", "name: another"), desired: weights(1), problems: []string{`none of its rules leads to the stable Service "stable"`}},
	})
}

func TestCanaryIngressName(t *testing.T) {
	if got := CanaryIngressName("web", "front"); got != "web-front-canary" {
		t.Error(got)
	}
	if got := CanaryIngressName(strings.Repeat("r", 200), strings.Repeat("i", 200)); len(got) != 253 || !strings.HasSuffix(got, "i-canary") {
		t.Errorf("%d characters: %s", len(got), got)
	}
}
