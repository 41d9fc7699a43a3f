// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"argosy.dev/argosy/pkg/git"
	"argosy.dev/argosy/pkg/remote"
)

// exchange returns the credentials of a Secret that have to be exchanged for a token, nil if it has none. Those that can be
// used as they are go before them, as the peer has it.
func (s secret) exchange(repoURL string) (*remote.Exchange, error) {
	if s.get("password") != "" || s.get("bearerToken") != "" {
		return nil, nil
	}
	var e *remote.Exchange
	var err error
	switch {
	case s.get("githubAppID") != "" || s.get("githubAppPrivateKey") != "" || s.get("githubAppInstallationID") != "":
		e, err = s.gitHub(repoURL)
	case s.get("gcpServiceAccountKey") != "":
		e = &remote.Exchange{Google: &remote.GoogleAccount{Key: s.get("gcpServiceAccountKey")}}
	case s.get("azureServicePrincipalClientId") != "" || s.get("azureServicePrincipalClientSecret") != "" || s.get("azureServicePrincipalTenantId") != "":
		e, err = s.azure()
	default:
		return nil, nil
	}
	if err == nil {
		err = e.Check()
	}
	if err == nil && !strings.HasPrefix(repoURL, "https://") && !strings.HasPrefix(repoURL, "http://") {
		err = errors.New("its credentials are for URLs of the scheme https")
	}
	if err != nil {
		return nil, fmt.Errorf("secret %s: %w", s.Name, err)
	}
	return e, nil
}

// all returns an error that names the first of some keys that is not there.
func (s secret) all(keys ...string) error {
	for _, key := range keys {
		if s.get(key) == "" {
			return fmt.Errorf("%s is missing", key)
		}
	}
	return nil
}

func (s secret) gitHub(repoURL string) (*remote.Exchange, error) {
	if err := s.all("githubAppID", "githubAppPrivateKey"); err != nil {
		return nil, err
	}
	app := &remote.GitHubApp{PrivateKey: s.get("githubAppPrivateKey"), API: s.get("githubAppEnterpriseBaseUrl")}
	for key, into := range map[string]*int64{"githubAppID": &app.ID, "githubAppInstallationID": &app.Installation} {
		if text := s.get(key); text != "" {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil || n <= 0 {
				return nil, fmt.Errorf("%s is not a number", key)
			}
			*into = n
		}
	}
	if app.Installation == 0 {
		at, err := git.ParseAddress(repoURL)
		if err != nil {
			return nil, err
		}
		parts := strings.Split(strings.Trim(strings.TrimSuffix(at.Path, ".git"), "/"), "/")
		if len(parts) < 2 {
			return nil, errors.New("githubAppInstallationID is missing, and the URL names no OWNER/REPOSITORY to find it by")
		}
		app.Repository = parts[0] + "/" + parts[1]
	}
	return &remote.Exchange{GitHub: app}, nil
}

func (s secret) azure() (*remote.Exchange, error) {
	if err := s.all("azureServicePrincipalClientId", "azureServicePrincipalClientSecret", "azureServicePrincipalTenantId"); err != nil {
		return nil, err
	}
	return &remote.Exchange{Azure: &remote.AzurePrincipal{
		Client: s.get("azureServicePrincipalClientId"), Secret: s.get("azureServicePrincipalClientSecret"),
		Tenant: s.get("azureServicePrincipalTenantId"), Directory: s.get("azureActiveDirectoryEndpoint"),
	}}, nil
}
