// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// provider is where repositories and pull requests are looked for.
type provider struct {
	name string
	set  bool
	// needed are texts that must not be empty, by field.
	needed [][2]string
}

// oneProvider refuses none and several providers, and checks the one.
func oneProvider(all []provider, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	var given, names []string
	for _, p := range all {
		names = append(names, p.name)
		if !p.set {
			continue
		}
		given = append(given, p.name)
		for _, needed := range p.needed {
			errs = append(errs, required(needed[1], path.Child(p.name, needed[0]), "")...)
		}
	}
	switch len(given) {
	case 0:
		errs = append(errs, field.Required(path, "one of "+strings.Join(names, ", ")+" must be given"))
	case 1:
	default:
		errs = append(errs, field.Invalid(path, strings.Join(given, ", "), "only one of these may be given"))
	}
	return errs
}

// need returns what must not be empty of a provider, if it is given.
func need[T any](p *T, texts func(*T) [][2]string) [][2]string {
	if p == nil {
		return nil
	}
	return texts(p)
}

func scmProvider(g *appv1.SCMProviderGenerator, path *field.Path) field.ErrorList {
	errs := oneProvider([]provider{
		{"github", g.GitHub != nil, need(g.GitHub, func(p *appv1.SCMProviderGitHub) [][2]string {
			return [][2]string{{"organization", p.Organization}}
		})},
		{"gitlab", g.GitLab != nil, need(g.GitLab, func(p *appv1.SCMProviderGitLab) [][2]string {
			return [][2]string{{"group", p.Group}}
		})},
		{"gitea", g.Gitea != nil, need(g.Gitea, func(p *appv1.SCMProviderGitea) [][2]string {
			return [][2]string{{"owner", p.Owner}, {"api", p.API}}
		})},
		{"bitbucket", g.Bitbucket != nil, need(g.Bitbucket, func(p *appv1.SCMProviderBitbucket) [][2]string {
			return [][2]string{{"owner", p.Owner}, {"user", p.User}}
		})},
		{"bitbucketServer", g.BitbucketServer != nil, need(g.BitbucketServer, func(p *appv1.SCMProviderBitbucketServer) [][2]string {
			return [][2]string{{"project", p.Project}, {"api", p.API}}
		})},
		{"azureDevOps", g.AzureDevOps != nil, need(g.AzureDevOps, func(p *appv1.SCMProviderAzureDevOps) [][2]string {
			return [][2]string{{"organization", p.Organization}, {"teamProject", p.TeamProject}}
		})},
		{"awsCodeCommit", g.AWSCodeCommit != nil, nil},
	}, path)
	for i := range g.Filters {
		f, at := &g.Filters[i], path.Child("filters").Index(i)
		errs = append(errs, pattern(f.RepositoryMatch, at.Child("repositoryMatch"))...)
		errs = append(errs, pattern(f.LabelMatch, at.Child("labelMatch"))...)
		errs = append(errs, pattern(f.BranchMatch, at.Child("branchMatch"))...)
	}
	if p := g.CloneProtocol; p != "" && !tagged(p) {
		errs = append(errs, oneOf(p, path.Child("cloneProtocol"), "ssh", "https")...)
	}
	return errs
}

func pullRequest(g *appv1.PullRequestGenerator, path *field.Path) field.ErrorList {
	errs := oneProvider([]provider{
		{"github", g.GitHub != nil, need(g.GitHub, func(p *appv1.PullRequestGitHub) [][2]string {
			return [][2]string{{"owner", p.Owner}, {"repo", p.Repo}}
		})},
		{"gitlab", g.GitLab != nil, need(g.GitLab, func(p *appv1.PullRequestGitLab) [][2]string {
			return [][2]string{{"project", p.Project}}
		})},
		{"gitea", g.Gitea != nil, need(g.Gitea, func(p *appv1.PullRequestGitea) [][2]string {
			return [][2]string{{"owner", p.Owner}, {"repo", p.Repo}, {"api", p.API}}
		})},
		{"bitbucket", g.Bitbucket != nil, need(g.Bitbucket, func(p *appv1.PullRequestBitbucket) [][2]string {
			return [][2]string{{"owner", p.Owner}, {"repo", p.Repo}}
		})},
		{"bitbucketServer", g.BitbucketServer != nil, need(g.BitbucketServer, func(p *appv1.PullRequestBitbucketServer) [][2]string {
			return [][2]string{{"project", p.Project}, {"repo", p.Repo}, {"api", p.API}}
		})},
		{"azuredevops", g.AzureDevOps != nil, need(g.AzureDevOps, func(p *appv1.PullRequestAzureDevOps) [][2]string {
			return [][2]string{{"organization", p.Organization}, {"project", p.Project}, {"repo", p.Repo}}
		})},
	}, path)
	for i := range g.Filters {
		f, at := &g.Filters[i], path.Child("filters").Index(i)
		errs = append(errs, pattern(f.BranchMatch, at.Child("branchMatch"))...)
		errs = append(errs, pattern(f.TargetBranchMatch, at.Child("targetBranchMatch"))...)
		errs = append(errs, pattern(f.TitleMatch, at.Child("titleMatch"))...)
	}
	if p := g.GitLab; p != nil && p.PullRequestState != "" && !tagged(p.PullRequestState) {
		errs = append(errs, oneOf(p.PullRequestState, path.Child("gitlab", "pullRequestState"), "opened", "closed", "locked", "merged")...)
	}
	return errs
}
