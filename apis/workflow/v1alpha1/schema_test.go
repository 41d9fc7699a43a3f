// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"argosy.dev/argosy/apis/raw"
	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
)

// sharedFolder holds what the project shares beside the repository: the peers' schemas and recorded cases.
const sharedFolder = "../../../../shared"

// shared returns the path of something shared, or skips the test where the folder is absent.
func shared(t testing.TB, path ...string) string {
	t.Helper()
	full := filepath.Join(append([]string{sharedFolder}, path...)...)
	if _, err := os.Stat(full); err != nil {
		t.Skipf("the shared folder is not beside the repository: %v", err)
	}
	return full
}

// schema is as much of a JSON schema as the peer's schemas use.
type schema struct {
	Type                 string             `json:"type"`
	Format               string             `json:"format"`
	Enum                 []any              `json:"enum"`
	Properties           map[string]*schema `json:"properties"`
	Required             []string           `json:"required"`
	AdditionalProperties *schema            `json:"additionalProperties"`
	Items                *schema            `json:"items"`
	IntOrString          bool               `json:"x-kubernetes-int-or-string"`
	PreserveUnknown      bool               `json:"x-kubernetes-preserve-unknown-fields"`
}

var kinds = map[string]reflect.Type{
	"Workflow":                reflect.TypeFor[wfv1.Workflow](),
	"WorkflowTemplate":        reflect.TypeFor[wfv1.WorkflowTemplate](),
	"ClusterWorkflowTemplate": reflect.TypeFor[wfv1.ClusterWorkflowTemplate](),
	"CronWorkflow":            reflect.TypeFor[wfv1.CronWorkflow](),
	"WorkflowEventBinding":    reflect.TypeFor[wfv1.WorkflowEventBinding](),
}

// schemas holds the schemas that were read, since they are large.
var schemas sync.Map

func readSchema(t testing.TB, kind string) *schema {
	t.Helper()
	if s, ok := schemas.Load(kind); ok {
		return s.(*schema)
	}
	data, err := os.ReadFile(filepath.Join(shared(t, "schemas", "workflow"), strings.ToLower(kind)+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Schema *schema `json:"schema"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	schemas.Store(kind, file.Schema)
	return file.Schema
}

// generator makes up JSON values that a peer's schema allows. It walks the schema and the Go type together, so that a
// property which the type lacks is found by its path.
type generator struct {
	rng *rand.Rand
	// full gives every property a value, other than an empty one.
	full bool
	// plain makes up only numbers and objects that survive being decoded into Go maps.
	plain bool
	// template and spec stand in where the peer's schema says nothing, since its types recur.
	template, spec *schema
	// missing collects the paths of properties that the Go types lack.
	missing []string
}

func newGenerator(t testing.TB, seed uint64) *generator {
	root := readSchema(t, "Workflow")
	spec := root.Properties["spec"]
	return &generator{rng: rand.New(rand.NewPCG(seed, 1)), spec: spec, template: spec.Properties["templates"].Items}
}

// object makes up an object of the given kind: as it is sent, and as it must come back.
func (g *generator) object(t testing.TB, kind string) (in, want map[string]any) {
	root := *readSchema(t, kind)
	root.Properties = map[string]*schema{"spec": root.Properties["spec"], "status": root.Properties["status"]}
	if root.Properties["status"] == nil {
		delete(root.Properties, "status")
	}
	i, w := g.value(kind, &root, kinds[kind])
	in, want = i.(map[string]any), w.(map[string]any)
	for _, o := range []map[string]any{in, want} {
		o["apiVersion"], o["kind"] = "argoproj.io/v1alpha1", kind
		o["metadata"] = map[string]any{"name": "x", "labels": map[string]any{"a": "b"}}
	}
	return in, want
}

func (g *generator) sometimes() bool { return g.full || g.rng.IntN(3) == 0 }

// empty decides whether a list or map shall be empty.
func (g *generator) empty() bool { return !g.full && g.rng.IntN(4) == 0 }

func (g *generator) value(path string, s *schema, t reflect.Type) (in, want any) {
	pointer := t.Kind() == reflect.Pointer
	if pointer {
		t = t.Elem()
	}
	// Zero is kept apart from nothing by pointers only.
	zero := pointer && !g.full && g.rng.IntN(4) == 0
	switch t {
	case reflect.TypeFor[wfv1.AnyString]():
		return g.anyString(zero)
	case reflect.TypeFor[raw.JSON]():
		v := g.json(2)
		return v, v
	case reflect.TypeFor[raw.Object]():
		v := map[string]any{"name": g.json(2)}
		return v, v
	case reflect.TypeFor[wfv1.Amount]():
		v := g.number()
		return v, v
	case reflect.TypeFor[metav1.Time]():
		v := "2026-11-22T20:50:0" + strconv.Itoa(g.rng.IntN(10)) + "Z"
		return v, v
	case reflect.TypeFor[resource.Quantity]():
		v := strconv.Itoa(1+g.rng.IntN(9)) + "Gi"
		return v, v
	case reflect.TypeFor[intstr.IntOrString]():
		if g.rng.IntN(2) == 0 {
			return g.text(zero), nil
		}
		return json.Number(strconv.Itoa(int(g.rng.Int32()))), nil
	case reflect.TypeFor[[]byte]():
		v := base64.StdEncoding.EncodeToString([]byte(g.text(false)))
		return v, v
	}
	switch t.Kind() {
	case reflect.Struct:
		return g.structure(path, s, t)
	case reflect.Slice:
		items := s.Items
		if items == nil && !s.PreserveUnknown {
			g.missing = append(g.missing, path+": not a list in the peer's schema")
			return nil, nil
		}
		if items == nil {
			items = &schema{}
		}
		var ins, wants = []any{}, []any{}
		for i := range g.length(g.empty()) {
			in, want := g.both(fmt.Sprintf("%s[%d]", path, i), items, t.Elem())
			ins, wants = append(ins, in), append(wants, want)
		}
		return ins, wants
	case reflect.Map:
		elem := s.AdditionalProperties
		if elem == nil {
			elem = &schema{}
		}
		ins, wants := map[string]any{}, map[string]any{}
		for i := range g.length(g.empty()) {
			key := "k" + strconv.Itoa(i)
			ins[key], wants[key] = g.both(path+"{}", elem, t.Elem())
		}
		return ins, wants
	case reflect.String:
		v := g.text(zero)
		if len(s.Enum) > 0 && !zero {
			v = s.Enum[len(s.Enum)-1].(string)
		}
		return v, v
	case reflect.Bool:
		return !zero, !zero
	case reflect.Int32, reflect.Uint8:
		v := json.Number(strconv.Itoa(1 + int(g.rng.Int32()>>1)))
		if zero {
			v = "0"
		}
		return v, v
	case reflect.Int64, reflect.Int:
		// Beyond 2^53, where a detour through floating point would show.
		v := json.Number(strconv.FormatInt(1<<53+1+g.rng.Int64N(1<<60), 10))
		if zero {
			v = "0"
		}
		return v, v
	}
	panic(fmt.Sprintf("%s: no values of Go type %s", path, t))
}

// both is value, for types whose wanted form is what was sent.
func (g *generator) both(path string, s *schema, t reflect.Type) (in, want any) {
	in, want = g.value(path, s, t)
	if want == nil {
		want = in
	}
	return in, want
}

func (g *generator) structure(path string, s *schema, t reflect.Type) (in, want any) {
	switch {
	case t == reflect.TypeFor[wfv1.Template]() && len(s.Properties) == 0:
		if strings.Count(path, ".inline")+strings.Count(path, ".storedTemplates") > 1 {
			s = &schema{Properties: map[string]*schema{"name": {Type: "string"}}}
		} else {
			s = g.template
		}
	case t == reflect.TypeFor[wfv1.WorkflowSpec]() && len(s.Properties) == 0:
		s = g.spec
	case t == reflect.TypeFor[metav1.ObjectMeta]() && len(s.Properties) == 0:
		s = &schema{Properties: map[string]*schema{"name": {Type: "string"}}}
	}
	fields := jsonFields(t)
	ins, wants := map[string]any{}, map[string]any{}
	for _, name := range sortedKeys(s.Properties) {
		field, ok := fields[name]
		if !ok {
			g.missing = append(g.missing, path+"."+name)
			continue
		}
		if !g.sometimes() && !slices.Contains(s.Required, name) {
			continue
		}
		ours := strings.HasPrefix(field.owner.PkgPath(), "argosy.dev/")
		in, want := g.both(path+"."+name, s.Properties[name], field.Type)
		// Kubernetes' own types do not tell empty from absent, nor do structures held by value.
		byValue := field.Type.Kind() == reflect.Struct && strings.Contains(field.Tag.Get("json"), ",omitzero")
		if !ours && isEmpty(in) || byValue && reflect.DeepEqual(in, map[string]any{}) {
			continue
		}
		ins[name], wants[name] = in, want
	}
	return ins, wants
}

func (g *generator) length(empty bool) int {
	if empty {
		return 0
	}
	return 1 + g.rng.IntN(2)
}

func (g *generator) text(zero bool) string {
	if zero {
		return ""
	}
	words := []string{"a", "{{workflow.name}}", "line\nbreak", "ünïcode ☃", `quote " \ <&>`, "null", "1.0"}
	return words[g.rng.IntN(len(words))]
}

func (g *generator) number() json.Number {
	numbers := []json.Number{"1", "-3", "0.5", "9007199254740993"}
	if !g.plain {
		numbers = append(numbers, "1.0", "1e3", "-0", "12345678901234567890", "0.1000", "1E+400")
	}
	return numbers[g.rng.IntN(len(numbers))]
}

func (g *generator) anyString(zero bool) (in, want any) {
	switch {
	case zero:
		return "", ""
	case g.rng.IntN(2) == 0:
		v := g.text(false)
		return v, v
	case g.rng.IntN(4) == 0:
		return true, "true"
	default:
		n := g.number()
		return n, n.String()
	}
}

// json makes up any JSON value.
func (g *generator) json(depth int) any {
	switch g.rng.IntN(6) {
	case 0:
		return g.text(g.rng.IntN(4) == 0)
	case 1:
		return g.rng.IntN(2) == 0
	case 2:
		return nil
	case 3:
		if depth > 0 {
			return []any{g.json(depth - 1), g.json(depth - 1)}
		}
	case 4:
		if depth > 0 {
			return map[string]any{"b": g.json(depth - 1), "a": g.json(depth - 1)}
		}
	}
	return g.number()
}

func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool:
		return !v
	case json.Number:
		return v == "0"
	case []any:
		return len(v) == 0
	case map[string]any:
		for _, e := range v {
			if !isEmpty(e) {
				return false
			}
		}
		return true
	}
	return false
}

// jsonField is a field with the structure that declares it.
type jsonField struct {
	reflect.StructField
	owner reflect.Type
}

// jsonFields returns the fields of a structure by their JSON names, those of embedded structures included.
func jsonFields(t reflect.Type) map[string]jsonField {
	fields := map[string]jsonField{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
		case name == "" && f.Anonymous:
			for name, inner := range jsonFields(f.Type) {
				fields[name] = inner
			}
		default:
			fields[name] = jsonField{StructField: f, owner: t}
		}
	}
	return fields
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
