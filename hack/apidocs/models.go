// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/kube-openapi/pkg/common"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// ours begins the names of the models of our own types.
const ours = "dev.argosy."

// models are the generated definitions, by name.
type models map[string]spec.Schema

func readModels(definitions common.GetOpenAPIDefinitions) (models, error) {
	var wrong error
	all := definitions(func(name string) spec.Ref {
		ref, err := spec.NewRef("#/" + name)
		if err != nil {
			wrong = fmt.Errorf("refer to %s: %w", name, err)
		}
		return ref
	})
	out := models{}
	for name, d := range all {
		out[name] = d.Schema
	}
	return out, wrong
}

// field is one field of a model.
type field struct {
	name, text string
	required   bool
	typ        spec.Schema
}

// fields are those of a model, sorted by name, apiVersion and kind left out:
// every kind has them.
func (m models) fields(name string) []field {
	model := m[name]
	var out []field
	for property, s := range model.Properties {
		if property == "apiVersion" || property == "kind" {
			if _, isKind := model.Properties["metadata"]; isKind {
				continue
			}
		}
		out = append(out, field{property, s.Description, slices.Contains(model.Required, property), s})
	}
	slices.SortFunc(out, func(a, b field) int { return strings.Compare(a.name, b.name) })
	return out
}

// referred is the model that a schema refers to, or "".
func referred(s *spec.Schema) string {
	if url := s.Ref.GetURL(); url != nil && url.Fragment != "" {
		return strings.TrimPrefix(url.Fragment, "/")
	}
	for i := range s.AllOf {
		if name := referred(&s.AllOf[i]); name != "" {
			return name
		}
	}
	return ""
}

// elements is the schema of the elements of a list or map; nil for others.
func elements(s *spec.Schema) *spec.Schema {
	switch {
	case s.Items != nil && s.Items.Schema != nil:
		return s.Items.Schema
	case s.AdditionalProperties != nil:
		return s.AdditionalProperties.Schema
	}
	return nil
}

// hasSection tells whether a model is described on the page: it is one of ours
// and has fields.
func (m models) hasSection(name string) bool {
	return strings.HasPrefix(name, ours) && len(m[name].Properties) > 0
}

// reach adds the models with a section that a model refers to.
func (m models) reach(name string, found map[string]bool) {
	if !m.hasSection(name) || found[name] {
		return
	}
	found[name] = true
	for _, f := range m.fields(name) {
		for s := &f.typ; s != nil; s = elements(s) {
			m.reach(referred(s), found)
		}
	}
}
