// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import corev1 "k8s.io/api/core/v1"

// KafkaTrigger sends a message to Kafka.
type KafkaTrigger struct {
	// url are the addresses of brokers, separated by commas.
	URL string `json:"url"`
	// topic is the topic.
	Topic string `json:"topic"`
	// payload take fields of events into what is sent.
	// +optional
	// +listType=atomic
	Payload []TriggerParameter `json:"payload,omitzero"`
	// parameters take fields of events into the fields of this structure, before it is acted on.
	// +optional
	// +listType=atomic
	Parameters []TriggerParameter `json:"parameters,omitzero"`
	// partition is the number of the partition. Default: the one that the key leads to.
	// +optional
	Partition *int32 `json:"partition,omitempty"`
	// partitioningKey is the key of the message. Default: the address of the broker.
	// +optional
	PartitioningKey *string `json:"partitioningKey,omitempty"`
	// version is the version of the brokers. Default: 1.0.0.
	// +optional
	Version string `json:"version,omitempty"`
	// requiredAcks is how many brokers must have the message: 0 is none, 1 the leader, -1 all. Default: 0.
	// +optional
	RequiredAcks *int32 `json:"requiredAcks,omitempty"`
	// compress compresses messages. Default: false.
	// +optional
	Compress *bool `json:"compress,omitempty"`
	// flushFrequency is how many milliseconds messages are gathered. Default: 500.
	// +optional
	FlushFrequency *int32 `json:"flushFrequency,omitempty"`
	// headers are headers of the message.
	// +optional
	Headers map[string]string `json:"headers,omitzero"`
	// secureHeaders are headers whose values are secret.
	// +optional
	// +listType=atomic
	SecureHeaders []SecureHeader `json:"secureHeaders,omitzero"`
	// tls says how the connection is encrypted.
	// +optional
	TLS *TLSConfig `json:"tls,omitempty"`
	// sasl says how the client proves who it is.
	// +optional
	SASL *SASLConfig `json:"sasl,omitempty"`
	// schemaRegistry is where the schema is by which the message is encoded as Avro.
	// +optional
	SchemaRegistry *SchemaRegistryConfig `json:"schemaRegistry,omitempty"`
}

// NATSTrigger sends a message to NATS.
type NATSTrigger struct {
	// url is the address of the servers.
	URL string `json:"url"`
	// subject is the subject.
	Subject string `json:"subject"`
	// payload take fields of events into what is sent.
	// +optional
	// +listType=atomic
	Payload []TriggerParameter `json:"payload,omitzero"`
	// parameters take fields of events into the fields of this structure, before it is acted on.
	// +optional
	// +listType=atomic
	Parameters []TriggerParameter `json:"parameters,omitzero"`
	// tls says how the connection is encrypted.
	// +optional
	TLS *TLSConfig `json:"tls,omitempty"`
	// auth says how the client proves who it is.
	// +optional
	Auth *NATSAuth `json:"auth,omitempty"`
}

// PulsarTrigger sends a message to Pulsar.
type PulsarTrigger struct {
	// url is the address of the servers, such as pulsar://pulsar:6650.
	// +optional
	URL string `json:"url,omitempty"`
	// topic is the topic.
	// +optional
	Topic string `json:"topic,omitempty"`
	// payload take fields of events into what is sent.
	// +optional
	// +listType=atomic
	Payload []TriggerParameter `json:"payload,omitzero"`
	// parameters take fields of events into the fields of this structure, before it is acted on.
	// +optional
	// +listType=atomic
	Parameters []TriggerParameter `json:"parameters,omitzero"`
	// connectionBackoff says how to try again when the connection cannot be made.
	// +optional
	ConnectionBackoff *Backoff `json:"connectionBackoff,omitempty"`
	// tls says how the connection is encrypted.
	// +optional
	TLS *TLSConfig `json:"tls,omitempty"`
	// tlsTrustCertsSecret is the key of a secret with the certificates, in PEM, that the server's certificate must
	// come from.
	// +optional
	TLSTrustCertsSecret *corev1.SecretKeySelector `json:"tlsTrustCertsSecret,omitempty"`
	// tlsAllowInsecureConnection takes any certificate of the server. Default: false.
	// +optional
	TLSAllowInsecureConnection *bool `json:"tlsAllowInsecureConnection,omitempty"`
	// tlsValidateHostname checks that the server's certificate is for its name. Default: false.
	// +optional
	TLSValidateHostname *bool `json:"tlsValidateHostname,omitempty"`
	// authTokenSecret is the key of a secret with a token.
	// +optional
	AuthTokenSecret *corev1.SecretKeySelector `json:"authTokenSecret,omitempty"`
	// authAthenzParams are the parameters of Athenz, by which the client proves who it is.
	// +optional
	AuthAthenzParams map[string]string `json:"authAthenzParams,omitzero"`
	// authAthenzSecret is the key of a secret with the private key for Athenz.
	// +optional
	AuthAthenzSecret *corev1.SecretKeySelector `json:"authAthenzSecret,omitempty"`
}

// AzureEventHubsTrigger sends an event to a hub of Azure Event Hubs.
type AzureEventHubsTrigger struct {
	// fqdn is the host name of the namespace of hubs.
	// +optional
	FQDN string `json:"fqdn,omitempty"`
	// hubName is the name of the hub.
	// +optional
	HubName string `json:"hubName,omitempty"`
	// sharedAccessKeyName is the key of a secret with the name of the shared access key.
	// +optional
	SharedAccessKeyName *corev1.SecretKeySelector `json:"sharedAccessKeyName,omitempty"`
	// sharedAccessKey is the key of a secret with the shared access key.
	// +optional
	SharedAccessKey *corev1.SecretKeySelector `json:"sharedAccessKey,omitempty"`
	// payload take fields of events into what is sent.
	// +optional
	// +listType=atomic
	Payload []TriggerParameter `json:"payload,omitzero"`
	// parameters take fields of events into the fields of this structure, before it is acted on.
	// +optional
	// +listType=atomic
	Parameters []TriggerParameter `json:"parameters,omitzero"`
}

// AzureServiceBusTrigger sends a message to a queue or topic of Azure Service Bus.
type AzureServiceBusTrigger struct {
	// connectionString is the key of a secret with the connection string.
	// +optional
	ConnectionString *corev1.SecretKeySelector `json:"connectionString,omitempty"`
	// queueName is the name of the queue. Either it or topicName is given.
	// +optional
	QueueName *string `json:"queueName,omitempty"`
	// topicName is the name of the topic.
	// +optional
	TopicName *string `json:"topicName,omitempty"`
	// subscriptionName is the name of the topic's subscription. It has no meaning for sending.
	// +optional
	SubscriptionName *string `json:"subscriptionName,omitempty"`
	// tls says how the connection is encrypted.
	// +optional
	TLS *TLSConfig `json:"tls,omitempty"`
	// payload take fields of events into what is sent.
	// +optional
	// +listType=atomic
	Payload []TriggerParameter `json:"payload,omitzero"`
	// parameters take fields of events into the fields of this structure, before it is acted on.
	// +optional
	// +listType=atomic
	Parameters []TriggerParameter `json:"parameters,omitzero"`
}

// EmailTrigger sends an e-mail.
type EmailTrigger struct {
	// host is the host name of the SMTP server.
	// +optional
	Host string `json:"host,omitempty"`
	// port is its port. Default: 25.
	// +optional
	Port *int32 `json:"port,omitempty"`
	// username is the user name. Default: none is told.
	// +optional
	Username string `json:"username,omitempty"`
	// smtpPassword is the key of a secret with the password.
	// +optional
	SMTPPassword *corev1.SecretKeySelector `json:"smtpPassword,omitempty"`
	// to are the addresses it goes to.
	// +optional
	// +listType=atomic
	To []string `json:"to,omitzero"`
	// from is the address it comes from.
	// +optional
	From string `json:"from,omitempty"`
	// subject is its subject.
	// +optional
	Subject string `json:"subject,omitempty"`
	// body is its text. Parameters may be taken in by a template.
	// +optional
	Body string `json:"body,omitempty"`
	// parameters take fields of events into the fields of this structure, before it is acted on.
	// +optional
	// +listType=atomic
	Parameters []TriggerParameter `json:"parameters,omitzero"`
}

// SlackTrigger sends a message to a channel of Slack.
type SlackTrigger struct {
	// slackToken is the key of a secret with the token for Slack's API.
	// +optional
	SlackToken *corev1.SecretKeySelector `json:"slackToken,omitempty"`
	// channel is the channel, with or without #.
	// +optional
	Channel string `json:"channel,omitempty"`
	// message is the text.
	// +optional
	Message string `json:"message,omitempty"`
	// attachments are attachments, as a JSON list in the form of Slack's API.
	// +optional
	Attachments string `json:"attachments,omitempty"`
	// blocks are blocks, as a JSON list in the form of Slack's API.
	// +optional
	Blocks string `json:"blocks,omitempty"`
	// thread gathers messages in a thread.
	// +optional
	Thread SlackThread `json:"thread,omitzero"`
	// sender is how the sender appears.
	// +optional
	Sender SlackSender `json:"sender,omitzero"`
	// parameters take fields of events into the fields of this structure, before it is acted on.
	// +optional
	// +listType=atomic
	Parameters []TriggerParameter `json:"parameters,omitzero"`
}

// SlackThread gathers messages in a thread.
type SlackThread struct {
	// messageAggregationKey is the same for the messages that are gathered.
	// +optional
	MessageAggregationKey string `json:"messageAggregationKey,omitempty"`
	// broadcastMessageToChannel shows them in the channel too. Default: false.
	// +optional
	BroadcastMessageToChannel *bool `json:"broadcastMessageToChannel,omitempty"`
}

// SlackSender is how the sender of a message appears.
type SlackSender struct {
	// username is the name.
	// +optional
	Username string `json:"username,omitempty"`
	// icon is an emoji such as ":robot:", or the address of a picture.
	// +optional
	Icon string `json:"icon,omitempty"`
}
