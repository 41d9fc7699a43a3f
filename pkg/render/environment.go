// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"os"
	"strings"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// kindsVariable is the variable that holds what the cluster serves.
const kindsVariable = "KUBE_API_VERSIONS"

// environment is the variables of a build (the peer's documentation: build environment).
type environment map[string]string

// buildEnvironment is the variables of a request.
func buildEnvironment(req *Request, spec *appv1.ApplicationSource) environment {
	first := func(n int) string { return req.Revision[:min(n, len(req.Revision))] }
	return environment{
		"ARGOCD_APP_NAME":                   req.Application,
		"ARGOCD_APP_NAMESPACE":              req.Destination,
		"ARGOCD_APP_PROJECT_NAME":           req.Project,
		"ARGOCD_APP_REVISION":               req.Revision,
		"ARGOCD_APP_REVISION_SHORT":         first(7),
		"ARGOCD_APP_REVISION_SHORT_8":       first(8),
		"ARGOCD_APP_SOURCE_REPO_URL":        spec.RepoURL,
		"ARGOCD_APP_SOURCE_PATH":            spec.Path,
		"ARGOCD_APP_SOURCE_TARGET_REVISION": spec.TargetRevision,
		"KUBE_VERSION":                      req.KubeVersion,
		kindsVariable:                       strings.Join(req.APIVersions, ","),
	}
}

// replace puts values for $NAME and ${NAME}. $$ is a dollar sign, and a variable that does not exist is empty.
func (e environment) replace(text string) string {
	return os.Expand(text, func(name string) string {
		if name == "$" {
			return "$"
		}
		return e[name]
	})
}
