// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// SCMProviderGenerator finds one set of parameters for each repository of an organization: organization, repository,
// url, branch, sha and labels. Exactly one provider is set.
type SCMProviderGenerator struct {
	// github looks at GitHub.
	// +optional
	GitHub *SCMProviderGitHub `json:"github,omitempty"`
	// gitlab looks at GitLab.
	// +optional
	GitLab *SCMProviderGitLab `json:"gitlab,omitempty"`
	// bitbucket looks at Bitbucket Cloud.
	// +optional
	Bitbucket *SCMProviderBitbucket `json:"bitbucket,omitempty"`
	// bitbucketServer looks at Bitbucket Server.
	// +optional
	BitbucketServer *SCMProviderBitbucketServer `json:"bitbucketServer,omitempty"`
	// gitea looks at Gitea.
	// +optional
	Gitea *SCMProviderGitea `json:"gitea,omitempty"`
	// azureDevOps looks at Azure DevOps.
	// +optional
	AzureDevOps *SCMProviderAzureDevOps `json:"azureDevOps,omitempty"`
	// filters are what a repository must be. It must pass one of them.
	// +optional
	// +listType=atomic
	Filters []SCMProviderFilter `json:"filters,omitzero"`
	// cloneProtocol says which URL of a repository becomes the parameter url: ssh or https. The default is the
	// provider's.
	// +optional
	CloneProtocol string `json:"cloneProtocol,omitempty"`
	// requeueAfterSeconds is how many seconds pass before the provider is asked again. Default: 1800.
	// +optional
	RequeueAfterSeconds *int64 `json:"requeueAfterSeconds,omitempty"`
	// template is laid over the application set's own.
	// +optional
	Template *ApplicationSetTemplate `json:"template,omitempty"`
	// values are further parameters, as values.NAME. They may refer to the others.
	// +optional
	Values map[string]string `json:"values,omitzero"`
	// awsCodeCommit looks at AWS CodeCommit.
	// +optional
	AWSCodeCommit *SCMProviderAWSCodeCommit `json:"awsCodeCommit,omitempty"`
}

// SCMProviderGitHub looks for repositories at GitHub.
type SCMProviderGitHub struct {
	// organization is the organization whose repositories are looked at.
	Organization string `json:"organization"`
	// api is the URL of the API. Default: https://api.github.com.
	// +optional
	API string `json:"api,omitempty"`
	// tokenRef names a token. Absent: none is sent.
	// +optional
	TokenRef *SecretRef `json:"tokenRef,omitempty"`
	// appSecretName is the name of a repository credentials Secret with a GitHub App, instead of a token.
	// +optional
	AppSecretName string `json:"appSecretName,omitempty"`
	// allBranches makes a set for each branch, not only for the default one. Default: false.
	// +optional
	AllBranches *bool `json:"allBranches,omitempty"`
	// excludeArchivedRepos leaves out archived repositories. Default: false.
	// +optional
	ExcludeArchivedRepos *bool `json:"excludeArchivedRepos,omitempty"`
}

// SCMProviderGitLab looks for repositories at GitLab.
type SCMProviderGitLab struct {
	// group is the group whose projects are looked at: its id or its path.
	Group string `json:"group"`
	// includeSubgroups looks at the groups below, too. Default: false.
	// +optional
	IncludeSubgroups *bool `json:"includeSubgroups,omitempty"`
	// api is the URL of the API. Default: https://gitlab.com.
	// +optional
	API string `json:"api,omitempty"`
	// tokenRef names a token. Absent: none is sent.
	// +optional
	TokenRef *SecretRef `json:"tokenRef,omitempty"`
	// allBranches makes a set for each branch, not only for the default one. Default: false.
	// +optional
	AllBranches *bool `json:"allBranches,omitempty"`
	// insecure does not check the server's certificate. Default: false.
	// +optional
	Insecure *bool `json:"insecure,omitempty"`
	// includeSharedProjects looks at projects that are shared with the group, too. Default: true.
	// +optional
	IncludeSharedProjects *bool `json:"includeSharedProjects,omitempty"`
	// topic is a topic that projects must have.
	// +optional
	Topic string `json:"topic,omitempty"`
	// caRef names the certificates of authorities that are trusted.
	// +optional
	CARef *ConfigMapKeyRef `json:"caRef,omitempty"`
	// includeArchivedRepos looks at archived projects, too. Default: false.
	// +optional
	IncludeArchivedRepos *bool `json:"includeArchivedRepos,omitempty"`
}

// SCMProviderBitbucket looks for repositories at Bitbucket Cloud.
type SCMProviderBitbucket struct {
	// owner is the workspace whose repositories are looked at.
	Owner string `json:"owner"`
	// user is the user whose app password is used.
	User string `json:"user"`
	// appPasswordRef names the app password.
	AppPasswordRef *SecretRef `json:"appPasswordRef,omitempty"`
	// allBranches makes a set for each branch, not only for the main one. Default: false.
	// +optional
	AllBranches *bool `json:"allBranches,omitempty"`
}

// SCMProviderBitbucketServer looks for repositories at Bitbucket Server.
type SCMProviderBitbucketServer struct {
	// project is the key of the project whose repositories are looked at.
	Project string `json:"project"`
	// api is the URL of the API, such as https://bitbucket.example/rest.
	API string `json:"api"`
	// basicAuth logs in by name and password.
	// +optional
	BasicAuth *BasicAuthBitbucketServer `json:"basicAuth,omitempty"`
	// allBranches makes a set for each branch, not only for the default one. Default: false.
	// +optional
	AllBranches *bool `json:"allBranches,omitempty"`
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

// SCMProviderGitea looks for repositories at Gitea.
type SCMProviderGitea struct {
	// owner is the organization or user whose repositories are looked at.
	Owner string `json:"owner"`
	// api is the URL of the server.
	API string `json:"api"`
	// tokenRef names a token. Absent: none is sent.
	// +optional
	TokenRef *SecretRef `json:"tokenRef,omitempty"`
	// allBranches makes a set for each branch, not only for the default one. Default: false.
	// +optional
	AllBranches *bool `json:"allBranches,omitempty"`
	// insecure does not check the server's certificate. Default: false.
	// +optional
	Insecure *bool `json:"insecure,omitempty"`
	// excludeArchivedRepos leaves out archived repositories. Default: false.
	// +optional
	ExcludeArchivedRepos *bool `json:"excludeArchivedRepos,omitempty"`
}

// SCMProviderAzureDevOps looks for repositories at Azure DevOps.
type SCMProviderAzureDevOps struct {
	// organization is the organization, as in https://dev.azure.com/ORGANIZATION.
	Organization string `json:"organization"`
	// api is the URL of the server. Default: https://dev.azure.com.
	// +optional
	API string `json:"api,omitempty"`
	// teamProject is the project whose repositories are looked at.
	TeamProject string `json:"teamProject"`
	// accessTokenRef names a personal access token.
	AccessTokenRef *SecretRef `json:"accessTokenRef,omitempty"`
	// allBranches makes a set for each branch, not only for the default one. Default: false.
	// +optional
	AllBranches *bool `json:"allBranches,omitempty"`
}

// SCMProviderAWSCodeCommit looks for repositories at AWS CodeCommit.
type SCMProviderAWSCodeCommit struct {
	// tagFilters are tags that repositories must have, one value of each.
	// +optional
	// +listType=atomic
	TagFilters []TagFilter `json:"tagFilters,omitzero"`
	// role is the ARN of a role that is assumed. Default: the server's own identity.
	// +optional
	Role string `json:"role,omitempty"`
	// region is the AWS region. Default: the server's own.
	// +optional
	Region string `json:"region,omitempty"`
	// allBranches makes a set for each branch, not only for the default one. Default: false.
	// +optional
	AllBranches *bool `json:"allBranches,omitempty"`
}

// TagFilter is a tag that a repository must have.
type TagFilter struct {
	// key is the key of the tag.
	Key string `json:"key"`
	// value is its value. Absent: any.
	// +optional
	Value string `json:"value,omitempty"`
}

// SCMProviderFilter is what a repository or branch must be. It must be all that is set.
type SCMProviderFilter struct {
	// repositoryMatch is a regular expression for the name of the repository.
	// +optional
	RepositoryMatch *string `json:"repositoryMatch,omitempty"`
	// pathsExist are paths that the branch must have.
	// +optional
	// +listType=atomic
	PathsExist []string `json:"pathsExist,omitzero"`
	// pathsDoNotExist are paths that the branch must not have.
	// +optional
	// +listType=atomic
	PathsDoNotExist []string `json:"pathsDoNotExist,omitzero"`
	// labelMatch is a regular expression for one of the labels of the repository.
	// +optional
	LabelMatch *string `json:"labelMatch,omitempty"`
	// branchMatch is a regular expression for the name of the branch.
	// +optional
	BranchMatch *string `json:"branchMatch,omitempty"`
}

// SecretRef names a key in a Secret of the namespace.
type SecretRef struct {
	// secretName is the name of the Secret.
	SecretName string `json:"secretName"`
	// key is the key in it.
	Key string `json:"key"`
}

// ConfigMapKeyRef names a key in a ConfigMap of the namespace.
type ConfigMapKeyRef struct {
	// configMapName is the name of the ConfigMap.
	ConfigMapName string `json:"configMapName"`
	// key is the key in it.
	Key string `json:"key"`
}

// BasicAuthBitbucketServer logs in to Bitbucket by name and password.
type BasicAuthBitbucketServer struct {
	// username is the name.
	Username string `json:"username"`
	// passwordRef names the password.
	PasswordRef *SecretRef `json:"passwordRef,omitempty"`
}

// BearerTokenBitbucket logs in to Bitbucket by a token.
type BearerTokenBitbucket struct {
	// tokenRef names the token.
	TokenRef *SecretRef `json:"tokenRef,omitempty"`
}
