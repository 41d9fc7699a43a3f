// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import "k8s.io/utils/ptr"

// The peer writes no default back into stored objects, and neither do we: what the server adds to a spec is drift in
// the eyes of a GitOps tool. What absent fields mean is asked for by functions.

const (
	// DefaultProject is the project of applications that name none.
	DefaultProject = "default"
	// DefaultRevision is what is looked at in a Git repository if nothing else is asked for.
	DefaultRevision = "HEAD"
	// DefaultRevisionHistoryLimit is how many past syncs are kept.
	DefaultRevisionHistoryLimit int64 = 10
	// InClusterServer is the URL by which the cluster that this is in is known.
	InClusterServer = "https://kubernetes.default.svc"
	// InClusterName is the name by which it is known.
	InClusterName = "in-cluster"
)

// GetProject returns the name of the application's project.
func (s *ApplicationSpec) GetProject() string {
	if project := ptr.Deref(s.Project, ""); project != "" {
		return project
	}
	return DefaultProject
}

// GetRevisionHistoryLimit returns how many past syncs are kept.
func (s *ApplicationSpec) GetRevisionHistoryLimit() int64 {
	return ptr.Deref(s.RevisionHistoryLimit, DefaultRevisionHistoryLimit)
}

// GetSources returns the sources that are synced: what the hydrator commits, or sources, or source.
func (s *ApplicationSpec) GetSources() []ApplicationSource {
	switch {
	case s.SourceHydrator != nil:
		return []ApplicationSource{s.SourceHydrator.GetSyncSource()}
	case len(s.Sources) > 0:
		return s.Sources
	case s.Source != nil:
		return []ApplicationSource{*s.Source}
	}
	return nil
}

// GetSyncSource returns the source of what the hydrator commits.
func (h *SourceHydrator) GetSyncSource() ApplicationSource {
	repo := h.SyncSource.RepoURL
	if repo == "" {
		repo = h.DrySource.RepoURL
	}
	return ApplicationSource{RepoURL: repo, Path: h.SyncSource.Path, TargetRevision: h.SyncSource.TargetBranch}
}

// IsAutomated tells whether there are syncs without anybody's doing.
func (s *ApplicationSpec) IsAutomated() bool {
	return s.SyncPolicy != nil && s.SyncPolicy.Automated != nil && ptr.Deref(s.SyncPolicy.Automated.Enabled, true)
}

// IsGoTemplate tells whether templates are rendered in Go's language.
func (s *ApplicationSetSpec) IsGoTemplate() bool { return ptr.Deref(s.GoTemplate, false) }

// GetRevision returns the branch, tag or commit that is looked at.
func (g *GitGenerator) GetRevision() string {
	if revision := ptr.Deref(g.Revision, ""); revision != "" {
		return revision
	}
	return DefaultRevision
}

// Kinds names the kinds of generators that are set: exactly one, in a generator that is valid.
func (g *ApplicationSetGenerator) Kinds() []string {
	return kindsOf(
		g.List != nil, g.Clusters != nil, g.Git != nil, g.SCMProvider != nil, g.ClusterDecisionResource != nil,
		g.PullRequest != nil, g.Plugin != nil, g.Matrix != nil, g.Merge != nil,
	)
}

// Kinds names the kinds of generators that are set.
func (g *ApplicationSetNestedGenerator) Kinds() []string {
	return kindsOf(
		g.List != nil, g.Clusters != nil, g.Git != nil, g.SCMProvider != nil, g.ClusterDecisionResource != nil,
		g.PullRequest != nil, g.Plugin != nil, len(g.Matrix.Raw) > 0, len(g.Merge.Raw) > 0,
	)
}

// Kinds names the kinds of generators that are set.
func (g *ApplicationSetTerminalGenerator) Kinds() []string {
	return kindsOf(
		g.List != nil, g.Clusters != nil, g.Git != nil, g.SCMProvider != nil, g.ClusterDecisionResource != nil,
		g.PullRequest != nil, g.Plugin != nil,
	)
}

// generatorKinds are the fields of generators, in the order in which kindsOf is told whether they are set.
var generatorKinds = []string{
	"list", "clusters", "git", "scmProvider", "clusterDecisionResource", "pullRequest", "plugin", "matrix", "merge",
}

func kindsOf(set ...bool) []string {
	var out []string
	for i, is := range set {
		if is {
			out = append(out, generatorKinds[i])
		}
	}
	return out
}
