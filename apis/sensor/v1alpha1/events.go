// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"maps"
	"slices"
)

// EventSourceType is a type of event source: the JSON name of its map in the spec.
type EventSourceType string

// EventConfig is one event of an event source.
// +k8s:deepcopy-gen=false
// +k8s:openapi-gen=false
type EventConfig struct {
	// Type is the type of the source.
	Type EventSourceType
	// Name is the name of the event.
	Name string
	// Config points at a copy of what the spec says of it: a *WebhookEventSource, and so on.
	Config any
}

// Events returns all events of the spec, in the order of the types' names, then of the events'.
func (s *EventSourceSpec) Events() []EventConfig {
	var all []EventConfig
	all = events(all, "amqp", s.AMQP)
	all = events(all, "azureEventsHub", s.AzureEventsHub)
	all = events(all, "azureQueueStorage", s.AzureQueueStorage)
	all = events(all, "azureServiceBus", s.AzureServiceBus)
	all = events(all, "bitbucket", s.Bitbucket)
	all = events(all, "bitbucketserver", s.BitbucketServer)
	all = events(all, "calendar", s.Calendar)
	all = events(all, "emitter", s.Emitter)
	all = events(all, "file", s.File)
	all = events(all, "generic", s.Generic)
	all = events(all, "gerrit", s.Gerrit)
	all = events(all, "github", s.Github)
	all = events(all, "gitlab", s.Gitlab)
	all = events(all, "hdfs", s.HDFS)
	all = events(all, "kafka", s.Kafka)
	all = events(all, "minio", s.Minio)
	all = events(all, "mns", s.MNS)
	all = events(all, "mqtt", s.MQTT)
	all = events(all, "nats", s.NATS)
	all = events(all, "nsq", s.NSQ)
	all = events(all, "pubSub", s.PubSub)
	all = events(all, "pulsar", s.Pulsar)
	all = events(all, "redis", s.Redis)
	all = events(all, "redisStream", s.RedisStream)
	all = events(all, "resource", s.Resource)
	all = events(all, "sftp", s.SFTP)
	all = events(all, "slack", s.Slack)
	all = events(all, "sns", s.SNS)
	all = events(all, "sqs", s.SQS)
	all = events(all, "storageGrid", s.StorageGrid)
	all = events(all, "stripe", s.Stripe)
	all = events(all, "webhook", s.Webhook)
	return all
}

func events[T any](all []EventConfig, of EventSourceType, configs map[string]T) []EventConfig {
	for _, name := range slices.Sorted(maps.Keys(configs)) {
		config := configs[name]
		all = append(all, EventConfig{Type: of, Name: name, Config: &config})
	}
	return all
}
