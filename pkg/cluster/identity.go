// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/client-go/rest"
)

const accountPrefix = "system:serviceaccount:"

// Identity is as whom a cluster is used: a service account, by the name that Kubernetes gives it as a user
// (system:serviceaccount:NAMESPACE:NAME). Empty is whoever the credentials of the destination belong to.
type Identity string

// ServiceAccount is the identity of a service account.
func ServiceAccount(namespace, name string) Identity {
	return Identity(accountPrefix + namespace + ":" + name)
}

// Check refuses what is neither empty nor the name of a service account: an application that could name any user or group
// could be anybody.
func (i Identity) Check() error {
	if i == "" {
		return nil
	}
	rest, found := strings.CutPrefix(string(i), accountPrefix)
	namespace, name, parts := strings.Cut(rest, ":")
	if !found || !parts || len(validation.ValidateNamespaceName(namespace, false)) > 0 ||
		len(validation.ValidateServiceAccountName(name, false)) > 0 {
		return fmt.Errorf("%q is not a service account: %sNAMESPACE:NAME is what its name looks like", string(i), accountPrefix)
	}
	return nil
}

// impersonate makes requests be the identity's. The groups that its own tokens would have (system:serviceaccounts, that of
// its namespace, system:authenticated) are given to it by the API server. They are not named here: whoever names a group
// needs the right to impersonate it, and a right for the groups of all namespaces would be one for all groups.
func (i Identity) impersonate(config *rest.Config) error {
	if err := i.Check(); err != nil {
		return err
	}
	config.Impersonate = rest.ImpersonationConfig{UserName: string(i)}
	return nil
}

// Impersonated is a client configuration that is the identity's, made of one that may impersonate.
func Impersonated(config *rest.Config, identity Identity) (*rest.Config, error) {
	out := rest.CopyConfig(config)
	if err := identity.impersonate(out); err != nil {
		return nil, err
	}
	return out, nil
}

// Namespace is the namespace of the service account; empty where the identity is none.
func (i Identity) Namespace() string {
	account, found := strings.CutPrefix(string(i), accountPrefix)
	if !found {
		return ""
	}
	namespace, _, _ := strings.Cut(account, ":")
	return namespace
}
