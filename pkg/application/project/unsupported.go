// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package project

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/glob"
)

// Finding is something that an application, or its project, asks for and that is not built.
type Finding struct {
	// Object is the kind of what asks: Application or AppProject.
	Object string
	// Path is the field.
	Path *field.Path
	// Reason says what is not built, as a part of a sentence.
	Reason string
	// Blocks tells that the application must not be acted on: doing all but this would be wrong, or not safe.
	Blocks bool
	// OnlySyncs tells that what it blocks is syncs: what the sources make is known, and good.
	OnlySyncs bool
}

// String is the finding as a condition or a warning says it.
func (f Finding) String() string { return f.Object + " " + f.Path.String() + ": " + f.Reason }

// Unsupported returns what an application and its project ask for and that is not built. It is for a condition, and for
// the Warnings of a request. The project may be nil, where it is not known.
func Unsupported(app *appv1.Application, p *appv1.AppProject) []Finding {
	var out []Finding
	spec := field.NewPath("spec")
	add := func(path *field.Path, blocks bool, reason string) {
		out = append(out, Finding{Object: "Application", Path: path, Reason: reason, Blocks: blocks})
	}
	if app.Spec.SourceHydrator != nil {
		add(spec.Child("sourceHydrator"), true, "hydrated sources are not supported yet")
	}
	source := func(s *appv1.ApplicationSource, at *field.Path) {
		if s == nil {
			return
		}
		if strings.HasPrefix(strings.ToLower(strings.TrimSpace(s.RepoURL)), "oci://") {
			add(at.Child("repoURL"), true, "OCI registries are not supported yet")
		}
		if s.Plugin != nil {
			add(at.Child("plugin"), true, "config management plugins are not supported")
		}
		if s.Kustomize != nil && s.Kustomize.Version != "" {
			add(at.Child("kustomize", "version"), true, "there is one version of kustomize only, which is built in")
		}
	}
	source(app.Spec.Source, spec.Child("source"))
	for i := range app.Spec.Sources {
		source(&app.Spec.Sources[i], spec.Child("sources").Index(i))
	}
	if op := app.Operation; op != nil && op.Sync != nil {
		at := field.NewPath("operation", "sync")
		source(op.Sync.Source, at.Child("source"))
		for i := range op.Sync.Sources {
			source(&op.Sync.Sources[i], at.Child("sources").Index(i))
		}
	}
	var notifications []string
	for name := range app.Annotations {
		if strings.HasPrefix(name, "notifications.argoproj.io/") {
			notifications = append(notifications, name)
		}
	}
	slices.Sort(notifications)
	for _, name := range notifications {
		add(field.NewPath("metadata", "annotations").Key(name), false, "notifications are not supported yet")
	}
	if _, asked := app.Annotations[appv1.AnnotationHydrate]; asked {
		add(field.NewPath("metadata", "annotations").Key(appv1.AnnotationHydrate), false, "hydrated sources are not supported yet")
	}
	if p != nil {
		out = append(out, unsupportedProject(app, p)...)
	}
	return out
}

// unsupportedProject returns what of a project concerns an application and is not built.
func unsupportedProject(app *appv1.Application, p *appv1.AppProject) []Finding {
	var out []Finding
	spec := field.NewPath("spec")
	for i := range p.Spec.SyncWindows {
		if window(&p.Spec.SyncWindows[i], app) {
			out = append(out, Finding{Object: "AppProject", Path: spec.Child("syncWindows").Index(i), Blocks: true, OnlySyncs: true,
				Reason: "sync windows are not supported yet, and this one is about the application"})
		}
	}
	if len(p.Spec.SignatureKeys) > 0 {
		out = append(out, Finding{Object: "AppProject", Path: spec.Child("signatureKeys"), Reason: "signatures of commits are not verified yet", Blocks: true})
	}
	if i := p.Spec.SourceIntegrity; i != nil && i.Git != nil {
		for n, policy := range i.Git.Policies {
			if policy.GPG != nil && policy.GPG.Mode != appv1.SourceIntegrityNone && integrity(policy, app) {
				out = append(out, Finding{Object: "AppProject", Path: spec.Child("sourceIntegrity", "git", "policies").Index(n),
					Reason: "signatures of commits are not verified yet", Blocks: true})
			}
		}
	}
	return out
}

// window tells whether a sync window is about an application.
func window(w *appv1.SyncWindow, app *appv1.Application) bool {
	d := app.Spec.Destination
	var met, asked int
	for _, part := range []struct {
		globs []string
		texts []string
	}{{w.Applications, []string{app.Name}}, {w.Namespaces, []string{d.Namespace}}, {w.Clusters, []string{d.Server, d.Name}}} {
		if len(part.globs) == 0 {
			continue
		}
		asked++
		if slices.ContainsFunc(part.globs, func(g string) bool {
			return slices.ContainsFunc(part.texts, func(t string) bool { return t != "" && glob.Match(g, t) })
		}) {
			met++
		}
	}
	if ptr.Deref(w.AndOperator, false) {
		return asked > 0 && met == asked
	}
	return met > 0
}

// integrity tells whether a policy names a repository of an application. One that begins with ! names all others.
func integrity(policy appv1.SourceIntegrityGitPolicy, app *appv1.Application) bool {
	for _, s := range Sources(app) {
		if s.Chart != "" {
			continue
		}
		for _, repo := range policy.Repos {
			if strings.HasPrefix(repo.URL, "!") || repo.URL == "*" || glob.Match(NormalizeURL(repo.URL), NormalizeURL(s.RepoURL)) {
				return true // a repository that may be meant is one that is: what is not verified must not be synced
			}
		}
	}
	return false
}
