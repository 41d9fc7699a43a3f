// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	yamlutil "k8s.io/apimachinery/pkg/util/yaml"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	"argosy.dev/argosy/apis/argoproj"
	"argosy.dev/argosy/apis/scheme"
)

var strict = serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()

// roundTrip decodes strictly and encodes in the compatibility group, as the server does for the peer's clients.
func roundTrip(data []byte) (runtime.Object, []byte, error) {
	obj, _, err := strict.Decode(data, nil, nil)
	if err != nil {
		return nil, nil, err
	}
	out, err := runtime.Encode(scheme.Codecs.LegacyCodec(argoproj.SchemeGroupVersion), obj)
	return obj, out, err
}

// lost returns the paths at which got does not hold what want holds, or holds more. What is empty may be added: types
// of Kubernetes' own write required fields and structures even if they are absent.
func lost(path string, want, got any) []string { return differ(path, want, got, isEmpty) }

// differ is lost, with a say of its own in what may be added.
func differ(path string, want, got any, mayBeAdded func(any) bool) []string {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok {
			return []string{path}
		}
		var paths []string
		for _, k := range sortedKeys(want) {
			g, ok := got[k]
			if !ok {
				paths = append(paths, path+"."+k)
				continue
			}
			paths = append(paths, differ(path+"."+k, want[k], g, mayBeAdded)...)
		}
		for _, k := range sortedKeys(got) {
			// A quantity held by value, in a type of Kubernetes' own.
			if k == "divisor" && got[k] == "0" {
				continue
			}
			if _, ok := want[k]; !ok && !mayBeAdded(got[k]) {
				paths = append(paths, path+"."+k+" (added)")
			}
		}
		return paths
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(want) {
			return []string{path}
		}
		var paths []string
		for i := range want {
			paths = append(paths, differ(fmt.Sprintf("%s[%d]", path, i), want[i], got[i], mayBeAdded)...)
		}
		return paths
	default:
		if want != got {
			return []string{fmt.Sprintf("%s: %#v is now %#v", path, want, got)}
		}
		return nil
	}
}

func parse(t interface{ Fatal(...any) }, data []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func marshal(t interface{ Fatal(...any) }, v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Every property of the peer's schemas has a field, of a type that takes its values.
func TestTypesHoldEveryField(t *testing.T) {
	for _, kind := range sortedKeys(kinds) {
		t.Run(kind, func(t *testing.T) {
			g := newGenerator(t, 1)
			g.full = true
			in, want := g.object(t, kind)
			for _, path := range g.missing {
				t.Errorf("no field for %s", path)
			}
			_, out, err := roundTrip(marshal(t, in))
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range lost(kind, want, parse(t, out)) {
				t.Errorf("lost: %s", path)
			}
		})
	}
}

func TestRoundTripOfRandomObjects(t *testing.T) {
	for _, kind := range sortedKeys(kinds) {
		t.Run(kind, func(t *testing.T) {
			shared(t)
			rapid.Check(t, func(rt *rapid.T) {
				g := newGenerator(t, rapid.Uint64().Draw(rt, "seed"))
				in, want := g.object(t, kind)
				data := marshal(rt, in)
				_, out, err := roundTrip(data)
				if err != nil {
					rt.Fatalf("%v\n%s", err, data)
				}
				if paths := lost(kind, want, parse(rt, out)); len(paths) > 0 {
					rt.Errorf("lost: %s\n%s", strings.Join(paths, "\n"), data)
				}
				_, again, err := roundTrip(out)
				if err != nil {
					rt.Fatal(err)
				}
				if !bytes.Equal(out, again) {
					rt.Errorf("not stable: %s", cmp.Diff(string(out), string(again)))
				}
			})
		})
	}
}

// Server-side apply, kubectl and admission policies see objects as maps and as YAML.
func TestRoundTripThroughMapsAndYAML(t *testing.T) {
	for _, kind := range sortedKeys(kinds) {
		t.Run(kind, func(t *testing.T) {
			shared(t)
			rapid.Check(t, func(rt *rapid.T) {
				g := newGenerator(t, rapid.Uint64().Draw(rt, "seed"))
				g.plain = true
				in, _ := g.object(t, kind)
				obj, out, err := roundTrip(marshal(rt, in))
				if err != nil {
					rt.Fatal(err)
				}
				content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
				if err != nil {
					rt.Fatal(err)
				}
				back := reflect.New(kinds[kind]).Interface().(runtime.Object)
				if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(content, back, true); err != nil {
					rt.Fatal(err)
				}
				if diff := cmp.Diff(obj, back); diff != "" {
					rt.Errorf("through maps: %s", diff)
				}
				text, err := yaml.JSONToYAML(out)
				if err != nil {
					rt.Fatal(err)
				}
				_, again, err := roundTrip(text)
				if err != nil {
					rt.Fatal(err)
				}
				if !bytes.Equal(out, again) {
					rt.Errorf("through YAML: %s", cmp.Diff(string(out), string(again)))
				}
			})
		})
	}
}

// The peer's examples are decoded strictly, and come back as they were, with nothing added: what a GitOps tool compares.
func TestRoundTripOfPeerExamples(t *testing.T) {
	cases := shared(t, "conformance", "workflows", "cases")
	documents := 0
	err := filepath.WalkDir(cases, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		reader := yamlutil.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
		for i := 0; ; i++ {
			document, err := reader.Read()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			var meta struct{ Kind string }
			if err := yaml.Unmarshal(document, &meta); err != nil {
				return err
			}
			if _, ok := kinds[meta.Kind]; !ok {
				continue
			}
			documents++
			t.Run(fmt.Sprintf("%s#%d", strings.TrimPrefix(path, cases+"/"), i), func(t *testing.T) { checkExample(t, document) })
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if documents < 100 {
		t.Errorf("only %d documents found", documents)
	}
}

func checkExample(t *testing.T, document []byte) {
	// One example says a key twice, which only strict YAML refuses.
	data, err := yaml.YAMLToJSON(document)
	if err != nil {
		t.Fatal(err)
	}
	_, out, err := roundTrip(data)
	if err != nil {
		t.Fatal(err)
	}
	never := func(any) bool { return false }
	for _, path := range differ("", loose("", parse(t, data)), parse(t, out), never) {
		t.Errorf("not as it was: %s", path)
	}
}

// loose writes parameters' numbers and booleans as the text that they stand for, and leaves out empty values of
// environment variables, which are those of a type of Kubernetes' own.
func loose(key string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if key == "env" && e == "" {
				delete(v, k)
				continue
			}
			v[k] = loose(k, e)
		}
	case []any:
		for i, e := range v {
			v[i] = loose(key, e)
		}
	case json.Number:
		if key == "value" || key == "default" || key == "enum" {
			return v.String()
		}
	case bool:
		if key == "value" || key == "default" {
			return fmt.Sprint(v)
		}
	}
	return v
}
