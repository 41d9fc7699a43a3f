// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package eventbus

import (
	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

// table prints what the bus is made of, and whether it is ready. The peer prints
// the age alone.
func table() resource.Table[*snv1.EventBus] {
	return resource.Table[*snv1.EventBus]{
		resource.Text("Kind", "What the bus is made of.", func(b *snv1.EventBus) string { return string(b.Spec.Kind()) }),
		resource.Text("Ready", "Whether the bus carries events.", func(b *snv1.EventBus) string {
			status, _ := snv1.Ready(b.Status.Conditions)
			return string(status)
		}),
		resource.Age[*snv1.EventBus](),
		resource.Wide(resource.Text("URL", "Where the bus is reached.", url)),
		resource.Wide(resource.Text("Reason", "Why the bus does not carry events.", func(b *snv1.EventBus) string {
			_, reason := snv1.Ready(b.Status.Conditions)
			return resource.OneLine(reason)
		})),
	}
}

func url(b *snv1.EventBus) string {
	c := b.Status.Config
	switch {
	case c.NATS != nil:
		return resource.OneLine(c.NATS.URL)
	case c.JetStream != nil:
		return resource.OneLine(c.JetStream.URL)
	case c.Kafka != nil:
		return resource.OneLine(c.Kafka.URL)
	}
	return ""
}
