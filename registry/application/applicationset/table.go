// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package applicationset

import (
	"strings"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

// table prints what the peer has no columns for.
func table() resource.Table[*appv1.ApplicationSet] {
	return resource.Table[*appv1.ApplicationSet]{
		resource.Integer("Applications", "Applications that there are.", func(set *appv1.ApplicationSet) int64 {
			return max(set.Status.ResourcesCount, int64(len(set.Status.Resources)))
		}),
		resource.Text("Health Status", "How the applications do, all in all.", func(set *appv1.ApplicationSet) string { return string(set.Status.Health.Status) }),
		resource.Text("Generators", "What finds the parameters.", func(set *appv1.ApplicationSet) string { return generators(&set.Spec) }),
		resource.Age[*appv1.ApplicationSet](),
		resource.Wide(resource.Text("Strategy", "In which order the applications are synced.", strategy)),
		resource.Wide(resource.Text("Project", "Project of the applications.", func(set *appv1.ApplicationSet) string {
			return resource.OneLine(set.Spec.Template.Spec.GetProject())
		})),
		resource.Wide(resource.Text("Message", "What is wrong.", message)),
	}
}

// generators names the kinds of generators, in order.
func generators(spec *appv1.ApplicationSetSpec) string {
	var out []string
	for i := range spec.Generators {
		out = append(out, spec.Generators[i].Kinds()...)
	}
	return strings.Join(out, ",")
}

func strategy(set *appv1.ApplicationSet) string {
	if s := set.Spec.Strategy; s != nil && s.Type != "" {
		return resource.OneLine(s.Type)
	}
	return appv1.ApplicationSetAllAtOnce
}

func message(set *appv1.ApplicationSet) string {
	for _, c := range set.Status.Conditions {
		if c.Type == appv1.ApplicationSetErrorOccurred && c.Status == "True" {
			return resource.OneLine(c.Message)
		}
	}
	return ""
}
