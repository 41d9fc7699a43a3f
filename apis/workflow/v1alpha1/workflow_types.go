// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +genclient
// +genclient:method=Stop,verb=create,subresource=stop,input=WorkflowStop,result=k8s.io/apimachinery/pkg/apis/meta/v1.Status
// +genclient:method=Terminate,verb=create,subresource=terminate,input=WorkflowTerminate,result=k8s.io/apimachinery/pkg/apis/meta/v1.Status
// +genclient:method=Suspend,verb=create,subresource=suspend,input=WorkflowSuspend,result=k8s.io/apimachinery/pkg/apis/meta/v1.Status
// +genclient:method=Resume,verb=create,subresource=resume,input=WorkflowResume,result=k8s.io/apimachinery/pkg/apis/meta/v1.Status
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// Workflow is one run of a graph of steps. It starts when it is created, runs each step as a pod or an action of the
// server, and ends once, in one of the phases Succeeded, Failed or Error.
type Workflow struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of an object. The name, at most 63 characters, becomes the prefix of the
	// names of the workflow's pods.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec says what to run. Most of it is read when the workflow starts; suspend, shutdown, parallelism and
	// activeDeadlineSeconds are looked at as long as it runs.
	Spec WorkflowSpec `json:"spec"`
	// status is what has happened so far. It is written by the server only.
	// +optional
	Status WorkflowStatus `json:"status,omitzero"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// WorkflowList is a list of workflows.
type WorkflowList struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of a list.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the workflows.
	Items []Workflow `json:"items"`
}

// WorkflowSpec says what a workflow runs and how. It is the spec of workflow templates too.
type WorkflowSpec struct {
	// templates are the building blocks of the workflow. Names are unique; the one named by entrypoint is run.
	// It stays empty when the workflow runs a template by workflowTemplateRef.
	// +optional
	// +listType=atomic
	Templates []Template `json:"templates,omitzero"`
	// entrypoint names the template that is run first. It is required unless workflowTemplateRef brings one.
	// +optional
	Entrypoint string `json:"entrypoint,omitempty"`
	// arguments are the values given to the workflow. They are seen everywhere as {{workflow.parameters.NAME}}, and
	// are handed to the entrypoint's inputs of the same name.
	// +optional
	Arguments Arguments `json:"arguments,omitzero"`
	// serviceAccountName is the service account that all pods of the workflow run as. Default: "default".
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
	// automountServiceAccountToken tells whether the service account's token is mounted into pods. When it is
	// false, executor.serviceAccountName must be given wherever the executor needs a token.
	// +optional
	AutomountServiceAccountToken *bool `json:"automountServiceAccountToken,omitempty"`
	// executor configures the helper containers that run beside the user's containers.
	// +optional
	Executor *ExecutorConfig `json:"executor,omitempty"`
	// volumes can be mounted by any container of the workflow.
	// +optional
	// +listType=atomic
	Volumes []corev1.Volume `json:"volumes,omitzero"`
	// volumeClaimTemplates are claims created when the workflow starts and mounted by name like any volume. The
	// claim's name is WORKFLOW-NAME; volumeClaimGC says when it is deleted.
	// +optional
	// +listType=atomic
	VolumeClaimTemplates []VolumeClaimTemplate `json:"volumeClaimTemplates,omitzero"`
	// volumeClaimGC says when the claims made from volumeClaimTemplates are deleted.
	// +optional
	VolumeClaimGC *VolumeClaimGC `json:"volumeClaimGC,omitempty"`
	// parallelism limits how many pods of the workflow run at the same time. It is at least 1; absent means no limit.
	// +optional
	Parallelism *int64 `json:"parallelism,omitempty"`
	// artifactRepositoryRef chooses the ConfigMap and key that describe where artifacts are kept. Absent means the
	// default of the namespace, or else that of the server.
	// +optional
	ArtifactRepositoryRef *ArtifactRepositoryRef `json:"artifactRepositoryRef,omitempty"`
	// suspend holds the workflow: what runs is finished, nothing new is started until it is false or absent again.
	// +optional
	Suspend *bool `json:"suspend,omitempty"`
	// nodeSelector restricts all pods to cluster nodes with these labels. A template's own selector replaces it.
	// +optional
	NodeSelector map[string]string `json:"nodeSelector,omitzero"`
	// affinity holds the scheduling constraints of all pods. A template's own affinity replaces it.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`
	// tolerations let all pods run on tainted cluster nodes. A template's own tolerations replace them.
	// +optional
	// +listType=atomic
	Tolerations []corev1.Toleration `json:"tolerations,omitzero"`
	// imagePullSecrets name secrets of the same namespace with which images are pulled.
	// +optional
	// +listType=atomic
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitzero"`
	// hostNetwork runs all pods in the network of their cluster node. Default: false.
	// +optional
	HostNetwork *bool `json:"hostNetwork,omitempty"`
	// dnsPolicy is the DNS policy of all pods, as in a pod: ClusterFirstWithHostNet, ClusterFirst, Default or None.
	// Default: ClusterFirst.
	// +optional
	DNSPolicy *corev1.DNSPolicy `json:"dnsPolicy,omitempty"`
	// dnsConfig adds to or replaces the DNS settings that dnsPolicy gives to pods.
	// +optional
	DNSConfig *corev1.PodDNSConfig `json:"dnsConfig,omitempty"`
	// onExit names the template that is run when everything else has ended, whatever the outcome. It is not run
	// after the workflow was terminated. {{workflow.status}} and {{workflow.failures}} tell it what happened.
	// +optional
	OnExit string `json:"onExit,omitempty"`
	// hooks are templates that are run at events of the whole workflow. The hook "exit" is run at the end, as onExit
	// is; any other needs an expression, and is run when it first becomes true.
	// +optional
	Hooks LifecycleHooks `json:"hooks,omitzero"`
	// ttlStrategy says how long the workflow is kept after its end. Absent means that it is kept until somebody
	// deletes it.
	// +optional
	TTLStrategy *TTLStrategy `json:"ttlStrategy,omitempty"`
	// activeDeadlineSeconds is how long the workflow may run, counted from its start; then it is stopped and fails.
	// Absent means no limit. 0 ends it at once.
	// +optional
	ActiveDeadlineSeconds *int64 `json:"activeDeadlineSeconds,omitempty"`
	// priority orders workflows that wait for a place under a limit of parallelism, or for a lock: a larger number
	// goes first. It has no effect on the scheduling of pods. Default: 0.
	// +optional
	Priority *int32 `json:"priority,omitempty"`
	// schedulerName is the scheduler that places all pods. A template may name another. Default: that of the cluster.
	// +optional
	SchedulerName string `json:"schedulerName,omitempty"`
	// podGC says when the pods of the workflow are deleted. Absent means with the workflow.
	// +optional
	PodGC *PodGC `json:"podGC,omitempty"`
	// podPriorityClassName is the priority class of all pods. A template may name another.
	// +optional
	PodPriorityClassName string `json:"podPriorityClassName,omitempty"`
	// podPriority is the priority of all pods as a number, an older spelling that Argo Workflows 4 has dropped.
	//
	// Deprecated: name a priority class in podPriorityClassName.
	// +optional
	PodPriority *int32 `json:"podPriority,omitempty"`
	// hostAliases are lines added to the hosts file of all pods.
	// +optional
	// +listType=atomic
	HostAliases []corev1.HostAlias `json:"hostAliases,omitzero"`
	// securityContext holds the security attributes of all pods. A template's own context replaces it.
	// +optional
	SecurityContext *corev1.PodSecurityContext `json:"securityContext,omitempty"`
	// podSpecPatch is a strategic merge patch of the pod spec, as JSON or YAML text, applied to every pod before it
	// is created. It may hold {{...}} tags. A template's own patch is applied after it.
	// +optional
	PodSpecPatch string `json:"podSpecPatch,omitempty"`
	// podDisruptionBudget guards the pods of the workflow against voluntary evictions while it runs. The selector is
	// filled in: all pods of the workflow.
	// +optional
	PodDisruptionBudget *policyv1.PodDisruptionBudgetSpec `json:"podDisruptionBudget,omitempty"`
	// metrics are emitted when the workflow ends, or as it runs if they are real-time gauges.
	// +optional
	Metrics *Metrics `json:"metrics,omitempty"`
	// shutdown ends the workflow before its time: Stop ends what runs and still runs the exit handlers, Terminate
	// does not run them.
	// +optional
	Shutdown ShutdownStrategy `json:"shutdown,omitempty"`
	// workflowTemplateRef runs a WorkflowTemplate or ClusterWorkflowTemplate. What this spec says besides is laid
	// over the template's spec.
	// +optional
	WorkflowTemplateRef *WorkflowTemplateRef `json:"workflowTemplateRef,omitempty"`
	// synchronization names the locks that the workflow holds from its start to its end.
	// +optional
	Synchronization *Synchronization `json:"synchronization,omitempty"`
	// retryStrategy is the retry strategy of every template that has none of its own.
	// +optional
	RetryStrategy *RetryStrategy `json:"retryStrategy,omitempty"`
	// podMetadata holds labels and annotations for all pods. Those of a template are laid over it.
	// +optional
	PodMetadata *Metadata `json:"podMetadata,omitempty"`
	// templateDefaults is merged under every template: a template's own values win. What belongs to one type of
	// template is given only to templates of that type.
	// +optional
	// +patchStrategy=replace
	TemplateDefaults *Template `json:"templateDefaults,omitempty" patchStrategy:"replace"`
	// archiveLogs says whether the logs of main containers are kept as artifacts. A template may say otherwise.
	// +optional
	ArchiveLogs *bool `json:"archiveLogs,omitempty"`
	// workflowMetadata holds labels and annotations that the workflow itself gets when it starts.
	// +optional
	WorkflowMetadata *WorkflowMetadata `json:"workflowMetadata,omitempty"`
	// artifactGC says when the output artifacts of the workflow are deleted. An artifact may say otherwise.
	// +optional
	ArtifactGC *WorkflowLevelArtifactGC `json:"artifactGC,omitempty"`
	// executorPlugins are plugins that run as sidecars of the workflow's agent, for plugin templates.
	// +optional
	// +listType=atomic
	ExecutorPlugins []ExecutorPlugin `json:"executorPlugins,omitzero"`
	// podResources are resource requests and limits of each pod as a whole, for pods whose template has none.
	// Only cpu, memory and hugepages-* are allowed.
	// +optional
	PodResources *corev1.ResourceRequirements `json:"podResources,omitempty"`
	// resourceClaims are claims for dynamically allocated resources that pods may use. A template's claims of the
	// same name replace them.
	// +optional
	// +listType=atomic
	ResourceClaims []corev1.PodResourceClaim `json:"resourceClaims,omitzero"`
}

// ShutdownStrategy says how a workflow is ended before its time.
type ShutdownStrategy string

const (
	// ShutdownStrategyNone lets the workflow run.
	ShutdownStrategyNone ShutdownStrategy = ""
	// ShutdownStrategyStop ends what runs, then runs the exit handlers.
	ShutdownStrategyStop ShutdownStrategy = "Stop"
	// ShutdownStrategyTerminate ends what runs, and runs no exit handlers.
	ShutdownStrategyTerminate ShutdownStrategy = "Terminate"
)

// WorkflowTemplateRef names the template that a workflow runs.
type WorkflowTemplateRef struct {
	// name is the name of the WorkflowTemplate in the workflow's namespace, or of the ClusterWorkflowTemplate.
	// +optional
	Name string `json:"name,omitempty"`
	// clusterScope is true when name is that of a ClusterWorkflowTemplate. Default: false.
	// +optional
	ClusterScope *bool `json:"clusterScope,omitempty"`
}

// WorkflowMetadata holds labels and annotations for a workflow.
type WorkflowMetadata struct {
	// labels are set on the workflow.
	// +optional
	Labels map[string]string `json:"labels,omitzero"`
	// annotations are set on the workflow.
	// +optional
	Annotations map[string]string `json:"annotations,omitzero"`
	// labelsFrom are labels whose values are computed when the workflow starts. They win over labels.
	// +optional
	LabelsFrom map[string]LabelValueFrom `json:"labelsFrom,omitzero"`
}

// LabelValueFrom says how the value of a label is computed.
type LabelValueFrom struct {
	// expression is written in the expr language, sees the variables of the workflow, and must yield a string.
	// +optional
	Expression string `json:"expression,omitempty"`
}

// Metadata holds labels and annotations for pods.
type Metadata struct {
	// annotations are set on the pods.
	// +optional
	Annotations map[string]string `json:"annotations,omitzero"`
	// labels are set on the pods.
	// +optional
	Labels map[string]string `json:"labels,omitzero"`
}

// ExecutorConfig configures the helper containers of a pod.
type ExecutorConfig struct {
	// serviceAccountName is the service account whose token the helper containers use instead of the pod's.
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
}

// TTLStrategy says how long a workflow is kept after its end. The time that fits the outcome wins over
// secondsAfterCompletion.
type TTLStrategy struct {
	// secondsAfterCompletion is how many seconds the workflow is kept, whatever the outcome.
	// +optional
	SecondsAfterCompletion *int32 `json:"secondsAfterCompletion,omitempty"`
	// secondsAfterSuccess is how many seconds the workflow is kept after it succeeded.
	// +optional
	SecondsAfterSuccess *int32 `json:"secondsAfterSuccess,omitempty"`
	// secondsAfterFailure is how many seconds the workflow is kept after it failed or ended in error.
	// +optional
	SecondsAfterFailure *int32 `json:"secondsAfterFailure,omitempty"`
}

// PodGCStrategy says at which moment pods are deleted.
type PodGCStrategy string

const (
	// PodGCOnPodNone keeps pods until the workflow is deleted.
	PodGCOnPodNone PodGCStrategy = ""
	// PodGCOnPodCompletion deletes each pod when it has ended.
	PodGCOnPodCompletion PodGCStrategy = "OnPodCompletion"
	// PodGCOnPodSuccess deletes each pod when it has succeeded.
	PodGCOnPodSuccess PodGCStrategy = "OnPodSuccess"
	// PodGCOnWorkflowCompletion deletes all pods when the workflow has ended.
	PodGCOnWorkflowCompletion PodGCStrategy = "OnWorkflowCompletion"
	// PodGCOnWorkflowSuccess deletes all pods when the workflow has succeeded.
	PodGCOnWorkflowSuccess PodGCStrategy = "OnWorkflowSuccess"
)

// PodGC says when the pods of a workflow are deleted.
type PodGC struct {
	// strategy is OnPodCompletion, OnPodSuccess, OnWorkflowCompletion or OnWorkflowSuccess. Empty means that pods
	// are deleted with the workflow.
	// +optional
	Strategy PodGCStrategy `json:"strategy,omitempty"`
	// labelSelector restricts the deletion to pods that it selects. Absent means all.
	// +optional
	LabelSelector *metav1.LabelSelector `json:"labelSelector,omitempty"`
	// deleteDelayDuration is how long to wait before a pod is deleted, as a Go duration such as "30s". Default: 5s.
	// +optional
	DeleteDelayDuration string `json:"deleteDelayDuration,omitempty"`
}

// VolumeClaimGCStrategy says when claims are deleted.
type VolumeClaimGCStrategy string

const (
	// VolumeClaimGCOnCompletion deletes the claims when the workflow has ended.
	VolumeClaimGCOnCompletion VolumeClaimGCStrategy = "OnWorkflowCompletion"
	// VolumeClaimGCOnSuccess deletes the claims when the workflow has succeeded.
	VolumeClaimGCOnSuccess VolumeClaimGCStrategy = "OnWorkflowSuccess"
)

// VolumeClaimTemplate is a claim that is created when the workflow starts.
type VolumeClaimTemplate struct {
	corev1.PersistentVolumeClaim `json:""`
}

// VolumeClaimGC says when the claims made from volumeClaimTemplates are deleted.
type VolumeClaimGC struct {
	// strategy is OnWorkflowCompletion or OnWorkflowSuccess. Default: OnWorkflowSuccess.
	// +optional
	Strategy VolumeClaimGCStrategy `json:"strategy,omitempty"`
}

// ArtifactRepositoryRef chooses one artifact repository of a ConfigMap.
type ArtifactRepositoryRef struct {
	// configMap is the name of the ConfigMap. Default: "artifact-repositories".
	// +optional
	ConfigMap string `json:"configMap,omitempty"`
	// key is the key in the ConfigMap. Default: the value of the ConfigMap's annotation
	// workflows.argoproj.io/default-artifact-repository.
	// +optional
	Key string `json:"key,omitempty"`
}

// ExecutorPlugin is a plugin that runs as a sidecar of the workflow's agent.
type ExecutorPlugin struct {
	// metadata names the plugin. Plugin templates refer to it by this name.
	// +optional
	Metadata metav1.ObjectMeta `json:"metadata,omitzero"`
	// spec describes the sidecar.
	Spec ExecutorPluginSpec `json:"spec"`
}

// ExecutorPluginSpec describes how a plugin runs.
type ExecutorPluginSpec struct {
	// sidecar is the container that serves the plugin.
	Sidecar ExecutorPluginSidecar `json:"sidecar"`
}

// ExecutorPluginSidecar is the container that serves a plugin.
type ExecutorPluginSidecar struct {
	// automountServiceAccountToken mounts the token of the plugin's own service account into its container.
	// +optional
	AutomountServiceAccountToken *bool `json:"automountServiceAccountToken,omitempty"`
	// container is the container, with exactly one port, at which the plugin answers.
	Container corev1.Container `json:"container"`
}
