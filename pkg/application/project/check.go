// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package project

import (
	"fmt"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// Sources are the sources of an application that count: those of spec.sources, or else spec.source. A hydrator's is not
// among them.
func Sources(app *appv1.Application) []appv1.ApplicationSource {
	if len(app.Spec.Sources) > 0 {
		return app.Spec.Sources
	}
	if app.Spec.Source != nil {
		return []appv1.ApplicationSource{*app.Spec.Source}
	}
	return nil
}

// Check returns why a project does not permit an application: its namespace, sources, and destination. Each becomes a
// condition InvalidSpecError.
func Check(p *appv1.AppProject, app *appv1.Application, cluster Cluster) []error {
	var errs []error
	if err := PermitsNamespace(p, app.Namespace); err != nil {
		errs = append(errs, err)
	}
	for _, s := range Sources(app) {
		if err := PermitsSource(p, s.RepoURL); err != nil {
			errs = append(errs, err)
		}
	}
	if err := PermitsDestination(p, cluster, app.Spec.Destination.Namespace); err != nil {
		errs = append(errs, err)
	}
	return errs
}

// Missing is what is said of an application whose project does not exist.
func Missing(app *appv1.Application) error {
	return fmt.Errorf("application references project %s which does not exist", NameOf(app))
}
