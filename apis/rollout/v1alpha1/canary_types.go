// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"argosy.dev/argosy/apis/raw"
)

// CanaryStrategy replaces pods little by little.
type CanaryStrategy struct {
	// canaryService is a Service that selects the new pods. Most traffic routers need it.
	// +optional
	CanaryService string `json:"canaryService,omitempty"`
	// stableService is a Service that selects the old pods. Most traffic routers need it.
	// +optional
	StableService string `json:"stableService,omitempty"`
	// steps are taken one after the other. Without steps pods are replaced as fast as maxSurge and maxUnavailable
	// allow.
	// +optional
	// +listType=atomic
	Steps []CanaryStep `json:"steps,omitzero"`
	// trafficRouting splits the traffic by a router, independently of the numbers of pods.
	// +optional
	TrafficRouting *TrafficRouting `json:"trafficRouting,omitempty"`
	// maxUnavailable is how many pods may be unavailable meanwhile: a number, or a percentage of replicas, rounded
	// down. Not 0 if maxSurge is. Default: 25%.
	// +optional
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable,omitempty"`
	// maxSurge is how many pods there may be meanwhile beyond replicas: a number, or a percentage of replicas, rounded
	// up. Not 0 if maxUnavailable is. Default: 25%.
	// +optional
	MaxSurge *intstr.IntOrString `json:"maxSurge,omitempty"`
	// analysis judges the new pods in the background, while the steps are taken. If it fails, the rollout is aborted.
	// +optional
	Analysis *RolloutAnalysisBackground `json:"analysis,omitempty"`
	// antiAffinity keeps old and new pods on different cluster nodes.
	// +optional
	AntiAffinity *AntiAffinity `json:"antiAffinity,omitempty"`
	// canaryMetadata is put on the new pods as long as they are the canary.
	// +optional
	CanaryMetadata *Metadata `json:"canaryMetadata,omitempty"`
	// stableMetadata is put on the pods of the version that counts as good.
	// +optional
	StableMetadata *Metadata `json:"stableMetadata,omitempty"`
	// scaleDownDelaySeconds is how many seconds after the last step the old pods are taken away, so that traffic which
	// still finds them is served. Only with trafficRouting, and not with dynamicStableScale. Default: 30.
	// +optional
	ScaleDownDelaySeconds *int32 `json:"scaleDownDelaySeconds,omitempty"`
	// scaleDownDelayRevisionLimit is how many old versions may wait for that at a time. Absent means any number.
	// +optional
	ScaleDownDelayRevisionLimit *int32 `json:"scaleDownDelayRevisionLimit,omitempty"`
	// abortScaleDownDelaySeconds is how many seconds after an abort the new pods are taken away. 0 means never. Only
	// with trafficRouting. Default: 30.
	// +optional
	AbortScaleDownDelaySeconds *int32 `json:"abortScaleDownDelaySeconds,omitempty"`
	// dynamicStableScale takes old pods away as their part of the traffic shrinks, rather than keep all until the end.
	// Only with trafficRouting, and not with scaleDownDelaySeconds. Default: false.
	// +optional
	DynamicStableScale *bool `json:"dynamicStableScale,omitempty"`
	// pingPong lets two Services take turns in being the stable and the canary one, so that the pods of a Service never
	// change under the traffic.
	// +optional
	PingPong *PingPongSpec `json:"pingPong,omitempty"`
	// minPodsPerReplicaSet is the least number of pods of a version that has any, for availability. Only with
	// trafficRouting; it never exceeds replicas. Default: 1.
	// +optional
	MinPodsPerReplicaSet *int32 `json:"minPodsPerReplicaSet,omitempty"`
	// replicaProgressThreshold is how many of the pods that a step wants must be available for the next step. Absent
	// means all of them.
	// +optional
	ReplicaProgressThreshold *ReplicaProgressThreshold `json:"replicaProgressThreshold,omitempty"`
}

// PingPongSpec names the two Services that take turns in being the stable and the canary one.
type PingPongSpec struct {
	// pingService is one of them.
	PingService string `json:"pingService"`
	// pongService is the other.
	PongService string `json:"pongService"`
}

// ProgressType is how a number of pods is given.
type ProgressType string

const (
	// ProgressTypePercentage is a percentage of the pods that a step wants.
	ProgressTypePercentage ProgressType = "Percent"
	// ProgressTypePods is a number of pods.
	ProgressTypePods ProgressType = "Pods"
)

// ReplicaProgressThreshold is how many pods must be available for the next step.
type ReplicaProgressThreshold struct {
	// type is Percent or Pods.
	Type ProgressType `json:"type"`
	// value is the percentage, from 1 to 100, or the number of pods.
	Value int32 `json:"value"`
}

// CanaryStep is one step of a canary. Exactly one field is set.
type CanaryStep struct {
	// setWeight sends this many hundredths of the traffic to the new pods (parts of maxTrafficWeight, where that is
	// set). Without trafficRouting it is the part of the pods that are new.
	// +optional
	SetWeight *int32 `json:"setWeight,omitempty"`
	// pause waits for a time, or until somebody promotes the rollout.
	// +optional
	Pause *PauseStep `json:"pause,omitempty"`
	// setCanaryScale sets the number of new pods, independently of the weight. Only with trafficRouting.
	// +optional
	SetCanaryScale *SetCanaryScale `json:"setCanaryScale,omitempty"`
	// analysis judges the new pods, and waits until it has.
	// +optional
	Analysis *RolloutAnalysis `json:"analysis,omitempty"`
	// experiment runs pods of several versions beside each other for a while.
	// +optional
	Experiment *RolloutExperimentStep `json:"experiment,omitempty"`
	// setHeaderRoute sends requests with certain headers to the new pods.
	// +optional
	SetHeaderRoute *SetHeaderRoute `json:"setHeaderRoute,omitempty"`
	// setMirrorRoute sends copies of certain requests to the new pods, whose answers are dropped.
	// +optional
	SetMirrorRoute *SetMirrorRoute `json:"setMirrorRoute,omitempty"`
	// plugin runs a program that the administrator has installed.
	// +optional
	Plugin *PluginStep `json:"plugin,omitempty"`
}

// PauseStep waits.
type PauseStep struct {
	// duration is how long: a number of seconds, or a duration such as "1h30m". Absent means until somebody promotes
	// the rollout.
	// +optional
	Duration *intstr.IntOrString `json:"duration,omitempty"`
}

// SetCanaryScale sets the number of new pods. Exactly one field is set.
type SetCanaryScale struct {
	// weight is the number in hundredths of replicas, rounded up.
	// +optional
	Weight *int32 `json:"weight,omitempty"`
	// replicas is the number itself.
	// +optional
	Replicas *int32 `json:"replicas,omitempty"`
	// matchTrafficWeight ends what an earlier step set: the number follows the weight of the traffic again.
	// +optional
	MatchTrafficWeight *bool `json:"matchTrafficWeight,omitempty"`
}

// SetHeaderRoute sends requests with certain headers to the new pods.
type SetHeaderRoute struct {
	// name is one of trafficRouting.managedRoutes.
	// +optional
	Name string `json:"name,omitempty"`
	// match are the headers, all of which a request must have. None means that the route is removed.
	// +optional
	// +listType=atomic
	Match []HeaderRoutingMatch `json:"match,omitzero"`
}

// HeaderRoutingMatch is a header of a request.
type HeaderRoutingMatch struct {
	// headerName is the name of the header.
	HeaderName string `json:"headerName"`
	// headerValue is what its value must be.
	HeaderValue StringMatch `json:"headerValue"`
}

// StringMatch says what a text must be. Exactly one field is set.
type StringMatch struct {
	// exact is the whole text.
	// +optional
	Exact string `json:"exact,omitempty"`
	// prefix is how the text begins.
	// +optional
	Prefix string `json:"prefix,omitempty"`
	// regex is a regular expression for the whole text, in the dialect of the router.
	// +optional
	Regex string `json:"regex,omitempty"`
}

// SetMirrorRoute sends copies of certain requests to the new pods.
type SetMirrorRoute struct {
	// name is one of trafficRouting.managedRoutes.
	Name string `json:"name"`
	// match are the kinds of requests, of which a request must be one. None means that the route is removed.
	// +optional
	// +listType=atomic
	Match []RouteMatch `json:"match,omitzero"`
	// percentage is how many hundredths of these requests are copied. Absent means all.
	// +optional
	Percentage *int32 `json:"percentage,omitempty"`
}

// RouteMatch is a kind of requests. A request must match all that is set.
type RouteMatch struct {
	// method is the method of the request.
	// +optional
	Method *StringMatch `json:"method,omitempty"`
	// path is the path of the request.
	// +optional
	Path *StringMatch `json:"path,omitempty"`
	// headers are the headers of the request, by name.
	// +optional
	Headers map[string]StringMatch `json:"headers,omitzero"`
}

// PluginStep runs a program that the administrator has installed.
type PluginStep struct {
	// name is the name under which the program is installed.
	Name string `json:"name"`
	// config is handed to the program.
	// +optional
	Config raw.Object `json:"config,omitzero"`
}

// RolloutExperimentStep is a step that runs pods of several versions beside each other for a while.
type RolloutExperimentStep struct {
	// templates are the groups of pods to run. At least one.
	// +listType=atomic
	Templates []RolloutExperimentTemplate `json:"templates"`
	// duration is how long the pods run, as in "1h30m". Absent means until the analyses have ended.
	// +optional
	Duration string `json:"duration,omitempty"`
	// scaleDownDelaySeconds is how many seconds after the end the pods are taken away. Default: 30.
	// +optional
	ScaleDownDelaySeconds *int32 `json:"scaleDownDelaySeconds,omitempty"`
	// analyses judge the pods. If one fails, the rollout is aborted.
	// +optional
	// +listType=atomic
	Analyses []RolloutExperimentStepAnalysisTemplateRef `json:"analyses,omitzero"`
	// dryRun are metrics whose outcome does not count.
	// +optional
	// +listType=atomic
	DryRun []DryRun `json:"dryRun,omitzero"`
	// analysisRunMetadata is put on the analysis runs.
	// +optional
	AnalysisRunMetadata *Metadata `json:"analysisRunMetadata,omitempty"`
}

// ReplicaSetSpecRef names one of the versions of a rollout.
type ReplicaSetSpecRef string

const (
	// StableSpecRef is the version that counts as good.
	StableSpecRef ReplicaSetSpecRef = "stable"
	// CanarySpecRef is the new version.
	CanarySpecRef ReplicaSetSpecRef = "canary"
)

// RolloutExperimentTemplate is one group of pods of an experiment.
type RolloutExperimentTemplate struct {
	// name names the group; each name is used once.
	Name string `json:"name"`
	// specRef is whose pod template is used: stable or canary.
	SpecRef ReplicaSetSpecRef `json:"specRef"`
	// replicas is how many pods there are. Default: 1.
	// +optional
	Replicas *int32 `json:"replicas,omitempty"`
	// metadata is put on the pods.
	// +optional
	Metadata *Metadata `json:"metadata,omitempty"`
	// selector selects the pods. Absent means that of the rollout.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
	// weight is how many hundredths of the traffic the group gets. Only with a router that can.
	// +optional
	Weight *int32 `json:"weight,omitempty"`
	// service makes a Service for the group, which a weight implies.
	// +optional
	Service *TemplateService `json:"service,omitempty"`
}

// TemplateService is a Service made for a group of pods of an experiment.
type TemplateService struct {
	// name is the name of the Service. Absent means the name of the group's ReplicaSet.
	// +optional
	Name string `json:"name,omitempty"`
}

// RolloutExperimentStepAnalysisTemplateRef is an analysis of an experiment that is a step.
type RolloutExperimentStepAnalysisTemplateRef struct {
	// name names the analysis; each name is used once.
	Name string `json:"name"`
	// templateName is the name of an AnalysisTemplate in the rollout's namespace.
	TemplateName string `json:"templateName"`
	// clusterScope takes a ClusterAnalysisTemplate instead. Default: false.
	// +optional
	ClusterScope *bool `json:"clusterScope,omitempty"`
	// args are the arguments of the analysis.
	// +optional
	// +listType=atomic
	Args []AnalysisRunArgument `json:"args,omitzero"`
	// requiredForCompletion lets the experiment last until the analysis has ended. Default: false.
	// +optional
	RequiredForCompletion *bool `json:"requiredForCompletion,omitempty"`
}

// RolloutAnalysisBackground is an analysis beside the steps.
type RolloutAnalysisBackground struct {
	RolloutAnalysis `json:""`
	// startingStep is the index of the step, from 0, with which the analysis begins. Default: 0.
	// +optional
	StartingStep *int32 `json:"startingStep,omitempty"`
}

// RolloutAnalysis judges the new pods of a rollout by an analysis run.
type RolloutAnalysis struct {
	// templates are the analysis templates whose metrics are measured, all in one run.
	// +optional
	// +listType=atomic
	Templates []AnalysisTemplateRef `json:"templates,omitzero"`
	// args are the arguments of the run.
	// +optional
	// +listType=atomic
	Args []AnalysisRunArgument `json:"args,omitzero"`
	// dryRun are metrics whose outcome does not count.
	// +optional
	// +listType=atomic
	DryRun []DryRun `json:"dryRun,omitzero"`
	// measurementRetention says how many measurements of a metric are kept.
	// +optional
	// +listType=atomic
	MeasurementRetention []MeasurementRetention `json:"measurementRetention,omitzero"`
	// analysisRunMetadata is put on the analysis run.
	// +optional
	AnalysisRunMetadata *Metadata `json:"analysisRunMetadata,omitempty"`
}

// AnalysisTemplateRef names an analysis template.
type AnalysisTemplateRef struct {
	// templateName is the name of an AnalysisTemplate in the same namespace.
	// +optional
	TemplateName string `json:"templateName,omitempty"`
	// clusterScope takes a ClusterAnalysisTemplate instead. Default: false.
	// +optional
	ClusterScope *bool `json:"clusterScope,omitempty"`
}

// AnalysisRunArgument is an argument of an analysis run that a rollout or an experiment starts.
type AnalysisRunArgument struct {
	// name is the name by which metrics refer to it, as in {{args.NAME}}.
	Name string `json:"name"`
	// value is the value.
	// +optional
	Value string `json:"value,omitempty"`
	// valueFrom takes the value from the rollout.
	// +optional
	ValueFrom *ArgumentValueFrom `json:"valueFrom,omitempty"`
}

// ValueFromPodTemplateHash names one of the versions of a rollout.
type ValueFromPodTemplateHash string

const (
	// StableHash is the version that counts as good.
	StableHash ValueFromPodTemplateHash = "Stable"
	// LatestHash is the new version.
	LatestHash ValueFromPodTemplateHash = "Latest"
)

// ArgumentValueFrom takes a value from the rollout. Exactly one field is set.
type ArgumentValueFrom struct {
	// podTemplateHashValue is the pod template hash of a version: Stable or Latest.
	// +optional
	PodTemplateHashValue *ValueFromPodTemplateHash `json:"podTemplateHashValue,omitempty"`
	// fieldRef is a field of the rollout.
	// +optional
	FieldRef *FieldRef `json:"fieldRef,omitempty"`
}

// FieldRef names a field of an object.
type FieldRef struct {
	// fieldPath is the path of the field, such as metadata.labels['region'].
	FieldPath string `json:"fieldPath"`
}
