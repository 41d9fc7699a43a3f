// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package schemas

import "reflect"

// standIn is where the schema of a Go type is found, if the schema at hand is silent since the peer's types recur.
type standIn struct {
	family, kind string
	path         []string
}

// standIns are the stand-ins, by the name of the Go type. A type that is not listed is walked by its own fields.
var standIns = map[string]standIn{
	workflowTypes + "Template":     {"workflow", "Workflow", []string{"spec", "templates", "[]"}},
	sensorTypes + "Trigger":        {"sensor", "Sensor", []string{"spec", "triggers", "[]"}},
	workflowTypes + "WorkflowSpec": {"workflow", "Workflow", []string{"spec"}},
}

// justName is what objects have of metadata, which the schemas leave out. The rest is Kubernetes' own business.
var justName = &Schema{Properties: map[string]*Schema{"name": {Type: "string"}}}

// deepest is how often a type may occur within itself.
const deepest = 1

// complete returns a schema for the structure t where s is silent, or s itself.
func (g *Generator) complete(s *Schema, t reflect.Type) *Schema {
	if !s.silent() {
		return s
	}
	if t == objectMeta {
		return justName
	}
	if g.within[t] > deepest {
		return &Schema{}
	}
	if at, ok := standIns[nameOf(t)]; ok {
		all, err := Kinds(at.family)
		if err != nil {
			panic(err) // the schema at hand was read from beside it
		}
		for _, k := range all {
			if k.Name == at.kind {
				return k.Schema.find(at.path...)
			}
		}
	}
	byFields := &Schema{Properties: map[string]*Schema{}}
	for name := range jsonFields(t) {
		byFields.Properties[name] = &Schema{PreserveUnknown: true}
	}
	return byFields
}

func nameOf(t reflect.Type) string { return t.PkgPath() + "." + t.Name() }
