// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package project

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/glob"
)

// ServiceAccount returns as whom objects of a destination are written: system:serviceaccount:NAMESPACE:NAME, by the first
// of the project's destinationServiceAccounts that matches. It is empty if the project has no such list. If it has
// one and nothing matches, or what matches is no account, that is an error: the project means to limit who writes.
// namespace is the application's destination, in which an account is that names no namespace, and where that is empty
// that of the application.
func ServiceAccount(p *appv1.AppProject, server, namespace, applicationNamespace string) (user string, err error) {
	if len(p.Spec.DestinationServiceAccounts) == 0 {
		return "", nil
	}
	for _, rule := range p.Spec.DestinationServiceAccounts {
		if !glob.Match(rule.Server, server) || !glob.Match(rule.Namespace, namespace) {
			continue
		}
		account := rule.DefaultServiceAccount
		space, name, qualified := strings.Cut(account, ":")
		if !qualified {
			space, name = first(namespace, applicationNamespace), account
		}
		if len(validation.IsDNS1123Label(space)) > 0 || len(validation.IsDNS1123Subdomain(name)) > 0 {
			return "", fmt.Errorf("default service account %q of project '%s' for server %s and namespace %s is no name of a service account", account, p.Name, server, namespace)
		}
		return "system:serviceaccount:" + space + ":" + name, nil
	}
	return "", fmt.Errorf("no matching service account found for destination server %s and namespace %s", server, namespace)
}
