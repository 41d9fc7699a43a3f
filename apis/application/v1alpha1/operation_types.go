// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Operation is a request to act on an application now.
type Operation struct {
	// sync asks for a sync. A rollback is a sync to what a past one has brought.
	// +optional
	Sync *SyncOperation `json:"sync,omitempty"`
	// initiatedBy is who asks. The server writes the name of the authenticated user, whatever the request says, unless
	// it comes from somebody who may write status, as the server itself does.
	// +optional
	InitiatedBy *OperationInitiator `json:"initiatedBy,omitempty"`
	// info is shown to people beside the operation.
	// +optional
	// +listType=atomic
	Info []Info `json:"info,omitzero"`
	// retry says how often, and after what time, the operation is tried again if it fails.
	// +optional
	Retry *RetryStrategy `json:"retry,omitempty"`
}

// OperationInitiator is who asked for an operation.
type OperationInitiator struct {
	// username is the authenticated user.
	// +optional
	Username string `json:"username,omitempty"`
	// automated tells that it was the server itself, as syncPolicy.automated asks.
	// +optional
	Automated *bool `json:"automated,omitempty"`
}

// SyncOperation says what is synced, and how.
type SyncOperation struct {
	// revision is the version to sync to. Default: what the source's targetRevision is now.
	// +optional
	Revision string `json:"revision,omitempty"`
	// prune deletes objects whose manifests are gone. Default: false.
	// +optional
	Prune *bool `json:"prune,omitempty"`
	// dryRun finds out what a sync would do, and changes nothing. Default: false.
	// +optional
	DryRun *bool `json:"dryRun,omitempty"`
	// syncStrategy says whether hooks run, and whether objects are deleted and made anew if need be.
	// +optional
	SyncStrategy *SyncStrategy `json:"syncStrategy,omitempty"`
	// resources are the only objects that are synced. No hooks run then, and the sync does not become part of the
	// history.
	// +optional
	// +listType=atomic
	Resources []SyncOperationResource `json:"resources,omitzero"`
	// source is synced instead of the application's own. A rollback sets it.
	// +optional
	Source *ApplicationSource `json:"source,omitempty"`
	// manifests are synced instead of those of the source: one object each, as YAML or JSON.
	// +optional
	// +listType=atomic
	Manifests []string `json:"manifests,omitzero"`
	// syncOptions change how objects are applied, as NAME=VALUE.
	// +optional
	// +listType=atomic
	SyncOptions []string `json:"syncOptions,omitzero"`
	// sources are synced instead of the application's own. A rollback sets them.
	// +optional
	// +listType=atomic
	Sources []ApplicationSource `json:"sources,omitzero"`
	// revisions are the versions of the sources to sync to, in order.
	// +optional
	// +listType=atomic
	Revisions []string `json:"revisions,omitzero"`
	// autoHealAttemptsCount is how often the same revision was synced to undo changes in the cluster. The server counts.
	// +optional
	AutoHealAttemptsCount *int64 `json:"autoHealAttemptsCount,omitempty"`
}

// SyncStrategy says how objects are brought to the cluster. At most one of its fields is set. Default: hook.
type SyncStrategy struct {
	// apply applies all objects, and runs no hooks. Rollbacks do this.
	// +optional
	Apply *SyncStrategyApply `json:"apply,omitempty"`
	// hook applies all objects, and runs the hooks among them.
	// +optional
	Hook *SyncStrategyHook `json:"hook,omitempty"`
}

// SyncStrategyApply applies objects without hooks.
type SyncStrategyApply struct {
	// force deletes objects that cannot be changed, and makes them anew. Default: false.
	// +optional
	Force *bool `json:"force,omitempty"`
}

// SyncStrategyHook applies objects and runs hooks.
type SyncStrategyHook struct {
	// force deletes objects that cannot be changed, and makes them anew. Default: false.
	// +optional
	Force *bool `json:"force,omitempty"`
}

// SyncOperationResource names an object to sync.
type SyncOperationResource struct {
	// group is the API group of the object.
	// +optional
	Group string `json:"group,omitempty"`
	// kind is the kind of the object.
	Kind string `json:"kind"`
	// name is the name of the object.
	Name string `json:"name"`
	// namespace is the namespace of the object. Absent: of any.
	// +optional
	Namespace string `json:"namespace,omitempty"`
}
