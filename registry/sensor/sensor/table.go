// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package sensor

import (
	"strings"

	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

// table prints what is waited for and what is done, in numbers, and whether it
// is. The peer prints the age alone.
func table() resource.Table[*snv1.Sensor] {
	return resource.Table[*snv1.Sensor]{
		resource.Integer("Dependencies", "Number of events that are waited for.", func(s *snv1.Sensor) int64 { return int64(len(s.Spec.Dependencies)) }),
		resource.Integer("Triggers", "Number of things that are done.", func(s *snv1.Sensor) int64 { return int64(len(s.Spec.Triggers)) }),
		resource.Text("Bus", "Event bus that events are read from.", func(s *snv1.Sensor) string { return s.Spec.Bus() }),
		resource.Text("Ready", "Whether the sensor is at work.", func(s *snv1.Sensor) string {
			status, _ := snv1.Ready(s.Status.Conditions)
			return string(status)
		}),
		resource.Age[*snv1.Sensor](),
		resource.Wide(resource.Text("Events", "Events that are waited for, as SOURCE/EVENT.", events)),
		resource.Wide(resource.Text("Kinds", "Kinds of the triggers.", kinds)),
		resource.Wide(resource.Text("Reason", "Why the sensor is not at work.", func(s *snv1.Sensor) string {
			_, reason := snv1.Ready(s.Status.Conditions)
			return resource.OneLine(reason)
		})),
	}
}

func events(s *snv1.Sensor) string {
	var events []string
	for _, d := range s.Spec.Dependencies {
		events = append(events, d.EventSourceName+"/"+d.EventName)
	}
	return resource.OneLine(strings.Join(events, ","))
}

// kinds names each kind once, in the order of the triggers.
func kinds(s *snv1.Sensor) string {
	var kinds []string
	seen := map[snv1.TriggerKind]bool{}
	for _, t := range s.Spec.Triggers {
		if t.Template == nil {
			continue
		}
		for _, k := range t.Template.Kinds() {
			if !seen[k] {
				seen[k] = true
				kinds = append(kinds, string(k))
			}
		}
	}
	return strings.Join(kinds, ",")
}
