// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import corev1 "k8s.io/api/core/v1"

// HTTPTrigger sends an HTTP request. Its body is a JSON object, made of the payload.
type HTTPTrigger struct {
	// url is the address.
	URL string `json:"url"`
	// method is GET, DELETE, PATCH, POST or PUT. Default: POST.
	// +optional
	Method string `json:"method,omitempty"`
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
	// timeout is how many seconds to wait for the answer. Default: 60.
	// +optional
	Timeout *int64 `json:"timeout,omitempty"`
	// basicAuth is the user name and password.
	// +optional
	BasicAuth *BasicAuth `json:"basicAuth,omitempty"`
	// headers are headers of the request. Host has no meaning; see host.
	// +optional
	Headers map[string]string `json:"headers,omitzero"`
	// secureHeaders are headers whose values are secret.
	// +optional
	// +listType=atomic
	SecureHeaders []SecureHeader `json:"secureHeaders,omitzero"`
	// dynamicHeaders take fields of events into headers, whose names are the places.
	// +optional
	// +listType=atomic
	DynamicHeaders []TriggerParameter `json:"dynamicHeaders,omitzero"`
	// host is the host that the request names, if it is not that of url.
	// +optional
	Host string `json:"host,omitempty"`
}

// SecureHeader is a header whose value is secret.
type SecureHeader struct {
	// name is the name of the header.
	// +optional
	Name string `json:"name,omitempty"`
	// valueFrom is where the value is.
	// +optional
	ValueFrom *ValueFromSource `json:"valueFrom,omitempty"`
}

// ValueFromSource is where a value is. One field is set.
type ValueFromSource struct {
	// secretKeyRef is the key of a secret.
	// +optional
	SecretKeyRef *corev1.SecretKeySelector `json:"secretKeyRef,omitempty"`
	// configMapKeyRef is the key of a config map.
	// +optional
	ConfigMapKeyRef *corev1.ConfigMapKeySelector `json:"configMapKeyRef,omitempty"`
}

// AWSLambdaTrigger calls a function of AWS Lambda.
type AWSLambdaTrigger struct {
	// functionName is the name of the function.
	FunctionName string `json:"functionName"`
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
	// invocationType is RequestResponse, Event or DryRun. Default: RequestResponse.
	// +optional
	InvocationType *string `json:"invocationType,omitempty"`
	// payload take fields of events into what is sent.
	// +optional
	// +listType=atomic
	Payload []TriggerParameter `json:"payload,omitzero"`
	// parameters take fields of events into the fields of this structure, before it is acted on.
	// +optional
	// +listType=atomic
	Parameters []TriggerParameter `json:"parameters,omitzero"`
}

// OpenWhiskTrigger calls an action of Apache OpenWhisk.
type OpenWhiskTrigger struct {
	// host is the host of OpenWhisk.
	Host string `json:"host"`
	// actionName is the name of the action.
	ActionName string `json:"actionName"`
	// namespace is the namespace of the action. Default: _, that of the user.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// version is the version of the API. Default: v1.
	// +optional
	Version string `json:"version,omitempty"`
	// authToken is the key of a secret with the token.
	// +optional
	AuthToken *corev1.SecretKeySelector `json:"authToken,omitempty"`
	// payload take fields of events into what is sent.
	// +optional
	// +listType=atomic
	Payload []TriggerParameter `json:"payload,omitzero"`
	// parameters take fields of events into the fields of this structure, before it is acted on.
	// +optional
	// +listType=atomic
	Parameters []TriggerParameter `json:"parameters,omitzero"`
}

// CustomTrigger calls a gRPC server of the user's own, which speaks the peer's protocol.
type CustomTrigger struct {
	// serverURL is the address of the server.
	ServerURL string `json:"serverURL"`
	// secure encrypts the connection. Default: false.
	// +optional
	Secure *bool `json:"secure,omitempty"`
	// certSecret is the key of a secret with the certificates, in PEM, that the server's certificate must come from.
	// It is needed if secure is true.
	// +optional
	CertSecret *corev1.SecretKeySelector `json:"certSecret,omitempty"`
	// serverNameOverride is the name that the server's certificate must have, if it is not that of serverURL.
	// +optional
	ServerNameOverride string `json:"serverNameOverride,omitempty"`
	// spec is handed to the server, which knows what it means.
	// +optional
	Spec map[string]string `json:"spec,omitzero"`
	// payload take fields of events into what is sent.
	// +optional
	// +listType=atomic
	Payload []TriggerParameter `json:"payload,omitzero"`
	// parameters take fields of events into the fields of this structure, before it is acted on.
	// +optional
	// +listType=atomic
	Parameters []TriggerParameter `json:"parameters,omitzero"`
}

// LogTrigger writes events to the log.
type LogTrigger struct {
	// intervalSeconds is how many seconds pass at least between two lines. Default: 0, which writes every event.
	// +optional
	IntervalSeconds *int64 `json:"intervalSeconds,omitempty"`
}
