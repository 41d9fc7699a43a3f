// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"argosy.dev/argosy/apis/raw"
)

// ApplicationSetGenerator finds sets of parameters. Exactly one kind of generator is set.
type ApplicationSetGenerator struct {
	// list has the sets of parameters written out.
	// +optional
	List *ListGenerator `json:"list,omitempty"`
	// clusters finds one set for each cluster that is known.
	// +optional
	Clusters *ClusterGenerator `json:"clusters,omitempty"`
	// git finds one set for each folder or file in a Git repository.
	// +optional
	Git *GitGenerator `json:"git,omitempty"`
	// scmProvider finds one set for each repository of an organization.
	// +optional
	SCMProvider *SCMProviderGenerator `json:"scmProvider,omitempty"`
	// clusterDecisionResource finds one set for each cluster that is named in the status of some object.
	// +optional
	ClusterDecisionResource *DuckTypeGenerator `json:"clusterDecisionResource,omitempty"`
	// pullRequest finds one set for each open pull request of a repository.
	// +optional
	PullRequest *PullRequestGenerator `json:"pullRequest,omitempty"`
	// matrix combines each set of one generator with each of another.
	// +optional
	Matrix *MatrixGenerator `json:"matrix,omitempty"`
	// merge lays the sets of some generators over those of a first one.
	// +optional
	Merge *MergeGenerator `json:"merge,omitempty"`
	// selector keeps only the sets whose parameters match, as if these were labels.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
	// plugin asks a service for the sets.
	// +optional
	Plugin *PluginGenerator `json:"plugin,omitempty"`
}

// ApplicationSetNestedGenerator finds sets of parameters within matrix and merge. Exactly one kind of generator is set.
type ApplicationSetNestedGenerator struct {
	// list has the sets of parameters written out.
	// +optional
	List *ListGenerator `json:"list,omitempty"`
	// clusters finds one set for each cluster that is known.
	// +optional
	Clusters *ClusterGenerator `json:"clusters,omitempty"`
	// git finds one set for each folder or file in a Git repository.
	// +optional
	Git *GitGenerator `json:"git,omitempty"`
	// scmProvider finds one set for each repository of an organization.
	// +optional
	SCMProvider *SCMProviderGenerator `json:"scmProvider,omitempty"`
	// clusterDecisionResource finds one set for each cluster that is named in the status of some object.
	// +optional
	ClusterDecisionResource *DuckTypeGenerator `json:"clusterDecisionResource,omitempty"`
	// pullRequest finds one set for each open pull request of a repository.
	// +optional
	PullRequest *PullRequestGenerator `json:"pullRequest,omitempty"`
	// matrix combines each set of one generator with each of another: {generators: [GENERATOR, GENERATOR]}, where each
	// GENERATOR has what stands here, but no matrix and no merge.
	// +optional
	Matrix raw.JSON `json:"matrix,omitzero"`
	// merge lays the sets of some generators over those of a first one: {generators: [GENERATOR, ...], mergeKeys:
	// [NAME, ...]}, where each GENERATOR has what stands here, but no matrix and no merge.
	// +optional
	Merge raw.JSON `json:"merge,omitzero"`
	// selector keeps only the sets whose parameters match, if applyNestedSelectors is set.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
	// plugin asks a service for the sets.
	// +optional
	Plugin *PluginGenerator `json:"plugin,omitempty"`
}

// ApplicationSetTerminalGenerator finds sets of parameters within a matrix or merge that is itself within one. Exactly
// one kind of generator is set.
// +k8s:openapi-gen=false
type ApplicationSetTerminalGenerator struct {
	// List has the sets of parameters written out.
	List *ListGenerator `json:"list,omitempty"`
	// Clusters finds one set for each cluster that is known.
	Clusters *ClusterGenerator `json:"clusters,omitempty"`
	// Git finds one set for each folder or file in a Git repository.
	Git *GitGenerator `json:"git,omitempty"`
	// SCMProvider finds one set for each repository of an organization.
	SCMProvider *SCMProviderGenerator `json:"scmProvider,omitempty"`
	// ClusterDecisionResource finds one set for each cluster that is named in the status of some object.
	ClusterDecisionResource *DuckTypeGenerator `json:"clusterDecisionResource,omitempty"`
	// PullRequest finds one set for each open pull request of a repository.
	PullRequest *PullRequestGenerator `json:"pullRequest,omitempty"`
	// Plugin asks a service for the sets.
	Plugin *PluginGenerator `json:"plugin,omitempty"`
	// Selector keeps only the sets whose parameters match, if applyNestedSelectors is set.
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
}

// NestedMatrixGenerator is what the field matrix of a nested generator holds. It is kept as JSON there, which the peer
// does not look into either before it acts on it.
// +k8s:openapi-gen=false
type NestedMatrixGenerator struct {
	// Generators are the two generators whose sets are combined.
	Generators []ApplicationSetTerminalGenerator `json:"generators"`
}

// NestedMergeGenerator is what the field merge of a nested generator holds.
// +k8s:openapi-gen=false
type NestedMergeGenerator struct {
	// Generators are the generators whose sets are laid over those of the first.
	Generators []ApplicationSetTerminalGenerator `json:"generators"`
	// MergeKeys are the parameters by which sets are matched.
	MergeKeys []string `json:"mergeKeys"`
}

// ListGenerator has sets of parameters written out.
type ListGenerator struct {
	// elements are the sets: objects of parameters.
	// +optional
	// +listType=atomic
	Elements []raw.JSON `json:"elements,omitzero"`
	// template is laid over the application set's own.
	// +optional
	Template *ApplicationSetTemplate `json:"template,omitempty"`
	// elementsYaml are further sets as YAML: a list of objects. It may refer to parameters of the generator before it
	// in a matrix.
	// +optional
	ElementsYAML string `json:"elementsYaml,omitempty"`
}

// ClusterGenerator finds one set of parameters for each cluster that is known: name, nameNormalized, server, project,
// and metadata.labels and metadata.annotations of its Secret.
type ClusterGenerator struct {
	// selector selects clusters by the labels of their Secrets. The cluster that this is in has none, and is found only
	// where there is no selector.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
	// template is laid over the application set's own.
	// +optional
	Template *ApplicationSetTemplate `json:"template,omitempty"`
	// values are further parameters, as values.NAME. They may refer to the others.
	// +optional
	Values map[string]string `json:"values,omitzero"`
	// flatList finds one set with the list "clusters" of all clusters, instead of one for each. Default: false.
	// +optional
	FlatList *bool `json:"flatList,omitempty"`
}

// DuckTypeGenerator finds one set of parameters for each cluster that is named in the status of some object, of a kind
// that a ConfigMap names.
type DuckTypeGenerator struct {
	// configMapRef is the name of the ConfigMap, whose keys are apiVersion, kind, statusListKey and matchKey.
	ConfigMapRef string `json:"configMapRef"`
	// name is the name of the object. Exactly one of name and labelSelector is set.
	// +optional
	Name string `json:"name,omitempty"`
	// requeueAfterSeconds is how many seconds pass before the object is read again. Default: 180.
	// +optional
	RequeueAfterSeconds *int64 `json:"requeueAfterSeconds,omitempty"`
	// labelSelector selects objects.
	// +optional
	LabelSelector *metav1.LabelSelector `json:"labelSelector,omitempty"`
	// template is laid over the application set's own.
	// +optional
	Template *ApplicationSetTemplate `json:"template,omitempty"`
	// values are further parameters, as values.NAME. They may refer to the others.
	// +optional
	Values map[string]string `json:"values,omitzero"`
}

// GitGenerator finds one set of parameters for each folder (directories) or file (files) in a Git repository. Exactly
// one of the two is set.
type GitGenerator struct {
	// repoURL is the Git repository.
	RepoURL string `json:"repoURL"`
	// directories are globs of folders. Each folder that one includes and none excludes makes a set.
	// +optional
	// +listType=atomic
	Directories []GitPathItem `json:"directories,omitzero"`
	// files are globs of JSON and YAML files. Each file holds a set, or a list of them.
	// +optional
	// +listType=atomic
	Files []GitPathItem `json:"files,omitzero"`
	// revision is the branch, tag or commit. Empty means HEAD.
	Revision *string `json:"revision,omitempty"`
	// requeueAfterSeconds is how many seconds pass before the repository is looked at again. Default: 180.
	// +optional
	RequeueAfterSeconds *int64 `json:"requeueAfterSeconds,omitempty"`
	// template is laid over the application set's own.
	// +optional
	Template *ApplicationSetTemplate `json:"template,omitempty"`
	// pathParamPrefix is put before the names of the parameters about the path, as in PREFIX.path, so that two Git
	// generators can be told apart.
	// +optional
	PathParamPrefix string `json:"pathParamPrefix,omitempty"`
	// values are further parameters, as values.NAME. They may refer to the others.
	// +optional
	Values map[string]string `json:"values,omitzero"`
}

// GitPathItem is a glob of paths in a Git repository.
type GitPathItem struct {
	// path is the glob.
	Path string `json:"path"`
	// exclude leaves out what the glob matches. Default: false, which takes it in.
	// +optional
	Exclude *bool `json:"exclude,omitempty"`
}

// MatrixGenerator combines each set of parameters of one generator with each of another. The second may refer to
// parameters of the first.
type MatrixGenerator struct {
	// generators are the two generators.
	// +listType=atomic
	Generators []ApplicationSetNestedGenerator `json:"generators,omitzero"`
	// template is laid over the application set's own.
	// +optional
	Template *ApplicationSetTemplate `json:"template,omitempty"`
}

// MergeGenerator lays the sets of parameters of some generators over those of the first: where the parameters that are
// keys agree.
type MergeGenerator struct {
	// generators are the generators, two or more.
	// +listType=atomic
	Generators []ApplicationSetNestedGenerator `json:"generators,omitzero"`
	// mergeKeys are the parameters that must agree.
	// +listType=atomic
	MergeKeys []string `json:"mergeKeys,omitzero"`
	// template is laid over the application set's own.
	// +optional
	Template *ApplicationSetTemplate `json:"template,omitempty"`
}

// PluginGenerator asks a service for sets of parameters.
type PluginGenerator struct {
	// configMapRef names the ConfigMap that says where the service is.
	ConfigMapRef PluginConfigMapRef `json:"configMapRef"`
	// input is what the service is asked.
	// +optional
	Input *PluginInput `json:"input,omitempty"`
	// requeueAfterSeconds is how many seconds pass before it is asked again. Default: 1800.
	// +optional
	RequeueAfterSeconds *int64 `json:"requeueAfterSeconds,omitempty"`
	// template is laid over the application set's own.
	// +optional
	Template *ApplicationSetTemplate `json:"template,omitempty"`
	// values are further parameters, as values.NAME. They may refer to the others.
	// +optional
	Values map[string]string `json:"values,omitzero"`
}

// PluginConfigMapRef names the ConfigMap that says where the service of a plugin generator is.
type PluginConfigMapRef struct {
	// name is the name of the ConfigMap, whose keys are baseUrl, token and requestTimeout.
	Name string `json:"name"`
}

// PluginInput is what the service of a plugin generator is asked.
type PluginInput struct {
	// parameters are sent to the service as they are.
	// +optional
	// +patchStrategy=replace
	Parameters map[string]raw.JSON `json:"parameters,omitzero" patchStrategy:"replace"`
}
