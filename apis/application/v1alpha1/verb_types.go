// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"argosy.dev/argosy/apis/verb"
)

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ApplicationSync asks that an application's manifests be brought to its destination now. It is created at
// applications/NAME/sync, and is recorded in the application's operation. It is a conflict while an operation is asked
// for, runs or is being ended. Manifests of the caller's own need the right to create applications/override besides.
type ApplicationSync struct {
	metav1.TypeMeta `json:""`
	// metadata names the application. If it holds a name, it must be that of the request.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	verb.Request      `json:""`
	// project is the project of the application, for admission policies. The server sets it, whatever the caller says.
	// +optional
	Project string `json:"project,omitempty"`
	// revision is the version to sync to: a branch, tag, commit or chart version. Only for applications with one source.
	// Default: what the source's targetRevision is now.
	// +optional
	Revision string `json:"revision,omitempty"`
	// revisions are the versions of all sources to sync to, in order. An empty one means what the source's
	// targetRevision is now. Only for applications with sources.
	// +optional
	// +listType=atomic
	Revisions []string `json:"revisions,omitzero"`
	// comparedRevision is a precondition: the version that was last compared with what there is (status.sync.revision).
	// Only for applications with one source.
	// +optional
	ComparedRevision string `json:"comparedRevision,omitempty"`
	// comparedRevisions are a precondition: the versions of all sources that were last compared with what there is
	// (status.sync.revisions). Only for applications with sources.
	// +optional
	// +listType=atomic
	ComparedRevisions []string `json:"comparedRevisions,omitzero"`
	// prune deletes objects whose manifests are gone. Default: false.
	// +optional
	Prune bool `json:"prune,omitempty"`
	// dryRun has the sync find out what it would do, and change nothing in the cluster. What it found is in
	// status.operationState. It is not the query parameter of the same name, with which nothing at all happens. Default:
	// false.
	// +optional
	DryRun bool `json:"dryRun,omitempty"`
	// strategy says whether hooks run, and whether objects are deleted and made anew if need be. Default: hook.
	// +optional
	Strategy *SyncStrategy `json:"strategy,omitempty"`
	// resources are the only objects that are synced. No hooks run then, and the sync does not become part of the
	// history. Default: all.
	// +optional
	// +listType=atomic
	Resources []SyncOperationResource `json:"resources,omitzero"`
	// manifests are synced instead of those of the source: one object each, as YAML or JSON. They are only taken while
	// the application is not synced without anybody's doing, or with dryRun.
	// +optional
	// +listType=atomic
	Manifests []string `json:"manifests,omitzero"`
	// syncOptions change how objects are applied, as NAME=VALUE, besides those of the application.
	// +optional
	// +listType=atomic
	SyncOptions []string `json:"syncOptions,omitzero"`
	// retry says how often, and after what time, the sync is tried again if it fails. Default: that of the application.
	// +optional
	Retry *RetryStrategy `json:"retry,omitempty"`
	// info is shown to people beside the operation.
	// +optional
	// +listType=atomic
	Info []Info `json:"info,omitzero"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ApplicationRollback asks that what a past sync has brought be brought again, without running hooks. It is created at
// applications/NAME/rollback. It is a conflict while an operation is asked for, runs or is being ended, and while the
// application is synced without anybody's doing, which would undo it.
type ApplicationRollback struct {
	metav1.TypeMeta `json:""`
	// metadata names the application. If it holds a name, it must be that of the request.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	verb.Request      `json:""`
	// project is the project of the application, for admission policies. The server sets it, whatever the caller says.
	// +optional
	Project string `json:"project,omitempty"`
	// id is the number of the past sync in status.history. Default: the one before the last.
	// +optional
	ID *int64 `json:"id,omitempty"`
	// prune deletes objects that have no manifest in that version. Default: false.
	// +optional
	Prune bool `json:"prune,omitempty"`
	// dryRun has the rollback find out what it would do, and change nothing in the cluster. Default: false.
	// +optional
	DryRun bool `json:"dryRun,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ApplicationTerminate asks that the operation that runs be ended: hooks that run are deleted, nothing more is applied,
// and nothing is undone. One that has not begun is withdrawn. It is created at applications/NAME/terminate.
type ApplicationTerminate struct {
	metav1.TypeMeta `json:""`
	// metadata names the application. If it holds a name, it must be that of the request.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	verb.Request      `json:""`
	// project is the project of the application, for admission policies. The server sets it, whatever the caller says.
	// +optional
	Project string `json:"project,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ApplicationRefresh asks that what there is be compared with what is wanted now. It is created at
// applications/NAME/refresh, and is recorded in the annotation argocd.argoproj.io/refresh, which the server takes away
// when it is done.
type ApplicationRefresh struct {
	metav1.TypeMeta `json:""`
	// metadata names the application. If it holds a name, it must be that of the request.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	verb.Request      `json:""`
	// project is the project of the application, for admission policies. The server sets it, whatever the caller says.
	// +optional
	Project string `json:"project,omitempty"`
	// type is normal, which uses manifests that were made before, if they are of the same revision, or hard, which makes
	// them anew. Default: normal.
	// +optional
	Type string `json:"type,omitempty"`
}

// SetProject says of what project the application is.
func (r *ApplicationSync) SetProject(name string) { r.Project = name }

// SetProject says of what project the application is.
func (r *ApplicationRollback) SetProject(name string) { r.Project = name }

// SetProject says of what project the application is.
func (r *ApplicationTerminate) SetProject(name string) { r.Project = name }

// SetProject says of what project the application is.
func (r *ApplicationRefresh) SetProject(name string) { r.Project = name }

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ApplicationManifestsOptions are the query parameters of applications/NAME/manifests.
type ApplicationManifestsOptions struct {
	metav1.TypeMeta `json:""`
	// revision is the version to render; repeated, those of all sources in order. Absent, and where it is empty, what the
	// targetRevision is now.
	// +optional
	// +listType=atomic
	Revision []string `json:"revision,omitzero"`
	// hard renders anew, rather than use what was rendered before. Default: false.
	// +optional
	Hard bool `json:"hard,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ApplicationDiffOptions are the query parameters of applications/NAME/diff.
type ApplicationDiffOptions struct {
	metav1.TypeMeta `json:""`
	// revision is the version to compare with; repeated, those of all sources in order. Absent, and where it is empty,
	// what the targetRevision is now.
	// +optional
	// +listType=atomic
	Revision []string `json:"revision,omitzero"`
	// hard renders anew, rather than use what was rendered before. Default: false.
	// +optional
	Hard bool `json:"hard,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ApplicationLogOptions are the query parameters of applications/NAME/log, which merges the logs of the pods that are
// among, or below, the application's objects.
type ApplicationLogOptions struct {
	metav1.TypeMeta `json:""`
	// follow goes on with what is written, and with pods that come. Default: false, which ends with what there is.
	// +optional
	Follow bool `json:"follow,omitempty"`
	// previous reads what the containers wrote before they were last started anew. Not with follow. Default: false.
	// +optional
	Previous bool `json:"previous,omitempty"`
	// timestamps puts the time of writing before each line, by RFC 3339. Default: false.
	// +optional
	Timestamps bool `json:"timestamps,omitempty"`
	// resource restricts the logs to pods that are, or are below, this object of the application:
	// GROUP:KIND:[NAMESPACE/]NAME, where any part may be *. Repeated, to those of several.
	// +optional
	// +listType=atomic
	Resource []string `json:"resource,omitzero"`
	// podName restricts the logs to this pod.
	// +optional
	PodName string `json:"podName,omitempty"`
	// container is the container whose logs are read. Default: what the pod's annotation
	// kubectl.kubernetes.io/default-container says, or else its first.
	// +optional
	Container string `json:"container,omitempty"`
	// tailLines is how many of each pod's last lines are read. Absent means all.
	// +optional
	TailLines *int64 `json:"tailLines,omitempty"`
	// sinceSeconds reads only what was written in this many seconds before now. Absent means all.
	// +optional
	SinceSeconds *int64 `json:"sinceSeconds,omitempty"`
	// prefix puts the name of its pod before each line. Default: true when there is more than one pod, or may be.
	// +optional
	Prefix *bool `json:"prefix,omitempty"`
}
