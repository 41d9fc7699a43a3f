// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// +genclient
// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// Sensor waits for events on an event bus, and acts when those it depends on have come.
type Sensor struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of an object.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec says which events are waited for, and what is done then.
	Spec SensorSpec `json:"spec"`
	// status tells whether the sensor is at work. It is written by the server only.
	// +optional
	Status SensorStatus `json:"status,omitzero"`
}

// +k8s:deepcopy-gen:interfaces=k8s.io/apimachinery/pkg/runtime.Object

// SensorList is a list of sensors.
type SensorList struct {
	metav1.TypeMeta `json:""`
	// metadata is the standard metadata of a list.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the sensors.
	Items []Sensor `json:"items"`
}

// SensorSpec says which events are waited for, and what is done then.
type SensorSpec struct {
	// dependencies are the events that are waited for. At least one.
	// +listType=atomic
	Dependencies []EventDependency `json:"dependencies,omitzero"`
	// triggers are what is done. At least one.
	// +listType=atomic
	Triggers []Trigger `json:"triggers,omitzero"`
	// template is how the peer's pod looks. Here it says as which service account the triggers act.
	// +optional
	Template *Template `json:"template,omitempty"`
	// errorOnFailedRound fails a round of triggers if one of them fails. Default: false.
	// +optional
	ErrorOnFailedRound *bool `json:"errorOnFailedRound,omitempty"`
	// eventBusName is the event bus, in the same namespace, that events are read from. Default: default.
	// +optional
	EventBusName string `json:"eventBusName,omitempty"`
	// replicas is how many of the peer's pods run. Here sensors are shared out among the servers there are. Default: 1.
	// +optional
	Replicas *int32 `json:"replicas,omitempty"`
	// revisionHistoryLimit is how many old ReplicaSets of its Deployment the peer keeps. It has no meaning here.
	// +optional
	RevisionHistoryLimit *int32 `json:"revisionHistoryLimit,omitempty"`
	// loggingFields are added to each line that is logged about the sensor.
	// +optional
	LoggingFields map[string]string `json:"loggingFields,omitzero"`
}

// LogicalOperator joins the results of several filters.
type LogicalOperator string

const (
	// AndLogicalOperator asks all of them to hold.
	AndLogicalOperator LogicalOperator = "and"
	// OrLogicalOperator asks one of them to hold.
	OrLogicalOperator LogicalOperator = "or"
)

// EventDependency is an event that a sensor waits for.
type EventDependency struct {
	// name is the name of the dependency, by which the triggers refer to it.
	Name string `json:"name"`
	// eventSourceName is the name of the event source, in the same namespace.
	EventSourceName string `json:"eventSourceName"`
	// eventName is the name of the event in the event source.
	EventName string `json:"eventName"`
	// transform changes the event before the filters see it.
	// +optional
	Transform *EventDependencyTransformer `json:"transform,omitempty"`
	// filters say which of the events count.
	// +optional
	Filters *EventDependencyFilter `json:"filters,omitempty"`
	// filtersLogicalOperator joins the kinds of filters: and, or. Default: and.
	// +optional
	FiltersLogicalOperator LogicalOperator `json:"filtersLogicalOperator,omitempty"`
}

// EventDependencyTransformer changes an event. Exactly one field is set.
type EventDependencyTransformer struct {
	// jq is a program in jq over the event: its data is in .body and the like. Its first output is the new event, and
	// must be an object.
	// +optional
	JQ string `json:"jq,omitempty"`
	// script is a script in Lua. It finds the event in the variable event, and returns the new one as a table.
	// +optional
	Script string `json:"script,omitempty"`
}

const (
	// SensorDependenciesProvided tells that the dependencies have no mistakes.
	SensorDependenciesProvided ConditionType = "DependenciesProvided"
	// SensorTriggersProvided tells that the triggers have no mistakes.
	SensorTriggersProvided ConditionType = "TriggersProvided"
	// SensorDeployed tells that the sensor is at work.
	SensorDeployed ConditionType = "Deployed"
)

// SensorStatus tells whether a sensor is at work.
type SensorStatus struct {
	// conditions are DependenciesProvided, TriggersProvided and Deployed.
	// +optional
	// +listType=atomic
	Conditions []Condition `json:"conditions,omitzero"`
}
