// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package framework

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// Decode reads the Kubernetes objects of a YAML stream. Documents without a
// kind are left out, lists are not opened. With an error come the objects
// before it.
func Decode(data []byte) ([]*unstructured.Unstructured, error) {
	var out []*unstructured.Unstructured
	r := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for {
		doc, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, fmt.Errorf("read yaml: %w", err)
		}
		js, err := yaml.YAMLToJSON(doc)
		if err != nil {
			return out, fmt.Errorf("decode yaml: %w", err)
		}
		o := &unstructured.Unstructured{}
		if string(js) == "null" {
			continue
		}
		if err := o.UnmarshalJSON(js); err != nil {
			if bytes.Contains(js, []byte("\"kind\"")) {
				return out, fmt.Errorf("decode object: %w", err)
			}
			continue
		}
		out = append(out, o)
	}
}
