// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"regexp"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

// table prints the peer's columns (Sync Status, Health Status; Revision and
// Project), and where the application goes and what was last done with it.
func table() resource.Table[*appv1.Application] {
	return resource.Table[*appv1.Application]{
		resource.Text("Sync Status", "Whether what there is agrees with what is wanted.", func(app *appv1.Application) string { return string(app.Status.Sync.Status) }),
		resource.Text("Health Status", "How the objects do, all in all.", func(app *appv1.Application) string { return string(app.Status.Health.Status) }),
		resource.Text("Project", "Project that limits the application.", func(app *appv1.Application) string { return resource.OneLine(app.Spec.GetProject()) }),
		resource.Text("Version", "What it was compared to, in short.", func(app *appv1.Application) string { return versions(&app.Status.Sync) }),
		resource.Text("Operation", "How far the last operation is.", operation),
		resource.Age[*appv1.Application](),
		resource.Wide(resource.Text("Revision", "What it was compared to.", func(app *appv1.Application) string { return resource.OneLine(app.Status.Sync.Revision) })),
		resource.Wide(resource.Text("Destination", "Cluster and namespace that it goes to.", destination)),
		resource.Wide(resource.Text("Source", "Where its manifests come from.", source)),
		resource.Wide(resource.Text("Message", "What is wrong, or what the last operation says.", message)),
	}
}

var commit = regexp.MustCompile(`^[0-9a-f]{40}$`)

// versions are the versions of all sources, commits by their first digits.
func versions(s *appv1.SyncStatus) string {
	all := s.Revisions
	if len(all) == 0 {
		all = []string{s.Revision}
	}
	out := make([]string, len(all))
	for i, v := range all {
		if commit.MatchString(v) {
			v = v[:7]
		}
		out[i] = v
	}
	return resource.OneLine(strings.Join(out, ","))
}

// operation says that one is wanted, or else how far the last one is.
func operation(app *appv1.Application) string {
	state := app.Status.OperationState
	switch {
	case app.Operation != nil && (state == nil || state.Phase != appv1.OperationRunning && state.Phase != appv1.OperationTerminating):
		return "Requested"
	case state != nil:
		return resource.OneLine(string(state.Phase))
	}
	return ""
}

func destination(app *appv1.Application) string {
	d := app.Spec.Destination
	cluster := d.Name
	switch {
	case cluster != "":
	case d.Server == appv1.InClusterServer:
		cluster = appv1.InClusterName
	default:
		cluster = d.Server
	}
	if d.Namespace == "" {
		return resource.OneLine(cluster)
	}
	return resource.OneLine(cluster + "/" + d.Namespace)
}

// source names the first source, and how many others there are by a mark.
func source(app *appv1.Application) string {
	sources := app.Spec.GetSources()
	if len(sources) == 0 {
		return ""
	}
	out := sources[0].RepoURL
	switch {
	case sources[0].Chart != "":
		out += " " + sources[0].Chart
	case sources[0].Path != "":
		out += " " + sources[0].Path
	}
	if len(sources) > 1 {
		out += " ..."
	}
	return resource.OneLine(out)
}

// message is what is wrong: the findings, or else why the application is not ready, or else what the last operation says.
func message(app *appv1.Application) string {
	var said []string
	unready := ""
	for _, c := range app.Status.Conditions {
		switch {
		case c.Status == "":
			said = append(said, string(c.Type)+": "+c.Message)
		case c.Type == appv1.ConditionReady && c.Status != metav1.ConditionTrue:
			unready = c.Message
		}
	}
	state := app.Status.OperationState
	switch {
	case len(said) > 0:
	case unready != "":
		said = append(said, unready)
	case state != nil:
		said = append(said, state.Message)
	}
	return resource.OneLine(strings.Join(said, "; "))
}
