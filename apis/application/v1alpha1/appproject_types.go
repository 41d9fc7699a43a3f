// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// AppProject limits what the applications in it may do: from where manifests come, where they go, which kinds of
// objects they hold, and when they are synced.
type AppProject struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of an object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec are the limits.
	Spec AppProjectSpec `json:"spec"`
	// status are the tokens that were given out. It is written by the server.
	// +optional
	Status AppProjectStatus `json:"status,omitzero"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// AppProjectList is a list of projects.
type AppProjectList struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of a list.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the projects.
	Items []AppProject `json:"items"`
}

// AppProjectSpec are the limits of the applications of a project. In globs * stands for any text; one that begins
// with ! denies what it matches, whatever else allows it.
type AppProjectSpec struct {
	// sourceRepos are globs of repositories from which manifests may come. Absent: none.
	// +optional
	// +listType=atomic
	SourceRepos []string `json:"sourceRepos,omitzero"`
	// destinations are clusters and namespaces that objects may go to. Absent: none.
	// +optional
	// +listType=atomic
	Destinations []ProjectDestination `json:"destinations,omitzero"`
	// description is what the project is for.
	// +optional
	Description string `json:"description,omitempty"`
	// roles are what people and machines may do with the applications.
	// +optional
	// +listType=atomic
	Roles []ProjectRole `json:"roles,omitzero"`
	// clusterResourceWhitelist are the kinds of objects outside of namespaces that there may be. Absent: none.
	// +optional
	// +listType=atomic
	ClusterResourceWhitelist []ClusterResourceRestriction `json:"clusterResourceWhitelist,omitzero"`
	// namespaceResourceBlacklist are the kinds of objects in namespaces that there must not be.
	// +optional
	// +listType=atomic
	NamespaceResourceBlacklist []ResourceRestriction `json:"namespaceResourceBlacklist,omitzero"`
	// orphanedResources has objects looked for that no application has made. Absent: nobody looks.
	// +optional
	OrphanedResources *OrphanedResources `json:"orphanedResources,omitempty"`
	// syncWindows are times at which applications may, or may not, be synced.
	// +optional
	// +listType=atomic
	SyncWindows []SyncWindow `json:"syncWindows,omitzero"`
	// namespaceResourceWhitelist are the only kinds of objects in namespaces that there may be. Absent: all.
	// +optional
	// +listType=atomic
	NamespaceResourceWhitelist []ResourceRestriction `json:"namespaceResourceWhitelist,omitzero"`
	// signatureKeys are GnuPG keys, one of which must have signed the commits. Deprecated: use sourceIntegrity.
	// +optional
	// +listType=atomic
	SignatureKeys []SignatureKey `json:"signatureKeys,omitzero"`
	// clusterResourceBlacklist are the kinds of objects outside of namespaces that there must not be.
	// +optional
	// +listType=atomic
	ClusterResourceBlacklist []ClusterResourceRestriction `json:"clusterResourceBlacklist,omitzero"`
	// sourceNamespaces are globs of namespaces whose applications may be in the project, besides those in the
	// namespace of the project.
	// +optional
	// +listType=atomic
	SourceNamespaces []string `json:"sourceNamespaces,omitzero"`
	// permitOnlyProjectScopedClusters allows only clusters that belong to this project. Default: false.
	// +optional
	PermitOnlyProjectScopedClusters *bool `json:"permitOnlyProjectScopedClusters,omitempty"`
	// destinationServiceAccounts say by which service account objects are written, by destination.
	// +optional
	// +listType=atomic
	DestinationServiceAccounts []DestinationServiceAccount `json:"destinationServiceAccounts,omitzero"`
	// sourceIntegrity says how sources must be signed.
	// +optional
	SourceIntegrity *SourceIntegrity `json:"sourceIntegrity,omitempty"`
}

// ProjectDestination are clusters and namespaces that objects may, or with ! must not, go to.
type ProjectDestination struct {
	// server is a glob of the URLs of clusters.
	// +optional
	Server string `json:"server,omitempty"`
	// namespace is a glob of namespaces.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// name is a glob of the names of clusters.
	// +optional
	Name string `json:"name,omitempty"`
}

// ProjectRole is what some people and machines may do with the applications of a project.
type ProjectRole struct {
	// name is the name of the role.
	Name string `json:"name"`
	// description is what the role is for.
	// +optional
	Description string `json:"description,omitempty"`
	// policies are what it allows, each as "p, proj:PROJECT:ROLE, RESOURCE, ACTION, PROJECT/OBJECT, allow|deny".
	// +optional
	// +listType=atomic
	Policies []string `json:"policies,omitzero"`
	// jwtTokens are the tokens that were given out for the role.
	// +optional
	// +listType=atomic
	JWTTokens []JWTToken `json:"jwtTokens,omitzero"`
	// groups are the groups whose members have the role.
	// +optional
	// +listType=atomic
	Groups []string `json:"groups,omitzero"`
}

// JWTToken is a token that was given out. Only what tells it apart is kept.
type JWTToken struct {
	// iat is when it was given out, in seconds since 1970.
	IssuedAt int64 `json:"iat"`
	// exp is when it expires, in seconds since 1970. 0 means never.
	// +optional
	ExpiresAt *int64 `json:"exp,omitempty"`
	// id tells the token apart.
	// +optional
	ID string `json:"id,omitempty"`
}

// ClusterResourceRestriction is a kind of objects outside of namespaces.
type ClusterResourceRestriction struct {
	// group is a glob of API groups.
	Group string `json:"group"`
	// kind is a glob of kinds.
	Kind string `json:"kind"`
	// name is a glob of names. Absent: any.
	// +optional
	Name string `json:"name,omitempty"`
}

// ResourceRestriction is a kind of objects.
type ResourceRestriction struct {
	// group is a glob of API groups.
	Group string `json:"group"`
	// kind is a glob of kinds.
	Kind string `json:"kind"`
}

// OrphanedResources has objects looked for, in the namespaces of the project, that no application has made.
type OrphanedResources struct {
	// warn makes each application tell of them in a condition. Default: true.
	// +optional
	Warn *bool `json:"warn,omitempty"`
	// ignore are objects that do not count.
	// +optional
	// +listType=atomic
	Ignore []OrphanedResourceKey `json:"ignore,omitzero"`
}

// OrphanedResourceKey are objects that do not count as orphans.
type OrphanedResourceKey struct {
	// group is a glob of API groups.
	// +optional
	Group string `json:"group,omitempty"`
	// kind is a glob of kinds.
	// +optional
	Kind string `json:"kind,omitempty"`
	// name is a glob of names. Absent: any.
	// +optional
	Name string `json:"name,omitempty"`
}

// Kinds of sync windows.
const (
	// SyncWindowAllow allows syncs within, and denies them at all other times.
	SyncWindowAllow = "allow"
	// SyncWindowDeny denies syncs within.
	SyncWindowDeny = "deny"
)

// SyncWindow are times at which applications may, or may not, be synced. It is about the applications that one of
// applications, namespaces and clusters names, or with andOperator all of them.
type SyncWindow struct {
	// kind is allow or deny. Deny wins.
	// +optional
	Kind string `json:"kind,omitempty"`
	// schedule is when it begins, as a cron line of five fields.
	// +optional
	Schedule string `json:"schedule,omitempty"`
	// duration is how long it lasts, such as 1h30m.
	// +optional
	Duration string `json:"duration,omitempty"`
	// applications are globs of names of applications.
	// +optional
	// +listType=atomic
	Applications []string `json:"applications,omitzero"`
	// namespaces are globs of the namespaces of destinations.
	// +optional
	// +listType=atomic
	Namespaces []string `json:"namespaces,omitzero"`
	// clusters are globs of the clusters of destinations.
	// +optional
	// +listType=atomic
	Clusters []string `json:"clusters,omitzero"`
	// manualSync lets people sync whatever the window says. Default: false.
	// +optional
	ManualSync *bool `json:"manualSync,omitempty"`
	// timeZone is the time zone of the schedule, such as Europe/Berlin. Default: UTC.
	// +optional
	TimeZone string `json:"timeZone,omitempty"`
	// andOperator asks that an application be named by all of applications, namespaces and clusters that are set.
	// Default: false, which asks for one.
	// +optional
	AndOperator *bool `json:"andOperator,omitempty"`
	// description is what the window is for.
	// +optional
	Description string `json:"description,omitempty"`
	// syncOverrun lets a sync go on that began when it was allowed. Default: false.
	// +optional
	SyncOverrun *bool `json:"syncOverrun,omitempty"`
}

// SignatureKey is a GnuPG key.
type SignatureKey struct {
	// keyID is the id of the key: 16 or 40 hexadecimal digits.
	KeyID string `json:"keyID"`
}

// DestinationServiceAccount says by which service account objects are written to a destination.
type DestinationServiceAccount struct {
	// server is a glob of the URLs of clusters.
	Server string `json:"server"`
	// namespace is a glob of namespaces.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// defaultServiceAccount is the service account: NAME, in the namespace of the destination, or NAMESPACE:NAME.
	DefaultServiceAccount string `json:"defaultServiceAccount"`
}

// SourceIntegrity says how sources must be signed.
type SourceIntegrity struct {
	// git says how commits must be signed.
	Git *SourceIntegrityGit `json:"git,omitempty"`
}

// SourceIntegrityGit says how commits must be signed.
type SourceIntegrityGit struct {
	// policies say so for each repository. The first that names it counts.
	// +listType=atomic
	Policies []SourceIntegrityGitPolicy `json:"policies,omitzero"`
}

// SourceIntegrityGitPolicy says how commits in some repositories must be signed.
type SourceIntegrityGitPolicy struct {
	// repos are the repositories.
	// +listType=atomic
	Repos []SourceIntegrityGitRepo `json:"repos,omitzero"`
	// gpg says by which keys, and how much.
	GPG *SourceIntegrityGitGPG `json:"gpg,omitempty"`
}

// SourceIntegrityGitRepo are repositories.
type SourceIntegrityGitRepo struct {
	// url is a glob of the URLs of repositories.
	URL string `json:"url"`
}

// SourceIntegrityMode says how much must be signed.
type SourceIntegrityMode string

const (
	// SourceIntegrityNone asks for no signature.
	SourceIntegrityNone SourceIntegrityMode = "none"
	// SourceIntegrityHead asks that the commit or tag that is synced be signed.
	SourceIntegrityHead SourceIntegrityMode = "head"
	// SourceIntegrityStrict asks that all commits since the last sync be signed.
	SourceIntegrityStrict SourceIntegrityMode = "strict"
)

// SourceIntegrityGitGPG says by which keys, and how much, must be signed.
type SourceIntegrityGitGPG struct {
	// mode is none, head or strict.
	Mode SourceIntegrityMode `json:"mode"`
	// keys are the ids of GnuPG keys that are trusted.
	// +listType=atomic
	Keys []string `json:"keys,omitzero"`
}

// AppProjectStatus are the tokens that a project has given out.
type AppProjectStatus struct {
	// jwtTokensByRole are the tokens, by role.
	// +optional
	// +mapType=atomic
	// +patchStrategy=replace
	JWTTokensByRole map[string]JWTTokens `json:"jwtTokensByRole,omitzero" patchStrategy:"replace"`
}

// JWTTokens are tokens of a role.
type JWTTokens struct {
	// items are the tokens.
	// +optional
	// +listType=atomic
	Items []JWTToken `json:"items,omitzero"`
}
