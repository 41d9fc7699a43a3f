// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// The labels and annotations that users' tools select by. They are those of Argo Events, in both groups, so that an
// existing selector keeps finding what it found.

// prefix is the domain of the sensor family's labels and annotations.
const prefix = "events.argoproj.io/"

const (
	// LabelSensor is set on objects that a trigger made. The value is the sensor's name.
	LabelSensor = prefix + "sensor"
	// LabelTrigger is set on objects that a trigger made. The value is the trigger's name.
	LabelTrigger = prefix + "trigger"
	// LabelActionTimestamp is set on objects that a trigger made: when, in milliseconds since 1970.
	LabelActionTimestamp = prefix + "action-timestamp"
	// AnnotationLeaderElection asks the peer's pods for one way of electing their leader. It has no meaning here.
	AnnotationLeaderElection = prefix + "leader-election"
)
