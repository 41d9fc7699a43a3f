// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// EventSource takes in events from elsewhere, such as webhooks or messages of a queue, and puts them on an event bus.
type EventSource struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of an object. Sensors refer to the name, and it is the source of each event.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec says where events come from.
	Spec EventSourceSpec `json:"spec"`
	// status tells whether events are taken in. It is written by the server only.
	// +optional
	Status EventSourceStatus `json:"status,omitzero"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// EventSourceList is a list of event sources.
type EventSourceList struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of a list.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the event sources.
	Items []EventSource `json:"items"`
}

// EventSourceSpec says where events come from: one map for each type of source. The keys are the names of the events,
// by which sensors refer to them, and no two are the same in all the maps.
type EventSourceSpec struct {
	// eventBusName is the event bus, in the same namespace, that the events are put on. Default: default.
	// +optional
	EventBusName string `json:"eventBusName,omitempty"`
	// template is how the peer's pod looks. Here it says as which service account objects are watched.
	// +optional
	Template *Template `json:"template,omitempty"`
	// service is a Service through which the events that come as HTTP requests are reached.
	// +optional
	Service *Service `json:"service,omitempty"`
	// replicas is how many of the peer's pods run. Here sources are shared out among the servers there are. Default: 1.
	// +optional
	Replicas *int32 `json:"replicas,omitempty"`
	// amqp are messages of queues that speak AMQP 0.9.1, such as RabbitMQ, by the names of the events.
	// +optional
	// +patchStrategy=replace
	AMQP map[string]AMQPEventSource `json:"amqp,omitzero" patchStrategy:"replace"`
	// azureEventsHub are events of Azure Event Hubs, by the names of the events.
	// +optional
	// +patchStrategy=replace
	AzureEventsHub map[string]AzureEventsHubEventSource `json:"azureEventsHub,omitzero" patchStrategy:"replace"`
	// azureQueueStorage are messages of Azure Queue Storage, by the names of the events.
	// +optional
	// +patchStrategy=replace
	AzureQueueStorage map[string]AzureQueueStorageEventSource `json:"azureQueueStorage,omitzero" patchStrategy:"replace"`
	// azureServiceBus are messages of Azure Service Bus, by the names of the events.
	// +optional
	// +patchStrategy=replace
	AzureServiceBus map[string]AzureServiceBusEventSource `json:"azureServiceBus,omitzero" patchStrategy:"replace"`
	// bitbucket are webhooks of Bitbucket Cloud, by the names of the events.
	// +optional
	// +patchStrategy=replace
	Bitbucket map[string]BitbucketEventSource `json:"bitbucket,omitzero" patchStrategy:"replace"`
	// bitbucketserver are webhooks of Bitbucket Server, by the names of the events.
	// +optional
	// +patchStrategy=replace
	BitbucketServer map[string]BitbucketServerEventSource `json:"bitbucketserver,omitzero" patchStrategy:"replace"`
	// calendar are times, by the names of the events.
	// +optional
	// +patchStrategy=replace
	Calendar map[string]CalendarEventSource `json:"calendar,omitzero" patchStrategy:"replace"`
	// emitter are messages of Emitter, by the names of the events.
	// +optional
	// +patchStrategy=replace
	Emitter map[string]EmitterEventSource `json:"emitter,omitzero" patchStrategy:"replace"`
	// file are changes of files, by the names of the events.
	// +optional
	// +patchStrategy=replace
	File map[string]FileEventSource `json:"file,omitzero" patchStrategy:"replace"`
	// generic are what a gRPC server of the user's own sends, by the names of the events.
	// +optional
	// +patchStrategy=replace
	Generic map[string]GenericEventSource `json:"generic,omitzero" patchStrategy:"replace"`
	// gerrit are webhooks of Gerrit, by the names of the events.
	// +optional
	// +patchStrategy=replace
	Gerrit map[string]GerritEventSource `json:"gerrit,omitzero" patchStrategy:"replace"`
	// github are webhooks of GitHub, by the names of the events.
	// +optional
	// +patchStrategy=replace
	Github map[string]GithubEventSource `json:"github,omitzero" patchStrategy:"replace"`
	// gitlab are webhooks of GitLab, by the names of the events.
	// +optional
	// +patchStrategy=replace
	Gitlab map[string]GitlabEventSource `json:"gitlab,omitzero" patchStrategy:"replace"`
	// hdfs are changes of files in HDFS, by the names of the events.
	// +optional
	// +patchStrategy=replace
	HDFS map[string]HDFSEventSource `json:"hdfs,omitzero" patchStrategy:"replace"`
	// kafka are messages of Kafka, by the names of the events.
	// +optional
	// +patchStrategy=replace
	Kafka map[string]KafkaEventSource `json:"kafka,omitzero" patchStrategy:"replace"`
	// minio are changes of objects in MinIO, by the names of the events.
	// +optional
	// +patchStrategy=replace
	Minio map[string]S3Artifact `json:"minio,omitzero" patchStrategy:"replace"`
	// mns are messages of the Alibaba Cloud Message Service, by the names of the events.
	// +optional
	// +patchStrategy=replace
	MNS map[string]MNSEventSource `json:"mns,omitzero" patchStrategy:"replace"`
	// mqtt are messages of MQTT, by the names of the events.
	// +optional
	// +patchStrategy=replace
	MQTT map[string]MQTTEventSource `json:"mqtt,omitzero" patchStrategy:"replace"`
	// nats are messages of NATS, by the names of the events.
	// +optional
	// +patchStrategy=replace
	NATS map[string]NATSEventsSource `json:"nats,omitzero" patchStrategy:"replace"`
	// nsq are messages of NSQ, by the names of the events.
	// +optional
	// +patchStrategy=replace
	NSQ map[string]NSQEventSource `json:"nsq,omitzero" patchStrategy:"replace"`
	// pubSub are messages of Google Cloud Pub/Sub, by the names of the events.
	// +optional
	// +patchStrategy=replace
	PubSub map[string]PubSubEventSource `json:"pubSub,omitzero" patchStrategy:"replace"`
	// pulsar are messages of Pulsar, by the names of the events.
	// +optional
	// +patchStrategy=replace
	Pulsar map[string]PulsarEventSource `json:"pulsar,omitzero" patchStrategy:"replace"`
	// redis are messages of Redis channels, by the names of the events.
	// +optional
	// +patchStrategy=replace
	Redis map[string]RedisEventSource `json:"redis,omitzero" patchStrategy:"replace"`
	// redisStream are entries of Redis streams, by the names of the events.
	// +optional
	// +patchStrategy=replace
	RedisStream map[string]RedisStreamEventSource `json:"redisStream,omitzero" patchStrategy:"replace"`
	// resource are changes of Kubernetes objects, by the names of the events.
	// +optional
	// +patchStrategy=replace
	Resource map[string]ResourceEventSource `json:"resource,omitzero" patchStrategy:"replace"`
	// sftp are changes of files on an SFTP server, by the names of the events.
	// +optional
	// +patchStrategy=replace
	SFTP map[string]SFTPEventSource `json:"sftp,omitzero" patchStrategy:"replace"`
	// slack are webhooks of Slack, by the names of the events.
	// +optional
	// +patchStrategy=replace
	Slack map[string]SlackEventSource `json:"slack,omitzero" patchStrategy:"replace"`
	// sns are notifications of AWS SNS, by the names of the events.
	// +optional
	// +patchStrategy=replace
	SNS map[string]SNSEventSource `json:"sns,omitzero" patchStrategy:"replace"`
	// sqs are messages of AWS SQS, by the names of the events.
	// +optional
	// +patchStrategy=replace
	SQS map[string]SQSEventSource `json:"sqs,omitzero" patchStrategy:"replace"`
	// storageGrid are notifications of NetApp StorageGRID, by the names of the events.
	// +optional
	// +patchStrategy=replace
	StorageGrid map[string]StorageGridEventSource `json:"storageGrid,omitzero" patchStrategy:"replace"`
	// stripe are webhooks of Stripe, by the names of the events.
	// +optional
	// +patchStrategy=replace
	Stripe map[string]StripeEventSource `json:"stripe,omitzero" patchStrategy:"replace"`
	// webhook are HTTP requests, by the names of the events.
	// +optional
	// +patchStrategy=replace
	Webhook map[string]WebhookEventSource `json:"webhook,omitzero" patchStrategy:"replace"`
}

// Service is a Service in front of an event source.
type Service struct {
	// ports are the ports of the Service. They lead to those of the events.
	// +optional
	// +listType=atomic
	Ports []corev1.ServicePort `json:"ports,omitzero"`
	// clusterIP is the address of the Service; "None" makes it headless. Default: one that the cluster chooses.
	// +optional
	ClusterIP string `json:"clusterIP,omitempty"`
	// metadata holds labels and annotations of the Service.
	// +optional
	Metadata *Metadata `json:"metadata,omitempty"`
}

// EventOptions are what can be said of the events of nearly every type of source.
type EventOptions struct {
	// filter drops events before they get on the bus.
	// +optional
	Filter *EventSourceFilter `json:"filter,omitempty"`
	// metadata is handed on with each event.
	// +optional
	Metadata map[string]string `json:"metadata,omitzero"`
}

// EventSourceFilter drops events before they get on the bus.
type EventSourceFilter struct {
	// expression is a condition in the expr language over the fields of the event's data, in whose names - is written
	// _ here, such as: body.action == "opened". An event for which it is false is dropped.
	// +optional
	Expression string `json:"expression,omitempty"`
}

const (
	// EventSourceSourcesProvided tells that the spec has no mistakes.
	EventSourceSourcesProvided ConditionType = "SourcesProvided"
	// EventSourceDeployed tells that events are taken in.
	EventSourceDeployed ConditionType = "Deployed"
)

// EventSourceStatus tells whether events are taken in.
type EventSourceStatus struct {
	// conditions are SourcesProvided and Deployed.
	// +optional
	// +listType=atomic
	Conditions []Condition `json:"conditions,omitzero"`
}
