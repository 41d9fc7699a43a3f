// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"argosy.dev/argosy/apis/raw"
)

// Template is one building block of a workflow. Exactly one of container, containerSet, script, steps, dag, suspend,
// resource, data, http and plugin says what it does; the other fields say how.
type Template struct {
	// name identifies the template. Steps, tasks, hooks and entrypoint refer to it. Letters, digits and dashes,
	// beginning with a letter or digit, at most 128 of them. Inline templates and templateDefaults have none.
	// +optional
	Name string `json:"name,omitempty"`
	// inputs declares the parameters and artifacts that the template takes.
	// +optional
	Inputs Inputs `json:"inputs,omitzero"`
	// outputs declares the parameters and artifacts that the template yields.
	// +optional
	Outputs Outputs `json:"outputs,omitzero"`
	// nodeSelector restricts the pod to cluster nodes with these labels. It replaces that of the workflow.
	// +optional
	NodeSelector map[string]string `json:"nodeSelector,omitzero"`
	// affinity holds the scheduling constraints of the pod. It replaces that of the workflow.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`
	// metadata holds labels and annotations for the pod. They win over those of the workflow's podMetadata.
	// +optional
	Metadata Metadata `json:"metadata,omitzero"`
	// daemon lets the pod run on in the background: the step counts as done when the pod is running and all its
	// containers are ready. The pod is ended with the steps or DAG that it belongs to. Default: false.
	// +optional
	Daemon *bool `json:"daemon,omitempty"`
	// steps runs groups of steps, one group after the other, the steps of a group side by side.
	// +optional
	// +listType=atomic
	Steps []ParallelSteps `json:"steps,omitzero"`
	// container runs a container to its end.
	// +optional
	Container *Container `json:"container,omitempty"`
	// containerSet runs several containers in one pod.
	// +optional
	ContainerSet *ContainerSetTemplate `json:"containerSet,omitempty"`
	// script runs the given source text in a container.
	// +optional
	Script *ScriptTemplate `json:"script,omitempty"`
	// resource creates, changes, deletes or awaits an object of the cluster.
	// +optional
	Resource *ResourceTemplate `json:"resource,omitempty"`
	// dag runs tasks that depend on each other.
	// +optional
	DAG *DAGTemplate `json:"dag,omitempty"`
	// data lists the files of an artifact repository and filters or transforms the list.
	// +optional
	Data *Data `json:"data,omitempty"`
	// http makes an HTTP request.
	// +optional
	HTTP *HTTP `json:"http,omitempty"`
	// plugin hands the work to an executor plugin.
	// +optional
	Plugin *raw.Object `json:"plugin,omitempty"`
	// suspend waits, for a time or until somebody resumes it.
	// +optional
	Suspend *SuspendTemplate `json:"suspend,omitempty"`
	// volumes can be mounted by the containers of this template, besides those of the workflow.
	// +optional
	// +listType=atomic
	Volumes []corev1.Volume `json:"volumes,omitzero"`
	// initContainers run one after the other before the main container.
	// +optional
	// +listType=atomic
	InitContainers []UserContainer `json:"initContainers,omitzero"`
	// sidecars run beside the main container, and are ended when it has ended.
	// +optional
	// +listType=atomic
	Sidecars []UserContainer `json:"sidecars,omitzero"`
	// archiveLocation says where the artifacts and logs of this template are kept, where their own location does not
	// say it in full.
	// +optional
	ArchiveLocation *ArtifactLocation `json:"archiveLocation,omitempty"`
	// activeDeadlineSeconds is how many seconds the pod may be active before it is ended and fails. A positive
	// number, or a tag that yields one. Not for steps and dag.
	// +optional
	ActiveDeadlineSeconds *intstr.IntOrString `json:"activeDeadlineSeconds,omitempty"`
	// retryStrategy says whether and how often the template is tried again when it fails.
	// +optional
	RetryStrategy *RetryStrategy `json:"retryStrategy,omitempty"`
	// parallelism limits how many children of this steps or dag template run at the same time. It is at least 1;
	// absent means no limit.
	// +optional
	Parallelism *int64 `json:"parallelism,omitempty"`
	// failFast, where parallelism or a loop holds children back, starts no more of them once one has failed.
	// Default: false. The failFast of a DAG is dag.failFast.
	// +optional
	FailFast *bool `json:"failFast,omitempty"`
	// tolerations let the pod run on tainted cluster nodes. They replace those of the workflow.
	// +optional
	// +listType=atomic
	Tolerations []corev1.Toleration `json:"tolerations,omitzero"`
	// schedulerName is the scheduler that places the pod. Default: that of the workflow, or else of the cluster.
	// +optional
	SchedulerName string `json:"schedulerName,omitempty"`
	// priorityClassName is the priority class of the pod. Default: podPriorityClassName of the workflow.
	// +optional
	PriorityClassName string `json:"priorityClassName,omitempty"`
	// priority is the priority of the pod as a number, an older spelling that Argo Workflows 4 has dropped.
	//
	// Deprecated: name a priority class in priorityClassName.
	// +optional
	Priority *int32 `json:"priority,omitempty"`
	// serviceAccountName is the service account of the pod. Default: that of the workflow.
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
	// automountServiceAccountToken tells whether the service account's token is mounted into the pod. Default: that
	// of the workflow.
	// +optional
	AutomountServiceAccountToken *bool `json:"automountServiceAccountToken,omitempty"`
	// executor configures the helper containers of the pod. It replaces that of the workflow.
	// +optional
	Executor *ExecutorConfig `json:"executor,omitempty"`
	// hostAliases are lines added to the hosts file of the pod.
	// +optional
	// +listType=atomic
	HostAliases []corev1.HostAlias `json:"hostAliases,omitzero"`
	// securityContext holds the security attributes of the pod. It replaces that of the workflow.
	// +optional
	SecurityContext *corev1.PodSecurityContext `json:"securityContext,omitempty"`
	// podSpecPatch is a strategic merge patch of the pod spec, as JSON or YAML text, applied after that of the
	// workflow. It may hold {{...}} tags.
	// +optional
	PodSpecPatch string `json:"podSpecPatch,omitempty"`
	// metrics are emitted when a node of this template ends, or as it runs if they are real-time gauges.
	// +optional
	Metrics *Metrics `json:"metrics,omitempty"`
	// synchronization names the locks that a node of this template holds while it runs.
	// +optional
	Synchronization *Synchronization `json:"synchronization,omitempty"`
	// memoize keeps the outputs under a key, and reuses them instead of running the template again.
	// +optional
	Memoize *Memoize `json:"memoize,omitempty"`
	// timeout is how long a node of this template may take, the wait for its pod included, as a Go duration with a
	// unit, such as "10m". Not for steps and dag.
	// +optional
	Timeout string `json:"timeout,omitempty"`
	// pendingTimeout is how long the pod may wait to be scheduled and started, as a Go duration with a unit.
	// +optional
	PendingTimeout string `json:"pendingTimeout,omitempty"`
	// annotations describe the nodes of this template, such as workflows.argoproj.io/display-name. They are not put
	// on pods.
	// +optional
	Annotations map[string]string `json:"annotations,omitzero"`
	// podResources are resource requests and limits of the pod as a whole. Only cpu, memory and hugepages-* are
	// allowed. They replace those of the workflow.
	// +optional
	PodResources *corev1.ResourceRequirements `json:"podResources,omitempty"`
	// resourceClaims are claims for dynamically allocated resources that the containers may use. They replace those
	// of the workflow that have the same name.
	// +optional
	// +listType=atomic
	ResourceClaims []corev1.PodResourceClaim `json:"resourceClaims,omitzero"`
}

// Container is the main container of a template.
type Container struct {
	corev1.Container `json:""`
}

// UserContainer is a container that runs before or beside the main container.
type UserContainer struct {
	corev1.Container `json:""`
	// mirrorVolumeMounts mounts into this container what is mounted into the main container, artifacts included, at
	// the same paths. Default: false.
	// +optional
	MirrorVolumeMounts *bool `json:"mirrorVolumeMounts,omitempty"`
}

// ScriptTemplate runs source text in a container: the text is put into a file, whose path is handed to the
// container's command as the last argument.
type ScriptTemplate struct {
	corev1.Container `json:""`
	// source is the text of the script. It may hold {{...}} tags.
	// +optional
	Source string `json:"source"`
}

// SuspendTemplate waits, for a time or until somebody resumes it.
type SuspendTemplate struct {
	// duration is how long to wait, as a Go duration such as "2h", or as a number of seconds. Empty means until
	// somebody resumes it.
	// +optional
	Duration string `json:"duration,omitempty"`
}

// ContainerSetTemplate runs several containers in one pod, which share its network and the given volumes.
type ContainerSetTemplate struct {
	// containers are the containers. Inputs and outputs need one named "main".
	// +listType=atomic
	Containers []ContainerNode `json:"containers,omitzero"`
	// volumeMounts are mounted into every container of the set.
	// +optional
	// +listType=atomic
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts,omitzero"`
	// retryStrategy says how often a container is started again inside the pod when it fails.
	// +optional
	RetryStrategy *ContainerSetRetryStrategy `json:"retryStrategy,omitempty"`
}

// ContainerNode is one container of a container set.
type ContainerNode struct {
	corev1.Container `json:""`
	// dependencies name containers of the set that must have succeeded before this one starts.
	// +optional
	// +listType=atomic
	Dependencies []string `json:"dependencies,omitzero"`
}

// ContainerSetRetryStrategy says how often a container of a set is started again inside its pod.
type ContainerSetRetryStrategy struct {
	// duration is the time between two tries, as a Go duration. Default: 0s.
	// +optional
	Duration string `json:"duration,omitempty"`
	// retries is how often a container is tried again, the first try not counted. Default: 0.
	Retries *intstr.IntOrString `json:"retries,omitzero"`
}

// ResourceTemplate acts on an object of the cluster.
type ResourceTemplate struct {
	// action is what is done with the object: get, create, apply, delete, replace or patch.
	Action string `json:"action"`
	// mergeStrategy is the kind of patch of the action patch: strategic, merge or json. Default: strategic.
	// +optional
	MergeStrategy string `json:"mergeStrategy,omitempty"`
	// manifest is the object, or the patch, as YAML or JSON text. It may hold {{...}} tags.
	// +optional
	Manifest string `json:"manifest,omitempty"`
	// manifestFrom reads the manifest from an input artifact instead.
	// +optional
	ManifestFrom *ManifestFrom `json:"manifestFrom,omitempty"`
	// setOwnerReference makes the workflow the owner of the object, so that it is deleted with the workflow.
	// Default: false.
	// +optional
	SetOwnerReference *bool `json:"setOwnerReference,omitempty"`
	// successCondition is awaited: the step succeeds when the object fulfils it. It has the syntax of a label
	// selector whose keys are paths into the object, such as "status.phase == Succeeded". Empty means that the
	// action alone decides.
	// +optional
	SuccessCondition string `json:"successCondition,omitempty"`
	// failureCondition fails the step when the object fulfils it. It is looked at before successCondition, and has
	// the same syntax.
	// +optional
	FailureCondition string `json:"failureCondition,omitempty"`
	// flags are extra flags of the kubectl command line that the action stands for, such as "--validate=false".
	// +optional
	// +listType=atomic
	Flags []string `json:"flags,omitzero"`
}

// ManifestFrom says where a manifest is read from.
type ManifestFrom struct {
	// artifact names the input artifact that holds the manifest.
	Artifact *Artifact `json:"artifact,omitzero"`
}

// Data lists files and transforms the list. The outcome is the result of the step, as a JSON list.
type Data struct {
	// source says which files are listed.
	Source DataSource `json:"source"`
	// transformation is the chain of expressions that the list goes through.
	// +listType=atomic
	Transformation []TransformationStep `json:"transformation,omitzero"`
}

// DataSource says where the list comes from.
type DataSource struct {
	// artifactPaths lists the paths of all files below the location of an artifact.
	// +optional
	ArtifactPaths *ArtifactPaths `json:"artifactPaths,omitempty"`
}

// ArtifactPaths is an artifact whose files are listed rather than read.
type ArtifactPaths struct {
	Artifact `json:""`
}

// TransformationStep is one link of the chain of a data template.
type TransformationStep struct {
	// expression is written in the expr language. The variable data holds what the previous step yielded.
	Expression string `json:"expression"`
}

// HTTP makes an HTTP request. The body of the answer is the result of the step.
type HTTP struct {
	// method is the HTTP method. Default: GET.
	// +optional
	Method string `json:"method,omitempty"`
	// url is where the request goes. It may hold {{...}} tags.
	URL string `json:"url"`
	// headers are sent with the request.
	// +optional
	// +listType=atomic
	Headers []HTTPHeader `json:"headers,omitzero"`
	// timeoutSeconds is how many seconds the request may take. Default: 30.
	// +optional
	TimeoutSeconds *int64 `json:"timeoutSeconds,omitempty"`
	// successCondition is an expression over request and response (statusCode, body, headers) that decides whether
	// the step succeeded. Default: any status code from 200 to 299.
	// +optional
	SuccessCondition string `json:"successCondition,omitempty"`
	// body is the body of the request, as text.
	// +optional
	Body string `json:"body,omitempty"`
	// bodyFrom is the body of the request, as bytes. It wins over body.
	// +optional
	BodyFrom *HTTPBodySource `json:"bodyFrom,omitempty"`
	// insecureSkipVerify accepts any TLS certificate of the server. Default: false.
	// +optional
	InsecureSkipVerify *bool `json:"insecureSkipVerify,omitempty"`
}

// HTTPHeader is one header of a request, its value given here or in a Secret.
type HTTPHeader struct {
	// name is the name of the header.
	Name string `json:"name"`
	// value is the value of the header.
	// +optional
	Value string `json:"value,omitempty"`
	// valueFrom reads the value from elsewhere.
	// +optional
	ValueFrom *HTTPHeaderSource `json:"valueFrom,omitempty"`
}

// HTTPHeaderSource says where the value of a header is read from.
type HTTPHeaderSource struct {
	// secretKeyRef is a key of a Secret in the workflow's namespace.
	// +optional
	SecretKeyRef *corev1.SecretKeySelector `json:"secretKeyRef,omitempty"`
}

// HTTPBodySource holds the body of a request.
type HTTPBodySource struct {
	// bytes is the body, base64-encoded in JSON.
	// +optional
	Bytes []byte `json:"bytes,omitzero"`
}

// RetryPolicy says after which outcomes a template is tried again.
type RetryPolicy string

const (
	// RetryPolicyAlways tries again after a failure and after an error.
	RetryPolicyAlways RetryPolicy = "Always"
	// RetryPolicyOnFailure tries again when the user's container failed.
	RetryPolicyOnFailure RetryPolicy = "OnFailure"
	// RetryPolicyOnError tries again when the pod or its helpers failed, not the user's container.
	RetryPolicyOnError RetryPolicy = "OnError"
	// RetryPolicyOnTransientError tries again after errors known to be passing, and only then.
	RetryPolicyOnTransientError RetryPolicy = "OnTransientError"
)

// RetryStrategy says whether, how often and when a template is tried again.
type RetryStrategy struct {
	// limit is how often the template is tried again, the first try not counted. A number, or a tag that yields one.
	// Absent means without end.
	// +optional
	Limit *intstr.IntOrString `json:"limit,omitempty"`
	// retryPolicy is Always, OnFailure, OnError or OnTransientError. Default: OnFailure, or Always where there is an
	// expression.
	// +optional
	RetryPolicy RetryPolicy `json:"retryPolicy,omitempty"`
	// backoff is the time between two tries. Absent means at once.
	// +optional
	Backoff *Backoff `json:"backoff,omitempty"`
	// affinity keeps tries away from cluster nodes where others failed.
	// +optional
	Affinity *RetryAffinity `json:"affinity,omitempty"`
	// expression must be true for another try. It is written in the expr language and sees lastRetry.exitCode,
	// lastRetry.status, lastRetry.duration, lastRetry.message and retries, all of them strings.
	// +optional
	Expression string `json:"expression,omitempty"`
}

// Backoff is the time between two tries, which may grow from try to try.
type Backoff struct {
	// duration is the time before the first new try, as a Go duration such as "30s", or as a number of seconds.
	// +optional
	Duration string `json:"duration,omitempty"`
	// factor is what the time is multiplied with after each try. Default: 1.
	// +optional
	Factor *intstr.IntOrString `json:"factor,omitempty"`
	// maxDuration is how long after the start of the first try the last one may start.
	// +optional
	MaxDuration string `json:"maxDuration,omitempty"`
	// cap is the longest time between two tries.
	// +optional
	Cap string `json:"cap,omitempty"`
}

// RetryAffinity keeps tries away from cluster nodes where others failed.
type RetryAffinity struct {
	// nodeAntiAffinity, when present, excludes the cluster nodes on which earlier tries ran.
	// +optional
	NodeAntiAffinity *RetryNodeAntiAffinity `json:"nodeAntiAffinity,omitempty"`
}

// RetryNodeAntiAffinity excludes the cluster nodes on which earlier tries ran, by kubernetes.io/hostname. It has no
// fields: to be there is all it says.
type RetryNodeAntiAffinity struct{}

// Memoize keeps outputs under a key and reuses them.
type Memoize struct {
	// key identifies the outputs. It may hold {{...}} tags; what they yield consists of letters, digits and dashes.
	Key string `json:"key"`
	// cache is where the outputs are kept.
	Cache *Cache `json:"cache,omitzero"`
	// maxAge is how old outputs may be to be reused, as a Go duration such as "24h". Empty means any age.
	MaxAge string `json:"maxAge"`
}

// Cache is where memoized outputs are kept.
type Cache struct {
	// configMap names the ConfigMap, in the workflow's namespace, that holds the outputs. It is created if absent.
	ConfigMap *corev1.LocalObjectReference `json:"configMap,omitzero"`
}

// Synchronization names the locks that a workflow or a node holds while it runs. It waits until it can get all.
type Synchronization struct {
	// semaphores are locks that a limited number of holders share.
	// +optional
	// +listType=atomic
	Semaphores []SemaphoreRef `json:"semaphores,omitzero"`
	// mutexes are locks that have one holder.
	// +optional
	// +listType=atomic
	Mutexes []Mutex `json:"mutexes,omitzero"`
	// semaphore is an older spelling of one element of semaphores, to which the server moves it.
	//
	// Deprecated: use semaphores.
	// +optional
	Semaphore *SemaphoreRef `json:"semaphore,omitempty"`
	// mutex is an older spelling of one element of mutexes, to which the server moves it.
	//
	// Deprecated: use mutexes.
	// +optional
	Mutex *Mutex `json:"mutex,omitempty"`
}

// SemaphoreRef names a semaphore and says where its limit is kept.
type SemaphoreRef struct {
	// configMapKeyRef is the key of the ConfigMap whose value is the limit.
	// +optional
	ConfigMapKeyRef *corev1.ConfigMapKeySelector `json:"configMapKeyRef,omitempty"`
	// namespace is where the ConfigMap is. Default: the workflow's namespace.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// database names a limit that is kept in the database of the server.
	// +optional
	Database *SyncDatabaseRef `json:"database,omitempty"`
}

// SyncDatabaseRef names a limit that is kept in a database.
type SyncDatabaseRef struct {
	// key is the name of the limit.
	Key string `json:"key"`
}

// Mutex names a lock that has one holder.
type Mutex struct {
	// name identifies the lock in its namespace.
	// +optional
	Name string `json:"name,omitempty"`
	// namespace is the namespace of the lock. Default: the workflow's namespace.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// database keeps the lock in the database of the server, for several clusters to share. Default: false.
	// +optional
	Database *bool `json:"database,omitempty"`
}
