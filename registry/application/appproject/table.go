// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package appproject

import (
	"strings"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

// table prints what the peer has no columns for.
func table() resource.Table[*appv1.AppProject] {
	return resource.Table[*appv1.AppProject]{
		resource.Text("Destinations", "Clusters and namespaces that objects may go to.", destinations),
		resource.Integer("Roles", "Roles of people and machines.", func(p *appv1.AppProject) int64 { return int64(len(p.Spec.Roles)) }),
		resource.Integer("Windows", "Times at which syncs are allowed or denied.", func(p *appv1.AppProject) int64 { return int64(len(p.Spec.SyncWindows)) }),
		resource.Age[*appv1.AppProject](),
		resource.Wide(resource.Text("Repositories", "Where manifests may come from.", func(p *appv1.AppProject) string { return some(p.Spec.SourceRepos) })),
		resource.Wide(resource.Text("Description", "What the project is for.", func(p *appv1.AppProject) string { return resource.OneLine(p.Spec.Description) })),
	}
}

func destinations(p *appv1.AppProject) string {
	var out []string
	for _, d := range p.Spec.Destinations {
		cluster := d.Name
		switch {
		case cluster != "":
		case d.Server == appv1.InClusterServer:
			cluster = appv1.InClusterName
		default:
			cluster = d.Server
		}
		out = append(out, cluster+"/"+d.Namespace)
	}
	return some(out)
}

// some joins the first of some texts: a project may have hundreds.
func some(all []string) string {
	const most = 3
	if len(all) > most {
		all = append(all[:most:most], "...")
	}
	return resource.OneLine(strings.Join(all, ","))
}
