// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package schemas

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

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	yamlutil "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"argosy.dev/argosy/apis/argoproj"
)

// Example is a manifest of the peers.
type Example struct {
	// Name is FAMILY/FILE, with #2, #3 for further documents of a file.
	Name string
	// Kind is the kind of argoproj.io, Data the manifest as JSON; of what is no YAML the text is kept, without a kind.
	Kind string
	Data []byte
}

// Examples returns the peers' manifests of argoproj.io in the folder of cases of that name (workflows, applications,
// rollouts, sensors).
func Examples(folder string) ([]Example, error) {
	root, err := Shared("conformance", folder, "cases")
	if err != nil {
		return nil, err
	}
	var out []Example
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		reader := yamlutil.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
		for i := 1; ; i++ {
			document, err := reader.Read()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			id := folder + "/" + filepath.ToSlash(name)
			if i > 1 {
				id = fmt.Sprintf("%s#%d", id, i)
			}
			// One example says a key twice, which only strict YAML refuses.
			text, err := yaml.YAMLToJSON(document)
			if err != nil {
				// One is no YAML at all. Whoever reads it must find out.
				out = append(out, Example{Name: id, Data: document})
				continue
			}
			var meta struct{ APIVersion, Kind string }
			if err := json.Unmarshal(text, &meta); err != nil || meta.APIVersion != argoproj.SchemeGroupVersion.String() {
				continue
			}
			out = append(out, Example{Name: id, Kind: meta.Kind, Data: text})
		}
	})
	if err != nil {
		return nil, fmt.Errorf("read examples: %w", err)
	}
	return out, nil
}

// Ours returns the documents of a file of manifests, as JSON, that are of the groups that serve a family. Examples show
// them with what they need beside them, of which others judge.
func Ours(file, family string) ([][]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	reader := yamlutil.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		text, err := yaml.YAMLToJSONStrict(document)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		var meta struct{ APIVersion string }
		if err := json.Unmarshal(text, &meta); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		group, _, _ := strings.Cut(meta.APIVersion, "/")
		if group == argoproj.SchemeGroupVersion.Group || group == family+".argosy.dev" {
			out = append(out, text)
		}
	}
}

// TestExamples decodes the peers' manifests in a folder of cases strictly, and checks that they come back as they
// were, with nothing added: which is what a GitOps tool compares. There must be at least so many. Those of which wrong
// tells are refused by the peer too.
func TestExamples(t *testing.T, folder string, atLeast int, add func(*runtime.Scheme, schema.GroupVersion) error, wrong map[string]string) {
	SharedForTest(t, "conformance", folder)
	all, err := Examples(folder)
	if err != nil {
		t.Fatal(err)
	}
	codec, err := NewCodec(add)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < atLeast {
		t.Errorf("only %d examples", len(all))
	}
	for _, e := range all {
		t.Run(e.Name, func(t *testing.T) {
			_, out, err := codec.RoundTrip(e.Data)
			if want, ok := wrong[e.Name]; ok {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("want a refusal with %q, got %v", want, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			typ := reflect.PointerTo(codec.Type(&Kind{Name: e.Kind}))
			for _, path := range Compare(e.Kind, expected(decoded(e.Data), typ), out) {
				t.Error(path)
			}
		})
	}
}

// expected is what must come back of a manifest v of the type t.
func expected(v any, t reflect.Type) any {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil {
		return v
	}
	if _, special := valueOf(t); special {
		switch {
		case nameOf(t) == workflowTypes+"AnyString":
			if s, ok := v.(string); ok {
				return s
			}
			return string(mustMarshal(v))
		}
		return unordered{v}
	}
	switch v := v.(type) {
	case map[string]any:
		out := object{fields: map[string]any{}}
		if t.Kind() == reflect.Map {
			for k, e := range v {
				out.fields[k] = expected(e, t.Elem())
			}
			return out
		}
		if t.Kind() != reflect.Struct {
			return v
		}
		fields := jsonFields(t)
		for _, f := range fields {
			out.lenient = out.lenient || !f.ours()
		}
		for k, e := range v {
			f, ok := fields[k]
			switch {
			case !ok:
				out.fields[k] = e
			case e == nil:
				out.fields[k] = nothing
			// Types of Kubernetes' own do not tell empty from absent.
			case !f.ours() && isEmpty(e) && f.omitted() && f.Type.Kind() != reflect.Pointer:
			default:
				out.fields[k] = expected(e, f.Type)
			}
		}
		return out
	case []any:
		if t.Kind() != reflect.Slice {
			return v
		}
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = expected(e, t.Elem())
		}
		return out
	}
	return v
}
