// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"bytes"
	"context"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	"k8s.io/klog/v2"
)

// checkEvery is how often the authority and the certificate are looked at. A
// new authority is published for that long before anything is signed by it.
const checkEvery = time.Minute

// Provider is the server's certificate as k8s.io/apiserver serves it. It is
// renewed while Run runs, and each replica has its own.
type Provider struct {
	hosts     []string
	authority func(ctx context.Context, now time.Time) (*Authority, error)
	now       func() time.Time

	mu        sync.RWMutex
	bundle    []byte
	cert, key []byte
	listeners []dynamiccertificates.Listener
}

var (
	_ dynamiccertificates.CertKeyContentProvider = &Provider{}
	_ dynamiccertificates.ControllerRunner       = &Provider{}
)

// NewProvider returns a provider that has a certificate for the given names and
// addresses already. authority is asked again and again.
func NewProvider(ctx context.Context, hosts []string, authority func(context.Context, time.Time) (*Authority, error)) (*Provider, error) {
	p := &Provider{hosts: hosts, authority: authority, now: time.Now}
	if err := p.RunOnce(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// Name implements dynamiccertificates.CertKeyContentProvider.
func (p *Provider) Name() string { return "argosy-serving-cert" }

// CurrentCertKeyContent implements dynamiccertificates.CertKeyContentProvider.
func (p *Provider) CurrentCertKeyContent() (cert, key []byte) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.cert, p.key
}

// Bundle is the PEM by which clients trust this server and its peers.
func (p *Provider) Bundle() []byte {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.bundle
}

// AddListener implements dynamiccertificates.Notifier.
func (p *Provider) AddListener(l dynamiccertificates.Listener) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listeners = append(p.listeners, l)
}

// RunOnce renews what has to be renewed.
func (p *Provider) RunOnce(ctx context.Context) error {
	now := p.now()
	a, err := p.authority(ctx, now)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	fresh := bytes.Equal(p.bundle, a.Bundle)
	p.bundle = a.Bundle
	if p.cert != nil && (!fresh || a.issued(p.cert, now)) {
		return nil
	}
	cert, key, err := a.Issue(p.hosts, now)
	if err != nil {
		return err
	}
	p.cert, p.key = cert, key
	for _, l := range p.listeners {
		l.Enqueue()
	}
	return nil
}

// Run implements dynamiccertificates.ControllerRunner.
func (p *Provider) Run(ctx context.Context, _ int) {
	wait.UntilWithContext(ctx, func(ctx context.Context) {
		if err := p.RunOnce(ctx); err != nil {
			klog.FromContext(ctx).Error(err, "Renewing the serving certificate failed, will try again")
		}
	}, checkEvery)
}
