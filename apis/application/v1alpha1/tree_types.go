// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"argosy.dev/argosy/apis/raw"
)

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ApplicationManifests are the manifests that an application's sources make. They are read from
// applications/NAME/manifests. The values in Secrets are masked.
type ApplicationManifests struct {
	metav1.TypeMeta `json:""`
	// metadata is that of the application, in part: name, namespace, uid, resourceVersion, generation, time of creation.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// revisions are the versions of the sources that were rendered, in order.
	// +optional
	// +listType=atomic
	Revisions []string `json:"revisions,omitzero"`
	// sourceTypes are the tools that made them, in the order of the sources.
	// +optional
	// +listType=atomic
	SourceTypes []ApplicationSourceType `json:"sourceTypes,omitzero"`
	// manifests are the objects, as the sources give them, in order.
	// +optional
	// +listType=atomic
	Manifests []raw.Object `json:"manifests,omitzero"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ApplicationDiff says in what the objects of an application differ from their manifests. It is read from
// applications/NAME/diff. What the application ignores is left out, and the values in Secrets are masked.
type ApplicationDiff struct {
	metav1.TypeMeta `json:""`
	// metadata is that of the application, in part: name, namespace, uid, resourceVersion, generation, time of creation.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// revisions are the versions of the sources that were compared with, in order.
	// +optional
	// +listType=atomic
	Revisions []string `json:"revisions,omitzero"`
	// resources are the objects that differ.
	// +optional
	// +listType=atomic
	Resources []ApplicationDiffResource `json:"resources,omitzero"`
}

// ApplicationDiffChange is what a sync would do with an object.
type ApplicationDiffChange string

const (
	// DiffAdded objects have a manifest, but are not there.
	DiffAdded ApplicationDiffChange = "Added"
	// DiffModified objects differ from their manifest.
	DiffModified ApplicationDiffChange = "Modified"
	// DiffRemoved objects have no manifest any longer. A sync deletes them only if it prunes.
	DiffRemoved ApplicationDiffChange = "Removed"
)

// ApplicationDiffResource says in what an object differs from its manifest.
type ApplicationDiffResource struct {
	// group is the API group of the object.
	// +optional
	Group string `json:"group,omitempty"`
	// version is the API version of the object.
	// +optional
	Version string `json:"version,omitempty"`
	// kind is the kind of the object.
	Kind string `json:"kind"`
	// namespace is the namespace of the object.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// name is the name of the object.
	Name string `json:"name"`
	// change is Added, Modified or Removed.
	Change ApplicationDiffChange `json:"change"`
	// live is the object as it is, without what is not compared. Absent if it is not there.
	// +optional
	Live raw.Object `json:"live,omitzero"`
	// target is what the object would be after a sync, without what is not compared. Absent if it has no manifest.
	// +optional
	Target raw.Object `json:"target,omitzero"`
	// diff leads from live to target, as YAML: the lines of a unified diff, without its heading.
	// +optional
	Diff string `json:"diff,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ApplicationTree is all that an application has made, as of now: its objects, and what they own. It is read from
// applications/NAME/tree, by whoever may get that, whether or not they may read the objects.
type ApplicationTree struct {
	metav1.TypeMeta `json:""`
	// metadata is that of the application, in part: name, namespace, uid, resourceVersion, generation, time of creation.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// sync is Synced, OutOfSync or Unknown.
	// +optional
	Sync SyncStatusCode `json:"sync,omitempty"`
	// revisions are the versions of the sources that the objects were last compared with, in order.
	// +optional
	// +listType=atomic
	Revisions []string `json:"revisions,omitzero"`
	// health tells how the objects do, all in all.
	// +optional
	Health HealthStatus `json:"health,omitzero"`
	// nodes are the objects: those of the application, and what they own, each after what owns it.
	// +optional
	// +listType=atomic
	Nodes []ApplicationTreeNode `json:"nodes,omitzero"`
}

// ApplicationTreeNode is an object of an application, or one that such an object owns.
type ApplicationTreeNode struct {
	// group is the API group of the object.
	// +optional
	Group string `json:"group,omitempty"`
	// version is the API version of the object.
	// +optional
	Version string `json:"version,omitempty"`
	// kind is the kind of the object.
	Kind string `json:"kind"`
	// namespace is the namespace of the object.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// name is the name of the object.
	Name string `json:"name"`
	// uid is the uid of the object. Absent if it is not there.
	// +optional
	UID types.UID `json:"uid,omitempty"`
	// resourceVersion is the version of the object.
	// +optional
	ResourceVersion string `json:"resourceVersion,omitempty"`
	// creationTimestamp is when the object was created.
	// +optional
	CreationTimestamp metav1.Time `json:"creationTimestamp,omitzero"`
	// parents are the uids of the nodes that own it. None: it is an object of the application itself, or orphaned.
	// +optional
	// +listType=atomic
	Parents []types.UID `json:"parents,omitzero"`
	// sync tells whether an object of the application agrees with its manifest. Absent for what such objects own.
	// +optional
	Sync SyncStatusCode `json:"sync,omitempty"`
	// health tells how the object does. Absent if nothing is known of its kind.
	// +optional
	Health *HealthStatus `json:"health,omitempty"`
	// hook tells that the object is a hook.
	// +optional
	Hook bool `json:"hook,omitempty"`
	// requiresPruning tells that the object has no manifest any longer, and should be deleted.
	// +optional
	RequiresPruning bool `json:"requiresPruning,omitempty"`
	// orphaned tells that no application has made the object. Only where the project asks for such objects.
	// +optional
	Orphaned bool `json:"orphaned,omitempty"`
	// syncWave is the wave in which an object of the application is applied.
	// +optional
	SyncWave int64 `json:"syncWave,omitempty"`
	// images are the images of the object's containers.
	// +optional
	// +listType=atomic
	Images []string `json:"images,omitzero"`
	// externalURLs are where the object can be reached.
	// +optional
	// +listType=atomic
	ExternalURLs []string `json:"externalURLs,omitzero"`
	// info is what there is to say of objects of its kind, in short: of a pod its state and how many containers are ready.
	// +optional
	// +listType=atomic
	Info []Info `json:"info,omitzero"`
}
