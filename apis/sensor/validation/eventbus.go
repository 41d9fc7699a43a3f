// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
)

// eventBus checks that the spec says what one bus is made of.
func (r *report) eventBus(s *snv1.EventBusSpec, path *field.Path) {
	var kinds []*field.Path
	if s.NATS != nil {
		at := path.Child("nats")
		r.nats(s.NATS, at)
		if s.NATS.Native != nil {
			kinds = append(kinds, at.Child("native"))
		}
		if s.NATS.Exotic != nil {
			kinds = append(kinds, at.Child("exotic"))
		}
	}
	if s.JetStream != nil {
		at := path.Child("jetstream")
		kinds = append(kinds, at)
		r.need(at.Child("version"), s.JetStream.Version, `say which version of NATS, such as "latest"`)
		r.jetStreamReplicas(s.JetStream.Replicas, at.Child("replicas"))
		r.yamlObject(ptr.Deref(s.JetStream.StreamConfig, ""), at.Child("streamConfig"))
	}
	if s.Kafka != nil {
		at := path.Child("kafka")
		kinds = append(kinds, at)
		r.need(at.Child("url"), s.Kafka.URL, "say which brokers")
		r.tls(s.Kafka.TLS, at.Child("tls"))
		r.sasl(s.Kafka.SASL, at.Child("sasl"))
		r.consumerGroup(s.Kafka.ConsumerGroup, at.Child("consumerGroup"), false)
	}
	if s.JetStreamExotic != nil {
		at := path.Child("jetstreamExotic")
		kinds = append(kinds, at)
		r.need(at.Child("url"), s.JetStreamExotic.URL, "say which servers")
		r.tls(s.JetStreamExotic.TLS, at.Child("tls"))
		r.yamlObject(s.JetStreamExotic.StreamConfig, at.Child("streamConfig"))
	}
	if len(kinds) == 0 && s.NATS == nil {
		r.required(path, "say what the bus is made of: jetstream, jetstreamExotic, kafka or nats")
	}
	for i, kind := range kinds {
		if i > 0 {
			r.forbidden(kind, "a bus is made of one thing, and %s is set, too", kinds[0])
		}
	}
}

func (r *report) nats(s *snv1.NATSBus, path *field.Path) {
	if s.Native == nil && s.Exotic == nil {
		r.required(path, "set native or exotic")
	}
	if s.Native != nil {
		at := path.Child("native")
		r.natsAuthStrategy(s.Native.Auth, at.Child("auth"))
		r.warn(at, "NATS Streaming is no longer maintained since June 2023; the bus is carried by JetStream: use jetstream")
	}
	if s.Exotic != nil {
		at := path.Child("exotic")
		r.need(at.Child("url"), s.Exotic.URL, "say which servers")
		r.need(at.Child("clusterID"), ptr.Deref(s.Exotic.ClusterID, ""), "say which cluster")
		r.natsAuthStrategy(s.Exotic.Auth, at.Child("auth"))
		r.warn(at, "NATS Streaming is no longer maintained since June 2023, and is not reached by this version: use jetstream or jetstreamExotic")
	}
}

func (r *report) natsAuthStrategy(auth *snv1.AuthStrategy, path *field.Path) {
	oneOf(r, path, ptr.Deref(auth, ""), snv1.AuthStrategyNone, snv1.AuthStrategyToken)
}

// jetStreamReplicas refuses 2 servers, of which no majority is left when one is gone.
func (r *report) jetStreamReplicas(replicas *int32, path *field.Path) {
	if replicas != nil && (*replicas < 0 || *replicas == 2) {
		r.add(field.Invalid(path, *replicas, "must be 1 or at least 3"))
	}
}

// eventBusChange refuses changes that would lose what the bus holds, as the peer's webhook does.
func (r *report) eventBusChange(s, old *snv1.EventBusSpec, path *field.Path) {
	if s.Kind() != old.Kind() {
		// One that says nothing has never carried an event.
		if s.Kind() != "" && old.Kind() != "" {
			r.forbidden(path, "what a bus is made of cannot be changed from %s to %s, since events would be lost: create another bus", old.Kind(), s.Kind())
		}
		return
	}
	const immutable = "cannot be changed: create another bus"
	if s.Kind() == snv1.BusNATSNative && ptr.Deref(s.NATS.Native.Auth, snv1.AuthStrategyNone) != ptr.Deref(old.NATS.Native.Auth, snv1.AuthStrategyNone) {
		r.forbidden(path.Child("nats", "native", "auth"), immutable)
	}
	if s.Kind() == snv1.BusNATSExotic && ptr.Deref(s.NATS.Exotic.Auth, snv1.AuthStrategyNone) != ptr.Deref(old.NATS.Exotic.Auth, snv1.AuthStrategyNone) {
		r.forbidden(path.Child("nats", "exotic", "auth"), immutable)
	}
	if s.Kind() == snv1.BusJetStream && ptr.Deref(s.JetStream.StreamConfig, "") != ptr.Deref(old.JetStream.StreamConfig, "") {
		r.forbidden(path.Child("jetstream", "streamConfig"), immutable)
	}
}
