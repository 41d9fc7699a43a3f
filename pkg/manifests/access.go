// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"fmt"
	"net/url"
	"strings"

	"argosy.dev/argosy/pkg/git"
	"argosy.dev/argosy/pkg/remote"
)

// Names of the ConfigMaps that are read.
const (
	tlsCertsMap   = "argocd-tls-certs-cm"
	knownHostsMap = "argocd-ssh-known-hosts-cm"
	knownHostsKey = "ssh_known_hosts"
)

// tenant is whose Secrets and ConfigMaps are used: those of a namespace that serve a project.
type tenant struct{ namespace, project string }

// access finds out how the repository at a URL is reached.
func (g *Generator) access(who tenant, repoURL string) (remote.Access, error) {
	secrets, err := g.config.Credentials.Secrets(who.namespace)
	if err != nil {
		return remote.Access{}, fmt.Errorf("read the Secrets of repositories: %w", err)
	}
	repository, credentials := choose(secrets, repoURL, who.project)
	var a remote.Access
	for _, s := range []*secret{credentials, repository} {
		if s == nil {
			continue
		}
		if err := s.usable(); err != nil {
			return remote.Access{}, err
		}
		a.Insecure = a.Insecure || s.is("insecure") || s.is("insecureIgnoreHostKey")
		if proxy := s.get("proxy"); proxy != "" {
			a.Proxy, a.NoProxy = proxy, s.get("noProxy")
		}
	}
	if s := credentials; s != nil {
		a.Username, a.Password, a.BearerToken = s.get("username"), s.get("password"), s.get("bearerToken")
		a.ClientCert, a.ClientKey = s.get("tlsClientCertData"), s.get("tlsClientCertKey")
		if key := s.get("sshPrivateKey"); key != "" {
			a.PrivateKey = key + "\n"
		}
		if a.Exchange, err = s.exchange(repoURL); err != nil {
			return remote.Access{}, err
		}
		if a.Exchange != nil {
			if a.Exchange.CA, err = g.exchangeCA(who, a.Exchange); err != nil {
				return remote.Access{}, err
			}
		}
	}
	err = g.trust(who, repoURL, &a)
	return a, err
}

// exchangeCA returns the certificates that the namespace trusts of who gives out tokens.
func (g *Generator) exchangeCA(who tenant, e *remote.Exchange) (string, error) {
	at, err := e.Host()
	if err != nil {
		return "", err
	}
	certs, err := g.config.Credentials.ConfigMap(who.namespace, tlsCertsMap)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", tlsCertsMap, err)
	}
	return certs[at.Hostname()], nil
}

// trust adds the certificates and host keys that the namespace trusts.
func (g *Generator) trust(who tenant, repoURL string, a *remote.Access) error {
	if !strings.Contains(repoURL, "://") || strings.HasPrefix(repoURL, "ssh") || strings.HasPrefix(repoURL, "git+ssh") {
		known, err := g.config.Credentials.ConfigMap(who.namespace, knownHostsMap)
		if err != nil {
			return fmt.Errorf("read %s: %w", knownHostsMap, err)
		}
		a.KnownHosts = known[knownHostsKey]
		return nil
	}
	// Of what only concerns SSH nothing is kept: it would make another store of the same repository.
	a.PrivateKey = ""
	u, err := url.Parse(repoURL)
	if err != nil || u.Scheme != "https" {
		return nil //nolint:nilerr // What is wrong with the URL is told by who uses it.
	}
	certs, err := g.config.Credentials.ConfigMap(who.namespace, tlsCertsMap)
	if err != nil {
		return fmt.Errorf("read %s: %w", tlsCertsMap, err)
	}
	a.CA = certs[u.Hostname()]
	return nil
}

// repository opens a Git repository as a tenant reaches it.
func (g *Generator) repository(who tenant, repoURL string) (*git.Repository, error) {
	a, err := g.access(who, repoURL)
	if err != nil {
		return nil, err
	}
	return g.config.Store.Repository(repoURL, a)
}
