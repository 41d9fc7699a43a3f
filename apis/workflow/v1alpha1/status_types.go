// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// WorkflowPhase is where a workflow as a whole stands.
type WorkflowPhase string

const (
	// WorkflowUnknown is the phase of a workflow that was not looked at yet.
	WorkflowUnknown WorkflowPhase = ""
	// WorkflowPending waits for a lock or for a place under a limit.
	WorkflowPending WorkflowPhase = "Pending"
	// WorkflowRunning has begun and not ended.
	WorkflowRunning WorkflowPhase = "Running"
	// WorkflowSucceeded has ended well.
	WorkflowSucceeded WorkflowPhase = "Succeeded"
	// WorkflowFailed has ended because something the user runs failed, or because it was shut down.
	WorkflowFailed WorkflowPhase = "Failed"
	// WorkflowError has ended because something around the user's work went wrong.
	WorkflowError WorkflowPhase = "Error"
)

// NodePhase is where a node stands.
type NodePhase string

const (
	// NodePending waits to run.
	NodePending NodePhase = "Pending"
	// NodeRunning runs.
	NodeRunning NodePhase = "Running"
	// NodeSucceeded has ended well.
	NodeSucceeded NodePhase = "Succeeded"
	// NodeSkipped was not run, because its condition was false or its list empty.
	NodeSkipped NodePhase = "Skipped"
	// NodeFailed has ended because what the user runs failed.
	NodeFailed NodePhase = "Failed"
	// NodeError has ended because something around the user's work went wrong.
	NodeError NodePhase = "Error"
	// NodeOmitted was not run, because what it depends on did not end as it asks.
	NodeOmitted NodePhase = "Omitted"
)

// NodeType is what a node stands for.
type NodeType string

const (
	// NodeTypePod is a pod.
	NodeTypePod NodeType = "Pod"
	// NodeTypeContainer is one container of a container set.
	NodeTypeContainer NodeType = "Container"
	// NodeTypeSteps is a steps template.
	NodeTypeSteps NodeType = "Steps"
	// NodeTypeStepGroup is one group of a steps template.
	NodeTypeStepGroup NodeType = "StepGroup"
	// NodeTypeDAG is a dag template.
	NodeTypeDAG NodeType = "DAG"
	// NodeTypeTaskGroup is a task of a DAG that is expanded by a loop.
	NodeTypeTaskGroup NodeType = "TaskGroup"
	// NodeTypeRetry is the parent of the tries of a template.
	NodeTypeRetry NodeType = "Retry"
	// NodeTypeSkipped is a step or task that was not run.
	NodeTypeSkipped NodeType = "Skipped"
	// NodeTypeSuspend is a suspend template.
	NodeTypeSuspend NodeType = "Suspend"
	// NodeTypeHTTP is an HTTP request.
	NodeTypeHTTP NodeType = "HTTP"
	// NodeTypePlugin is work of an executor plugin.
	NodeTypePlugin NodeType = "Plugin"
)

// Progress counts what is done and what there is, as "3/5". Empty means not known.
type Progress string

// ResourcesDuration is, for each resource, for how many seconds how much of it was asked for, in units of one CPU,
// 100Mi of memory, 10Gi of storage. It says what a run costs, not what it used.
type ResourcesDuration map[corev1.ResourceName]int64

// Nodes are the nodes of a workflow by their ids.
type Nodes map[string]NodeStatus

// WorkflowStatus is what has happened to a workflow so far.
type WorkflowStatus struct {
	// phase is Pending, Running, Succeeded, Failed or Error. Empty means that the workflow was not looked at yet.
	// +optional
	Phase WorkflowPhase `json:"phase,omitempty"`
	// startedAt is when the workflow started.
	// +optional
	StartedAt metav1.Time `json:"startedAt,omitzero"`
	// finishedAt is when the workflow ended.
	// +optional
	FinishedAt metav1.Time `json:"finishedAt,omitzero"`
	// estimatedDuration is how many seconds the workflow is expected to take, from earlier runs of its template.
	// +optional
	EstimatedDuration int64 `json:"estimatedDuration,omitempty"`
	// progress is how many of the nodes that do work have ended, out of how many, such as "3/5".
	// +optional
	Progress Progress `json:"progress,omitempty"`
	// message says in words why the workflow is in its phase.
	// +optional
	Message string `json:"message,omitempty"`
	// compressedNodes is nodes, compressed by gzip and base64-encoded, as Argo Workflows stores large workflows. It
	// is read from imported workflows and never written.
	// +optional
	CompressedNodes string `json:"compressedNodes,omitempty"`
	// nodes are the parts of the run by their ids: pods, groups, loops, tries. They form a graph by children.
	// +optional
	// +mapType=atomic
	Nodes Nodes `json:"nodes,omitzero"`
	// offloadNodeStatusVersion names the record of an Argo Workflows database that holds nodes. It is read from
	// imported workflows and never written.
	// +optional
	OffloadNodeStatusVersion string `json:"offloadNodeStatusVersion,omitempty"`
	// storedTemplates are the templates that came from outside this workflow, as they were when it was submitted.
	// Later changes to them have no effect on it. Keys are SCOPE/RESOURCE/TEMPLATE.
	// +optional
	// +mapType=atomic
	// +patchStrategy=replace
	StoredTemplates map[string]Template `json:"storedTemplates,omitzero" patchStrategy:"replace"`
	// persistentVolumeClaims are the volumes that stand for the claims made from volumeClaimTemplates.
	// +optional
	// +listType=atomic
	PersistentVolumeClaims []corev1.Volume `json:"persistentVolumeClaims,omitzero"`
	// outputs are the outputs of the entrypoint, and those published by globalName.
	// +optional
	Outputs *Outputs `json:"outputs,omitempty"`
	// conditions are findings about the workflow: Completed, PodRunning, SpecWarning, SpecError, MetricsError,
	// ArtifactGCError.
	// +optional
	// +listType=atomic
	Conditions []Condition `json:"conditions,omitzero"`
	// resourcesDuration is what the pods of the workflow asked for, times the seconds they ran.
	// +optional
	ResourcesDuration ResourcesDuration `json:"resourcesDuration,omitzero"`
	// storedWorkflowTemplateSpec is what the workflow runs when it was submitted with workflowTemplateRef: the
	// template's spec with the workflow's own laid over it.
	// +optional
	// +structType=atomic
	// +patchStrategy=replace
	StoredWorkflowTemplateSpec *WorkflowSpec `json:"storedWorkflowTemplateSpec,omitempty" patchStrategy:"replace"`
	// synchronization lists the locks that the workflow and its nodes hold and wait for.
	// +optional
	Synchronization *SynchronizationStatus `json:"synchronization,omitempty"`
	// artifactRepositoryRef is the artifact repository of the workflow, found when it started.
	// +optional
	ArtifactRepositoryRef *ArtifactRepositoryRefStatus `json:"artifactRepositoryRef,omitempty"`
	// artifactGCStatus is how far the deletion of artifacts has come.
	// +optional
	ArtifactGCStatus *ArtGCStatus `json:"artifactGCStatus,omitempty"`
	// taskResultsCompletionStatus tells for each node whether all its outputs have been reported.
	// +optional
	TaskResultsCompletionStatus map[string]bool `json:"taskResultsCompletionStatus,omitzero"`
}

// NodeStatus is one part of a run: a pod, or something that holds others together.
type NodeStatus struct {
	// id identifies the node in the workflow. It is a function of the workflow's name and the node's.
	ID string `json:"id"`
	// name is the path of the node in the workflow, such as "wf[0].step(1:b)" or "wf.task.onExit".
	Name string `json:"name"`
	// displayName is the last part of the name, or what the template's annotation display-name says.
	// +optional
	DisplayName string `json:"displayName,omitempty"`
	// type is what the node stands for: Pod, Container, Steps, StepGroup, DAG, TaskGroup, Retry, Skipped, Suspend,
	// HTTP or Plugin.
	Type NodeType `json:"type"`
	// templateName is the name of the template that the node runs, unless templateRef says it.
	// +optional
	TemplateName string `json:"templateName,omitempty"`
	// templateRef is the reference by which the node's template was found.
	// +optional
	TemplateRef *TemplateRef `json:"templateRef,omitempty"`
	// templateScope is where the names of templates are looked up for this node: local/NAME, namespaced/NAME or
	// cluster/NAME.
	// +optional
	TemplateScope string `json:"templateScope,omitempty"`
	// phase is Pending, Running, Succeeded, Skipped, Failed, Error or Omitted.
	// +optional
	Phase NodePhase `json:"phase,omitempty"`
	// boundaryID is the id of the steps or DAG node that this node belongs to.
	// +optional
	BoundaryID string `json:"boundaryID,omitempty"`
	// message says in words why the node is in its phase.
	// +optional
	Message string `json:"message,omitempty"`
	// startedAt is when the node started.
	// +optional
	StartedAt metav1.Time `json:"startedAt,omitzero"`
	// finishedAt is when the node ended.
	// +optional
	FinishedAt metav1.Time `json:"finishedAt,omitzero"`
	// estimatedDuration is how many seconds the node is expected to take, from earlier runs.
	// +optional
	EstimatedDuration int64 `json:"estimatedDuration,omitempty"`
	// progress is how far the node has come: what its container reports, or the sum of its children.
	// +optional
	Progress Progress `json:"progress,omitempty"`
	// resourcesDuration is what the pods of the node and its children asked for, times the seconds they ran.
	// +optional
	ResourcesDuration ResourcesDuration `json:"resourcesDuration,omitzero"`
	// podIP is the address of the pod, for daemons.
	// +optional
	PodIP string `json:"podIP,omitempty"`
	// daemoned is true while the node's pod runs on in the background.
	// +optional
	Daemoned *bool `json:"daemoned,omitempty"`
	// nodeFlag marks nodes that were not asked for by a step or task.
	// +optional
	NodeFlag *NodeFlag `json:"nodeFlag,omitempty"`
	// inputs are the inputs of the node, tags replaced.
	// +optional
	Inputs *Inputs `json:"inputs,omitempty"`
	// outputs are what the node has yielded.
	// +optional
	Outputs *Outputs `json:"outputs,omitempty"`
	// children are the ids of the nodes that come after or below this one.
	// +optional
	// +listType=atomic
	Children []string `json:"children,omitzero"`
	// outboundNodes are the ids of the last nodes below this one, to which what comes after it is joined.
	// +optional
	// +listType=atomic
	OutboundNodes []string `json:"outboundNodes,omitzero"`
	// hostNodeName is the cluster node on which the pod ran.
	// +optional
	HostNodeName string `json:"hostNodeName,omitempty"`
	// memoizationStatus tells whether memoized outputs were found.
	// +optional
	MemoizationStatus *MemoizationStatus `json:"memoizationStatus,omitempty"`
	// synchronizationStatus tells which lock the node waits for.
	// +optional
	SynchronizationStatus *NodeSynchronizationStatus `json:"synchronizationStatus,omitempty"`
	// taskResultSynced is true when all outputs of the pod have been reported, false while they are awaited.
	// +optional
	TaskResultSynced *bool `json:"taskResultSynced,omitempty"`
	// failedPodRestarts is how often the pod was made anew because it failed before its main container started.
	// +optional
	FailedPodRestarts int32 `json:"failedPodRestarts,omitempty"`
	// restartingPodUID is the uid of the failed pod that is about to be made anew.
	// +optional
	RestartingPodUID string `json:"restartingPodUID,omitempty"`
}

// NodeFlag marks nodes that were not asked for by a step or task.
type NodeFlag struct {
	// hooked is true for what a hook or exit handler runs.
	// +optional
	Hooked bool `json:"hooked,omitempty"`
	// retried is true for the tries of a retried template.
	// +optional
	Retried bool `json:"retried,omitempty"`
}

// MemoizationStatus tells whether memoized outputs were found.
type MemoizationStatus struct {
	// hit is true when the outputs were found, and the template was not run.
	Hit bool `json:"hit"`
	// key is the key that was looked up.
	Key string `json:"key"`
	// cacheName is the name of the cache that was looked in.
	CacheName string `json:"cacheName"`
}

// ConditionType is what a condition is about.
type ConditionType string

const (
	// ConditionTypeCompleted is true when the workflow has ended.
	ConditionTypeCompleted ConditionType = "Completed"
	// ConditionTypePodRunning is true while a pod of the workflow runs.
	ConditionTypePodRunning ConditionType = "PodRunning"
	// ConditionTypeSpecWarning is true when the spec works and should be changed all the same.
	ConditionTypeSpecWarning ConditionType = "SpecWarning"
	// ConditionTypeSpecError is true when the spec does not work.
	ConditionTypeSpecError ConditionType = "SpecError"
	// ConditionTypeMetricsError is true when a metric could not be emitted.
	ConditionTypeMetricsError ConditionType = "MetricsError"
	// ConditionTypeArtifactGCError is true when an artifact could not be deleted.
	ConditionTypeArtifactGCError ConditionType = "ArtifactGCError"
	// ConditionTypeSubmissionError is true when a cron workflow could not submit a workflow.
	ConditionTypeSubmissionError ConditionType = "SubmissionError"
)

// Condition is a finding about an object.
type Condition struct {
	// type is what the condition is about.
	// +optional
	Type ConditionType `json:"type,omitempty"`
	// status is True, False or Unknown.
	// +optional
	Status metav1.ConditionStatus `json:"status,omitempty"`
	// message says more in words.
	// +optional
	Message string `json:"message,omitempty"`
}

// SynchronizationStatus lists locks that are held and waited for.
type SynchronizationStatus struct {
	// semaphore lists the semaphores.
	// +optional
	Semaphore *SemaphoreStatus `json:"semaphore,omitempty"`
	// mutex lists the mutexes.
	// +optional
	Mutex *MutexStatus `json:"mutex,omitempty"`
}

// SemaphoreStatus lists semaphores that are held and waited for.
type SemaphoreStatus struct {
	// holding are the semaphores that are held.
	// +optional
	// +listType=atomic
	Holding []SemaphoreHolding `json:"holding,omitzero"`
	// waiting are the semaphores that are waited for.
	// +optional
	// +listType=atomic
	Waiting []SemaphoreHolding `json:"waiting,omitzero"`
}

// SemaphoreHolding is one semaphore with its holders.
type SemaphoreHolding struct {
	// semaphore identifies the semaphore, such as NAMESPACE/ConfigMap/NAME/KEY.
	// +optional
	Semaphore string `json:"semaphore,omitempty"`
	// holders are the workflows or nodes that hold it.
	// +optional
	// +listType=atomic
	Holders []string `json:"holders,omitzero"`
}

// MutexStatus lists mutexes that are held and waited for.
type MutexStatus struct {
	// holding are the mutexes that are held.
	// +optional
	// +listType=atomic
	Holding []MutexHolding `json:"holding,omitzero"`
	// waiting are the mutexes that are waited for.
	// +optional
	// +listType=atomic
	Waiting []MutexHolding `json:"waiting,omitzero"`
}

// MutexHolding is one mutex with its holder.
type MutexHolding struct {
	// mutex identifies the mutex, such as NAMESPACE/Mutex/NAME.
	// +optional
	Mutex string `json:"mutex,omitempty"`
	// holder is the workflow or node that holds it.
	// +optional
	Holder string `json:"holder,omitempty"`
}

// NodeSynchronizationStatus tells which lock a node waits for.
type NodeSynchronizationStatus struct {
	// waiting identifies the lock.
	// +optional
	Waiting string `json:"waiting,omitempty"`
}

// ArtifactRepositoryRefStatus is the artifact repository that was found for a workflow.
type ArtifactRepositoryRefStatus struct {
	ArtifactRepositoryRef `json:""`
	// namespace is the namespace of the ConfigMap.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// default is true when the repository is that of the server's configuration.
	// +optional
	Default bool `json:"default,omitempty"`
	// artifactRepository is the repository itself.
	// +optional
	ArtifactRepository *ArtifactRepository `json:"artifactRepository,omitempty"`
}

// ArtGCStatus is how far the deletion of artifacts has come.
type ArtGCStatus struct {
	// strategiesProcessed tells for which strategies the deletion was started.
	// +optional
	StrategiesProcessed map[ArtifactGCStrategy]bool `json:"strategiesProcessed,omitzero"`
	// podsRecouped tells of which deleting pods the outcome was read, by their names.
	// +optional
	PodsRecouped map[string]bool `json:"podsRecouped,omitzero"`
	// notSpecified is true when nothing in the workflow asks for deletion.
	// +optional
	NotSpecified bool `json:"notSpecified,omitempty"`
}
