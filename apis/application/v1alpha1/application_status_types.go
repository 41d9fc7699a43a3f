// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SyncStatusCode tells whether what there is agrees with what is wanted.
type SyncStatusCode string

const (
	// SyncStatusUnknown means that it could not be found out.
	SyncStatusUnknown SyncStatusCode = "Unknown"
	// SyncStatusSynced means that it does.
	SyncStatusSynced SyncStatusCode = "Synced"
	// SyncStatusOutOfSync means that it does not.
	SyncStatusOutOfSync SyncStatusCode = "OutOfSync"
)

// HealthStatusCode tells how an object, or all objects of an application, do.
type HealthStatusCode string

const (
	// HealthHealthy means that it does what it should.
	HealthHealthy HealthStatusCode = "Healthy"
	// HealthSuspended means that it was halted, and waits for somebody or something.
	HealthSuspended HealthStatusCode = "Suspended"
	// HealthProgressing means that it is on its way.
	HealthProgressing HealthStatusCode = "Progressing"
	// HealthMissing means that it is not there.
	HealthMissing HealthStatusCode = "Missing"
	// HealthDegraded means that it failed.
	HealthDegraded HealthStatusCode = "Degraded"
	// HealthUnknown means that it could not be found out.
	HealthUnknown HealthStatusCode = "Unknown"
)

// OperationPhase is how far an operation is.
type OperationPhase string

const (
	// OperationRunning is on its way.
	OperationRunning OperationPhase = "Running"
	// OperationTerminating is being ended, since somebody asked.
	OperationTerminating OperationPhase = "Terminating"
	// OperationFailed has ended without success.
	OperationFailed OperationPhase = "Failed"
	// OperationError could not be carried out.
	OperationError OperationPhase = "Error"
	// OperationSucceeded has ended with success.
	OperationSucceeded OperationPhase = "Succeeded"
)

// ApplicationConditionType is what a condition of an application is about.
type ApplicationConditionType string

// Conditions of applications, as the peer has them. One is there as long as it holds.
const (
	// ConditionDeletionError means that what the application has made could not be deleted.
	ConditionDeletionError ApplicationConditionType = "DeletionError"
	// ConditionInvalidSpecError means that the spec cannot be acted on.
	ConditionInvalidSpecError ApplicationConditionType = "InvalidSpecError"
	// ConditionComparisonError means that what there is could not be compared with what is wanted.
	ConditionComparisonError ApplicationConditionType = "ComparisonError"
	// ConditionSyncError means that a sync without anybody's doing failed.
	ConditionSyncError ApplicationConditionType = "SyncError"
	// ConditionUnknownError means that something else went wrong.
	ConditionUnknownError ApplicationConditionType = "UnknownError"
	// ConditionSharedResourceWarning means that an object belongs to another application, too.
	ConditionSharedResourceWarning ApplicationConditionType = "SharedResourceWarning"
	// ConditionRepeatedResourceWarning means that an object occurs more than once in the manifests.
	ConditionRepeatedResourceWarning ApplicationConditionType = "RepeatedResourceWarning"
	// ConditionExcludedResourceWarning means that an object is of a kind that the administrator has excluded.
	ConditionExcludedResourceWarning ApplicationConditionType = "ExcludedResourceWarning"
	// ConditionOrphanedResourceWarning means that there are objects in the namespace that no application has made.
	ConditionOrphanedResourceWarning ApplicationConditionType = "OrphanedResourceWarning"
	// ConditionInvalidSettingsWarning means that a key of the namespace's settings is wrong, and has no effect.
	ConditionInvalidSettingsWarning ApplicationConditionType = "InvalidSettingsWarning"
	// ConditionUnsupportedWarning means that the application, or its project, asks for something that this version does
	// not do. The peer has no such condition.
	ConditionUnsupportedWarning ApplicationConditionType = "UnsupportedWarning"
)

// Conditions of applications, as Kubernetes has them: with a status. They are always there once the server has looked.
const (
	// ConditionReady means that the application is synced and healthy, and that no operation runs.
	ConditionReady ApplicationConditionType = "Ready"
	// ConditionSynced means that what there is agrees with what is wanted.
	ConditionSynced ApplicationConditionType = "Synced"
	// ConditionHealthy means that the objects do what they should.
	ConditionHealthy ApplicationConditionType = "Healthy"
)

// ApplicationSourceType is the tool that makes the manifests of a source.
type ApplicationSourceType string

const (
	// SourceTypeHelm renders a Helm chart.
	SourceTypeHelm ApplicationSourceType = "Helm"
	// SourceTypeKustomize builds a kustomization.
	SourceTypeKustomize ApplicationSourceType = "Kustomize"
	// SourceTypeDirectory reads manifests and Jsonnet files.
	SourceTypeDirectory ApplicationSourceType = "Directory"
	// SourceTypePlugin runs a config management plugin.
	SourceTypePlugin ApplicationSourceType = "Plugin"
)

// ApplicationStatus is how far what there is agrees with what is wanted.
type ApplicationStatus struct {
	// resources are the objects that the application manages.
	// +optional
	// +listType=atomic
	Resources []ResourceStatus `json:"resources,omitzero"`
	// sync tells whether what there is agrees with what is wanted.
	// +optional
	Sync SyncStatus `json:"sync,omitzero"`
	// health tells how the objects of the application do, all in all.
	// +optional
	Health HealthStatus `json:"health,omitzero"`
	// history are the past syncs, the oldest first.
	// +optional
	// +listType=atomic
	History []RevisionHistory `json:"history,omitzero"`
	// conditions are what is wrong with the application: those of the peer, which have no status and are there as long as
	// they hold. Besides there are Ready, Synced and Healthy, which have a status, as "kubectl wait" needs it.
	// +optional
	// +listType=atomic
	Conditions []ApplicationCondition `json:"conditions,omitzero"`
	// reconciledAt is when what there is was last compared with what is wanted.
	// +optional
	ReconciledAt *metav1.Time `json:"reconciledAt,omitempty"`
	// operationState is how far the last operation is.
	// +optional
	OperationState *OperationState `json:"operationState,omitempty"`
	// observedAt is deprecated: it was what reconciledAt is now.
	// +optional
	ObservedAt *metav1.Time `json:"observedAt,omitempty"`
	// sourceType is the tool that makes the manifests of the source.
	// +optional
	SourceType ApplicationSourceType `json:"sourceType,omitempty"`
	// summary is what the objects of the application have, put together.
	// +optional
	Summary ApplicationSummary `json:"summary,omitzero"`
	// resourceHealthSource says where the health of single objects is: empty means in resources.
	// +optional
	ResourceHealthSource string `json:"resourceHealthSource,omitempty"`
	// sourceTypes are the tools that make the manifests of the sources, in order.
	// +optional
	// +listType=atomic
	SourceTypes []ApplicationSourceType `json:"sourceTypes,omitzero"`
	// controllerNamespace is the namespace of the controller that has the application in charge.
	// +optional
	ControllerNamespace string `json:"controllerNamespace,omitempty"`
	// sourceHydrator is how far the rendering and committing of manifests is.
	// +optional
	SourceHydrator *SourceHydratorStatus `json:"sourceHydrator,omitempty"`
}

// ResourceStatus is how an object does that an application, or an application set, manages.
type ResourceStatus struct {
	// group is the API group of the object.
	// +optional
	Group string `json:"group,omitempty"`
	// version is the API version of the object.
	// +optional
	Version string `json:"version,omitempty"`
	// kind is the kind of the object.
	// +optional
	Kind string `json:"kind,omitempty"`
	// namespace is the namespace of the object.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// name is the name of the object.
	// +optional
	Name string `json:"name,omitempty"`
	// status tells whether the object agrees with its manifest.
	// +optional
	Status SyncStatusCode `json:"status,omitempty"`
	// health tells how the object does.
	// +optional
	Health *HealthStatus `json:"health,omitempty"`
	// hook tells that the object is a hook.
	// +optional
	Hook bool `json:"hook,omitempty"`
	// requiresPruning tells that the object has no manifest any longer, and should be deleted.
	// +optional
	RequiresPruning bool `json:"requiresPruning,omitempty"`
	// syncWave is the wave in which the object is applied.
	// +optional
	SyncWave int64 `json:"syncWave,omitempty"`
	// requiresDeletionConfirmation tells that somebody must agree before the object is deleted.
	// +optional
	RequiresDeletionConfirmation bool `json:"requiresDeletionConfirmation,omitempty"`
}

// HealthStatus tells how an object, or all objects of an application, do.
type HealthStatus struct {
	// status is Healthy, Suspended, Progressing, Missing, Degraded or Unknown.
	// +optional
	Status HealthStatusCode `json:"status,omitempty"`
	// message says why.
	// +optional
	Message string `json:"message,omitempty"`
	// lastTransitionTime is when status changed last.
	// +optional
	LastTransitionTime *metav1.Time `json:"lastTransitionTime,omitempty"`
}

// SyncStatus tells whether what there is agrees with what is wanted.
type SyncStatus struct {
	// status is Synced, OutOfSync or Unknown.
	Status SyncStatusCode `json:"status"`
	// comparedTo is what was wanted at that time.
	// +optional
	ComparedTo *ComparedTo `json:"comparedTo,omitempty"`
	// revision is the version of the source that it was compared to.
	// +optional
	Revision string `json:"revision,omitempty"`
	// revisions are the versions of the sources that it was compared to, in order.
	// +optional
	// +listType=atomic
	Revisions []string `json:"revisions,omitzero"`
}

// ComparedTo is what was wanted when it was compared.
type ComparedTo struct {
	// source is the source at that time.
	// +optional
	Source *ApplicationSource `json:"source,omitempty"`
	// destination is the destination at that time.
	Destination ApplicationDestination `json:"destination"`
	// sources are the sources at that time.
	// +optional
	// +listType=atomic
	Sources []ApplicationSource `json:"sources,omitzero"`
	// ignoreDifferences are the differences that were ignored.
	// +optional
	// +listType=atomic
	IgnoreDifferences []ResourceIgnoreDifferences `json:"ignoreDifferences,omitzero"`
}

// RevisionHistory is a past sync, to which a rollback can go.
type RevisionHistory struct {
	// revision is the version that was synced.
	// +optional
	Revision string `json:"revision,omitempty"`
	// deployedAt is when the sync ended.
	DeployedAt metav1.Time `json:"deployedAt"`
	// id is the number of the sync. It only grows.
	ID int64 `json:"id"`
	// source is the source at that time.
	// +optional
	Source *ApplicationSource `json:"source,omitempty"`
	// deployStartedAt is when the sync began.
	// +optional
	DeployStartedAt *metav1.Time `json:"deployStartedAt,omitempty"`
	// sources are the sources at that time.
	// +optional
	// +listType=atomic
	Sources []ApplicationSource `json:"sources,omitzero"`
	// revisions are the versions of the sources that were synced, in order.
	// +optional
	// +listType=atomic
	Revisions []string `json:"revisions,omitzero"`
	// initiatedBy is who asked for the sync.
	// +optional
	InitiatedBy *OperationInitiator `json:"initiatedBy,omitempty"`
}

// ApplicationCondition is something that is wrong with an application, or one of Ready, Synced and Healthy.
type ApplicationCondition struct {
	// type is what it is about: a word that ends in Error or Warning, or Ready, Synced or Healthy.
	Type ApplicationConditionType `json:"type"`
	// message says what is wrong.
	Message string `json:"message"`
	// lastTransitionTime is since when it is wrong, or since when status is what it is.
	// +optional
	LastTransitionTime *metav1.Time `json:"lastTransitionTime,omitempty"`
	// status is True, False or Unknown. Only of Ready, Synced and Healthy: the others hold if they are there.
	// +optional
	Status metav1.ConditionStatus `json:"status,omitempty"`
	// reason says in a word why status is what it is. Only of Ready, Synced and Healthy.
	// +optional
	Reason string `json:"reason,omitempty"`
	// observedGeneration is the generation of the application that was looked at. Only of Ready, Synced and Healthy.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
}

// ApplicationSummary is what the objects of an application have, put together.
type ApplicationSummary struct {
	// externalURLs are where the application can be reached.
	// +optional
	// +listType=atomic
	ExternalURLs []string `json:"externalURLs,omitzero"`
	// images are the images that its containers run.
	// +optional
	// +listType=atomic
	Images []string `json:"images,omitzero"`
	// isAppOfApps tells that applications are among the objects.
	// +optional
	IsAppOfApps bool `json:"isAppOfApps,omitempty"`
}

// OperationState is how far an operation is.
type OperationState struct {
	// operation is what was asked for.
	Operation Operation `json:"operation"`
	// phase is Running, Terminating, Failed, Error or Succeeded. Terminating asks that it be ended.
	Phase OperationPhase `json:"phase"`
	// message says why it is in its phase.
	// +optional
	Message string `json:"message,omitempty"`
	// syncResult is what the sync has done.
	// +optional
	SyncResult *SyncOperationResult `json:"syncResult,omitempty"`
	// startedAt is when it began.
	StartedAt metav1.Time `json:"startedAt"`
	// finishedAt is when it ended, or when the try ended after which it waits for the next.
	// +optional
	FinishedAt *metav1.Time `json:"finishedAt,omitempty"`
	// retryCount is how often it was tried again.
	// +optional
	RetryCount int64 `json:"retryCount,omitempty"`
}

// SyncOperationResult is what a sync has done.
type SyncOperationResult struct {
	// resources are the objects, and what became of them.
	// +optional
	// +listType=atomic
	Resources []ResourceResult `json:"resources,omitzero"`
	// revision is the version that is synced.
	Revision string `json:"revision"`
	// source is the source that is synced.
	// +optional
	Source *ApplicationSource `json:"source,omitempty"`
	// sources are the sources that are synced.
	// +optional
	// +listType=atomic
	Sources []ApplicationSource `json:"sources,omitzero"`
	// revisions are the versions of the sources that are synced, in order.
	// +optional
	// +listType=atomic
	Revisions []string `json:"revisions,omitzero"`
	// managedNamespaceMetadata is what was put on the destination's namespace.
	// +optional
	ManagedNamespaceMetadata *ManagedNamespaceMetadata `json:"managedNamespaceMetadata,omitempty"`
}

// Values of ResourceResult.Status.
const (
	// ResultSynced is an object that is as its manifest says.
	ResultSynced = "Synced"
	// ResultSyncFailed is an object that could not be brought to that.
	ResultSyncFailed = "SyncFailed"
	// ResultPruned is an object without a manifest that was deleted.
	ResultPruned = "Pruned"
	// ResultPruneSkipped is an object without a manifest that was left.
	ResultPruneSkipped = "PruneSkipped"
)

// ResourceResult is what became of an object in a sync.
type ResourceResult struct {
	// group is the API group of the object.
	Group string `json:"group"`
	// version is the API version of the object.
	Version string `json:"version"`
	// kind is the kind of the object.
	Kind string `json:"kind"`
	// namespace is the namespace of the object.
	Namespace string `json:"namespace"`
	// name is the name of the object.
	Name string `json:"name"`
	// status is Synced, SyncFailed, Pruned or PruneSkipped. It is empty while nothing was done, and for hooks.
	// +optional
	Status string `json:"status,omitempty"`
	// message says what was done, or what went wrong.
	// +optional
	Message string `json:"message,omitempty"`
	// hookType is when a hook runs: PreSync, Sync, PostSync, SyncFail, PreDelete or PostDelete.
	// +optional
	HookType string `json:"hookType,omitempty"`
	// hookPhase is how far a hook is, or whether the object is healthy.
	// +optional
	HookPhase OperationPhase `json:"hookPhase,omitempty"`
	// syncPhase is the phase of the sync in which it was done: PreSync, Sync, PostSync or SyncFail.
	// +optional
	SyncPhase string `json:"syncPhase,omitempty"`
	// images are the images that the object's containers run.
	// +optional
	// +listType=atomic
	Images []string `json:"images,omitzero"`
}

// HydrateOperationPhase is how far the rendering and committing of manifests is.
type HydrateOperationPhase string

const (
	// HydrateOperationHydrating is on its way.
	HydrateOperationHydrating HydrateOperationPhase = "Hydrating"
	// HydrateOperationFailed has failed.
	HydrateOperationFailed HydrateOperationPhase = "Failed"
	// HydrateOperationHydrated is done.
	HydrateOperationHydrated HydrateOperationPhase = "Hydrated"
)

// SourceHydratorStatus is how far the rendering and committing of manifests is.
type SourceHydratorStatus struct {
	// lastSuccessfulOperation is what was last committed.
	// +optional
	LastSuccessfulOperation *SuccessfulHydrateOperation `json:"lastSuccessfulOperation,omitempty"`
	// currentOperation is how far the current, or else the last, operation is.
	// +optional
	CurrentOperation *HydrateOperation `json:"currentOperation,omitempty"`
	// lastComparedDryRevision is the commit of the drySource that was last looked at.
	// +optional
	LastComparedDryRevision string `json:"lastComparedDryRevision,omitempty"`
}

// HydrateOperation is the rendering and committing of manifests.
type HydrateOperation struct {
	// startedAt is when it began.
	// +optional
	StartedAt *metav1.Time `json:"startedAt,omitempty"`
	// finishedAt is when it ended.
	// +optional
	FinishedAt *metav1.Time `json:"finishedAt,omitempty"`
	// phase is Hydrating, Failed or Hydrated.
	Phase HydrateOperationPhase `json:"phase"`
	// message says why it is in its phase.
	Message string `json:"message"`
	// drySHA is the commit that is rendered.
	// +optional
	DrySHA string `json:"drySHA,omitempty"`
	// hydratedSHA is the commit that holds what was rendered.
	// +optional
	HydratedSHA string `json:"hydratedSHA,omitempty"`
	// sourceHydrator is what the application asked for at that time.
	// +optional
	SourceHydrator *SourceHydrator `json:"sourceHydrator,omitempty"`
}

// SuccessfulHydrateOperation is what was committed.
type SuccessfulHydrateOperation struct {
	// drySHA is the commit that was rendered.
	// +optional
	DrySHA string `json:"drySHA,omitempty"`
	// hydratedSHA is the commit that holds what was rendered.
	// +optional
	HydratedSHA string `json:"hydratedSHA,omitempty"`
	// sourceHydrator is what the application asked for at that time.
	// +optional
	SourceHydrator *SourceHydrator `json:"sourceHydrator,omitempty"`
}
