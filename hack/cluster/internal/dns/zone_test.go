// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// fake is a source made of a few objects.
type fake struct {
	services  []*corev1.Service
	endpoints []*discoveryv1.EndpointSlice
}

func (f fake) service(namespace, name string) *corev1.Service {
	for _, s := range f.services {
		if s.Namespace == namespace && s.Name == name {
			return s
		}
	}
	return nil
}

func (f fake) slices(namespace, service string) []*discoveryv1.EndpointSlice {
	var found []*discoveryv1.EndpointSlice
	for _, s := range f.endpoints {
		if s.Namespace == namespace && s.Labels[discoveryv1.LabelServiceName] == service {
			found = append(found, s)
		}
	}
	return found
}

func (f fake) hasNamespace(name string) bool {
	return slices.ContainsFunc(f.services, func(s *corev1.Service) bool { return s.Namespace == name })
}

func TestAnswer(t *testing.T) {
	service := func(name string, spec corev1.ServiceSpec) *corev1.Service {
		return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: name}, Spec: spec}
	}
	no, host := false, "db-0"
	z := zone{domain: "cluster.local.", source: fake{
		services: []*corev1.Service{
			service("web", corev1.ServiceSpec{ClusterIP: "10.0.0.7", Ports: []corev1.ServicePort{{Name: "http", Port: 80, Protocol: corev1.ProtocolTCP}}}),
			service("db", corev1.ServiceSpec{ClusterIP: corev1.ClusterIPNone}),
			service("peers", corev1.ServiceSpec{ClusterIP: corev1.ClusterIPNone, PublishNotReadyAddresses: true}),
			service("away", corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "example.org"}),
		},
		endpoints: []*discoveryv1.EndpointSlice{
			{
				ObjectMeta:  metav1.ObjectMeta{Namespace: "ns", Name: "db-1", Labels: map[string]string{discoveryv1.LabelServiceName: "db"}},
				AddressType: discoveryv1.AddressTypeIPv4,
				Endpoints: []discoveryv1.Endpoint{
					{Addresses: []string{"10.1.0.2"}},
					{Addresses: []string{"10.1.0.1"}, Hostname: &host},
					{Addresses: []string{"10.1.0.3"}, Conditions: discoveryv1.EndpointConditions{Ready: &no}},
				},
			},
			{
				ObjectMeta:  metav1.ObjectMeta{Namespace: "ns", Name: "peers-1", Labels: map[string]string{discoveryv1.LabelServiceName: "peers"}},
				AddressType: discoveryv1.AddressTypeIPv4,
				Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{"10.1.0.9"}, Conditions: discoveryv1.EndpointConditions{Ready: &no}}},
			},
		},
	}}
	for _, test := range []struct {
		name  string
		kind  uint16
		want  string // the records' data
		rcode int
	}{
		{name: "web.ns.svc.cluster.local.", kind: dns.TypeA, want: "10.0.0.7"},
		{name: "WEB.ns.svc.Cluster.Local.", kind: dns.TypeA, want: "10.0.0.7"},
		{name: "web.ns.svc.cluster.local.", kind: dns.TypeAAAA},
		{name: "db.ns.svc.cluster.local.", kind: dns.TypeA, want: "10.1.0.1 10.1.0.2"},
		{name: "db-0.db.ns.svc.cluster.local.", kind: dns.TypeA, want: "10.1.0.1"},
		{name: "db-1.db.ns.svc.cluster.local.", kind: dns.TypeA, rcode: dns.RcodeNameError},
		{name: "peers.ns.svc.cluster.local.", kind: dns.TypeA, want: "10.1.0.9"},
		{name: "away.ns.svc.cluster.local.", kind: dns.TypeA, want: "example.org."},
		{name: "_http._tcp.web.ns.svc.cluster.local.", kind: dns.TypeSRV, want: "0 100 80 web.ns.svc.cluster.local."},
		{name: "_http._udp.web.ns.svc.cluster.local.", kind: dns.TypeSRV, rcode: dns.RcodeNameError},
		{name: "ns.svc.cluster.local.", kind: dns.TypeA},
		{name: "svc.cluster.local.", kind: dns.TypeA},
		{name: "other.svc.cluster.local.", kind: dns.TypeA, rcode: dns.RcodeNameError},
		{name: "absent.ns.svc.cluster.local.", kind: dns.TypeA, rcode: dns.RcodeNameError},
		{name: "web.ns.svc.cluster.local.ns.svc.cluster.local.", kind: dns.TypeA, rcode: dns.RcodeNameError},
		{name: "example.org.", kind: dns.TypeA, rcode: dns.RcodeNameError},
		{name: "cluster.local.", kind: dns.TypeA, rcode: dns.RcodeNameError},
		{name: ".", kind: dns.TypeA, rcode: dns.RcodeNameError},
	} {
		t.Run(test.name+dns.TypeToString[test.kind], func(t *testing.T) {
			records, rcode := z.answer(dns.Question{Name: test.name, Qtype: test.kind, Qclass: dns.ClassINET})
			var data []string
			for _, r := range records {
				data = append(data, strings.TrimPrefix(r.String(), r.Header().String()))
			}
			if got := strings.Join(data, " "); got != test.want || rcode != test.rcode {
				t.Errorf("got %q, %s; want %q, %s", got, dns.RcodeToString[rcode], test.want, dns.RcodeToString[test.rcode])
			}
		})
	}
}
