// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"time"

	"k8s.io/utils/ptr"
)

// What holds where a manifest says nothing. None of it is written back, as the peer writes none of it back.
const (
	// DefaultEventBusName is the bus of event sources and sensors that name none.
	DefaultEventBusName = "default"
	// DefaultServiceAccountName is the service account of event sources and sensors that name none.
	DefaultServiceAccountName = "default"
	// DefaultMaxPayloadSize is how many bytes the body of a webhook's request may have.
	DefaultMaxPayloadSize = 1 << 20
	// DefaultHTTPTimeout is how long a trigger waits for the answer to an HTTP request.
	DefaultHTTPTimeout = 60 * time.Second
	// DefaultJetStreamReplicas is how many servers a JetStream bus has.
	DefaultJetStreamReplicas = 3
)

// Bus is the name of the event bus.
func (s *EventSourceSpec) Bus() string { return or(s.EventBusName, DefaultEventBusName) }

// Bus is the name of the event bus.
func (s *SensorSpec) Bus() string { return or(s.EventBusName, DefaultEventBusName) }

// ServiceAccount is the name of the service account; t may be nil.
func (t *Template) ServiceAccount() string {
	if t == nil {
		return DefaultServiceAccountName
	}
	return or(t.ServiceAccountName, DefaultServiceAccountName)
}

// GetMaxPayloadSize is how many bytes the body of a request may have.
func (w *WebhookContext) GetMaxPayloadSize() int64 {
	return ptr.Deref(w.MaxPayloadSize, DefaultMaxPayloadSize)
}

// GetTimeout is how long to wait for the answer.
func (h *HTTPTrigger) GetTimeout() time.Duration {
	if s := ptr.Deref(h.Timeout, 0); s > 0 {
		return time.Duration(s) * time.Second
	}
	return DefaultHTTPTimeout
}

// GetReplicas is how many servers there are.
func (b *JetStreamBus) GetReplicas() int32 { return ptr.Deref(b.Replicas, DefaultJetStreamReplicas) }

// IsAtLeastOnce tells whether the trigger may happen twice rather than not at all.
func (t *Trigger) IsAtLeastOnce() bool { return ptr.Deref(t.AtLeastOnce, false) }

// Or joins the results by or if the operator says so, else by and.
func (o LogicalOperator) Or() bool { return o == OrLogicalOperator }

// OrDefault is the comparator, or = if there is none.
func (c Comparator) OrDefault() Comparator { return Comparator(or(string(c), string(EqualTo))) }

// OrDefault is the operation, or create if there is none.
func (o KubernetesResourceOperation) OrDefault() KubernetesResourceOperation {
	return KubernetesResourceOperation(or(string(o), string(K8sCreate)))
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
