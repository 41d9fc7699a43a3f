// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// The labels, annotations and finalizers that users' tools select by. They are those of Argo Workflows, in both
// groups, so that an existing selector keeps finding what it found.

// prefix is the domain of the workflow family's labels and annotations.
const prefix = "workflows.argoproj.io/"

// Labels.
const (
	// LabelWorkflow is set on everything made for a workflow. The value is the workflow's name.
	LabelWorkflow = prefix + "workflow"
	// LabelCompleted is "true" on workflows and pods that have ended, "false" before.
	LabelCompleted = prefix + "completed"
	// LabelPhase is the phase of a workflow.
	LabelPhase = prefix + "phase"
	// LabelWorkflowArchivingStatus is Pending, Archived or Persisted.
	LabelWorkflowArchivingStatus = prefix + "workflow-archiving-status"
	// LabelControllerInstanceID names the Argo installation that a workflow is meant for.
	LabelControllerInstanceID = prefix + "controller-instanceid"
	// LabelCreator is who created the workflow, in the form of a label.
	LabelCreator = prefix + "creator"
	// LabelCreatorEmail is the e-mail address of who created the workflow, in the form of a label.
	LabelCreatorEmail = prefix + "creator-email"
	// LabelCreatorPreferredUsername is the preferred user name of who created the workflow.
	LabelCreatorPreferredUsername = prefix + "creator-preferred-username"
	// LabelActor is who last acted on the workflow.
	LabelActor = prefix + "actor"
	// LabelActorEmail is the e-mail address of who last acted on the workflow, in the form of a label.
	LabelActorEmail = prefix + "actor-email"
	// LabelActorPreferredUsername is the preferred user name of who last acted on the workflow.
	LabelActorPreferredUsername = prefix + "actor-preferred-username"
	// LabelAction is what was last done to the workflow: Suspend, Stop, Terminate, Resume.
	LabelAction = prefix + "action"
	// LabelComponent marks helper pods by what they do, such as agent.
	LabelComponent = prefix + "component"
	// LabelResubmittedFromWorkflow names the workflow that this one repeats.
	LabelResubmittedFromWorkflow = prefix + "resubmitted-from-workflow"
	// LabelCronWorkflow names the CronWorkflow that created the workflow.
	LabelCronWorkflow = prefix + "cron-workflow"
	// LabelWorkflowTemplate names the WorkflowTemplate that the workflow runs.
	LabelWorkflowTemplate = prefix + "workflow-template"
	// LabelClusterWorkflowTemplate names the ClusterWorkflowTemplate that the workflow runs.
	LabelClusterWorkflowTemplate = prefix + "cluster-workflow-template"
	// LabelWorkflowEventBinding names the WorkflowEventBinding that submitted the workflow.
	LabelWorkflowEventBinding = prefix + "workflow-event-binding"
	// LabelOnExit is "true" on the pods of exit handlers.
	LabelOnExit = prefix + "on-exit"
	// LabelArtifactGCPod is set on pods that delete artifacts.
	LabelArtifactGCPod = prefix + "artifact-gc-pod"
	// LabelReportOutputsCompleted is "true" when all outputs of a pod have been reported.
	LabelReportOutputsCompleted = prefix + "report-outputs-completed"
	// LabelConfigMapType is what a ConfigMap is for: Cache, Parameter or ExecutorPlugin.
	LabelConfigMapType = prefix + "configmap-type"
	// LabelParallelismLimit, on a Namespace, limits how many workflows run in it at the same time.
	LabelParallelismLimit = prefix + "parallelism-limit"
	// LabelBackfill is set on workflows that make up for missed times of a CronWorkflow.
	LabelBackfill = prefix + "backfill"
	// LabelCronWorkflowCompleted is "true" on a CronWorkflow that its stop strategy has stopped.
	LabelCronWorkflowCompleted = "cronworkflows.argoproj.io/completed"
	// LabelCronWorkflowLastUsedSchedule is the schedule that a CronWorkflow last used, in the form of a label.
	LabelCronWorkflowLastUsedSchedule = "cronworkflows.argoproj.io/last-used-schedule"
)

// Values of LabelConfigMapType.
const (
	// ConfigMapTypeCache marks a ConfigMap of memoized outputs.
	ConfigMapTypeCache = "Cache"
	// ConfigMapTypeParameter marks a ConfigMap whose keys may be values of parameters.
	ConfigMapTypeParameter = "Parameter"
	// ConfigMapTypeExecutorPlugin marks a ConfigMap that describes an executor plugin.
	ConfigMapTypeExecutorPlugin = "ExecutorPlugin"
)

// Annotations.
const (
	// AnnotationNodeID is the id of the node that a pod or event belongs to.
	AnnotationNodeID = prefix + "node-id"
	// AnnotationNodeName is the name of the node that a pod or event belongs to.
	AnnotationNodeName = prefix + "node-name"
	// AnnotationNodeType is the type of the node that an event belongs to.
	AnnotationNodeType = prefix + "node-type"
	// AnnotationNodeStartTime is when the node started that an event belongs to.
	AnnotationNodeStartTime = prefix + "node-start-time"
	// AnnotationPodNameFormat is how the pods of a workflow are named: v1 or v2 (the default).
	AnnotationPodNameFormat = prefix + "pod-name-format"
	// AnnotationProgress is the progress that a pod reports.
	AnnotationProgress = prefix + "progress"
	// AnnotationRBACRule, on a ServiceAccount, is the expression over single sign-on claims by which it is chosen.
	AnnotationRBACRule = prefix + "rbac-rule"
	// AnnotationRBACRulePrecedence, on a ServiceAccount, orders those whose rules are true.
	AnnotationRBACRulePrecedence = prefix + "rbac-rule-precedence"
	// AnnotationScheduledTime is the time for which a CronWorkflow created the workflow.
	AnnotationScheduledTime = prefix + "scheduled-time"
	// AnnotationTitle is a title for people.
	AnnotationTitle = prefix + "title"
	// AnnotationDescription is a description for people.
	AnnotationDescription = prefix + "description"
	// AnnotationDisplayName, on a template, is the displayName of its nodes.
	AnnotationDisplayName = prefix + "display-name"
	// AnnotationWorkflowName is the name of the workflow that a pod belongs to.
	AnnotationWorkflowName = prefix + "workflow-name"
	// AnnotationWorkflowUID is the uid of the workflow that a pod belongs to.
	AnnotationWorkflowUID = prefix + "workflow-uid"
	// AnnotationArtifactGCStrategy is the strategy that a pod which deletes artifacts was made for.
	AnnotationArtifactGCStrategy = prefix + "artifact-gc-strategy"
	// AnnotationPodGCStrategy is the strategy by which a pod is deleted, with its delay: STRATEGY/DURATION.
	AnnotationPodGCStrategy = prefix + "pod-gc-strategy"
	// AnnotationTraceID is the trace that a pod belongs to.
	AnnotationTraceID = prefix + "trace-id"
	// AnnotationSpanID is the span that a pod belongs to.
	AnnotationSpanID = prefix + "span-id"
	// AnnotationDefaultArtifactRepository, on a ConfigMap, is the key of the default artifact repository.
	AnnotationDefaultArtifactRepository = prefix + "default-artifact-repository"
	// AnnotationTemplate is the template of a pod, as JSON.
	AnnotationTemplate = prefix + "template"
	// AnnotationOutputs are the outputs that a pod reports, as JSON.
	AnnotationOutputs = prefix + "outputs"
)

// Values of AnnotationPodNameFormat.
const (
	// PodNameFormatV1 names a pod by the id of its node.
	PodNameFormatV1 = "v1"
	// PodNameFormatV2 puts the template's name into the pod's.
	PodNameFormatV2 = "v2"
)

// Finalizers.
const (
	// FinalizerArtifactGC keeps a workflow until its artifacts are deleted.
	FinalizerArtifactGC = prefix + "artifact-gc"
	// FinalizerPodStatus keeps a pod until its outcome is recorded.
	FinalizerPodStatus = prefix + "status"
)

// Names that a pod and its containers have in every workflow.
const (
	// MainContainerName is the container that does the user's work.
	MainContainerName = "main"
	// InitContainerName is the helper that runs before the main container.
	InitContainerName = "init"
	// WaitContainerName is the helper that runs beside the main container.
	WaitContainerName = "wait"
)
