// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ApplicationSet makes an application for each set of parameters that its generators find, from one template.
type ApplicationSet struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of an object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec says which applications are wanted.
	Spec ApplicationSetSpec `json:"spec"`
	// status is how far they are. It is written by the server.
	// +optional
	Status ApplicationSetStatus `json:"status,omitzero"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// ApplicationSetList is a list of application sets.
type ApplicationSetList struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of a list.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the application sets.
	Items []ApplicationSet `json:"items"`
}

// ApplicationSetSpec says which applications are wanted.
type ApplicationSetSpec struct {
	// goTemplate renders templates in Go's language, with the functions of sprig. Default: false, which replaces
	// {{NAME}} only.
	// +optional
	GoTemplate *bool `json:"goTemplate,omitempty"`
	// generators find the sets of parameters. Each entry has exactly one kind of generator.
	// +listType=atomic
	Generators []ApplicationSetGenerator `json:"generators,omitzero"`
	// template is what the applications are made from.
	Template ApplicationSetTemplate `json:"template"`
	// syncPolicy says what may be done to the applications.
	// +optional
	SyncPolicy *ApplicationSetSyncPolicy `json:"syncPolicy,omitempty"`
	// strategy says in which order the applications are synced.
	// +optional
	Strategy *ApplicationSetStrategy `json:"strategy,omitempty"`
	// preservedFields are labels and annotations of the applications that others set, and that stay.
	// +optional
	PreservedFields *ApplicationPreservedFields `json:"preservedFields,omitempty"`
	// goTemplateOptions are options of Go's templates. missingkey=error makes a parameter that is missing an error.
	// +optional
	// +listType=atomic
	GoTemplateOptions []string `json:"goTemplateOptions,omitzero"`
	// applyNestedSelectors minds the selectors of generators within matrix and merge. Default: false, which ignores
	// them.
	// +optional
	ApplyNestedSelectors *bool `json:"applyNestedSelectors,omitempty"`
	// ignoreApplicationDifferences are parts of the applications that others may change.
	// +optional
	// +listType=atomic
	IgnoreApplicationDifferences []ApplicationSetResourceIgnoreDifferences `json:"ignoreApplicationDifferences,omitzero"`
	// templatePatch is a strategic merge patch of the application, as YAML. It is rendered like the template, so that
	// it can set what is no text.
	// +optional
	TemplatePatch *string `json:"templatePatch,omitempty"`
}

// ApplicationSetTemplate is what applications are made from. {{...}} in its texts is replaced by parameters.
type ApplicationSetTemplate struct {
	// metadata is the metadata of the applications.
	Metadata ApplicationSetTemplateMeta `json:"metadata"`
	// spec is the spec of the applications.
	Spec ApplicationSpec `json:"spec"`
}

// ApplicationSetTemplateMeta is the metadata of applications that are made from a template.
type ApplicationSetTemplateMeta struct {
	// name is the name, which must be another one for each set of parameters.
	// +optional
	Name string `json:"name,omitempty"`
	// namespace is the namespace. Default, and all that is allowed unless the administrator says otherwise: that of the
	// application set.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// labels are the labels.
	// +optional
	Labels map[string]string `json:"labels,omitzero"`
	// annotations are the annotations.
	// +optional
	Annotations map[string]string `json:"annotations,omitzero"`
	// finalizers are the finalizers. Default: resources-finalizer.argocd.argoproj.io.
	// +optional
	// +listType=atomic
	Finalizers []string `json:"finalizers,omitzero"`
}

// ApplicationsSyncPolicy says what an application set may do to applications.
type ApplicationsSyncPolicy string

const (
	// ApplicationsCreateOnly makes applications, and neither changes nor deletes them.
	ApplicationsCreateOnly ApplicationsSyncPolicy = "create-only"
	// ApplicationsCreateUpdate makes and changes applications, and does not delete them.
	ApplicationsCreateUpdate ApplicationsSyncPolicy = "create-update"
	// ApplicationsCreateDelete makes and deletes applications, and does not change them.
	ApplicationsCreateDelete ApplicationsSyncPolicy = "create-delete"
	// ApplicationsSync makes, changes and deletes applications.
	ApplicationsSync ApplicationsSyncPolicy = "sync"
)

// ApplicationSetSyncPolicy says what may be done to the applications of a set.
type ApplicationSetSyncPolicy struct {
	// preserveResourcesOnDeletion keeps what an application has made when the application is deleted. Default: false.
	// +optional
	PreserveResourcesOnDeletion *bool `json:"preserveResourcesOnDeletion,omitempty"`
	// applicationsSync is create-only, create-update, create-delete or sync. Default: sync.
	// +optional
	ApplicationsSync *ApplicationsSyncPolicy `json:"applicationsSync,omitempty"`
}

// Strategies of application sets.
const (
	// ApplicationSetAllAtOnce brings a change to all applications at once.
	ApplicationSetAllAtOnce = "AllAtOnce"
	// ApplicationSetRollingSync brings a change to the applications step by step.
	ApplicationSetRollingSync = "RollingSync"
)

// Orders in which the applications of a set are deleted.
const (
	// DeletionOrderAllAtOnce deletes all of them at once.
	DeletionOrderAllAtOnce = "AllAtOnce"
	// DeletionOrderReverse deletes them in the reverse of the order of the steps.
	DeletionOrderReverse = "Reverse"
)

// ApplicationSetStrategy says in which order the applications of a set are synced and deleted.
type ApplicationSetStrategy struct {
	// type is AllAtOnce or RollingSync. Default: AllAtOnce.
	// +optional
	Type string `json:"type,omitempty"`
	// rollingSync are the steps of RollingSync.
	// +optional
	RollingSync *ApplicationSetRolloutStrategy `json:"rollingSync,omitempty"`
	// deletionOrder is AllAtOnce or Reverse. Default: AllAtOnce.
	// +optional
	DeletionOrder string `json:"deletionOrder,omitempty"`
}

// ApplicationSetRolloutStrategy syncs applications step by step.
type ApplicationSetRolloutStrategy struct {
	// steps are taken in order. The next one is begun when all applications of the one before are healthy.
	// +optional
	// +listType=atomic
	Steps []ApplicationSetRolloutStep `json:"steps,omitzero"`
}

// ApplicationSetRolloutStep selects applications that are synced together.
type ApplicationSetRolloutStep struct {
	// matchExpressions select them by labels. An application must match all.
	// +optional
	// +listType=atomic
	MatchExpressions []ApplicationMatchExpression `json:"matchExpressions,omitzero"`
	// maxUpdate is how many of them may be on their way at a time: a number, or a percentage of those of the step.
	// Default: all.
	// +optional
	MaxUpdate *intstr.IntOrString `json:"maxUpdate,omitempty"`
}

// ApplicationMatchExpression selects applications by a label.
type ApplicationMatchExpression struct {
	// key is the label.
	// +optional
	Key string `json:"key,omitempty"`
	// operator is In or NotIn.
	// +optional
	Operator string `json:"operator,omitempty"`
	// values are what the label may, or may not, be.
	// +optional
	// +listType=atomic
	Values []string `json:"values,omitzero"`
}

// ApplicationPreservedFields are labels and annotations of applications that others set, and that stay.
type ApplicationPreservedFields struct {
	// annotations are keys of annotations.
	// +optional
	// +listType=atomic
	Annotations []string `json:"annotations,omitzero"`
	// labels are keys of labels.
	// +optional
	// +listType=atomic
	Labels []string `json:"labels,omitzero"`
}

// ApplicationSetResourceIgnoreDifferences are parts of applications that others may change.
type ApplicationSetResourceIgnoreDifferences struct {
	// name is the name of the application. Absent: all.
	// +optional
	Name string `json:"name,omitempty"`
	// jsonPointers are paths of the parts (RFC 6901).
	// +optional
	// +listType=atomic
	JSONPointers []string `json:"jsonPointers,omitzero"`
	// jqPathExpressions are paths of the parts in the language of jq.
	// +optional
	// +listType=atomic
	JQPathExpressions []string `json:"jqPathExpressions,omitzero"`
}

// Conditions of application sets.
const (
	// ApplicationSetErrorOccurred tells whether something went wrong.
	ApplicationSetErrorOccurred = "ErrorOccurred"
	// ApplicationSetParametersGenerated tells whether the generators have found their parameters.
	ApplicationSetParametersGenerated = "ParametersGenerated"
	// ApplicationSetResourcesUpToDate tells whether the applications are as they should be.
	ApplicationSetResourcesUpToDate = "ResourcesUpToDate"
	// ApplicationSetRolloutProgressing tells whether steps are being taken.
	ApplicationSetRolloutProgressing = "RolloutProgressing"
)

// ApplicationSetStatus is how far the applications of a set are.
type ApplicationSetStatus struct {
	// conditions tell what is wrong, and what is done.
	// +optional
	// +listType=atomic
	Conditions []ApplicationSetCondition `json:"conditions,omitzero"`
	// applicationStatus is how far each application is in the steps of RollingSync.
	// +optional
	// +listType=atomic
	ApplicationStatus []ApplicationSetApplicationStatus `json:"applicationStatus,omitzero"`
	// resources are the applications, up to a number.
	// +optional
	// +listType=atomic
	Resources []ResourceStatus `json:"resources,omitzero"`
	// resourcesCount is how many applications there are, also those beyond that number.
	// +optional
	ResourcesCount int64 `json:"resourcesCount,omitempty"`
	// health tells how the applications do, all in all.
	// +optional
	Health HealthStatus `json:"health,omitzero"`
}

// ApplicationSetCondition tells something of an application set.
type ApplicationSetCondition struct {
	// type is what it is about: ErrorOccurred, ParametersGenerated, ResourcesUpToDate or RolloutProgressing.
	Type string `json:"type"`
	// message says why.
	Message string `json:"message"`
	// lastTransitionTime is when status changed last.
	// +optional
	LastTransitionTime *metav1.Time `json:"lastTransitionTime,omitempty"`
	// status is True, False or Unknown.
	Status string `json:"status"`
	// reason says why, in one word.
	Reason string `json:"reason"`
}

// ApplicationSetApplicationStatus is how far an application is in the steps of a RollingSync.
type ApplicationSetApplicationStatus struct {
	// application is the name of the application.
	Application string `json:"application"`
	// lastTransitionTime is when status changed last.
	// +optional
	LastTransitionTime *metav1.Time `json:"lastTransitionTime,omitempty"`
	// message says why it is in its status.
	Message string `json:"message"`
	// status is Waiting, Pending, Progressing or Healthy.
	Status string `json:"status"`
	// step is the number of its step, from 1.
	Step string `json:"step"`
	// targetRevisions are the versions that it is to be synced to.
	// +listType=atomic
	TargetRevisions []string `json:"targetRevisions,omitzero"`
}
