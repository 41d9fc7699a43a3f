// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package random

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"argosy.dev/argosy/apis/argoproj"
	"argosy.dev/argosy/apis/scheme"
	"argosy.dev/argosy/hack/schemas"
)

var compat = argoproj.SchemeGroupVersion

// The groups that serve a kind.
const (
	compatGroup = iota
	nativeGroup
)

// types is the Go type of a kind, and where it is served.
type types struct {
	of     reflect.Type
	groups [2]schema.GroupVersion
}

func typesOf(k *schemas.Kind) (*types, error) {
	t := &types{of: scheme.Scheme.KnownTypes(compat)[k.Name], groups: [2]schema.GroupVersion{compat, {Group: k.Family + ".argosy.dev", Version: compat.Version}}}
	if t.of == nil {
		return nil, fmt.Errorf("no Go type of %s", k.Name)
	}
	return t, nil
}

//go:embed skeletons.yaml
var skeletonsYAML []byte

// Skeleton returns a small valid object of a kind, without its head.
func Skeleton(kind string) (map[string]any, error) {
	var skeletons map[string]map[string]any
	if err := yaml.Unmarshal(skeletonsYAML, &skeletons); err != nil {
		return nil, fmt.Errorf("read skeletons: %w", err)
	}
	skeleton, ok := skeletons[kind]
	if !ok {
		return nil, fmt.Errorf("%s has no skeleton in skeletons.yaml", kind)
	}
	return skeleton, nil
}

// complete finds out what must be known of a kind that is served.
func (s *sender) complete() error {
	base, _, err := rest.DefaultServerUrlFor(s.options.Config)
	if err != nil {
		return fmt.Errorf("address of the server: %w", err)
	}
	s.host = strings.TrimSuffix(base.String(), "/")
	skeleton, err := Skeleton(s.kind.Name)
	if err != nil {
		return err
	}
	s.skeleton = numbersKept(skeleton).(map[string]any)
	s.types, err = typesOf(s.kind)
	return err
}

// numbersKept turns the floating point numbers of decoded YAML into digits.
func numbersKept(v any) any {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // it was decoded just now
	}
	return decode(data)
}

func decode(data []byte) any {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil
	}
	return v
}

// answer is what the server said: an object, or why not.
type answer struct {
	body    []byte
	refused *refusal
}

func (s *sender) dryRun() url.Values {
	return url.Values{"dryRun": {metav1.DryRunAll}, "fieldValidation": {metav1.FieldValidationStrict}}
}

// send makes one request. name is empty for the whole collection, and may end in a subresource.
func (s *sender) send(ctx context.Context, method string, group int, name string, query url.Values, body any) (answer, error) {
	gv := s.types.groups[group]
	path := "/apis/" + gv.String()
	if s.kind.Scope == "Namespaced" {
		path += "/namespaces/" + s.options.Namespace
	}
	path += "/" + s.kind.Names.Plural
	if name != "" {
		path += "/" + name
	}
	var reader io.Reader
	if body != nil {
		data, ok := body.([]byte)
		if !ok {
			var err error
			if data, err = json.Marshal(body); err != nil {
				return answer{}, fmt.Errorf("encode: %w", err)
			}
		}
		reader = bytes.NewReader(data)
	}
	request, err := http.NewRequestWithContext(ctx, method, s.host+path+"?"+query.Encode(), reader)
	if err != nil {
		return answer{}, fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", "application/json")
	if method == http.MethodPatch {
		request.Header.Set("Content-Type", "application/apply-patch+yaml")
	}
	s.result.Requests++
	response, err := s.client.Do(request)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return answer{}, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if response.StatusCode < 300 {
		return answer{body: data}, nil
	}
	r := &refusal{code: response.StatusCode}
	if err := json.Unmarshal(data, &r.status); err != nil || response.StatusCode >= 500 {
		return answer{}, fmt.Errorf("%s %s: %s: %.300s", method, path, response.Status, data)
	}
	return answer{refused: r}, nil
}

// parts are the parts of an object besides its head, as text.
type parts map[string]json.RawMessage

func partsOf(data []byte) (parts, metav1.ObjectMeta, error) {
	var p parts
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, metav1.ObjectMeta{}, fmt.Errorf("decode: %w", err)
	}
	var meta metav1.ObjectMeta
	if err := json.Unmarshal(p["metadata"], &meta); err != nil {
		return nil, meta, fmt.Errorf("decode metadata: %w", err)
	}
	for _, head := range []string{"apiVersion", "kind", "metadata"} {
		delete(p, head)
	}
	return p, meta, nil
}

// expected is how the server must write an object: as our types hold it, defaulted.
func (s *sender) expected(obj map[string]any) (parts, error) {
	data, err := json.Marshal(obj)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	typed, _, err := scheme.Codecs.UniversalDecoder().Decode(data, nil, nil)
	if err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	out, err := runtime.Encode(scheme.Codecs.LegacyCodec(compat), typed)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	p, _, err := partsOf(out)
	return p, err
}

// throughServer creates or applies an object in one group, reads it in the other, puts it back, and gives it a status.
func (s *sender) throughServer(ctx context.Context, seed uint64, apply bool, obj map[string]any, status any) ([]string, error) {
	want, err := s.expected(obj)
	if err != nil {
		return []string{err.Error()}, nil
	}
	in, other := int(seed/2%2), 1-int(seed/2%2)
	obj["apiVersion"] = s.types.groups[in].String()
	name := obj["metadata"].(map[string]any)["name"].(string)
	query := url.Values{"fieldValidation": {metav1.FieldValidationStrict}, "fieldManager": {"random"}}
	method, target := http.MethodPost, ""
	if apply {
		method, target = http.MethodPatch, name
	}
	if _, err := s.send(ctx, http.MethodDelete, in, name, nil, nil); err != nil {
		return nil, err
	}
	made, err := s.send(ctx, method, in, target, query, obj)
	if err != nil {
		return nil, err
	}
	if made.refused != nil {
		return []string{fmt.Sprintf("%s: refused, though a dry run was not: %s", method, made.refused.status.Message)}, nil
	}
	defer func() {
		// What is left behind does no harm: the namespace goes, and names are taken over.
		_, _ = s.send(ctx, http.MethodDelete, in, name, nil, nil)
	}()
	read, err := s.send(ctx, http.MethodGet, other, name, nil, nil)
	if err != nil || read.refused != nil {
		return []string{"cannot be read in the other group"}, err
	}
	got, meta, err := partsOf(read.body)
	if err != nil {
		return nil, err
	}
	differs := compare(want, got, apply, "status")
	s.came(read.body)
	for what, again := range map[string]func() (answer, error){
		"put back": func() (answer, error) { return s.putBack(ctx, other, name, query) },
		"applied again": func() (answer, error) {
			if !apply {
				return read, nil
			}
			return s.send(ctx, method, in, target, query, obj)
		},
	} {
		back, err := again()
		if err != nil {
			return differs, err
		}
		if back.refused != nil {
			differs = append(differs, what+": refused: "+back.refused.status.Message)
			continue
		}
		after, now, err := partsOf(back.body)
		if err != nil {
			return differs, err
		}
		if now.Generation != meta.Generation {
			differs = append(differs, fmt.Sprintf("%s: generation %d is now %d", what, meta.Generation, now.Generation))
		}
		differs = append(differs, compare(got, after, false, "status")...)
	}
	if status == nil {
		return differs, nil
	}
	more, err := s.statusThroughServer(ctx, in, name, status)
	return append(differs, more...), err
}

// putBack reads an object and writes it as it is. A loop may write in between, so it is tried more than once.
func (s *sender) putBack(ctx context.Context, group int, name string, query url.Values) (answer, error) {
	const most = 10
	for n := 0; ; n++ {
		read, err := s.send(ctx, http.MethodGet, group, name, nil, nil)
		if err != nil || read.refused != nil {
			return read, err
		}
		back, err := s.send(ctx, http.MethodPut, group, name, query, read.body)
		if err != nil || back.refused == nil || back.refused.code != http.StatusConflict || n == most {
			return back, err
		}
	}
}

// statusThroughServer writes the status in one group, and reads it in the other.
func (s *sender) statusThroughServer(ctx context.Context, in int, name string, status any) ([]string, error) {
	now, err := s.send(ctx, http.MethodGet, in, name, nil, nil)
	if err != nil || now.refused != nil {
		return []string{"cannot be read for its status"}, err
	}
	obj := decode(now.body).(map[string]any)
	obj["status"] = status
	want, err := s.expected(obj)
	if err != nil {
		return []string{err.Error()}, nil
	}
	written, err := s.send(ctx, http.MethodPut, in, name+"/status", url.Values{"fieldValidation": {metav1.FieldValidationStrict}}, obj)
	if err != nil {
		return nil, err
	}
	if written.refused != nil {
		// A loop may have written in between.
		if written.refused.code == http.StatusConflict {
			return nil, nil
		}
		return []string{"status: refused: " + written.refused.status.Message}, nil
	}
	got, meta, err := partsOf(written.body)
	if err != nil {
		return nil, err
	}
	differs := compare(want, got, false, "spec")
	read, err := s.send(ctx, http.MethodGet, 1-in, name, nil, nil)
	if err != nil || read.refused != nil {
		return append(differs, "cannot be read after its status was written"), err
	}
	again, later, err := partsOf(read.body)
	if err != nil {
		return differs, err
	}
	if later.ResourceVersion == meta.ResourceVersion {
		differs = append(differs, compare(got, again, false, "")...)
	}
	s.came(written.body)
	return differs, nil
}

// came notes which properties came back.
func (s *sender) came(data []byte) {
	if obj, ok := decode(data).(map[string]any); ok {
		s.kind.Present(obj, s.covered)
	}
}

// compare compares all parts but one. Where an object went through maps, the order of keys does not count.
func compare(want, got parts, maps bool, except string) []string {
	var differs []string
	for _, p := range []string{"spec", "operation", "status"} {
		if p == except {
			continue
		}
		w, g := want[p], got[p]
		if maps {
			w, g = sorted(w), sorted(g)
		}
		if bytes.Equal(w, g) {
			continue
		}
		if paths := schemas.Compare(p, decode(w), g); len(paths) > 0 {
			differs = append(differs, schemas.Digest(paths))
		} else {
			differs = append(differs, fmt.Sprintf("%s: in another order: %.200s is now %.200s", p, w, g))
		}
	}
	return differs
}

func sorted(data []byte) []byte {
	if len(data) == 0 {
		return nil
	}
	out, err := json.Marshal(decode(data))
	if err != nil {
		return data
	}
	return out
}
