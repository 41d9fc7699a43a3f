// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// +genclient
// +resourceName=eventbus
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// EventBus carries events from the event sources of its namespace to the sensors there. Those that name none use the
// one that is called default.
type EventBus struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of an object. Event sources and sensors refer to the name.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec says what the bus is made of.
	Spec EventBusSpec `json:"spec"`
	// status tells whether the bus is ready, and how it is reached. It is written by the server only.
	// +optional
	Status EventBusStatus `json:"status,omitzero"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// EventBusList is a list of event buses.
type EventBusList struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of a list.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the event buses.
	Items []EventBus `json:"items"`
}

// EventBusSpec says what a bus is made of. Exactly one field is set.
type EventBusSpec struct {
	// nats is NATS Streaming.
	//
	// It is deprecated: NATS Streaming is no longer maintained since June 2023; use jetstream. A bus of this kind is carried
	// by JetStream all the same.
	// +optional
	NATS *NATSBus `json:"nats,omitempty"`
	// jetstream is a NATS JetStream that is brought up for the bus.
	// +optional
	JetStream *JetStreamBus `json:"jetstream,omitempty"`
	// kafka is a Kafka cluster that is there already.
	// +optional
	Kafka *KafkaBus `json:"kafka,omitempty"`
	// jetstreamExotic is a NATS JetStream that is there already.
	// +optional
	JetStreamExotic *JetStreamConfig `json:"jetstreamExotic,omitempty"`
}

// NATSBus is a bus on NATS Streaming. Exactly one field is set.
type NATSBus struct {
	// native is one that is brought up for the bus.
	// +optional
	Native *NativeStrategy `json:"native,omitempty"`
	// exotic is one that is there already.
	// +optional
	Exotic *NATSConfig `json:"exotic,omitempty"`
}

// AuthStrategy is how clients of NATS Streaming prove who they are.
type AuthStrategy string

const (
	// AuthStrategyNone lets everybody in.
	AuthStrategyNone AuthStrategy = "none"
	// AuthStrategyToken asks for a token.
	AuthStrategyToken AuthStrategy = "token"
)

// NativeStrategy is a NATS Streaming that is brought up for a bus. The fields are those of the peer's pods and of its
// protocol; a bus here is carried by JetStream, and keeps them.
type NativeStrategy struct {
	// replicas is how many servers there are; at least 3 are used. Default: 3.
	// +optional
	Replicas *int32 `json:"replicas,omitempty"`
	// auth is how clients prove who they are: none or token. Default: none.
	// +optional
	Auth *AuthStrategy `json:"auth,omitempty"`
	// persistence keeps messages on volumes. Default: they are in memory.
	// +optional
	Persistence *PersistenceStrategy `json:"persistence,omitempty"`
	// containerTemplate is what can be said of the container of the server.
	// +optional
	ContainerTemplate *ContainerTemplate `json:"containerTemplate,omitempty"`
	// metricsContainerTemplate is what can be said of the container that tells metrics.
	// +optional
	MetricsContainerTemplate *ContainerTemplate `json:"metricsContainerTemplate,omitempty"`
	// nodeSelector are the labels of the nodes on which the pods may run.
	// +optional
	NodeSelector map[string]string `json:"nodeSelector,omitzero"`
	// tolerations are the taints of nodes that the pods do not mind.
	// +optional
	// +listType=atomic
	Tolerations []corev1.Toleration `json:"tolerations,omitzero"`
	// metadata holds labels and annotations of the pods.
	// +optional
	Metadata *Metadata `json:"metadata,omitempty"`
	// securityContext is the security context of the pods.
	// +optional
	SecurityContext *corev1.PodSecurityContext `json:"securityContext,omitempty"`
	// maxAge is how long a message is kept, such as "72h".
	// +optional
	MaxAge *string `json:"maxAge,omitempty"`
	// imagePullSecrets are secrets for pulling the images.
	// +optional
	// +listType=atomic
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitzero"`
	// serviceAccountName is the service account of the pods.
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
	// priorityClassName is the priority class of the pods.
	// +optional
	PriorityClassName string `json:"priorityClassName,omitempty"`
	// priority is the priority of the pods.
	// +optional
	Priority *int32 `json:"priority,omitempty"`
	// affinity says on which nodes the pods may run.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`
	// maxMsgs is how many messages are kept in a channel. 0 is no limit. Default: 1000000.
	// +optional
	MaxMsgs *int64 `json:"maxMsgs,omitempty"`
	// maxBytes is how many bytes of messages are kept in a channel, such as "1GB". 0 is no limit. Default: 1GB.
	// +optional
	MaxBytes *string `json:"maxBytes,omitempty"`
	// maxSubs is how many subscriptions a channel may have. 0 is no limit. Default: 1000.
	// +optional
	MaxSubs *int64 `json:"maxSubs,omitempty"`
	// maxPayload is how large a message may be, such as "1MB". Default: 1MB.
	// +optional
	MaxPayload *string `json:"maxPayload,omitempty"`
	// raftHeartbeatTimeout is how long a follower waits for its leader before an election, such as "2s".
	// +optional
	RaftHeartbeatTimeout *string `json:"raftHeartbeatTimeout,omitempty"`
	// raftElectionTimeout is how long a candidate waits for votes, such as "2s".
	// +optional
	RaftElectionTimeout *string `json:"raftElectionTimeout,omitempty"`
	// raftLeaseTimeout is how long a leader without a majority remains one, such as "1s".
	// +optional
	RaftLeaseTimeout *string `json:"raftLeaseTimeout,omitempty"`
	// raftCommitTimeout is how long entries may wait to be committed, such as "100ms".
	// +optional
	RaftCommitTimeout *string `json:"raftCommitTimeout,omitempty"`
}

// NATSConfig is how a NATS Streaming is reached.
type NATSConfig struct {
	// url is the address of the servers.
	// +optional
	URL string `json:"url,omitempty"`
	// clusterID is the name of the cluster.
	// +optional
	ClusterID *string `json:"clusterID,omitempty"`
	// auth is how clients prove who they are: none or token. Default: none.
	// +optional
	Auth *AuthStrategy `json:"auth,omitempty"`
	// accessSecret is the key of a secret with the credentials.
	// +optional
	AccessSecret *corev1.SecretKeySelector `json:"accessSecret,omitempty"`
}

// ContainerTemplate is what can be said of a container of the peer's bus.
type ContainerTemplate struct {
	// resources are what the container asks for, and what it may use at most.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// imagePullPolicy says when the image is pulled: Always, IfNotPresent or Never.
	// +optional
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`
	// securityContext is the security context of the container.
	// +optional
	SecurityContext *corev1.SecurityContext `json:"securityContext,omitempty"`
}

// PersistenceStrategy is what volumes a bus keeps its messages on.
type PersistenceStrategy struct {
	// storageClassName is the storage class of the volumes. Default: that of the cluster.
	// +optional
	StorageClassName *string `json:"storageClassName,omitempty"`
	// accessMode is the access mode of the volumes. Default: ReadWriteOnce.
	// +optional
	AccessMode *corev1.PersistentVolumeAccessMode `json:"accessMode,omitempty"`
	// volumeSize is the size of each volume. Default: 10Gi.
	// +optional
	VolumeSize *resource.Quantity `json:"volumeSize,omitempty"`
}

// JetStreamBus is a NATS JetStream that is brought up for a bus. Of the fields, streamConfig and maxPayload say how
// messages are kept; those about pods are kept, since the bus runs in the server here.
type JetStreamBus struct {
	// version is the version of NATS, such as "latest" or "2.10.10".
	// +optional
	Version string `json:"version,omitempty"`
	// replicas is how many servers there are: 1, or at least 3. Default: 3.
	// +optional
	Replicas *int32 `json:"replicas,omitempty"`
	// containerTemplate is what can be said of the container of the server.
	// +optional
	ContainerTemplate *ContainerTemplate `json:"containerTemplate,omitempty"`
	// reloaderContainerTemplate is what can be said of the container that reloads the configuration.
	// +optional
	ReloaderContainerTemplate *ContainerTemplate `json:"reloaderContainerTemplate,omitempty"`
	// metricsContainerTemplate is what can be said of the container that tells metrics.
	// +optional
	MetricsContainerTemplate *ContainerTemplate `json:"metricsContainerTemplate,omitempty"`
	// persistence keeps messages on volumes of their own.
	// +optional
	Persistence *PersistenceStrategy `json:"persistence,omitempty"`
	// metadata holds labels and annotations of the pods.
	// +optional
	Metadata *Metadata `json:"metadata,omitempty"`
	// nodeSelector are the labels of the nodes on which the pods may run.
	// +optional
	NodeSelector map[string]string `json:"nodeSelector,omitzero"`
	// tolerations are the taints of nodes that the pods do not mind.
	// +optional
	// +listType=atomic
	Tolerations []corev1.Toleration `json:"tolerations,omitzero"`
	// securityContext is the security context of the pods.
	// +optional
	SecurityContext *corev1.PodSecurityContext `json:"securityContext,omitempty"`
	// imagePullSecrets are secrets for pulling the images.
	// +optional
	// +listType=atomic
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitzero"`
	// priorityClassName is the priority class of the pods.
	// +optional
	PriorityClassName string `json:"priorityClassName,omitempty"`
	// priority is the priority of the pods.
	// +optional
	Priority *int32 `json:"priority,omitempty"`
	// affinity says on which nodes the pods may run.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`
	// serviceAccountName is the service account of the pods.
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
	// settings are lines of the configuration of JetStream: max_memory_store, max_file_store.
	// +optional
	Settings *string `json:"settings,omitempty"`
	// startArgs are further arguments of the server, such as -D.
	// +optional
	// +listType=atomic
	StartArgs []string `json:"startArgs,omitzero"`
	// streamConfig is how the stream keeps messages, as YAML: maxMsgs, maxAge, maxBytes, replicas, duplicates,
	// retention, discard. What it does not say is as the server is configured.
	// +optional
	StreamConfig *string `json:"streamConfig,omitempty"`
	// maxPayload is how large a message may be, such as "1MB". Default: 1MB.
	// +optional
	MaxPayload *string `json:"maxPayload,omitempty"`
}

// JetStreamConfig is how a NATS JetStream is reached.
type JetStreamConfig struct {
	// url is the address of the servers.
	// +optional
	URL string `json:"url,omitempty"`
	// accessSecret is the key of a secret with the credentials.
	// +optional
	AccessSecret *corev1.SecretKeySelector `json:"accessSecret,omitempty"`
	// streamConfig is how the stream keeps messages, as YAML.
	// +optional
	StreamConfig string `json:"streamConfig,omitempty"`
	// tls says how the connection is encrypted.
	// +optional
	TLS *TLSConfig `json:"tls,omitempty"`
}

// KafkaBus is how the Kafka is reached that carries a bus, and by which names.
type KafkaBus struct {
	// url are the addresses of brokers, separated by commas.
	// +optional
	URL string `json:"url,omitempty"`
	// topic is the topic of events. Those of triggers and actions are called after it. Default: NAMESPACE-NAME.
	// +optional
	Topic string `json:"topic,omitempty"`
	// version is the version of the brokers. Default: 1.0.0.
	// +optional
	Version string `json:"version,omitempty"`
	// tls says how the connection is encrypted.
	// +optional
	TLS *TLSConfig `json:"tls,omitempty"`
	// sasl says how clients prove who they are.
	// +optional
	SASL *SASLConfig `json:"sasl,omitempty"`
	// consumerGroup is the group that sensors read in. Default: one called after the sensor.
	// +optional
	ConsumerGroup *KafkaConsumerGroup `json:"consumerGroup,omitempty"`
	// partitioner says which partition a message goes to: random, hash, roundrobin. Default: hash.
	// +optional
	Partitioner string `json:"partitioner,omitempty"`
}

const (
	// EventBusDeployed tells that the bus is running, or that nothing has to run for it.
	EventBusDeployed ConditionType = "Deployed"
	// EventBusConfigured tells that the bus takes messages.
	EventBusConfigured ConditionType = "Configured"
)

// EventBusStatus tells whether a bus is ready, and how it is reached.
type EventBusStatus struct {
	// conditions are Deployed and Configured.
	// +optional
	// +listType=atomic
	Conditions []Condition `json:"conditions,omitzero"`
	// config is how the bus is reached.
	// +optional
	Config BusConfig `json:"config,omitzero"`
}

// BusConfig is how a bus is reached. One field is set.
type BusConfig struct {
	// nats is how a NATS Streaming is reached.
	// +optional
	NATS *NATSConfig `json:"nats,omitempty"`
	// jetstream is how a NATS JetStream is reached.
	// +optional
	JetStream *JetStreamConfig `json:"jetstream,omitempty"`
	// kafka is how a Kafka is reached.
	// +optional
	Kafka *KafkaBus `json:"kafka,omitempty"`
}
