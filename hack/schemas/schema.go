// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package schemas makes up objects that the peers' JSON schemas allow, and checks that our Go types hold them: every
// property, every branch, loosely typed places, numbers that floating point would change, the empty and the absent.
// The schemas are read where they lie, in the folder shared/schemas beside the repository; where that is absent,
// tests are skipped.
//
// A family needs one test, in a package of its own beside its types:
//
//	func TestSchemas(t *testing.T) { schemas.Test(t, "rollout", rolloutv1.AddKnownTypes) }
//
// Go types with a JSON form of their own are known by name in values.go, which must not import any family: so that a
// family under construction does not stop the others. Places of which the peer's schema says nothing, since its types
// recur, are listed in standins.go.
//
// The package must not know how the server stores or validates anything.
package schemas

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Schema is as much of a JSON schema as the peers' schemas use.
type Schema struct {
	Type                 typeName           `json:"type"`
	Format               string             `json:"format"`
	Pattern              string             `json:"pattern"`
	Enum                 []any              `json:"enum"`
	Minimum              *float64           `json:"minimum"`
	Maximum              *float64           `json:"maximum"`
	MinItems             int                `json:"minItems"`
	MinLength            int                `json:"minLength"`
	Properties           map[string]*Schema `json:"properties"`
	Required             []string           `json:"required"`
	AdditionalProperties *Schema            `json:"additionalProperties"`
	Items                *Schema            `json:"items"`
	IntOrString          bool               `json:"x-kubernetes-int-or-string"`
	PreserveUnknown      bool               `json:"x-kubernetes-preserve-unknown-fields"`
}

// typeName is the type of a schema; empty if there may be several.
type typeName string

// UnmarshalJSON takes a name or a list of names.
func (n *typeName) UnmarshalJSON(data []byte) error {
	var several []string
	if json.Unmarshal(data, &several) == nil {
		return nil
	}
	return json.Unmarshal(data, (*string)(n))
}

// loose tells that an integer may be written as text.
func (s *Schema) loose() bool { return s.IntOrString || s.Format == "int64-or-string" }

// silent tells that the schema says nothing of what may stand there.
func (s *Schema) silent() bool {
	return len(s.Properties) == 0 && s.Items == nil && s.AdditionalProperties == nil
}

// Open tells that the schema allows anything.
func (s *Schema) Open() bool { return s.silent() && s.Type == "" && !s.loose() }

// Column is a column that the peer's kubectl get prints.
type Column struct {
	Name     string `json:"name"`
	JSONPath string `json:"jsonPath"`
	Type     string `json:"type"`
	Priority int32  `json:"priority"`
}

// Kind is what the peer's definition says of a kind.
type Kind struct {
	// Family is the folder of the schema: workflow, application, rollout or sensor.
	Family string `json:"-"`
	Name   string `json:"kind"`
	Names  struct {
		Plural     string   `json:"plural"`
		Singular   string   `json:"singular"`
		ShortNames []string `json:"shortNames"`
	} `json:"names"`
	// Scope is Namespaced or Cluster.
	Scope   string   `json:"scope"`
	Columns []Column `json:"additionalPrinterColumns"`
	Schema  *Schema  `json:"schema"`
}

// parts returns the schema of the kind without what all kinds share.
func (k *Kind) parts() *Schema {
	s := *k.Schema
	s.Properties = map[string]*Schema{}
	for name, p := range k.Schema.Properties {
		if name != "apiVersion" && name != "kind" && name != "metadata" {
			s.Properties[name] = p
		}
	}
	s.Required = slices.DeleteFunc(slices.Clone(s.Required), func(name string) bool { return s.Properties[name] == nil })
	return &s
}

// Families are the folders of schemas.
var Families = []string{"workflow", "application", "rollout", "sensor"}

// Shared returns the path of something in the folder that the project shares beside the repository. The error is
// os.ErrNotExist where that is absent.
func Shared(path ...string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the shared folder: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", fmt.Errorf("no go.mod above the working directory: %w", os.ErrNotExist)
		}
		dir = up
	}
	full := filepath.Join(append([]string{dir, "..", "shared"}, path...)...)
	if _, err := os.Stat(full); err != nil {
		return "", fmt.Errorf("the shared folder is not beside the repository: %w", err)
	}
	return full, nil
}

// SharedForTest is Shared, or skips the test where the folder is absent.
func SharedForTest(t testing.TB, path ...string) string {
	t.Helper()
	full, err := Shared(path...)
	if err != nil {
		t.Skip(err)
	}
	return full
}

// kinds holds the kinds that were read, by family, since their schemas are large.
var kinds sync.Map

// Kinds returns the peer's kinds of a family, sorted by name.
func Kinds(family string) ([]*Kind, error) {
	if read, ok := kinds.Load(family); ok {
		return read.([]*Kind), nil
	}
	folder, err := Shared("schemas", family)
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, fmt.Errorf("list schemas: %w", err)
	}
	var read []*Kind
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read schema: %w", err)
		}
		k := &Kind{Family: family}
		if err := json.Unmarshal(data, k); err != nil {
			return nil, fmt.Errorf("decode %s: %w", filepath.Base(file), err)
		}
		if k.Names.Singular == "" {
			// As a CRD has it that does not say.
			k.Names.Singular = strings.ToLower(k.Name)
		}
		read = append(read, k)
	}
	if len(read) == 0 {
		return nil, fmt.Errorf("no schemas in %s", folder)
	}
	slices.SortFunc(read, func(a, b *Kind) int { return strings.Compare(a.Name, b.Name) })
	kinds.Store(family, read)
	return read, nil
}

// KindsForTest is Kinds, or skips the test where the schemas are absent.
func KindsForTest(t testing.TB, family string) []*Kind {
	t.Helper()
	SharedForTest(t, "schemas", family)
	read, err := Kinds(family)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// find returns the schema at a path below the root, in which [] is any element of a list and {} of a map.
func (s *Schema) find(path ...string) *Schema {
	for _, name := range path {
		switch {
		case s == nil:
			return nil
		case name == "[]":
			s = s.Items
		case name == "{}":
			s = s.AdditionalProperties
		default:
			s = s.Properties[name]
		}
	}
	return s
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
