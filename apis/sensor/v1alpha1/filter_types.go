// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// EventDependencyFilter says which events of a dependency count. Within data and within exprs, and among the kinds of
// filters, the results are joined by a logical operator of their own.
type EventDependencyFilter struct {
	// exprs are conditions over fields of the event's data.
	// +optional
	// +listType=atomic
	Exprs []ExprFilter `json:"exprs,omitzero"`
	// exprLogicalOperator joins the exprs: and, or. Default: and.
	// +optional
	ExprLogicalOperator LogicalOperator `json:"exprLogicalOperator,omitempty"`
	// data are comparisons of fields of the event's data.
	// +optional
	// +listType=atomic
	Data []DataFilter `json:"data,omitzero"`
	// dataLogicalOperator joins the data: and, or. Default: and.
	// +optional
	DataLogicalOperator LogicalOperator `json:"dataLogicalOperator,omitempty"`
	// context compares what the event says of itself.
	// +optional
	Context *EventContext `json:"context,omitempty"`
	// time says at what time of the day events count.
	// +optional
	Time *TimeFilter `json:"time,omitempty"`
	// script is a script in Lua. It finds the event in the variable event, and returns true if it counts.
	// +optional
	Script string `json:"script,omitempty"`
}

// ExprFilter is a condition over fields of an event's data.
type ExprFilter struct {
	// expr is the condition, over the names of fields, such as: a == "b" && c > 3.
	Expr string `json:"expr"`
	// fields are what the names stand for.
	// +listType=atomic
	Fields []PayloadField `json:"fields,omitzero"`
}

// PayloadField gives a name to a field of an event's data.
type PayloadField struct {
	// name is the name that the condition uses.
	Name string `json:"name"`
	// path is where the field is in the data, in the syntax of GJSON, such as body.commits.0.author.
	Path string `json:"path"`
}

// JSONType is what a value in an event's data is taken as.
type JSONType string

// What a value may be taken as.
const (
	JSONTypeBool   JSONType = "bool"
	JSONTypeNumber JSONType = "number"
	JSONTypeString JSONType = "string"
)

// Comparator compares a value in an event's data with that of a filter.
type Comparator string

// The comparators.
const (
	GreaterThanOrEqualTo Comparator = ">="
	GreaterThan          Comparator = ">"
	EqualTo              Comparator = "="
	NotEqualTo           Comparator = "!="
	LessThan             Comparator = "<"
	LessThanOrEqualTo    Comparator = "<="
)

// DataFilter compares a field of an event's data. It holds if the comparison holds for one of the values.
type DataFilter struct {
	// path is where the field is in the data, in the syntax of GJSON.
	Path string `json:"path"`
	// type is what the field is taken as: bool, number or string.
	Type JSONType `json:"type"`
	// value are the values it is compared with. For strings, = and != take them as regular expressions that match
	// anywhere in the text.
	// +listType=atomic
	Value []string `json:"value,omitzero"`
	// comparator is >=, >, =, !=, < or <=. Default: =.
	// +optional
	Comparator Comparator `json:"comparator,omitempty"`
	// template is a Go template with the functions of Sprig. It finds the field in .Input, and what it makes of it is
	// compared as a string.
	// +optional
	Template string `json:"template,omitempty"`
}

// EventContext is what an event says of itself, as CloudEvents have it. As a filter, type, source, subject and
// datacontenttype are compared with those of the event, as far as they are set; the rest is not looked at.
type EventContext struct {
	// type is the type of event source, such as webhook.
	// +optional
	Type *string `json:"type,omitempty"`
	// source is the name of the event source.
	// +optional
	Source *string `json:"source,omitempty"`
	// subject is the name of the event.
	// +optional
	Subject *string `json:"subject,omitempty"`
	// datacontenttype is what the data is, such as application/json.
	// +optional
	DataContentType *string `json:"datacontenttype,omitempty"`
	// id is the event's own name.
	// +optional
	ID *string `json:"id,omitempty"`
	// specversion is the version of CloudEvents, such as 1.0.
	// +optional
	SpecVersion *string `json:"specversion,omitempty"`
	// time is when the event happened.
	// +optional
	Time metav1.Time `json:"time,omitzero"`
}

// TimeFilter says at what time of the day events count: from start on, and before stop. If stop is earlier than
// start, it is that of the next day.
type TimeFilter struct {
	// start is the time of the day from which on events count, such as "09:00:00".
	Start string `json:"start"`
	// stop is the time of the day from which on they count no longer.
	Stop string `json:"stop"`
	// timezone is the time zone of both, such as "Europe/Berlin". Default: UTC.
	// +optional
	Timezone string `json:"timezone,omitempty"`
}
