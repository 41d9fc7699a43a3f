// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package schemas

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"reflect"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"sigs.k8s.io/yaml"

	"argosy.dev/argosy/apis/argoproj"
	"argosy.dev/argosy/apis/raw"
)

// Seeds is how many objects are made up for each kind, unless SCHEMA_SEEDS asks for another number.
func Seeds(t testing.TB, usually uint64) uint64 {
	text := os.Getenv("SCHEMA_SEEDS")
	if text == "" {
		return usually
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		t.Fatalf("SCHEMA_SEEDS: %v", err)
	}
	return n
}

// Codec decodes strictly and encodes, in the group of the peers, as the server does for the peers' clients. It knows
// one family.
type Codec struct {
	scheme  *runtime.Scheme
	decoder runtime.Decoder
	encoder runtime.Encoder
}

// NewCodec returns the codec of a family, whose types add registers.
func NewCodec(add func(*runtime.Scheme, schema.GroupVersion) error) (*Codec, error) {
	s := runtime.NewScheme()
	if err := add(s, argoproj.SchemeGroupVersion); err != nil {
		return nil, err
	}
	factory := serializer.NewCodecFactory(s, serializer.EnableStrict)
	return &Codec{s, factory.UniversalDeserializer(), factory.LegacyCodec(argoproj.SchemeGroupVersion)}, nil
}

// Type returns the Go type of a kind, nil if the family has none.
func (c *Codec) Type(k *Kind) reflect.Type {
	return c.scheme.KnownTypes(argoproj.SchemeGroupVersion)[k.Name]
}

// RoundTrip decodes strictly and encodes.
func (c *Codec) RoundTrip(data []byte) (runtime.Object, []byte, error) {
	obj, _, err := c.decoder.Decode(data, nil, nil)
	if err != nil {
		return nil, nil, err
	}
	if s, ok := obj.(raw.Strict); ok {
		if errs := s.UnknownFields(); len(errs) > 0 {
			return nil, nil, runtime.NewStrictDecodingError(errs)
		}
	}
	out, err := runtime.Encode(c.encoder, obj)
	return obj, out, err
}

// Test checks that the Go types of a family hold every object that the peer's schemas allow. add registers them, as
// the family's AddKnownTypes does.
func Test(t *testing.T, family string, add func(*runtime.Scheme, schema.GroupVersion) error) {
	kinds := KindsForTest(t, family)
	codec, err := NewCodec(add)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kinds {
		t.Run(k.Name, func(t *testing.T) {
			typ := codec.Type(k)
			if typ == nil {
				t.Fatalf("no Go type is registered for %s", k.Name)
			}
			t.Run("every property", func(t *testing.T) {
				g := NewGenerator(1)
				g.Full = true
				in, want := manifest(g, k, typ)
				if len(g.Missing) > 0 {
					t.Errorf("no field, or one of another type, for\n%s", Digest(g.Missing))
				}
				if differs := codec.check(k, in, want); !t.Failed() && len(differs) > 0 {
					t.Error(Digest(differs))
				}
			})
			t.Run("random", func(t *testing.T) {
				var differs []string
				for seed := range Seeds(t, 100) {
					in, want := manifest(NewGenerator(seed), k, typ)
					for _, path := range codec.check(k, in, want) {
						differs = append(differs, fmt.Sprintf("%s (seed %d)", path, seed))
					}
				}
				if len(differs) > 0 {
					t.Error(Digest(differs))
				}
			})
			t.Run("maps and YAML", func(t *testing.T) {
				for seed := range Seeds(t, 100) {
					g := NewGenerator(seed)
					g.Plain = true
					in, _ := manifest(g, k, typ)
					if codec.checkForms(t, in); t.Failed() {
						t.Fatalf("seed %d", seed)
					}
				}
			})
		})
	}
}

// manifest makes up a whole object.
func manifest(g *Generator, k *Kind, t reflect.Type) (in map[string]any, want any) {
	in, want = g.Object(k, t)
	w := object{fields: maps.Clone(want.(object).fields)}
	for _, o := range []map[string]any{in, w.fields} {
		o["apiVersion"], o["kind"] = argoproj.SchemeGroupVersion.String(), k.Name
		o["metadata"] = map[string]any{"name": "x", "labels": map[string]any{"a": "b"}}
	}
	return in, w
}

// check sends in through the codec twice, and returns what differs from what it must be.
func (c *Codec) check(k *Kind, in map[string]any, want any) []string {
	data := mustMarshal(in)
	_, out, err := c.RoundTrip(data)
	if err != nil {
		return []string{fmt.Sprintf("%s: %v\nsent: %s", k.Name, err, clip(data))}
	}
	differs := Compare(k.Name, want, out)
	_, again, err := c.RoundTrip(out)
	if err != nil {
		return append(differs, fmt.Sprintf("%s: what was written cannot be read: %v\n%s", k.Name, err, clip(out)))
	}
	if !bytes.Equal(out, again) {
		differs = append(differs, fmt.Sprintf("%s: not stable: %s", k.Name, cmp.Diff(string(out), string(again))))
	}
	return differs
}

// clip keeps what a failure shows of an object within reason: the seed tells the rest.
func clip(data []byte) []byte {
	const most = 2000
	if len(data) > most {
		return append(data[:most:most], "…"...)
	}
	return data
}

// checkForms sends in through the other forms that objects take: server-side apply, kubectl and admission policies
// see them as maps and as YAML.
func (c *Codec) checkForms(t *testing.T, in map[string]any) {
	t.Helper()
	obj, out, err := c.RoundTrip(mustMarshal(in))
	if err != nil {
		t.Error(err)
		return
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		t.Error(err)
		return
	}
	back := reflect.New(reflect.TypeOf(obj).Elem()).Interface().(runtime.Object)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(content, back, true); err != nil {
		t.Errorf("from maps: %v", err)
		return
	}
	// Free JSON keeps its order, which maps do not have.
	first, err := withoutNulls(out)
	if err != nil {
		t.Error(err)
		return
	}
	for form, encode := range map[string]func() ([]byte, error){
		"maps": func() ([]byte, error) { return runtime.Encode(c.encoder, back) },
		"YAML": func() ([]byte, error) {
			text, err := yaml.JSONToYAML(out)
			if err != nil {
				return nil, err
			}
			_, again, err := c.RoundTrip(text)
			return again, err
		},
	} {
		data, err := encode()
		if err != nil {
			t.Errorf("through %s: %v", form, err)
			continue
		}
		again, err := withoutNulls(data)
		if err != nil {
			t.Errorf("through %s: %v", form, err)
		} else if !bytes.Equal(first, again) {
			t.Errorf("through %s: %s", form, cmp.Diff(string(first), string(again)))
		}
	}
}

// ForEach calls f with random objects of every kind of a family, decoded.
func ForEach(t *testing.T, family string, add func(*runtime.Scheme, schema.GroupVersion) error, f func(*testing.T, runtime.Object)) {
	kinds := KindsForTest(t, family)
	codec, err := NewCodec(add)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kinds {
		t.Run(k.Name, func(t *testing.T) {
			for seed := range Seeds(t, 100) {
				in, _ := manifest(NewGenerator(seed), k, codec.Type(k))
				obj, _, err := codec.RoundTrip(mustMarshal(in))
				if err != nil {
					t.Fatal(err)
				}
				if f(t, obj); t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}
