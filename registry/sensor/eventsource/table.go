// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package eventsource

import (
	"strings"

	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

// table prints what comes in, where it goes to, and whether it does. The peer
// prints the age alone.
func table() resource.Table[*snv1.EventSource] {
	return resource.Table[*snv1.EventSource]{
		resource.Text("Types", "Types of the events.", types),
		resource.Integer("Events", "Number of events.", func(s *snv1.EventSource) int64 { return int64(len(s.Spec.Events())) }),
		resource.Text("Bus", "Event bus that the events are put on.", func(s *snv1.EventSource) string { return s.Spec.Bus() }),
		resource.Text("Ready", "Whether events are taken in.", func(s *snv1.EventSource) string {
			status, _ := snv1.Ready(s.Status.Conditions)
			return string(status)
		}),
		resource.Age[*snv1.EventSource](),
		resource.Wide(resource.Text("Names", "Names of the events.", names)),
		resource.Wide(resource.Text("Reason", "Why no events are taken in.", func(s *snv1.EventSource) string {
			_, reason := snv1.Ready(s.Status.Conditions)
			return resource.OneLine(reason)
		})),
	}
}

func types(s *snv1.EventSource) string {
	var types []string
	for _, t := range s.Spec.Types() {
		types = append(types, string(t))
	}
	return strings.Join(types, ",")
}

func names(s *snv1.EventSource) string {
	var names []string
	for _, e := range s.Spec.Events() {
		names = append(names, e.Name)
	}
	return resource.OneLine(strings.Join(names, ","))
}
