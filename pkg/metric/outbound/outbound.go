// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package outbound makes HTTP requests to addresses that users name, from the server's place in the network: it keeps
// them away from the server's own machine, bounds what they may answer, and lets no credentials go to another host than
// they were meant for.
package outbound

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/remote"
)

// Limits of one request.
const (
	// MaxBody is how many bytes an answer may have.
	MaxBody = 1 << 20
	// MaxTimeout is how long a request may take, whatever its metric says.
	MaxTimeout = 2 * time.Minute

	maxHeader    = 64 << 10
	maxRedirects = 5
	dialTimeout  = 10 * time.Second
	idleTimeout  = 90 * time.Second
	maxIdle      = 100
)

// Network makes clients for metrics. It is safe for concurrent use.
type Network struct {
	secure, insecure *http.Transport
}

// New returns a network. Unless local is set, it refuses addresses of the machine itself, of its link, and those by which
// clouds hand out credentials: what a user must not reach must not be reached through the server.
func New(local bool) *Network {
	transport := func(insecure bool) *http.Transport {
		return &http.Transport{
			Proxy: http.ProxyFromEnvironment, DialContext: remote.Dialer(local).DialContext, ForceAttemptHTTP2: true,
			TLSHandshakeTimeout: dialTimeout, MaxResponseHeaderBytes: maxHeader, MaxIdleConns: maxIdle, IdleConnTimeout: idleTimeout,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: insecure}, //nolint:gosec // The user asks for it.
		}
	}
	return &Network{secure: transport(false), insecure: transport(true)}
}

// Access is what a metric says of how to reach its source.
type Access struct {
	// Insecure accepts any certificate.
	Insecure *bool
	// Headers are sent with each request.
	Headers []rov1.WebMetricHeader
	// Authentication is how the request says who it is from.
	Authentication *rov1.Authentication
}

// Client returns a client for one measurement. What it cannot do is an error that names the field.
func (n *Network) Client(ctx context.Context, access Access) (*http.Client, error) {
	var transport http.RoundTripper = n.secure
	if access.Insecure != nil && *access.Insecure {
		transport = n.insecure
	}
	private := len(access.Headers) > 0
	client := &http.Client{Transport: bounded{transport}}
	if a := access.Authentication; a != nil {
		if a.Sigv4 != nil && *a.Sigv4 != (rov1.Sigv4Config{}) {
			return nil, errors.New("authentication.sigv4: this version does not sign requests for AWS")
		}
		if o := a.OAuth2; o != nil && o.TokenURL != "" {
			if o.ClientID == "" || o.ClientSecret == "" {
				return nil, errors.New("authentication.oauth2: clientId and clientSecret are required")
			}
			config := clientcredentials.Config{ClientID: o.ClientID, ClientSecret: o.ClientSecret, TokenURL: o.TokenURL, Scopes: o.Scopes}
			tokens := &http.Client{Transport: client.Transport, CheckRedirect: follow(true)}
			client = config.Client(context.WithValue(ctx, oauth2.HTTPClient, tokens))
			private = true
		}
		if b := a.BasicAuth; b != nil && *b != (rov1.BasicAuthConfig{}) {
			client.Transport = basic{client.Transport, *b}
			private = true
		}
	}
	client.Transport = withHeaders{client.Transport, access.Headers}
	client.CheckRedirect = follow(private)
	return client, nil
}

// follow says which redirects are followed. What is private must not go to another host, or over the wire in clear.
func follow(private bool) func(*http.Request, []*http.Request) error {
	return func(to *http.Request, via []*http.Request) error {
		from := via[0].URL
		switch {
		case len(via) > maxRedirects:
			return fmt.Errorf("more than %d redirects", maxRedirects)
		case to.URL.Scheme != "http" && to.URL.Scheme != "https":
			return fmt.Errorf("redirect to the scheme %q is not followed", to.URL.Scheme)
		case (private || to.Method != http.MethodGet) && !sameHost(from, to.URL):
			return fmt.Errorf("redirect to another host (%s) is not followed with headers, credentials or a body", to.URL.Host)
		}
		return nil
	}
}

// sameHost tells whether both name the same host, and the second is no less protected than the first.
func sameHost(a, b *url.URL) bool {
	if a.Host == b.Host && a.Scheme == b.Scheme {
		return true
	}
	return a.Scheme == "http" && b.Scheme == "https" && strings.EqualFold(a.Hostname(), b.Hostname())
}

type basic struct {
	next http.RoundTripper
	auth rov1.BasicAuthConfig
}

// RoundTrip implements http.RoundTripper.
func (b basic) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.SetBasicAuth(b.auth.Username, b.auth.Password)
	return b.next.RoundTrip(req)
}

type withHeaders struct {
	next    http.RoundTripper
	headers []rov1.WebMetricHeader
}

// RoundTrip implements http.RoundTripper.
func (h withHeaders) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	for _, header := range h.headers {
		req.Header.Set(header.Key, header.Value)
		if strings.EqualFold(header.Key, "Host") {
			req.Host = header.Value
		}
	}
	return h.next.RoundTrip(req)
}

// bounded ends answers that are too large.
type bounded struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(req)
	if err == nil {
		resp.Body = remote.Limit(resp.Body, MaxBody)
	}
	return resp, err
}

// Timeout returns how long a measurement may take, of what its metric says in seconds.
func Timeout(seconds *int64, instead int64) time.Duration {
	if seconds != nil && *seconds > 0 {
		instead = *seconds
	}
	return min(time.Duration(min(instead, int64(MaxTimeout/time.Second)))*time.Second, MaxTimeout)
}
