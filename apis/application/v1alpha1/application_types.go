// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +genclient
// +genclient:method=Sync,verb=create,subresource=sync,input=ApplicationSync,result=k8s.io/apimachinery/pkg/apis/meta/v1.Status
// +genclient:method=Rollback,verb=create,subresource=rollback,input=ApplicationRollback,result=k8s.io/apimachinery/pkg/apis/meta/v1.Status
// +genclient:method=Terminate,verb=create,subresource=terminate,input=ApplicationTerminate,result=k8s.io/apimachinery/pkg/apis/meta/v1.Status
// +genclient:method=Refresh,verb=create,subresource=refresh,input=ApplicationRefresh,result=k8s.io/apimachinery/pkg/apis/meta/v1.Status
// +genclient:method=GetTree,verb=get,subresource=tree,result=ApplicationTree
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// Application says which manifests shall be in which cluster and namespace: from where they come, what becomes of
// differences, and whether they are brought there without anybody's doing.
type Application struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of an object. The finalizer resources-finalizer.argocd.argoproj.io asks that
	// what the application has made be deleted with it.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec says which manifests are wanted, and where.
	Spec ApplicationSpec `json:"spec"`
	// status is how far what there is agrees with what is wanted. It is written by the server.
	// +optional
	Status ApplicationStatus `json:"status,omitzero"`
	// operation is a request to act now: a sync, or a rollback. It is taken out again when it has ended; how far it is says
	// status.operationState. Who may write it is decided by the right to create applications/sync and
	// applications/rollback, not by the right to update applications.
	// +optional
	Operation *Operation `json:"operation,omitempty"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ApplicationList is a list of applications.
type ApplicationList struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of a list.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the applications.
	Items []Application `json:"items"`
}

// ApplicationSpec says which manifests are wanted, and where.
type ApplicationSpec struct {
	// source is the one place from which manifests come. Of sourceHydrator, sources and source the first that is set
	// counts.
	// +optional
	Source *ApplicationSource `json:"source,omitempty"`
	// destination is where the manifests go.
	Destination ApplicationDestination `json:"destination"`
	// project is the name of the AppProject that limits what the application may do. Empty means "default".
	Project *string `json:"project,omitempty"`
	// syncPolicy says when and how manifests are brought to the destination.
	// +optional
	SyncPolicy *SyncPolicy `json:"syncPolicy,omitempty"`
	// ignoreDifferences are parts of objects in which what there is may differ from what is wanted.
	// +optional
	// +listType=atomic
	IgnoreDifferences []ResourceIgnoreDifferences `json:"ignoreDifferences,omitzero"`
	// info is shown to people beside the application.
	// +optional
	// +listType=atomic
	Info []Info `json:"info,omitzero"`
	// revisionHistoryLimit is how many past syncs are kept in status.history, for rollbacks. 0 keeps none. Default: 10.
	// +optional
	RevisionHistoryLimit *int64 `json:"revisionHistoryLimit,omitempty"`
	// sources are several places from which manifests come, in order: of an object that occurs twice the last counts.
	// +optional
	// +listType=atomic
	Sources []ApplicationSource `json:"sources,omitzero"`
	// sourceHydrator has manifests rendered, committed to a branch, and synced from there.
	// +optional
	SourceHydrator *SourceHydrator `json:"sourceHydrator,omitempty"`
}

// ApplicationDestination is a cluster and a namespace. At most one of server and name is set.
type ApplicationDestination struct {
	// server is the URL of the cluster's API server. https://kubernetes.default.svc is the cluster that this is in.
	// +optional
	Server string `json:"server,omitempty"`
	// namespace is where objects go whose manifests name no namespace.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// name is the name under which the cluster is known, instead of server. in-cluster is the cluster that this is in.
	// +optional
	Name string `json:"name,omitempty"`
}

// SyncPolicy says when and how manifests are brought to the destination.
type SyncPolicy struct {
	// automated asks for syncs without anybody's doing. An empty object is enough. Absent: only on request.
	// +optional
	Automated *SyncPolicyAutomated `json:"automated,omitempty"`
	// syncOptions change how objects are applied, as NAME=VALUE, such as CreateNamespace=true.
	// +optional
	// +listType=atomic
	SyncOptions []string `json:"syncOptions,omitzero"`
	// retry says how often, and after what time, a sync that failed is tried again.
	// +optional
	Retry *RetryStrategy `json:"retry,omitempty"`
	// managedNamespaceMetadata is put on the destination's namespace, if the sync option CreateNamespace=true is set.
	// +optional
	ManagedNamespaceMetadata *ManagedNamespaceMetadata `json:"managedNamespaceMetadata,omitempty"`
}

// SyncPolicyAutomated says what a sync without anybody's doing may do.
type SyncPolicyAutomated struct {
	// prune deletes objects whose manifests are gone. Default: false.
	// +optional
	Prune *bool `json:"prune,omitempty"`
	// selfHeal syncs again when somebody has changed objects in the cluster, though the manifests are as they were.
	// Default: false.
	// +optional
	SelfHeal *bool `json:"selfHeal,omitempty"`
	// allowEmpty lets a sync prune all objects there are, which is a mistake more often than not. Default: false.
	// +optional
	AllowEmpty *bool `json:"allowEmpty,omitempty"`
	// enabled says whether there are such syncs at all. Default: true.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
}

// RetryStrategy says how often, and after what time, a sync that failed is tried again.
type RetryStrategy struct {
	// limit is how often a sync is tried again. Less than 0 means without end. Default: 0, and 5 for syncs without
	// anybody's doing that have no retry strategy.
	// +optional
	Limit *int64 `json:"limit,omitempty"`
	// backoff is how long to wait before it is.
	// +optional
	Backoff *Backoff `json:"backoff,omitempty"`
	// refresh looks for a newer revision before each try. Default: false, which tries the same revision.
	// +optional
	Refresh *bool `json:"refresh,omitempty"`
}

// Backoff is how long to wait between tries: a duration that grows by a factor up to a maximum.
type Backoff struct {
	// duration is the wait before the second try: seconds, or a duration such as 2m. Default: 5s.
	// +optional
	Duration string `json:"duration,omitempty"`
	// factor is by what the wait is multiplied with each try. Default: 2.
	// +optional
	Factor *int64 `json:"factor,omitempty"`
	// maxDuration is the longest wait: seconds, or a duration such as 1h. Default: 3m.
	// +optional
	MaxDuration string `json:"maxDuration,omitempty"`
}

// ManagedNamespaceMetadata is what is put on a namespace that a sync makes.
type ManagedNamespaceMetadata struct {
	// labels are set on the namespace.
	// +optional
	Labels map[string]string `json:"labels,omitzero"`
	// annotations are set on the namespace.
	// +optional
	Annotations map[string]string `json:"annotations,omitzero"`
}

// ResourceIgnoreDifferences names objects, and parts of them in which what there is may differ from what is wanted.
type ResourceIgnoreDifferences struct {
	// group is the API group of the objects. "*" means any. Empty is the group of Pods and Services.
	// +optional
	Group string `json:"group,omitempty"`
	// kind is the kind of the objects. "*" means any.
	Kind string `json:"kind"`
	// name is the name of the object. Absent: of any name.
	// +optional
	Name string `json:"name,omitempty"`
	// namespace is the namespace of the objects. Absent: of any.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// jsonPointers are paths of the parts (RFC 6901), such as /spec/replicas.
	// +optional
	// +listType=atomic
	JSONPointers []string `json:"jsonPointers,omitzero"`
	// jqPathExpressions are paths of the parts in the language of jq, such as .spec.containers[].image.
	// +optional
	// +listType=atomic
	JQPathExpressions []string `json:"jqPathExpressions,omitzero"`
	// managedFieldsManagers are names of field managers. All that they own in the object may differ.
	// +optional
	// +listType=atomic
	ManagedFieldsManagers []string `json:"managedFieldsManagers,omitzero"`
}

// Info is something that people should see.
type Info struct {
	// name heads the text.
	Name string `json:"name"`
	// value is the text. A URL becomes a link.
	Value string `json:"value"`
}
