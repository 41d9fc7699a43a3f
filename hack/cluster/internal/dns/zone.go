// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package dns answers the names of the cluster's Services, after the
// Kubernetes DNS specification 1.1, as far as workloads of tests use it:
// addresses and ports of Services with and without a cluster address, of their
// named endpoints, and aliases. It knows nothing outside the cluster: there is
// no upstream.
package dns

import (
	"net"
	"slices"
	"strings"

	"github.com/miekg/dns"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// ttl is short: tests replace Services all the time.
const ttl = 5

// source gives the objects that names are made of; nil stands for "not there".
type source interface {
	service(namespace, name string) *corev1.Service
	slices(namespace, service string) []*discoveryv1.EndpointSlice
	hasNamespace(name string) bool
}

// zone answers questions below one domain.
type zone struct {
	domain string // fully qualified, such as "cluster.local."
	source source
}

// answer returns the records of a question and the response code: a name that
// exists without a record of that type is a success without records, which
// tells resolvers not to go on with their search list.
func (z zone) answer(q dns.Question) (answers []dns.RR, rcode int) {
	name := strings.ToLower(q.Name)
	rest, ok := strings.CutSuffix(name, "."+z.domain)
	if !ok {
		return nil, dns.RcodeNameError
	}
	labels := strings.Split(rest, ".")
	slices.Reverse(labels)
	if labels[0] != "svc" {
		return nil, dns.RcodeNameError
	}
	labels = labels[1:] // namespace, service, then endpoint, or protocol and port
	switch len(labels) {
	case 0:
		return nil, dns.RcodeSuccess
	case 1:
		if z.source.hasNamespace(labels[0]) {
			return nil, dns.RcodeSuccess
		}
		return nil, dns.RcodeNameError
	}
	service := z.source.service(labels[0], labels[1])
	if service == nil {
		return nil, dns.RcodeNameError
	}
	switch len(labels) {
	case 2:
		return z.service(q, service), dns.RcodeSuccess
	case 3:
		if ips := z.endpoints(service, labels[2]); len(ips) > 0 {
			return addresses(q, ips), dns.RcodeSuccess
		}
	case 4:
		if port := namedPort(service, labels[3], labels[2]); port != nil {
			return z.serve(q, service, port), dns.RcodeSuccess
		}
	}
	return nil, dns.RcodeNameError
}

// service answers the name of a Service itself.
func (z zone) service(q dns.Question, service *corev1.Service) []dns.RR {
	if service.Spec.Type == corev1.ServiceTypeExternalName {
		return []dns.RR{&dns.CNAME{Hdr: header(q.Name, dns.TypeCNAME), Target: dns.Fqdn(service.Spec.ExternalName)}}
	}
	if service.Spec.ClusterIP == corev1.ClusterIPNone {
		return addresses(q, z.endpoints(service, ""))
	}
	return addresses(q, []string{service.Spec.ClusterIP})
}

// endpoints returns the addresses behind a Service, or behind one hostname of it.
func (z zone) endpoints(service *corev1.Service, hostname string) []string {
	var ips []string
	for _, slice := range z.source.slices(service.Namespace, service.Name) {
		if slice.AddressType != discoveryv1.AddressTypeIPv4 {
			continue
		}
		for _, e := range slice.Endpoints {
			ready := e.Conditions.Ready == nil || *e.Conditions.Ready
			if !ready && !service.Spec.PublishNotReadyAddresses {
				continue
			}
			if hostname == "" || (e.Hostname != nil && *e.Hostname == hostname) {
				ips = append(ips, e.Addresses...)
			}
		}
	}
	slices.Sort(ips)
	return slices.Compact(ips)
}

// namedPort finds the port of a question such as _http._tcp.
func namedPort(service *corev1.Service, port, protocol string) *corev1.ServicePort {
	for i, p := range service.Spec.Ports {
		if "_"+p.Name == port && "_"+strings.ToLower(string(p.Protocol)) == protocol {
			return &service.Spec.Ports[i]
		}
	}
	return nil
}

// serve answers where a named port is.
func (z zone) serve(q dns.Question, service *corev1.Service, port *corev1.ServicePort) []dns.RR {
	if q.Qtype != dns.TypeSRV && q.Qtype != dns.TypeANY {
		return nil
	}
	target := service.Name + "." + service.Namespace + ".svc." + z.domain
	return []dns.RR{&dns.SRV{Hdr: header(q.Name, dns.TypeSRV), Weight: 100, Port: uint16(port.Port), Target: target}}
}

func addresses(q dns.Question, ips []string) []dns.RR {
	if q.Qtype != dns.TypeA && q.Qtype != dns.TypeANY {
		return nil
	}
	var records []dns.RR
	for _, ip := range ips {
		if v4 := net.ParseIP(ip).To4(); v4 != nil {
			records = append(records, &dns.A{Hdr: header(q.Name, dns.TypeA), A: v4})
		}
	}
	return records
}

func header(name string, kind uint16) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: kind, Class: dns.ClassINET, Ttl: ttl}
}
