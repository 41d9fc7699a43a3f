// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"k8s.io/apimachinery/pkg/util/intstr"

	"argosy.dev/argosy/apis/raw"
)

// ApplicationSource is a place from which manifests come, and how they are made there. At most one of helm, kustomize,
// directory and plugin is set. Where none is, the files say which tool makes the manifests.
type ApplicationSource struct {
	// repoURL is the Git repository, Helm repository or OCI artifact (oci://HOST/PATH).
	RepoURL string `json:"repoURL"`
	// path is the folder within a Git repository or OCI artifact.
	// +optional
	Path string `json:"path,omitempty"`
	// targetRevision is which version is wanted: of Git a branch, tag, commit or HEAD, or a semver constraint on tags;
	// of Helm a version or constraint; of OCI a tag, digest or constraint. Default: HEAD of Git, the newest of Helm.
	// +optional
	TargetRevision string `json:"targetRevision,omitempty"`
	// helm says how a Helm chart is rendered.
	// +optional
	Helm *ApplicationSourceHelm `json:"helm,omitempty"`
	// kustomize says how a kustomization is built.
	// +optional
	Kustomize *ApplicationSourceKustomize `json:"kustomize,omitempty"`
	// directory says which files of a folder are read as manifests.
	// +optional
	Directory *ApplicationSourceDirectory `json:"directory,omitempty"`
	// plugin has a config management plugin make the manifests.
	// +optional
	Plugin *ApplicationSourcePlugin `json:"plugin,omitempty"`
	// chart is the name of a chart in a Helm repository. It is set for these, and only for these.
	// +optional
	Chart string `json:"chart,omitempty"`
	// ref is a name for the root of this source, by which valueFiles of other sources refer to its files, as in
	// $REF/values.yaml.
	// +optional
	Ref string `json:"ref,omitempty"`
	// name tells the sources of an application apart, for people and command lines.
	// +optional
	Name string `json:"name,omitempty"`
	// tagPrefix is the beginning of Git tags that a semver constraint looks at. It is cut off before versions are
	// compared, as in a repository that has tags like frontend-1.2.3.
	// +optional
	TagPrefix string `json:"tagPrefix,omitempty"`
}

// ApplicationSourceHelm says how a Helm chart is rendered. Values come, the later over the earlier, from valueFiles,
// then values or valuesObject, then parameters and fileParameters.
type ApplicationSourceHelm struct {
	// valueFiles are files with values: paths from the source's path, globs, URLs, or $REF/PATH in another source.
	// +optional
	// +listType=atomic
	ValueFiles []string `json:"valueFiles,omitzero"`
	// parameters are single values.
	// +optional
	// +listType=atomic
	Parameters []HelmParameter `json:"parameters,omitzero"`
	// releaseName is the name of the release. Default: the name of the application.
	// +optional
	ReleaseName string `json:"releaseName,omitempty"`
	// values are values as YAML. valuesObject is used instead if it is set.
	// +optional
	Values string `json:"values,omitempty"`
	// fileParameters are single values that are the contents of files.
	// +optional
	// +listType=atomic
	FileParameters []HelmFileParameter `json:"fileParameters,omitzero"`
	// version is the major version of Helm. Only v3 is left.
	// +optional
	Version string `json:"version,omitempty"`
	// passCredentials sends the repository's credentials to all hosts to which it refers. Default: false.
	// +optional
	PassCredentials *bool `json:"passCredentials,omitempty"`
	// ignoreMissingValueFiles passes over valueFiles that do not exist. Default: false.
	// +optional
	IgnoreMissingValueFiles *bool `json:"ignoreMissingValueFiles,omitempty"`
	// skipCrds leaves out the CRDs in the chart's folder crds. Default: false.
	// +optional
	SkipCrds *bool `json:"skipCrds,omitempty"`
	// valuesObject are values as an object. It is used instead of values.
	// +optional
	// +patchStrategy=replace
	ValuesObject raw.Object `json:"valuesObject,omitzero" patchStrategy:"replace"`
	// namespace is the namespace of the release, for templates that ask. Default: the destination's.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// kubeVersion is the version of Kubernetes that templates see. Default: that of the destination.
	// +optional
	KubeVersion string `json:"kubeVersion,omitempty"`
	// apiVersions are the kinds that templates see, as GROUP/VERSION/KIND. Default: those of the destination.
	// +optional
	// +listType=atomic
	APIVersions []string `json:"apiVersions,omitzero"`
	// skipTests leaves out the chart's tests. Default: false.
	// +optional
	SkipTests *bool `json:"skipTests,omitempty"`
	// skipSchemaValidation does not check the values against the chart's schema. Default: false.
	// +optional
	SkipSchemaValidation *bool `json:"skipSchemaValidation,omitempty"`
}

// HelmParameter is a single value for a Helm chart.
type HelmParameter struct {
	// name is the path of the value, such as image.tag.
	// +optional
	Name string `json:"name,omitempty"`
	// value is the value.
	// +optional
	Value string `json:"value,omitempty"`
	// forceString takes the value as text, also if it looks like a number or a boolean. Default: false.
	// +optional
	ForceString *bool `json:"forceString,omitempty"`
}

// HelmFileParameter is a single value for a Helm chart: the contents of a file.
type HelmFileParameter struct {
	// name is the path of the value.
	// +optional
	Name string `json:"name,omitempty"`
	// path is the file, from the source's path.
	// +optional
	Path string `json:"path,omitempty"`
}

// ApplicationSourceKustomize says how a kustomization is built. Its fields are laid over the kustomization file.
type ApplicationSourceKustomize struct {
	// namePrefix is put before the names of all objects.
	// +optional
	NamePrefix string `json:"namePrefix,omitempty"`
	// nameSuffix is put after the names of all objects.
	// +optional
	NameSuffix string `json:"nameSuffix,omitempty"`
	// images replace images, as [OLD=]NEW[:TAG] or [OLD=]NEW@DIGEST.
	// +optional
	// +listType=atomic
	Images []string `json:"images,omitzero"`
	// commonLabels are put on all objects.
	// +optional
	CommonLabels map[string]string `json:"commonLabels,omitzero"`
	// version is a version of kustomize, if the administrator offers several.
	// +optional
	Version string `json:"version,omitempty"`
	// commonAnnotations are put on all objects.
	// +optional
	CommonAnnotations map[string]string `json:"commonAnnotations,omitzero"`
	// forceCommonLabels replaces labels that the kustomization sets itself. Default: false, which is an error then.
	// +optional
	ForceCommonLabels *bool `json:"forceCommonLabels,omitempty"`
	// forceCommonAnnotations replaces annotations that the kustomization sets itself. Default: false, which is an error
	// then.
	// +optional
	ForceCommonAnnotations *bool `json:"forceCommonAnnotations,omitempty"`
	// namespace is the namespace of all objects.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// commonAnnotationsEnvsubst replaces ${NAME} in the values of commonAnnotations by variables of the build, such as
	// ARGOCD_APP_NAME. Default: false.
	// +optional
	CommonAnnotationsEnvsubst *bool `json:"commonAnnotationsEnvsubst,omitempty"`
	// replicas change the number of replicas of workloads.
	// +optional
	// +listType=atomic
	Replicas []KustomizeReplica `json:"replicas,omitzero"`
	// patches change objects.
	// +optional
	// +listType=atomic
	Patches []KustomizePatch `json:"patches,omitzero"`
	// components are folders of kustomize components, from the source's path.
	// +optional
	// +listType=atomic
	Components []string `json:"components,omitzero"`
	// ignoreMissingComponents passes over components that do not exist. Default: false.
	// +optional
	IgnoreMissingComponents *bool `json:"ignoreMissingComponents,omitempty"`
	// labelWithoutSelector puts commonLabels on objects, but not into selectors and pod templates. Default: false.
	// +optional
	LabelWithoutSelector *bool `json:"labelWithoutSelector,omitempty"`
	// kubeVersion is the version of Kubernetes that Helm charts in the kustomization see.
	// +optional
	KubeVersion string `json:"kubeVersion,omitempty"`
	// apiVersions are the kinds that Helm charts in the kustomization see, as GROUP/VERSION/KIND.
	// +optional
	// +listType=atomic
	APIVersions []string `json:"apiVersions,omitzero"`
	// labelIncludeTemplates puts commonLabels into pod templates, too, where labelWithoutSelector is set. Default: false.
	// +optional
	LabelIncludeTemplates *bool `json:"labelIncludeTemplates,omitempty"`
}

// KustomizeReplica changes the number of replicas of a workload.
type KustomizeReplica struct {
	// name is the name of the workload.
	Name string `json:"name"`
	// count is the number of replicas, or text that is one.
	Count intstr.IntOrString `json:"count"`
}

// KustomizePatch changes objects by a patch.
type KustomizePatch struct {
	// path is the file of the patch. Exactly one of path and patch is set.
	// +optional
	Path string `json:"path,omitempty"`
	// patch is the patch: a partial object, or a list of JSON patches (RFC 6902), as YAML.
	// +optional
	Patch string `json:"patch,omitempty"`
	// target selects the objects. Default: the one that the patch names.
	// +optional
	Target *KustomizeSelector `json:"target,omitempty"`
	// options say what the patch may change, such as allowNameChange and allowKindChange.
	// +optional
	Options map[string]bool `json:"options,omitzero"`
}

// KustomizeSelector selects objects of a kustomization. Absent fields select any.
type KustomizeSelector struct {
	// group is a regular expression for the API group.
	// +optional
	Group string `json:"group,omitempty"`
	// version is a regular expression for the version.
	// +optional
	Version string `json:"version,omitempty"`
	// kind is a regular expression for the kind.
	// +optional
	Kind string `json:"kind,omitempty"`
	// name is a regular expression for the name.
	// +optional
	Name string `json:"name,omitempty"`
	// namespace is a regular expression for the namespace.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// annotationSelector selects by annotations, in the syntax of label selectors.
	// +optional
	AnnotationSelector string `json:"annotationSelector,omitempty"`
	// labelSelector selects by labels.
	// +optional
	LabelSelector string `json:"labelSelector,omitempty"`
}

// ApplicationSourceDirectory says which files of a folder are read as manifests.
type ApplicationSourceDirectory struct {
	// recurse reads the folders below, too. Default: false.
	// +optional
	Recurse *bool `json:"recurse,omitempty"`
	// jsonnet says how Jsonnet files are evaluated.
	// +optional
	Jsonnet *ApplicationSourceJsonnet `json:"jsonnet,omitempty"`
	// exclude is a glob of files that are not read. {a,b} is either.
	// +optional
	Exclude string `json:"exclude,omitempty"`
	// include is a glob of the only files that are read. {a,b} is either.
	// +optional
	Include string `json:"include,omitempty"`
	// disableExtensionFilter reads files of any name, not only *.yaml, *.yml, *.json and *.jsonnet. Default: false.
	// +optional
	DisableExtensionFilter *bool `json:"disableExtensionFilter,omitempty"`
}

// ApplicationSourceJsonnet says how Jsonnet files are evaluated.
type ApplicationSourceJsonnet struct {
	// extVars are external variables.
	// +optional
	// +listType=atomic
	ExtVars []JsonnetVar `json:"extVars,omitzero"`
	// tlas are arguments of a file that is a function.
	// +optional
	// +listType=atomic
	TLAs []JsonnetVar `json:"tlas,omitzero"`
	// libs are folders in which imports are looked for, from the root of the repository.
	// +optional
	// +listType=atomic
	Libs []string `json:"libs,omitzero"`
}

// JsonnetVar is a variable for Jsonnet.
type JsonnetVar struct {
	// name is the name of the variable.
	Name string `json:"name"`
	// value is its text.
	Value string `json:"value"`
	// code evaluates the text as Jsonnet. Default: false, which takes it as a string.
	// +optional
	Code *bool `json:"code,omitempty"`
}

// ApplicationSourcePlugin has a config management plugin make the manifests.
type ApplicationSourcePlugin struct {
	// name is the plugin. Absent: the first one that says it can.
	// +optional
	Name string `json:"name,omitempty"`
	// env are environment variables, which the plugin sees with the prefix ARGOCD_ENV_.
	// +optional
	// +listType=atomic
	Env []EnvEntry `json:"env,omitzero"`
	// parameters are passed to the plugin as JSON.
	// +optional
	// +listType=atomic
	Parameters []PluginParameter `json:"parameters,omitzero"`
}

// EnvEntry is an environment variable of a plugin.
type EnvEntry struct {
	// name is the name of the variable, without prefix.
	Name string `json:"name"`
	// value is its value.
	Value string `json:"value"`
}

// PluginParameter is a parameter of a plugin: text, a list or a map.
type PluginParameter struct {
	// name is the name of the parameter.
	// +optional
	Name string `json:"name,omitempty"`
	// string is its value as text.
	// +optional
	String *string `json:"string,omitempty"`
	// map is its value as a map.
	// +optional
	Map map[string]string `json:"map,omitzero"`
	// array is its value as a list.
	// +optional
	// +listType=atomic
	Array []string `json:"array,omitzero"`
}

// SourceHydrator has manifests rendered, committed to a branch, and synced from there.
type SourceHydrator struct {
	// drySource is what is rendered.
	DrySource DrySource `json:"drySource"`
	// syncSource is from where the application is synced.
	SyncSource SyncSource `json:"syncSource"`
	// hydrateTo is another branch to commit to, from which somebody brings the commits to that of syncSource.
	// +optional
	HydrateTo *HydrateTo `json:"hydrateTo,omitempty"`
}

// DrySource is a folder in a Git repository whose manifests are rendered and committed elsewhere.
type DrySource struct {
	// repoURL is the Git repository.
	RepoURL string `json:"repoURL"`
	// targetRevision is the branch, tag or commit.
	TargetRevision string `json:"targetRevision"`
	// path is the folder.
	Path string `json:"path"`
	// helm says how a Helm chart is rendered.
	// +optional
	Helm *ApplicationSourceHelm `json:"helm,omitempty"`
	// kustomize says how a kustomization is built.
	// +optional
	Kustomize *ApplicationSourceKustomize `json:"kustomize,omitempty"`
	// directory says which files of a folder are read as manifests.
	// +optional
	Directory *ApplicationSourceDirectory `json:"directory,omitempty"`
	// plugin has a config management plugin make the manifests.
	// +optional
	Plugin *ApplicationSourcePlugin `json:"plugin,omitempty"`
}

// SyncSource is where rendered manifests are synced from.
type SyncSource struct {
	// repoURL is the Git repository. Default: that of the drySource.
	// +optional
	RepoURL string `json:"repoURL,omitempty"`
	// targetBranch is the branch.
	TargetBranch string `json:"targetBranch"`
	// path is the folder, which must not be the root of the repository: it is emptied before each commit.
	Path string `json:"path"`
}

// HydrateTo is a branch that rendered manifests are committed to.
type HydrateTo struct {
	// targetBranch is the branch.
	TargetBranch string `json:"targetBranch"`
}
