// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Ready sums up conditions: False if one of them is, else Unknown if one is, both with its reason; True if there are
// some and all are.
func Ready(conditions []Condition) (status corev1.ConditionStatus, reason string) {
	if len(conditions) == 0 {
		return corev1.ConditionUnknown, ""
	}
	status = corev1.ConditionTrue
	for _, c := range conditions {
		switch {
		case c.Status == corev1.ConditionFalse:
			return c.Status, c.Reason
		case c.Status != corev1.ConditionTrue && status == corev1.ConditionTrue:
			status, reason = corev1.ConditionUnknown, c.Reason
		}
	}
	return status, reason
}

// TriggerKind is a kind of trigger: the JSON name of its field in the template.
type TriggerKind string

// The kinds of triggers.
const (
	TriggerK8s             TriggerKind = "k8s"
	TriggerArgoWorkflow    TriggerKind = "argoWorkflow"
	TriggerHTTP            TriggerKind = "http"
	TriggerAWSLambda       TriggerKind = "awsLambda"
	TriggerCustom          TriggerKind = "custom"
	TriggerKafka           TriggerKind = "kafka"
	TriggerNATS            TriggerKind = "nats"
	TriggerSlack           TriggerKind = "slack"
	TriggerOpenWhisk       TriggerKind = "openWhisk"
	TriggerLog             TriggerKind = "log"
	TriggerAzureEventHubs  TriggerKind = "azureEventHubs"
	TriggerAzureServiceBus TriggerKind = "azureServiceBus"
	TriggerPulsar          TriggerKind = "pulsar"
	TriggerEmail           TriggerKind = "email"
)

// Kinds returns the kinds of triggers that the template has: one, if it is right.
func (t *TriggerTemplate) Kinds() []TriggerKind {
	var kinds []TriggerKind
	for _, k := range []struct {
		kind TriggerKind
		set  bool
	}{
		{TriggerK8s, t.K8s != nil},
		{TriggerArgoWorkflow, t.ArgoWorkflow != nil},
		{TriggerHTTP, t.HTTP != nil},
		{TriggerAWSLambda, t.AWSLambda != nil},
		{TriggerCustom, t.CustomTrigger != nil},
		{TriggerKafka, t.Kafka != nil},
		{TriggerNATS, t.NATS != nil},
		{TriggerSlack, t.Slack != nil},
		{TriggerOpenWhisk, t.OpenWhisk != nil},
		{TriggerLog, t.Log != nil},
		{TriggerAzureEventHubs, t.AzureEventHubs != nil},
		{TriggerAzureServiceBus, t.AzureServiceBus != nil},
		{TriggerPulsar, t.Pulsar != nil},
		{TriggerEmail, t.Email != nil},
	} {
		if k.set {
			kinds = append(kinds, k.kind)
		}
	}
	return kinds
}

// Types returns the types of the events of the spec, each once, in order.
func (s *EventSourceSpec) Types() []EventSourceType {
	var types []EventSourceType
	for _, e := range s.Events() {
		types = append(types, e.Type)
	}
	return slices.Compact(types)
}

// BusKind is what a bus is made of, as its path in the spec.
type BusKind string

// What a bus is made of.
const (
	BusNATSNative      BusKind = "nats.native"
	BusNATSExotic      BusKind = "nats.exotic"
	BusJetStream       BusKind = "jetstream"
	BusJetStreamExotic BusKind = "jetstreamExotic"
	BusKafka           BusKind = "kafka"
)

// Kind is what the bus is made of, or empty if the spec does not say.
func (s *EventBusSpec) Kind() BusKind {
	switch {
	case s.NATS != nil && s.NATS.Native != nil:
		return BusNATSNative
	case s.NATS != nil && s.NATS.Exotic != nil:
		return BusNATSExotic
	case s.JetStream != nil:
		return BusJetStream
	case s.JetStreamExotic != nil:
		return BusJetStreamExotic
	case s.Kafka != nil:
		return BusKafka
	}
	return ""
}
