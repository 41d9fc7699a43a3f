// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Metadata holds labels and annotations for objects that are made.
type Metadata struct {
	// annotations are added to the object's.
	// +optional
	Annotations map[string]string `json:"annotations,omitzero"`
	// labels are added to the object's.
	// +optional
	Labels map[string]string `json:"labels,omitzero"`
}

// TLSConfig says how a connection is encrypted, and how each side proves who it is. A client certificate and its key
// are given together or not at all.
type TLSConfig struct {
	// enabled encrypts the connection. Default: false, unless a secret is named.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`
	// caCertSecret is the key of a secret with the certificates, in PEM, that a server's certificate must come from.
	// Default: those of the system.
	// +optional
	CACertSecret *corev1.SecretKeySelector `json:"caCertSecret,omitempty"`
	// clientCertSecret is the key of a secret with the client's certificate in PEM.
	// +optional
	ClientCertSecret *corev1.SecretKeySelector `json:"clientCertSecret,omitempty"`
	// clientKeySecret is the key of a secret with the private key of the client's certificate in PEM.
	// +optional
	ClientKeySecret *corev1.SecretKeySelector `json:"clientKeySecret,omitempty"`
	// insecureSkipVerify takes any certificate of the server. Default: false.
	// +optional
	InsecureSkipVerify *bool `json:"insecureSkipVerify,omitempty"`
}

// SASLMechanism is how a client of Kafka proves who it is.
type SASLMechanism string

// The mechanisms of SASL.
const (
	SASLPlain       SASLMechanism = "PLAIN"
	SASLOAuthBearer SASLMechanism = "OAUTHBEARER"
	SASLSCRAMSHA256 SASLMechanism = "SCRAM-SHA-256"
	SASLSCRAMSHA512 SASLMechanism = "SCRAM-SHA-512"
	SASLGSSAPI      SASLMechanism = "GSSAPI"
)

// SASLConfig says how a client of Kafka proves who it is.
type SASLConfig struct {
	// mechanism is one of PLAIN, OAUTHBEARER, SCRAM-SHA-256, SCRAM-SHA-512 and GSSAPI. Default: PLAIN.
	// +optional
	Mechanism SASLMechanism `json:"mechanism,omitempty"`
	// userSecret is the key of a secret with the user name.
	// +optional
	UserSecret *corev1.SecretKeySelector `json:"userSecret,omitempty"`
	// passwordSecret is the key of a secret with the password.
	// +optional
	PasswordSecret *corev1.SecretKeySelector `json:"passwordSecret,omitempty"`
}

// BasicAuth is a user name with a password.
type BasicAuth struct {
	// username is the key of a secret with the user name.
	// +optional
	Username *corev1.SecretKeySelector `json:"username,omitempty"`
	// password is the key of a secret with the password.
	// +optional
	Password *corev1.SecretKeySelector `json:"password,omitempty"`
}

// NATSAuth says how a client of NATS proves who it is. At most one field is set.
type NATSAuth struct {
	// basic is a user name with a password.
	// +optional
	Basic *BasicAuth `json:"basic,omitempty"`
	// token is the key of a secret with a token.
	// +optional
	Token *corev1.SecretKeySelector `json:"token,omitempty"`
	// nkey is the key of a secret with the seed of an NKey.
	// +optional
	NKey *corev1.SecretKeySelector `json:"nkey,omitempty"`
	// credential is the key of a secret with a credentials file: a JWT and its NKey.
	// +optional
	Credential *corev1.SecretKeySelector `json:"credential,omitempty"`
}

// Backoff says how often something is tried, and how long to wait between the attempts.
type Backoff struct {
	// duration is the time before the second attempt: text such as "10s", or a number of nanoseconds. Default: 1s.
	// +optional
	Duration *Int64OrString `json:"duration,omitempty"`
	// factor is what the time is multiplied by after each attempt. Default: 1.
	// +optional
	Factor *Amount `json:"factor,omitempty"`
	// jitter adds up to this part of the time at random. 0.2 adds up to a fifth. Default: 1.
	// +optional
	Jitter *Amount `json:"jitter,omitempty"`
	// steps is how many attempts are made in all. Default: 5.
	// +optional
	Steps *int32 `json:"steps,omitempty"`
}

// KafkaConsumerGroup shares the messages of a Kafka topic among consumers of the same group.
type KafkaConsumerGroup struct {
	// groupName is the name of the group.
	// +optional
	GroupName string `json:"groupName,omitempty"`
	// oldest begins, for a group that is new, with the oldest message that there is, not with the next one to come.
	// Default: false.
	// +optional
	Oldest *bool `json:"oldest,omitempty"`
	// rebalanceStrategy is how partitions are shared out: range, sticky or roundrobin. Default: range.
	// +optional
	RebalanceStrategy string `json:"rebalanceStrategy,omitempty"`
}

// SchemaRegistryConfig names a schema of a Confluent schema registry, by which messages are decoded or encoded.
type SchemaRegistryConfig struct {
	// url is the address of the registry.
	URL string `json:"url"`
	// schemaId is the number of the schema. Messages that are read name it themselves.
	// +optional
	SchemaID *int32 `json:"schemaId,omitempty"`
	// auth is the user name and password for the registry.
	// +optional
	Auth *BasicAuth `json:"auth,omitempty"`
}

// GithubAppCreds are the credentials of an installed GitHub App.
type GithubAppCreds struct {
	// privateKey is the key of a secret with the private key of the App in PEM.
	PrivateKey *corev1.SecretKeySelector `json:"privateKey,omitempty"`
	// appID is the number of the App.
	AppID int64 `json:"appID"`
	// installationID is the number of its installation in an account.
	InstallationID int64 `json:"installationID"`
}

// S3Bucket names a bucket, and an object in it.
type S3Bucket struct {
	// name is the name of the bucket.
	Name string `json:"name"`
	// key is the key of the object. It has no meaning where events of a bucket are watched.
	// +optional
	Key string `json:"key,omitempty"`
}

// S3Filter says which objects of a bucket count.
type S3Filter struct {
	// prefix is how the key of the object must begin. Empty means any.
	// +optional
	Prefix *string `json:"prefix,omitempty"`
	// suffix is how the key of the object must end. Empty means any.
	// +optional
	Suffix *string `json:"suffix,omitempty"`
}

// S3Artifact is a bucket, or an object in it, of a store that speaks the protocol of S3, such as MinIO. It is a source
// of events, or where the object of a trigger is read from.
type S3Artifact struct {
	// endpoint is the host and port of the store.
	Endpoint string `json:"endpoint"`
	// bucket names the bucket, and for triggers the object.
	// +optional
	Bucket *S3Bucket `json:"bucket,omitempty"`
	// region is the region of the bucket.
	// +optional
	Region string `json:"region,omitempty"`
	// insecure connects without encryption. Default: false.
	// +optional
	Insecure *bool `json:"insecure,omitempty"`
	// accessKey is the key of a secret with the access key.
	// +optional
	AccessKey *corev1.SecretKeySelector `json:"accessKey,omitempty"`
	// secretKey is the key of a secret with the secret key.
	// +optional
	SecretKey *corev1.SecretKeySelector `json:"secretKey,omitempty"`
	// caCertificate is the key of a secret with the certificates, in PEM, that the store's certificate must come from.
	// +optional
	CACertificate *corev1.SecretKeySelector `json:"caCertificate,omitempty"`
	// events are what is listened to, such as s3:ObjectCreated:Put. Default: s3:ObjectCreated:* and the like. They have
	// no meaning for triggers.
	// +optional
	// +listType=atomic
	Events []string `json:"events,omitzero"`
	// filter says which objects are listened to. It has no meaning for triggers.
	// +optional
	Filter *S3Filter `json:"filter,omitempty"`
	// metadata is handed on with each event.
	// +optional
	Metadata map[string]string `json:"metadata,omitzero"`
}

// Template is how the peer's pods look that run an event source or a sensor. Here neither has pods: what counts is
// serviceAccountName, whose rights the triggers have. The rest is kept.
type Template struct {
	// metadata holds labels and annotations of the pod.
	// +optional
	Metadata *Metadata `json:"metadata,omitempty"`
	// serviceAccountName is the service account as which triggers act, and event sources watch. Default: default.
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
	// container is what can be said of the pod's container.
	// +optional
	Container *Container `json:"container,omitempty"`
	// volumes are the volumes of the pod.
	// +optional
	// +listType=atomic
	Volumes []corev1.Volume `json:"volumes,omitzero"`
	// securityContext is the security context of the pod.
	// +optional
	SecurityContext *corev1.PodSecurityContext `json:"securityContext,omitempty"`
	// affinity says on which nodes the pod may run.
	// +optional
	Affinity *corev1.Affinity `json:"affinity,omitempty"`
	// tolerations are the taints of nodes that the pod does not mind.
	// +optional
	// +listType=atomic
	Tolerations []corev1.Toleration `json:"tolerations,omitzero"`
	// nodeSelector are the labels of the nodes on which the pod may run.
	// +optional
	NodeSelector map[string]string `json:"nodeSelector,omitzero"`
	// imagePullSecrets are secrets for pulling the image.
	// +optional
	// +listType=atomic
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitzero"`
	// priorityClassName is the priority class of the pod.
	// +optional
	PriorityClassName string `json:"priorityClassName,omitempty"`
	// priority is the priority of the pod.
	// +optional
	Priority *int32 `json:"priority,omitempty"`
}

// Container is what can be said of the container of the peer's pods.
type Container struct {
	// env are environment variables.
	// +optional
	// +listType=atomic
	Env []corev1.EnvVar `json:"env,omitzero"`
	// envFrom are sources of environment variables.
	// +optional
	// +listType=atomic
	EnvFrom []corev1.EnvFromSource `json:"envFrom,omitzero"`
	// volumeMounts say where volumes are mounted.
	// +optional
	// +listType=atomic
	VolumeMounts []corev1.VolumeMount `json:"volumeMounts,omitzero"`
	// resources are what the container asks for, and what it may use at most.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// securityContext is the security context of the container.
	// +optional
	SecurityContext *corev1.SecurityContext `json:"securityContext,omitempty"`
	// imagePullPolicy says when the image is pulled: Always, IfNotPresent or Never.
	// +optional
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`
}

// ConditionType is what a condition is about.
type ConditionType string

// Condition tells whether something that the object needs is there.
type Condition struct {
	// type is what the condition is about, such as Deployed.
	Type ConditionType `json:"type"`
	// status is True, False or Unknown.
	Status corev1.ConditionStatus `json:"status"`
	// lastTransitionTime is when the status last changed.
	// +optional
	LastTransitionTime metav1.Time `json:"lastTransitionTime,omitzero"`
	// reason says in one word why the status is what it is.
	// +optional
	Reason string `json:"reason,omitempty"`
	// message says it in a sentence.
	// +optional
	Message string `json:"message,omitempty"`
}
