// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package project says what an AppProject permits the applications in it: sources, destinations, kinds of objects, and
// by which service account they are written. It must not know clients: projects, clusters and settings are given to it.
// What it refuses it refuses in the peer's words, which people search for.
package project

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/glob"
	"argosy.dev/argosy/pkg/application/object"
)

// DefaultName is the project of applications that name none.
const DefaultName = appv1.DefaultProject

// NameOf is the name of an application's project.
func NameOf(app *appv1.Application) string {
	if name := ptr.Deref(app.Spec.Project, ""); name != "" {
		return name
	}
	return DefaultName
}

// Default is the project "default" of a namespace that has none: it permits everything, as the one that the peer makes
// when it is installed.
func Default(namespace string) *appv1.AppProject {
	return &appv1.AppProject{
		ObjectMeta: metav1.ObjectMeta{Name: DefaultName, Namespace: namespace},
		Spec: appv1.AppProjectSpec{
			SourceRepos:              []string{"*"},
			Destinations:             []appv1.ProjectDestination{{Server: "*", Namespace: "*"}},
			ClusterResourceWhitelist: []appv1.ClusterResourceRestriction{{Group: "*", Kind: "*"}},
		},
	}
}

// Merge returns a project with what the global projects say added to it: their kinds, windows, sources and destinations,
// but nothing of what they are called. Neither is changed.
func Merge(p *appv1.AppProject, globals ...*appv1.AppProject) *appv1.AppProject {
	if len(globals) == 0 {
		return p
	}
	p = p.DeepCopy()
	for _, g := range globals {
		g = g.DeepCopy()
		spec := &p.Spec
		spec.ClusterResourceWhitelist = append(spec.ClusterResourceWhitelist, g.Spec.ClusterResourceWhitelist...)
		spec.ClusterResourceBlacklist = append(spec.ClusterResourceBlacklist, g.Spec.ClusterResourceBlacklist...)
		spec.NamespaceResourceWhitelist = append(spec.NamespaceResourceWhitelist, g.Spec.NamespaceResourceWhitelist...)
		spec.NamespaceResourceBlacklist = append(spec.NamespaceResourceBlacklist, g.Spec.NamespaceResourceBlacklist...)
		spec.SyncWindows = append(spec.SyncWindows, g.Spec.SyncWindows...)
		spec.SourceRepos = append(spec.SourceRepos, g.Spec.SourceRepos...)
		spec.Destinations = append(spec.Destinations, g.Spec.Destinations...)
	}
	return p
}

// PermitsNamespace returns an error if the applications of a namespace may not be in the project.
func PermitsNamespace(p *appv1.AppProject, namespace string) error {
	if namespace == p.Namespace || glob.Any(p.Spec.SourceNamespaces, namespace) {
		return nil
	}
	return fmt.Errorf("application is not allowed to use project %q: namespace %q is not permitted", p.Name, namespace)
}

// PermitsSource returns an error if manifests may not come from a repository. In globs of repositories * ends at a slash
// and ** does not, but * alone is any repository. Of URLs, spellings that mean the same repository are the same.
func PermitsSource(p *appv1.AppProject, repoURL string) error {
	url := NormalizeURL(repoURL)
	permitted := false
	for _, pattern := range p.Spec.SourceRepos {
		denied, not := strings.CutPrefix(pattern, "!")
		matches := denied == "*" || glob.Match(NormalizeURL(denied), url, '/')
		if not && matches {
			return fmt.Errorf("application repo %s is not permitted in project '%s'", Clean(repoURL), p.Name)
		}
		permitted = permitted || matches && !not
	}
	if !permitted {
		return fmt.Errorf("application repo %s is not permitted in project '%s'", Clean(repoURL), p.Name)
	}
	return nil
}

// Cluster is a destination's cluster as a project sees it.
type Cluster struct {
	// Server is the URL of its API server, and Name what it is called. Both are known of a destination that exists,
	// whichever of the two the application names.
	Server, Name string
	// Project is the project that the cluster's Secret names, empty for one that belongs to none.
	Project string
}

// PermitsDestination returns an error if objects may not go to a namespace of a cluster. An empty namespace is that of
// objects of the whole cluster.
func PermitsDestination(p *appv1.AppProject, cluster Cluster, namespace string) error {
	if ptr.Deref(p.Spec.PermitOnlyProjectScopedClusters, false) && cluster.Project != p.Name {
		return fmt.Errorf("destination cluster '%s' is not permitted in project '%s': it permits only clusters that belong to it", first(cluster.Server, cluster.Name), p.Name)
	}
	permitted := false
	for _, rule := range p.Spec.Destinations {
		denies, matches := destination(rule, cluster, namespace)
		if denies {
			permitted = false
			break
		}
		permitted = permitted || matches
	}
	if permitted {
		return nil
	}
	server := cluster.Server
	if server == "" {
		server = cluster.Name
	}
	return fmt.Errorf("application destination server '%s' and namespace '%s' do not match any of the allowed destinations in project '%s'", server, namespace, p.Name)
}

// destination tells whether a rule denies a destination, and whether it permits it. As the peer has it, a rule whose
// server or name begins with ! denies the cluster whatever the namespace, and one whose namespace begins with ! denies
// that namespace only of the clusters that it names. The two are evaluated apart, so that a deny never permits.
func destination(rule appv1.ProjectDestination, cluster Cluster, namespace string) (denies, matches bool) {
	in := func(pattern, text string) bool {
		return pattern == "*" || glob.Match(pattern, text)
	}
	server, notServer := strings.CutPrefix(rule.Server, "!")
	name, notName := strings.CutPrefix(rule.Name, "!")
	space, notSpace := strings.CutPrefix(rule.Namespace, "!")
	isServer := rule.Server != "" && in(server, cluster.Server)
	isName := rule.Name != "" && in(name, cluster.Name)
	isSpace := in(space, namespace)
	switch {
	case notServer && isServer, notName && isName:
		return true, false
	case notServer || notName:
		return false, false
	case notSpace:
		return isSpace && (isServer || isName), false
	}
	return false, isSpace && (isServer || isName)
}

// PermitsKind returns an error if objects of a kind, and of that name, may not be. Namespaced says whether objects of the
// kind are in namespaces. A blacklist goes before the whitelist. An absent whitelist permits all kinds in namespaces, and
// none outside of them.
func PermitsKind(p *appv1.AppProject, gk schema.GroupKind, name string, namespaced bool) error {
	permitted := false
	if namespaced {
		permitted = p.Spec.NamespaceResourceWhitelist == nil || slices.ContainsFunc(p.Spec.NamespaceResourceWhitelist, func(r appv1.ResourceRestriction) bool {
			return kind(r.Group, r.Kind, gk)
		})
		permitted = permitted && !slices.ContainsFunc(p.Spec.NamespaceResourceBlacklist, func(r appv1.ResourceRestriction) bool {
			return kind(r.Group, r.Kind, gk)
		})
	} else {
		is := func(r appv1.ClusterResourceRestriction) bool {
			return kind(r.Group, r.Kind, gk) && (r.Name == "" || glob.Match(r.Name, name))
		}
		permitted = slices.ContainsFunc(p.Spec.ClusterResourceWhitelist, is) && !slices.ContainsFunc(p.Spec.ClusterResourceBlacklist, is)
	}
	if !permitted {
		return fmt.Errorf("resource %s:%s is not permitted in project %s", gk.Group, gk.Kind, p.Name)
	}
	return nil
}

func kind(group, kind string, gk schema.GroupKind) bool {
	return glob.Match(group, gk.Group) && glob.Match(kind, gk.Kind)
}

// PermitsObject returns an error if an object may not be in a cluster: because of its kind or name, or because of
// its namespace. That of an object outside of namespaces does not matter.
func PermitsObject(p *appv1.AppProject, key object.Key, namespaced bool, cluster Cluster) error {
	if err := PermitsKind(p, key.GroupKind(), key.Name, namespaced); err != nil {
		return err
	}
	if !namespaced {
		return nil
	}
	if err := PermitsDestination(p, cluster, key.Namespace); err != nil {
		return fmt.Errorf("namespace %s is not permitted in project '%s'", key.Namespace, p.Name)
	}
	return nil
}

func first(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}
