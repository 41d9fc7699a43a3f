// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package remote says how to reach a repository that a user names: by which credentials, which certificates are trusted,
// through which proxy. It makes clients of that, which stay away from the server's own machine and bound what they read.
//
// It must not know what a repository holds, and no error of it may contain a secret.
package remote

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/net/http/httpproxy"
)

const (
	dialTimeout = 10 * time.Second
	idleTimeout = 60 * time.Second
	maxHeader   = 256 << 10
)

// Access is how a repository is reached. Its zero value has no credentials and trusts what the system trusts.
type Access struct {
	// Username and Password are for HTTP, and for SSH the user if the URL names none.
	Username string
	Password string
	// Exchange are credentials for HTTP that are exchanged for a token before use: see Tokens. Nil: there are none.
	Exchange *Exchange `json:",omitempty"`
	// BearerToken is sent instead of a password over HTTP.
	BearerToken string
	// ClientCert and ClientKey are PEM: who we are in TLS.
	ClientCert string
	ClientKey  string
	// CA are PEM certificates that are trusted instead of the system's. Empty: the system's.
	CA string
	// Insecure accepts any certificate and any SSH host key.
	Insecure bool
	// PrivateKey is an SSH key, as PEM, without passphrase.
	PrivateKey string
	// KnownHosts are SSH host keys, in the format of OpenSSH's known_hosts.
	KnownHosts string
	// Proxy is the URL of a proxy (http, https, socks5). Empty: the one of the environment, for HTTP only.
	Proxy string
	// NoProxy are hosts that are reached without Proxy, as in the variable NO_PROXY.
	NoProxy string
}

// Fingerprint is a name for an address together with how it is reached: what was fetched by one Access must not be given
// to somebody who has another one. The key keeps passwords from being guessed by it.
func (a Access) Fingerprint(key []byte, address string) string {
	text, err := json.Marshal([]any{address, a})
	if err != nil {
		panic(err) // Strings and booleans can be encoded.
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(text)
	return hex.EncodeToString(mac.Sum(nil))
}

// Authorize puts the credentials for HTTP into a request.
func (a Access) Authorize(req *http.Request) {
	switch {
	case a.BearerToken != "":
		req.Header.Set("Authorization", "Bearer "+a.BearerToken)
	case a.Username != "" || a.Password != "":
		req.SetBasicAuth(a.Username, a.Password)
	}
}

// Transport returns a transport for HTTP. Unless local is set, it does not reach addresses of the machine itself, its link
// and those by which clouds hand out credentials.
func (a Access) Transport(local bool) (*http.Transport, error) {
	config, err := a.tls()
	if err != nil {
		return nil, err
	}
	proxy, err := a.proxy()
	if err != nil {
		return nil, err
	}
	return &http.Transport{
		Proxy: func(r *http.Request) (*url.URL, error) { return proxy(r.URL) }, DialContext: Dialer(local).DialContext,
		ForceAttemptHTTP2: true, TLSClientConfig: config, TLSHandshakeTimeout: dialTimeout, MaxResponseHeaderBytes: maxHeader,
		MaxIdleConnsPerHost: 4, IdleConnTimeout: idleTimeout,
	}, nil
}

func (a Access) tls() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: a.Insecure} //nolint:gosec // The user asks for it.
	if a.CA != "" {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM([]byte(a.CA)) {
			return nil, errors.New("the trusted certificates of the host contain none that can be read")
		}
	}
	if a.ClientCert != "" || a.ClientKey != "" {
		// The error of a bad pair says nothing of its content that helps, and might say too much.
		pair, err := tls.X509KeyPair([]byte(a.ClientCert), []byte(a.ClientKey))
		if err != nil {
			return nil, errors.New("tlsClientCertData and tlsClientCertKey are not a certificate and its key")
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// proxy returns the function that finds the proxy for an URL.
func (a Access) proxy() (func(*url.URL) (*url.URL, error), error) {
	if a.Proxy == "" {
		return httpproxy.FromEnvironment().ProxyFunc(), nil
	}
	if _, err := a.ProxyURL(); err != nil {
		return nil, err
	}
	return (&httpproxy.Config{HTTPProxy: a.Proxy, HTTPSProxy: a.Proxy, NoProxy: a.NoProxy}).ProxyFunc(), nil
}

// ProxyURL returns the URL of the proxy, nil if there is none.
func (a Access) ProxyURL() (*url.URL, error) {
	if a.Proxy == "" {
		return nil, nil
	}
	proxy, err := url.Parse(a.Proxy)
	if err != nil || proxy.Host == "" || !slices.Contains([]string{"http", "https", "socks5", "socks5h"}, proxy.Scheme) {
		return nil, errors.New("proxy: must be a URL of the scheme http, https or socks5")
	}
	return proxy, nil
}

// handOut are addresses beyond the link by which clouds hand out credentials to machines.
var handOut = []netip.Addr{netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("192.0.0.192")}

// Dialer returns a dialer. Unless local is set, it refuses the addresses that users must not reach through the server.
func Dialer(local bool) *net.Dialer {
	dialer := &net.Dialer{Timeout: dialTimeout}
	if !local {
		dialer.Control = refuseLocal
	}
	return dialer
}

// refuseLocal looks at the address that a name was resolved to, just before it is dialled.
func refuseLocal(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("address %s: %w", address, err)
	}
	if ip := to.Addr().Unmap().WithZone(""); slices.Contains(handOut, ip) || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsUnspecified() || ip.IsMulticast() {
		return fmt.Errorf("address %s is the server's own or its link's, which users must not reach through it", ip)
	}
	return nil
}

// secrets are the values that no message may contain.
func (a Access) secrets() []string {
	secrets := append([]string{a.Password, a.BearerToken}, a.Exchange.secrets()...)
	if proxy, err := url.Parse(a.Proxy); err == nil && proxy.User != nil {
		password, _ := proxy.User.Password()
		secrets = append(secrets, password, proxy.User.String())
	}
	return secrets
}

// Scrub makes text from elsewhere fit for a message: without credentials, on one line, and not long.
func (a Access) Scrub(text string) string {
	for _, secret := range a.secrets() {
		// A password of two letters would take the message apart and tell itself by the gaps.
		if len(secret) > 2 {
			text = strings.ReplaceAll(text, secret, "***")
			text = strings.ReplaceAll(text, url.QueryEscape(secret), "***")
			text = strings.ReplaceAll(text, url.PathEscape(secret), "***")
		}
	}
	return Clean(text)
}

// maxMessage is how long a message from elsewhere may be, in bytes.
const maxMessage = 400

// Clean takes the userinfo out of all URLs in a text, and all that is not printable, and shortens it.
func Clean(text string) string {
	var out strings.Builder
	for rest := text; rest != ""; {
		before, after, found := strings.Cut(rest, "://")
		out.WriteString(before)
		if !found {
			break
		}
		out.WriteString("://")
		end := strings.IndexAny(after, "/?# \t\r\n\"'<>")
		if end < 0 {
			end = len(after)
		}
		if end > 0 && after[end-1] == ':' && strings.HasPrefix(after[end:], "//") {
			end-- // Another URL begins where one should end.
		}
		authority := after[:end]
		if at := strings.LastIndexByte(authority, '@'); at >= 0 {
			authority = authority[at+1:]
		}
		out.WriteString(authority)
		rest = after[end:]
	}
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return ' '
		}
		return r
	}, out.String())
	clean = strings.TrimSpace(clean)
	if len(clean) > maxMessage {
		clean = strings.ToValidUTF8(clean[:maxMessage], "") + "..."
	}
	return clean
}
