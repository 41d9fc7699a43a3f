// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import corev1 "k8s.io/api/core/v1"

// SNSEventSource takes notifications of a topic of AWS SNS, which come as HTTP requests.
type SNSEventSource struct {
	EventOptions `json:""`
	// webhook is where the requests are taken.
	// +optional
	Webhook *WebhookContext `json:"webhook,omitempty"`
	// topicArn is the ARN of the topic.
	TopicArn string `json:"topicArn"`
	// region is the AWS region.
	Region string `json:"region"`
	// accessKey is the key of a secret with the access key. Default: what the server's environment has.
	// +optional
	AccessKey *corev1.SecretKeySelector `json:"accessKey,omitempty"`
	// secretKey is the key of a secret with the secret key.
	// +optional
	SecretKey *corev1.SecretKeySelector `json:"secretKey,omitempty"`
	// roleARN is the ARN of a role to take on.
	// +optional
	RoleARN string `json:"roleARN,omitempty"`
	// validateSignature takes only requests that AWS has signed. Default: false.
	// +optional
	ValidateSignature *bool `json:"validateSignature,omitempty"`
	// endpoint is the address of the API. Default: that of AWS.
	// +optional
	Endpoint string `json:"endpoint,omitempty"`
}

// SQSEventSource takes messages of a queue of AWS SQS.
type SQSEventSource struct {
	EventOptions `json:""`
	// queue is the name of the queue.
	Queue string `json:"queue"`
	// queueAccountId is the AWS account that the queue belongs to. Default: that of the credentials.
	// +optional
	QueueAccountID string `json:"queueAccountId,omitempty"`
	// region is the AWS region.
	Region string `json:"region"`
	// waitTimeSeconds is how many seconds a request waits for a message; at most 20.
	// +optional
	WaitTimeSeconds *int64 `json:"waitTimeSeconds,omitempty"`
	// accessKey is the key of a secret with the access key. Default: what the server's environment has.
	// +optional
	AccessKey *corev1.SecretKeySelector `json:"accessKey,omitempty"`
	// secretKey is the key of a secret with the secret key.
	// +optional
	SecretKey *corev1.SecretKeySelector `json:"secretKey,omitempty"`
	// sessionToken is the key of a secret with the session token of temporary credentials.
	// +optional
	SessionToken *corev1.SecretKeySelector `json:"sessionToken,omitempty"`
	// roleARN is the ARN of a role to take on.
	// +optional
	RoleARN string `json:"roleARN,omitempty"`
	// dlq leaves messages that do not get on the bus to the dead-letter queue, rather than delete them. Default:
	// false.
	// +optional
	DLQ *bool `json:"dlq,omitempty"`
	// endpoint is the address of the API. Default: that of AWS.
	// +optional
	Endpoint string `json:"endpoint,omitempty"`
	// jsonBody takes the body of a message as JSON, not as text. Default: false.
	// +optional
	JSONBody *bool `json:"jsonBody,omitempty"`
}

// PubSubEventSource takes messages of a topic of Google Cloud Pub/Sub. A topic or a subscription is given.
type PubSubEventSource struct {
	EventOptions `json:""`
	// projectID is the project of the subscription. Default: that of the server's environment.
	// +optional
	ProjectID string `json:"projectID,omitempty"`
	// topicProjectID is the project of the topic. Default: projectID.
	// +optional
	TopicProjectID string `json:"topicProjectID,omitempty"`
	// topic is the topic. It is created if need be.
	// +optional
	Topic string `json:"topic,omitempty"`
	// subscriptionID is the subscription. It is created if need be. Default: one that is called after the event.
	// +optional
	SubscriptionID string `json:"subscriptionID,omitempty"`
	// credentialSecret is the key of a secret with the credentials as JSON. Default: what the server's environment
	// has.
	// +optional
	CredentialSecret *corev1.SecretKeySelector `json:"credentialSecret,omitempty"`
	// deleteSubscriptionOnFinish deletes the subscription when the event source ends. Default: false.
	// +optional
	DeleteSubscriptionOnFinish *bool `json:"deleteSubscriptionOnFinish,omitempty"`
	// jsonBody takes the body of a message as JSON, not as text. Default: false.
	// +optional
	JSONBody *bool `json:"jsonBody,omitempty"`
}

// AzureEventsHubEventSource takes events of a hub of Azure Event Hubs.
type AzureEventsHubEventSource struct {
	EventOptions `json:""`
	// fqdn is the host name of the namespace of hubs.
	FQDN string `json:"fqdn"`
	// sharedAccessKeyName is the key of a secret with the name of the shared access key.
	// +optional
	SharedAccessKeyName *corev1.SecretKeySelector `json:"sharedAccessKeyName,omitempty"`
	// sharedAccessKey is the key of a secret with the shared access key.
	// +optional
	SharedAccessKey *corev1.SecretKeySelector `json:"sharedAccessKey,omitempty"`
	// hubName is the name of the hub.
	HubName string `json:"hubName"`
}

// AzureServiceBusEventSource takes messages of a queue or of a topic's subscription of Azure Service Bus.
type AzureServiceBusEventSource struct {
	EventOptions `json:""`
	// connectionString is the key of a secret with the connection string. Either it or fullyQualifiedNamespace is
	// given.
	// +optional
	ConnectionString *corev1.SecretKeySelector `json:"connectionString,omitempty"`
	// fullyQualifiedNamespace is the host name of the Service Bus, to which the server proves by its environment who
	// it is.
	// +optional
	FullyQualifiedNamespace string `json:"fullyQualifiedNamespace,omitempty"`
	// queueName is the name of the queue. Either it or topicName and subscriptionName are given.
	// +optional
	QueueName *string `json:"queueName,omitempty"`
	// topicName is the name of the topic.
	// +optional
	TopicName *string `json:"topicName,omitempty"`
	// subscriptionName is the name of the topic's subscription.
	// +optional
	SubscriptionName *string `json:"subscriptionName,omitempty"`
	// deferDelete deletes a message only when it is on the bus. Default: false.
	// +optional
	DeferDelete *bool `json:"deferDelete,omitempty"`
	// tls says how the connection is encrypted.
	// +optional
	TLS *TLSConfig `json:"tls,omitempty"`
	// jsonBody takes the body of a message as JSON, not as text. Default: false.
	// +optional
	JSONBody *bool `json:"jsonBody,omitempty"`
}

// AzureQueueStorageEventSource takes messages of a queue of Azure Queue Storage.
type AzureQueueStorageEventSource struct {
	EventOptions `json:""`
	// storageAccountName is the storage account, to which the server proves by its environment who it is. Either it
	// or connectionString is given.
	// +optional
	StorageAccountName string `json:"storageAccountName,omitempty"`
	// connectionString is the key of a secret with the connection string.
	// +optional
	ConnectionString *corev1.SecretKeySelector `json:"connectionString,omitempty"`
	// queueName is the name of the queue.
	QueueName string `json:"queueName"`
	// decodeMessage decodes messages from base64. Default: false.
	// +optional
	DecodeMessage *bool `json:"decodeMessage,omitempty"`
	// dlq leaves messages that do not get on the bus in the queue, rather than delete them. Default: false.
	// +optional
	DLQ *bool `json:"dlq,omitempty"`
	// waitTimeInSeconds is how many seconds to wait after the queue was empty. Default: 3.
	// +optional
	WaitTimeInSeconds *int32 `json:"waitTimeInSeconds,omitempty"`
	// jsonBody takes the body of a message as JSON, not as text. Default: false.
	// +optional
	JSONBody *bool `json:"jsonBody,omitempty"`
}

// MNSEventSource takes messages of a queue of the Alibaba Cloud Message Service.
type MNSEventSource struct {
	EventOptions `json:""`
	// queue is the name of the queue.
	Queue string `json:"queue"`
	// endpoint is the address of the service.
	// +optional
	Endpoint string `json:"endpoint,omitempty"`
	// accessKey is the key of a secret with the access key. Default: what the server's environment has.
	// +optional
	AccessKey *corev1.SecretKeySelector `json:"accessKey,omitempty"`
	// secretKey is the key of a secret with the secret key.
	// +optional
	SecretKey *corev1.SecretKeySelector `json:"secretKey,omitempty"`
	// jsonBody takes the body of a message as JSON, not as text. Default: false.
	// +optional
	JSONBody *bool `json:"jsonBody,omitempty"`
}
