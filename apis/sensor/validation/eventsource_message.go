// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"strconv"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
)

// messageEvent checks events that are messages of a broker or a cloud.
func (r *report) messageEvent(config any, path *field.Path) {
	tls, backoff := path.Child("tls"), path.Child("connectionBackoff")
	switch c := config.(type) {
	case *snv1.AMQPEventSource:
		r.filter(c.Filter, path)
		switch {
		case c.URL == "" && c.URLSecret == nil:
			r.required(path.Child("url"), "set url or urlSecret")
		case c.URL != "" && c.URLSecret != nil:
			r.forbidden(path.Child("urlSecret"), "url and urlSecret cannot both be set")
		}
		r.needs(path, "exchangeType", c.ExchangeType, "routingKey", c.RoutingKey)
		r.tls(c.TLS, tls)
		r.backoff(c.ConnectionBackoff, backoff)
	case *snv1.KafkaEventSource:
		r.kafka(c, path)
	case *snv1.MQTTEventSource:
		r.filter(c.Filter, path)
		r.needs(path, "url", c.URL, "topic", c.Topic, "clientId", c.ClientID)
		r.tls(c.TLS, tls)
		r.backoff(c.ConnectionBackoff, backoff)
	case *snv1.NATSEventsSource:
		r.filter(c.Filter, path)
		r.needs(path, "url", c.URL, "subject", c.Subject)
		r.tls(c.TLS, tls)
		r.backoff(c.ConnectionBackoff, backoff)
	case *snv1.NSQEventSource:
		r.filter(c.Filter, path)
		r.needs(path, "hostAddress", c.HostAddress, "topic", c.Topic, "channel", c.Channel)
		r.tls(c.TLS, tls)
		r.backoff(c.ConnectionBackoff, backoff)
	case *snv1.EmitterEventSource:
		r.filter(c.Filter, path)
		r.needs(path, "broker", c.Broker, "channelKey", c.ChannelKey, "channelName", c.ChannelName)
		r.tls(c.TLS, tls)
		r.backoff(c.ConnectionBackoff, backoff)
	case *snv1.PulsarEventSource:
		r.filter(c.Filter, path)
		r.needs(path, "url", c.URL)
		r.anyOf(path.Child("topics"), c.Topics, "name the topics")
		oneOf(r, path.Child("type"), c.Type, "exclusive", "shared")
		r.tls(c.TLS, tls)
		r.backoff(c.ConnectionBackoff, backoff)
	case *snv1.RedisEventSource:
		r.filter(c.Filter, path)
		r.needs(path, "hostAddress", c.HostAddress)
		r.anyOf(path.Child("channels"), c.Channels, "name the channels")
		r.notNegative(c.DB, path.Child("db"))
		r.tls(c.TLS, tls)
	case *snv1.RedisStreamEventSource:
		r.filter(c.Filter, path)
		r.needs(path, "hostAddress", c.HostAddress)
		r.anyOf(path.Child("streams"), c.Streams, "name the streams")
		r.notNegative(c.DB, path.Child("db"))
		r.notNegative(c.MaxMsgCountPerRead, path.Child("maxMsgCountPerRead"))
		r.tls(c.TLS, tls)
	default:
		r.cloudEvent(config, path)
	}
}

func (r *report) kafka(c *snv1.KafkaEventSource, path *field.Path) {
	r.filter(c.Filter, path)
	r.needs(path, "url", c.URL, "topic", c.Topic)
	if c.ConsumerGroup == nil {
		r.need(path.Child("partition"), c.Partition, "set partition or consumerGroup")
		if c.Partition != "" {
			if n, err := strconv.ParseInt(c.Partition, 10, 32); err != nil || n < 0 {
				r.invalid(path.Child("partition"), c.Partition, "must be a number that is not negative")
			}
		}
	}
	r.consumerGroup(c.ConsumerGroup, path.Child("consumerGroup"), true)
	r.tls(c.TLS, path.Child("tls"))
	r.sasl(c.SASL, path.Child("sasl"))
	r.backoff(c.ConnectionBackoff, path.Child("connectionBackoff"))
	r.yamlObject(c.Config, path.Child("config"))
}

// cloudEvent checks events that come from a cloud.
func (r *report) cloudEvent(config any, path *field.Path) {
	switch c := config.(type) {
	case *snv1.SNSEventSource:
		r.filter(c.Filter, path)
		r.needs(path, "topicArn", c.TopicArn, "region", c.Region)
		r.webhook(c.Webhook, path.Child("webhook"))
	case *snv1.SQSEventSource:
		r.filter(c.Filter, path)
		r.needs(path, "queue", c.Queue, "region", c.Region)
		const most = 20
		if n := ptr.Deref(c.WaitTimeSeconds, 0); n < 0 || n > most {
			r.add(field.Invalid(path.Child("waitTimeSeconds"), n, "must be from 0 to 20"))
		}
	case *snv1.PubSubEventSource:
		r.filter(c.Filter, path)
		if c.Topic == "" && c.SubscriptionID == "" {
			r.required(path.Child("topic"), "set topic or subscriptionID")
		}
		if c.TopicProjectID != "" && c.Topic == "" {
			r.required(path.Child("topic"), "topicProjectID is the project of a topic")
		}
	case *snv1.AzureEventsHubEventSource:
		r.filter(c.Filter, path)
		r.needs(path, "fqdn", c.FQDN, "hubName", c.HubName)
	case *snv1.AzureServiceBusEventSource:
		r.filter(c.Filter, path)
		r.tls(c.TLS, path.Child("tls"))
		if c.ConnectionString == nil && c.FullyQualifiedNamespace == "" {
			r.required(path.Child("connectionString"), "set connectionString or fullyQualifiedNamespace")
		}
		topic, subscription := ptr.Deref(c.TopicName, ""), ptr.Deref(c.SubscriptionName, "")
		if ptr.Deref(c.QueueName, "") == "" && (topic == "" || subscription == "") {
			r.required(path.Child("queueName"), "set queueName, or topicName and subscriptionName")
		}
	case *snv1.AzureQueueStorageEventSource:
		r.filter(c.Filter, path)
		r.needs(path, "queueName", c.QueueName)
		if c.ConnectionString == nil && c.StorageAccountName == "" {
			r.required(path.Child("connectionString"), "set connectionString or storageAccountName")
		}
		r.notNegative(c.WaitTimeInSeconds, path.Child("waitTimeInSeconds"))
	case *snv1.MNSEventSource:
		r.filter(c.Filter, path)
		r.needs(path, "queue", c.Queue)
	}
}
