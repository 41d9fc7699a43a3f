// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// PullRequestGenerator finds one set of parameters for each open pull request of a repository: number, title, author,
// branch, target_branch, head_sha, labels and others. Exactly one provider is set.
type PullRequestGenerator struct {
	// github looks at GitHub.
	// +optional
	GitHub *PullRequestGitHub `json:"github,omitempty"`
	// gitlab looks at GitLab.
	// +optional
	GitLab *PullRequestGitLab `json:"gitlab,omitempty"`
	// gitea looks at Gitea.
	// +optional
	Gitea *PullRequestGitea `json:"gitea,omitempty"`
	// bitbucketServer looks at Bitbucket Server.
	// +optional
	BitbucketServer *PullRequestBitbucketServer `json:"bitbucketServer,omitempty"`
	// filters are what a pull request must be. It must pass one of them.
	// +optional
	// +listType=atomic
	Filters []PullRequestFilter `json:"filters,omitzero"`
	// requeueAfterSeconds is how many seconds pass before the provider is asked again. Default: 1800.
	// +optional
	RequeueAfterSeconds *int64 `json:"requeueAfterSeconds,omitempty"`
	// template is laid over the application set's own.
	// +optional
	Template *ApplicationSetTemplate `json:"template,omitempty"`
	// bitbucket looks at Bitbucket Cloud.
	// +optional
	Bitbucket *PullRequestBitbucket `json:"bitbucket,omitempty"`
	// azuredevops looks at Azure DevOps.
	// +optional
	AzureDevOps *PullRequestAzureDevOps `json:"azuredevops,omitempty"`
	// values are further parameters, as values.NAME. They may refer to the others.
	// +optional
	Values map[string]string `json:"values,omitzero"`
	// continueOnRepoNotFoundError takes a repository that is not found for one without pull requests. Default: false,
	// which is an error.
	// +optional
	ContinueOnRepoNotFoundError *bool `json:"continueOnRepoNotFoundError,omitempty"`
}

// PullRequestGitHub looks for pull requests at GitHub.
type PullRequestGitHub struct {
	// owner is the organization or user.
	Owner string `json:"owner"`
	// repo is the name of the repository.
	Repo string `json:"repo"`
	// api is the URL of the API. Default: https://api.github.com.
	// +optional
	API string `json:"api,omitempty"`
	// tokenRef names a token. Absent: none is sent.
	// +optional
	TokenRef *SecretRef `json:"tokenRef,omitempty"`
	// appSecretName is the name of a repository credentials Secret with a GitHub App, instead of a token.
	// +optional
	AppSecretName string `json:"appSecretName,omitempty"`
	// labels are labels that a pull request must have, all of them.
	// +optional
	// +listType=atomic
	Labels []string `json:"labels,omitzero"`
}

// PullRequestGitLab looks for merge requests at GitLab.
type PullRequestGitLab struct {
	// project is the id or the path of the project.
	Project string `json:"project"`
	// api is the URL of the API. Default: https://gitlab.com.
	// +optional
	API string `json:"api,omitempty"`
	// tokenRef names a token. Absent: none is sent.
	// +optional
	TokenRef *SecretRef `json:"tokenRef,omitempty"`
	// labels are labels that a merge request must have, all of them.
	// +optional
	// +listType=atomic
	Labels []string `json:"labels,omitzero"`
	// pullRequestState is the state that a merge request must be in: opened, closed, locked or merged. Default: any.
	// +optional
	PullRequestState string `json:"pullRequestState,omitempty"`
	// insecure does not check the server's certificate. Default: false.
	// +optional
	Insecure *bool `json:"insecure,omitempty"`
	// caRef names the certificates of authorities that are trusted.
	// +optional
	CARef *ConfigMapKeyRef `json:"caRef,omitempty"`
}

// PullRequestGitea looks for pull requests at Gitea.
type PullRequestGitea struct {
	// owner is the organization or user.
	Owner string `json:"owner"`
	// repo is the name of the repository.
	Repo string `json:"repo"`
	// api is the URL of the server.
	API string `json:"api"`
	// tokenRef names a token. Absent: none is sent.
	// +optional
	TokenRef *SecretRef `json:"tokenRef,omitempty"`
	// insecure does not check the server's certificate. Default: false.
	// +optional
	Insecure *bool `json:"insecure,omitempty"`
	// labels are labels that a pull request must have, all of them.
	// +optional
	// +listType=atomic
	Labels []string `json:"labels,omitzero"`
}

// PullRequestBitbucketServer looks for pull requests at Bitbucket Server.
type PullRequestBitbucketServer struct {
	// project is the key of the project.
	Project string `json:"project"`
	// repo is the name of the repository.
	Repo string `json:"repo"`
	// api is the URL of the API, such as https://bitbucket.example/rest.
	API string `json:"api"`
	// basicAuth logs in by name and password.
	// +optional
	BasicAuth *BasicAuthBitbucketServer `json:"basicAuth,omitempty"`
	// bearerToken logs in by a token.
	// +optional
	BearerToken *BearerTokenBitbucket `json:"bearerToken,omitempty"`
	// insecure does not check the server's certificate. Default: false.
	// +optional
	Insecure *bool `json:"insecure,omitempty"`
	// caRef names the certificates of authorities that are trusted.
	// +optional
	CARef *ConfigMapKeyRef `json:"caRef,omitempty"`
}

// PullRequestBitbucket looks for pull requests at Bitbucket Cloud.
type PullRequestBitbucket struct {
	// owner is the workspace.
	Owner string `json:"owner"`
	// repo is the name of the repository.
	Repo string `json:"repo"`
	// api is the URL of the API. Default: https://api.bitbucket.org/2.0.
	// +optional
	API string `json:"api,omitempty"`
	// basicAuth logs in by name and app password.
	// +optional
	BasicAuth *BasicAuthBitbucketServer `json:"basicAuth,omitempty"`
	// bearerToken logs in by a token.
	// +optional
	BearerToken *BearerTokenBitbucket `json:"bearerToken,omitempty"`
}

// PullRequestAzureDevOps looks for pull requests at Azure DevOps.
type PullRequestAzureDevOps struct {
	// organization is the organization, as in https://dev.azure.com/ORGANIZATION.
	Organization string `json:"organization"`
	// project is the project.
	Project string `json:"project"`
	// repo is the name of the repository.
	Repo string `json:"repo"`
	// api is the URL of the server. Default: https://dev.azure.com.
	// +optional
	API string `json:"api,omitempty"`
	// tokenRef names a personal access token. Absent: none is sent.
	// +optional
	TokenRef *SecretRef `json:"tokenRef,omitempty"`
	// labels are labels that a pull request must have, all of them.
	// +optional
	// +listType=atomic
	Labels []string `json:"labels,omitzero"`
}

// PullRequestFilter is what a pull request must be. It must be all that is set.
type PullRequestFilter struct {
	// branchMatch is a regular expression for the branch that is to be merged.
	// +optional
	BranchMatch *string `json:"branchMatch,omitempty"`
	// targetBranchMatch is a regular expression for the branch that it is to be merged into.
	// +optional
	TargetBranchMatch *string `json:"targetBranchMatch,omitempty"`
	// titleMatch is a regular expression for the title.
	// +optional
	TitleMatch *string `json:"titleMatch,omitempty"`
}
