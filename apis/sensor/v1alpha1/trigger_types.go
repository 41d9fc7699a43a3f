// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Trigger is something that is done when the events have come that it depends on.
type Trigger struct {
	// template is what is done, and when.
	// +optional
	Template *TriggerTemplate `json:"template,omitempty"`
	// parameters take fields of events into the fields of the template, before it is acted on.
	// +optional
	// +listType=atomic
	Parameters []TriggerParameter `json:"parameters,omitzero"`
	// policy says when what was done counts as successful.
	// +optional
	Policy *TriggerPolicy `json:"policy,omitempty"`
	// retryStrategy says how to try again when it fails. Default: it is tried once.
	// +optional
	RetryStrategy *Backoff `json:"retryStrategy,omitempty"`
	// rateLimit is how often it is done at most.
	// +optional
	RateLimit *RateLimit `json:"rateLimit,omitempty"`
	// atLeastOnce does it again when the server stops in the midst of it, so that it may happen twice. Default:
	// false.
	// +optional
	AtLeastOnce *bool `json:"atLeastOnce,omitempty"`
	// dlqTrigger is done when all attempts have failed. Both must be atLeastOnce.
	// +optional
	DlqTrigger *Trigger `json:"dlqTrigger,omitempty"`
}

// RateLimitUnit is a unit of time.
type RateLimitUnit string

// The units of time.
const (
	Second RateLimitUnit = "Second"
	Minute RateLimitUnit = "Minute"
	Hour   RateLimitUnit = "Hour"
)

// RateLimit is how often something is done at most.
type RateLimit struct {
	// unit is Second, Minute or Hour. Default: Second.
	// +optional
	Unit RateLimitUnit `json:"unit,omitempty"`
	// requestsPerUnit is how often in that time.
	// +optional
	RequestsPerUnit *int32 `json:"requestsPerUnit,omitempty"`
}

// TriggerTemplate is what a trigger does, and when. Exactly one of the kinds of triggers is set.
type TriggerTemplate struct {
	// name is the name of the trigger, which no other trigger of the sensor has.
	Name string `json:"name"`
	// conditions say which dependencies must have come: their names with &&, || and parentheses, such as "a && (b ||
	// c)". Default: all.
	// +optional
	Conditions string `json:"conditions,omitempty"`
	// conditionsReset say when to forget what has come.
	// +optional
	// +listType=atomic
	ConditionsReset []ConditionsResetCriteria `json:"conditionsReset,omitzero"`
	// k8s makes or changes an object of Kubernetes.
	// +optional
	K8s *StandardK8STrigger `json:"k8s,omitempty"`
	// argoWorkflow runs a workflow, or acts on one.
	// +optional
	ArgoWorkflow *ArgoWorkflowTrigger `json:"argoWorkflow,omitempty"`
	// http sends an HTTP request.
	// +optional
	HTTP *HTTPTrigger `json:"http,omitempty"`
	// awsLambda calls a function of AWS Lambda.
	// +optional
	AWSLambda *AWSLambdaTrigger `json:"awsLambda,omitempty"`
	// custom calls a gRPC server of the user's own, which speaks the peer's protocol.
	// +optional
	CustomTrigger *CustomTrigger `json:"custom,omitempty"`
	// kafka sends a message to Kafka.
	// +optional
	Kafka *KafkaTrigger `json:"kafka,omitempty"`
	// nats sends a message to NATS.
	// +optional
	NATS *NATSTrigger `json:"nats,omitempty"`
	// slack sends a message to Slack.
	// +optional
	Slack *SlackTrigger `json:"slack,omitempty"`
	// openWhisk calls an action of Apache OpenWhisk.
	// +optional
	OpenWhisk *OpenWhiskTrigger `json:"openWhisk,omitempty"`
	// log writes the events to the log.
	// +optional
	Log *LogTrigger `json:"log,omitempty"`
	// azureEventHubs sends an event to Azure Event Hubs.
	// +optional
	AzureEventHubs *AzureEventHubsTrigger `json:"azureEventHubs,omitempty"`
	// azureServiceBus sends a message to Azure Service Bus.
	// +optional
	AzureServiceBus *AzureServiceBusTrigger `json:"azureServiceBus,omitempty"`
	// pulsar sends a message to Pulsar.
	// +optional
	Pulsar *PulsarTrigger `json:"pulsar,omitempty"`
	// email sends an e-mail.
	// +optional
	Email *EmailTrigger `json:"email,omitempty"`
}

// ConditionsResetCriteria says when to forget what has come.
type ConditionsResetCriteria struct {
	// byTime forgets it at certain times.
	// +optional
	ByTime *ConditionsResetByTime `json:"byTime,omitempty"`
}

// ConditionsResetByTime says at which times to forget what has come.
type ConditionsResetByTime struct {
	// cron are the times, as a line of crontab with five fields.
	// +optional
	Cron string `json:"cron,omitempty"`
	// timezone is the time zone of cron, such as "Europe/Berlin". Default: UTC.
	// +optional
	Timezone string `json:"timezone,omitempty"`
}

// TriggerParameterOperation says what becomes of what is at a place already.
type TriggerParameterOperation string

const (
	// TriggerParameterOpAppend puts the new text behind it.
	TriggerParameterOpAppend TriggerParameterOperation = "append"
	// TriggerParameterOpOverwrite replaces it.
	TriggerParameterOpOverwrite TriggerParameterOperation = "overwrite"
	// TriggerParameterOpPrepend puts the new text in front of it.
	TriggerParameterOpPrepend TriggerParameterOperation = "prepend"
)

// TriggerParameter takes something of an event to a place in what is acted on.
type TriggerParameter struct {
	// src is what is taken.
	// +optional
	Src *TriggerParameterSource `json:"src,omitempty"`
	// dest is the place, in the syntax of SJSON, such as spec.arguments.parameters.0.value.
	Dest string `json:"dest"`
	// operation is overwrite, append or prepend: what becomes of what is there already. Default: overwrite.
	// +optional
	Operation TriggerParameterOperation `json:"operation,omitempty"`
}

// TriggerParameterSource says what is taken of an event: a template if there is one and it works, else the field of a
// key, else value. Without any of them it is the whole event.
type TriggerParameterSource struct {
	// dependencyName is the dependency whose event it is. If it has not come and there is no value, nothing is taken.
	DependencyName string `json:"dependencyName"`
	// contextKey is a field of what the event says of itself, such as subject.
	// +optional
	ContextKey string `json:"contextKey,omitempty"`
	// contextTemplate is a Go template with the functions of Sprig over what the event says of itself, which is in
	// .Input.
	// +optional
	ContextTemplate string `json:"contextTemplate,omitempty"`
	// dataKey is where the field is in the data, in the syntax of GJSON.
	// +optional
	DataKey string `json:"dataKey,omitempty"`
	// dataTemplate is a Go template with the functions of Sprig over the data, which is in .Input.
	// +optional
	DataTemplate string `json:"dataTemplate,omitempty"`
	// value is what is taken if there is nothing else.
	// +optional
	Value *string `json:"value,omitempty"`
	// useRawData takes numbers, booleans, lists and objects as such, not as text. Default: false.
	// +optional
	UseRawData *bool `json:"useRawData,omitempty"`
}

// TriggerPolicy says when what a trigger did counts as successful.
type TriggerPolicy struct {
	// k8s looks at the labels of the object that was made.
	// +optional
	K8s *K8SResourcePolicy `json:"k8s,omitempty"`
	// status looks at the status code of the answer.
	// +optional
	Status *StatusPolicy `json:"status,omitempty"`
}

// K8SResourcePolicy looks at the labels of an object until it has all that are named.
type K8SResourcePolicy struct {
	// labels are the labels.
	// +optional
	Labels map[string]string `json:"labels,omitzero"`
	// backoff says how often to look.
	// +optional
	Backoff *Backoff `json:"backoff,omitempty"`
	// errorOnBackoffTimeout counts the trigger as failed if the labels have not come. Default: false.
	// +optional
	ErrorOnBackoffTimeout *bool `json:"errorOnBackoffTimeout,omitempty"`
}

// StatusPolicy looks at the status code of an answer.
type StatusPolicy struct {
	// allow are the codes that count as successful.
	// +optional
	// +listType=atomic
	Allow []int32 `json:"allow,omitzero"`
}
