// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"encoding/json"
	"errors"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// Files is a read-only tree of files. Every path is relative to the tree's root, with slashes, and clean (fs.ValidPath),
// but for "", which is the root. Implementations resolve symbolic links. It is used by one goroutine at a time for each
// render.
//
// Errors that satisfy errors.Is with fs.ErrNotExist say that there is no such file, with ErrOutside that a link leads out
// of the tree or in a circle, and an *Error is passed to the user as it is. Any other error ends the render and is
// returned by Render as the caller's own failure.
type Files interface {
	// ReadFile returns the content of a file. The slice may be shared and must not be changed.
	ReadFile(path string) ([]byte, error)
	// ReadDir lists a folder, sorted by name. Links that lead nowhere may be left out; those that lead out of the
	// tree or in a circle are listed as files.
	ReadDir(path string) ([]Entry, error)
	// Stat says what is at a path.
	Stat(path string) (Entry, error)
}

// Entry is a file or folder.
type Entry struct {
	// Name is the last element of the path.
	Name string `json:"name"`
	// Dir says that it is a folder, or a link to one.
	Dir bool `json:"dir,omitempty"`
	// Size of a file, in bytes.
	Size int64 `json:"size,omitempty"`
	// Link says that it is a symbolic link. Folders are walked without following links, as the peer does.
	Link bool `json:"link,omitempty"`
}

// ErrOutside is what Files return for a link that leads out of the tree, or in a circle.
var ErrOutside = errors.New("the symbolic link leads out of the repository")

// Trees are the trees that a render can read, by name. "" is the one of the source itself. The others are those that the
// Request names: of $ref sources, fetched charts and values.
type Trees map[string]Files

// Request says what is rendered. It is plain data, and together with what is read of the trees it determines the result.
type Request struct {
	// Domain is whose the source is, such as NAMESPACE/PROJECT. A process that has rendered for one domain never
	// renders for another. It does not change the result.
	Domain string `json:"-"`

	// Source is the source: its path is one in the tree "", and at most one of its blocks helm, kustomize and directory
	// is used. A plugin is refused.
	Source appv1.ApplicationSource `json:"source"`
	// Chart says that the root of the tree is a chart of a chart repository. Source.Path is not used then.
	Chart bool `json:"chart,omitempty"`
	// Application, Namespace and Project are those of the application: the variables ARGOCD_APP_NAME and
	// ARGOCD_APP_PROJECT_NAME, the default name of a Helm release, and the file .argocd-source-APPLICATION.yaml.
	Application string `json:"application"`
	Namespace   string `json:"namespace"`
	Project     string `json:"project,omitempty"`
	// Destination is the namespace to which the manifests go: Helm's release namespace, and ARGOCD_APP_NAMESPACE is
	// this one, as the peer has it. It is not written into manifests.
	Destination string `json:"destination"`
	// Revision is the commit, or the version of the chart: ARGOCD_APP_REVISION.
	Revision string `json:"revision"`
	// KubeVersion and APIVersions (VERSION, GROUP/VERSION and GROUP/VERSION/KIND) are the cluster's, for Helm charts.
	KubeVersion string   `json:"kubeVersion,omitempty"`
	APIVersions []string `json:"apiVersions,omitempty"`

	// Refs are the trees of $ref sources: the name without $, to that of the tree.
	Refs map[string]string `json:"refs,omitempty"`
	// Charts are charts on which the chart depends and that it does not have in its folder charts.
	Charts []Chart `json:"charts,omitempty"`
	// Values are the values that valueFiles name by a URL.
	Values []Values `json:"values,omitempty"`

	// Settings are the administrator's.
	Settings Settings `json:"settings"`
}

// Settings are the administrator's, in the peer's ConfigMap argocd-cm.
type Settings struct {
	// KustomizeOptions are flags of `kustomize build` (key kustomize.buildOptions). Flags that would let a build run
	// programs or use the network are refused.
	KustomizeOptions []string `json:"kustomizeOptions,omitempty"`
	// ValueSchemes are the schemes of URLs that valueFiles may have (key helm.valuesFileSchemes). Nil is https and http, an
	// empty list none.
	ValueSchemes []string `json:"valueSchemes"`
	// NoHelm, NoKustomize and NoJsonnet turn a tool off (keys helm.enable=false and so on): such a source is a directory
	// of plain files then.
	NoHelm      bool `json:"noHelm,omitempty"`
	NoKustomize bool `json:"noKustomize,omitempty"`
	NoJsonnet   bool `json:"noJsonnet,omitempty"`
}

// Chart is a chart on which another depends, as it stands in Chart.yaml, or Chart.lock if there is one.
type Chart struct {
	// Name of the chart in its repository.
	Name string `json:"name"`
	// Repository is its URL, or @ALIAS. It is never a file: those are found in the source's own tree.
	Repository string `json:"repository"`
	// Version is a version or constraint, just as it was asked for.
	Version string `json:"version"`
	// Tree is the name of the tree whose root is the unpacked chart. Empty in what an Error needs.
	Tree string `json:"tree,omitempty"`
}

// Values are a file with values, at a URL.
type Values struct {
	// URL is just as in valueFiles, after variables are replaced.
	URL string `json:"url"`
	// Tree and Path are where the fetched file is. Empty in what an Error needs.
	Tree string `json:"tree,omitempty"`
	Path string `json:"path,omitempty"`
}

// Result is what a source renders to.
type Result struct {
	// Type is the tool that has made the manifests.
	Type appv1.ApplicationSourceType
	// Manifests are the objects, as JSON, one each (lists are split), in the order of the tool. Every one has an
	// apiVersion and a kind. They are not checked further.
	Manifests []json.RawMessage
	// AsksKinds tells that they depend on Request.APIVersions: with others they may be others.
	AsksKinds bool
}

// Kind is why something cannot be rendered.
type Kind string

// The kinds of errors.
const (
	// Invalid: the source or its options are wrong, or use what is not supported.
	Invalid Kind = "Invalid"
	// Needs: something has to be fetched first: see Error.Charts and Error.Values.
	Needs Kind = "Needs"
	// TooLarge: more was read, or more came out, than is allowed.
	TooLarge Kind = "TooLarge"
	// Deadline: it took too much time, of the clock or of the processor.
	Deadline Kind = "Deadline"
	// Memory: it took too much memory.
	Memory Kind = "Memory"
	// Crash: the process ended.
	Crash Kind = "Crash"
)

// Error says why a source cannot be rendered, where that is the fault of what was rendered. Any other error is ours, and
// trying again may help.
type Error struct {
	Kind Kind `json:"kind"`
	// Message is for the user. It names files, but never has contents of files.
	Message string `json:"message"`
	// Charts and Values are what has to be fetched, for the kind Needs.
	Charts []Chart  `json:"charts,omitempty"`
	Values []Values `json:"values,omitempty"`
}

// Error returns the message.
func (e *Error) Error() string { return e.Message }
