// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package dns

import (
	"context"
	"errors"
	"fmt"

	"github.com/miekg/dns"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	discoverylisters "k8s.io/client-go/listers/discovery/v1"
	"k8s.io/client-go/tools/cache"
)

// Serve answers on the address by UDP and TCP until ctx ends.
func Serve(ctx context.Context, client kubernetes.Interface, address, domain string) error {
	factory := informers.NewSharedInformerFactory(client, 0)
	services := factory.Core().V1().Services()
	endpoints := factory.Discovery().V1().EndpointSlices()
	c := cluster{services: services.Lister(), endpoints: endpoints.Lister()}
	synced := []cache.InformerSynced{services.Informer().HasSynced, endpoints.Informer().HasSynced}
	factory.Start(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), synced...) {
		return ctx.Err()
	}
	handler := handler{zone: zone{domain: dns.Fqdn(domain), source: c}}
	failed := make(chan error, 2)
	var servers []*dns.Server
	for _, network := range []string{"udp", "tcp"} {
		server := &dns.Server{Addr: address, Net: network, Handler: handler}
		servers = append(servers, server)
		go func() { failed <- server.ListenAndServe() }()
	}
	select {
	case err := <-failed:
		return fmt.Errorf("serving DNS on %s: %w", address, err)
	case <-ctx.Done():
		var errs []error
		for _, server := range servers {
			errs = append(errs, server.Shutdown())
		}
		return errors.Join(errs...)
	}
}

type handler struct{ zone zone }

// ServeDNS answers one request, which has one question in practice.
func (h handler) ServeDNS(w dns.ResponseWriter, request *dns.Msg) {
	reply := new(dns.Msg)
	reply.SetReply(request)
	reply.Authoritative = true
	// "Recursion available" keeps resolvers from warning; there is nothing else to ask.
	reply.RecursionAvailable = true
	if len(request.Question) == 1 {
		reply.Answer, reply.Rcode = h.zone.answer(request.Question[0])
	} else {
		reply.Rcode = dns.RcodeFormatError
	}
	if w.LocalAddr().Network() == "udp" {
		size := dns.MinMsgSize
		if opt := request.IsEdns0(); opt != nil {
			size = int(opt.UDPSize())
		}
		reply.Truncate(size)
	}
	// The client may be gone; it asks again if it is not.
	_ = w.WriteMsg(reply)
}

// cluster is the source of a running cluster.
type cluster struct {
	services  corelisters.ServiceLister
	endpoints discoverylisters.EndpointSliceLister
}

func (c cluster) service(namespace, name string) *corev1.Service {
	s, err := c.services.Services(namespace).Get(name)
	if err != nil {
		return nil // a lister fails only for what is not there
	}
	return s
}

func (c cluster) slices(namespace, service string) []*discoveryv1.EndpointSlice {
	found, err := c.endpoints.EndpointSlices(namespace).List(labels.SelectorFromSet(labels.Set{discoveryv1.LabelServiceName: service}))
	if err != nil {
		return nil // a lister of a synced cache does not fail
	}
	return found
}

// hasNamespace tells namespaces by their Services: an empty one has no names.
func (c cluster) hasNamespace(name string) bool {
	found, err := c.services.Services(name).List(labels.Everything())
	return err == nil && len(found) > 0
}
