// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/client-go/rest"
)

const (
	accountPrefix  = "system:serviceaccount:"
	groupsAccounts = "system:serviceaccounts"
	authenticated  = "system:authenticated"
)

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
	_, _, err := i.account()
	return err
}

func (i Identity) account() (namespace, name string, err error) {
	rest, found := strings.CutPrefix(string(i), accountPrefix)
	namespace, name, parts := strings.Cut(rest, ":")
	if !found || !parts || len(validation.ValidateNamespaceName(namespace, false)) > 0 ||
		len(validation.ValidateServiceAccountName(name, false)) > 0 {
		return "", "", fmt.Errorf("%q is not a service account: %sNAMESPACE:NAME is what its name looks like", string(i), accountPrefix)
	}
	return namespace, name, nil
}

// impersonate makes requests be the identity's, with the groups that its own tokens would have.
func (i Identity) impersonate(config *rest.Config) error {
	if i == "" {
		return nil
	}
	namespace, _, err := i.account()
	if err != nil {
		return err
	}
	config.Impersonate = rest.ImpersonationConfig{
		UserName: string(i),
		Groups:   []string{groupsAccounts, groupsAccounts + ":" + namespace, authenticated},
	}
	return nil
}
