// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/git"
)

// Values of the label argocd.argoproj.io/secret-type.
const (
	// SecretTypeRepository is a Secret for one repository.
	SecretTypeRepository = "repository"
	// SecretTypeRepositoryCredentials is a Secret for all repositories whose URL begins with its own.
	SecretTypeRepositoryCredentials = "repo-creds"
)

// unsupported are keys of which each means a way to reach a repository that we have not. Those with a value count only if
// they have it.
var unsupported = []struct{ key, value string }{
	{"useAzureWorkloadIdentity", "true"}, {"enableLfs", "true"}, {"enableOCI", "true"}, {"type", "oci"},
}

// credentialKeys are those that make a Secret one that has credentials, so that none of repo-creds are looked for.
var credentialKeys = []string{"username", "password", "bearerToken", "sshPrivateKey", "tlsClientCertData", "tlsClientCertKey",
	"githubAppPrivateKey", "githubAppID", "gcpServiceAccountKey", "azureServicePrincipalClientSecret", "azureServicePrincipalClientId"}

// secret is a Secret of a repository, or of several.
type secret struct{ *corev1.Secret }

func (s secret) get(key string) string { return strings.TrimSpace(string(s.Data[key])) }

func (s secret) is(key string) bool { return strings.EqualFold(s.get(key), "true") }

// usable returns an error if the Secret wants what we have not.
func (s secret) usable() error {
	for _, u := range unsupported {
		if value := s.get(u.key); value != "" && (u.value == "" || strings.EqualFold(value, u.value)) {
			return fmt.Errorf("secret %s: %s is not supported", s.Name, u.key)
		}
	}
	return nil
}

func (s secret) hasCredentials() bool {
	return slices.ContainsFunc(credentialKeys, func(key string) bool { return s.get(key) != "" }) || s.is("useAzureWorkloadIdentity")
}

// serves tells whether a project may use the Secret.
func (s secret) serves(project string) bool {
	return s.get("project") == "" || s.get("project") == project
}

// choose finds the Secret of the repository at a URL, and the one that has its credentials, for a project. Each may be
// missing. A Secret for the project goes before one for all; of repo-creds, the longest URL counts.
func choose(secrets []*corev1.Secret, url, project string) (repository, credentials *secret) {
	key, err := urlKey(url)
	if err != nil {
		return nil, nil
	}
	length := -1
	for _, s := range sorted(secrets) {
		if !s.serves(project) {
			continue
		}
		mine := s.get("project") != ""
		switch s.Labels[appv1.LabelSecretType] {
		case SecretTypeRepository:
			if other, err := urlKey(s.get("url")); err == nil && other == key && (repository == nil || mine && repository.get("project") == "") {
				repository = &s
			}
		case SecretTypeRepositoryCredentials:
			prefix, err := prefixKey(s.get("url"))
			if err != nil || !strings.HasPrefix(key+"/", prefix) {
				continue
			}
			if len(prefix) > length || len(prefix) == length && mine && credentials.get("project") == "" {
				credentials, length = &s, len(prefix)
			}
		}
	}
	if repository != nil && repository.hasCredentials() {
		return repository, repository
	}
	return repository, credentials
}

// named finds the Secret of a repository by its name, as Chart.yaml may refer to one by @NAME.
func named(secrets []*corev1.Secret, name, project string) *secret {
	var found *secret
	for _, s := range sorted(secrets) {
		if s.Labels[appv1.LabelSecretType] == SecretTypeRepository && s.serves(project) && s.get("name") == name &&
			(found == nil || s.get("project") != "" && found.get("project") == "") {
			found = &s
		}
	}
	return found
}

// sorted puts Secrets into an order, so that of two that fit the same one is taken always.
func sorted(secrets []*corev1.Secret) []secret {
	list := make([]secret, 0, len(secrets))
	for _, s := range secrets {
		list = append(list, secret{s})
	}
	slices.SortFunc(list, func(a, b secret) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// urlKey is the same for all URLs of one repository.
func urlKey(url string) (string, error) {
	at, err := git.ParseAddress(url)
	if err != nil {
		// A chart repository may be a host alone.
		if at, err = git.ParseAddress(strings.TrimRight(url, "/") + "/."); err != nil {
			return "", err
		}
		return strings.TrimSuffix(at.Key(), "/."), nil
	}
	return at.Key(), nil
}

// prefixKey is what the key of a URL begins with if the URL begins with another. The host counts as a whole: what is for
// https://example.com is not for https://example.com.evil.org.
func prefixKey(url string) (string, error) {
	key, err := urlKey(url)
	if err != nil {
		return "", err
	}
	_, rest, _ := strings.Cut(key, "://")
	if strings.HasSuffix(url, "/") || !strings.Contains(rest, "/") {
		key += "/"
	}
	return key, nil
}
