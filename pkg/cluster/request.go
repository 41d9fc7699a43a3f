// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"argosy.dev/argosy/pkg/application/object"
)

// requestTimeout is how long one request about one object may take: the server ends its own work after 34 s.
const requestTimeout = time.Minute

// request completes a request with the path of an object, or of its kind if name is empty.
func (c *Cache) request(r *rest.Request, kind Kind, namespace, name string) *rest.Request {
	parts := []string{"/apis", kind.Group, kind.Version}
	if kind.Group == "" {
		parts = []string{"/api", kind.Version}
	}
	if kind.Namespaced {
		parts = append(parts, "namespaces", namespace)
	}
	parts = append(parts, kind.Resource)
	if name != "" {
		parts = append(parts, name)
	}
	return r.AbsPath(parts...)
}

// writing is how a request changes objects.
type writing struct {
	manager string
	dryRun  bool
	strict  bool
	force   bool
}

func (w writing) on(r *rest.Request) *rest.Request {
	r = r.Param("fieldManager", w.manager)
	if w.strict {
		r = r.Param("fieldValidation", metav1.FieldValidationStrict)
	} else {
		r = r.Param("fieldValidation", metav1.FieldValidationIgnore)
	}
	if w.dryRun {
		r = r.Param("dryRun", metav1.DryRunAll)
	}
	if w.force {
		r = r.Param("force", "true")
	}
	return r
}

// send makes a request whose answer is the object.
func (c *Cache) send(ctx context.Context, r *rest.Request, body []byte) (*unstructured.Unstructured, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	raw, err := answer(r.Body(body).Do(ctx))
	if err != nil {
		return nil, err
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(raw); err != nil {
		return nil, fmt.Errorf("the server's answer is no object")
	}
	return u, nil
}

// answer returns the body of an answer. If it is an error, then the one that the server tells of: the raw one is unknown.
func answer(result rest.Result) ([]byte, error) {
	if err := result.Error(); err != nil {
		return nil, err
	}
	return result.Raw()
}

func decode(key object.Key, raw []byte) (*unstructured.Unstructured, error) {
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(raw); err != nil {
		return nil, &Error{Key: key, Err: fmt.Errorf("the server's answer is no object")}
	}
	return u, nil
}

// locate returns the kind and the key of an object that is to be written, and refuses what cannot be.
func (c *Cache) locate(ctx context.Context, u *unstructured.Unstructured) (Kind, object.Key, error) {
	key := object.KeyOf(u)
	kind, err := c.Find(ctx, key.GroupKind(), u.GroupVersionKind().Version)
	if err != nil {
		return Kind{}, key, err
	}
	key, err = c.permit(kind, key)
	return kind, key, err
}

// permit returns the key as the cluster knows it, and refuses what is no key or not to be used.
func (c *Cache) permit(kind Kind, key object.Key) (object.Key, error) {
	switch {
	case !kind.Namespaced:
		key.Namespace = ""
	case key.Namespace == "":
		return key, &Error{Key: key, Err: fmt.Errorf("no namespace is given")}
	}
	if key.Name == "" {
		return key, &Error{Key: key, Err: fmt.Errorf("no name is given")}
	}
	// What is written into a path must be one part of it.
	for _, part := range []string{key.Namespace, key.Name} {
		if wrong := rest.IsValidPathSegmentName(part); len(wrong) > 0 {
			return key, &Error{Key: key, Err: fmt.Errorf("%q is no name: %s", part, wrong[0])}
		}
	}
	if err := c.destination.Permits(key.Namespace); err != nil {
		return key, &Error{Key: key, Err: err}
	}
	return key, nil
}

// toSend is an object as it is sent: without what only servers write, in the namespace of its key. The object itself is
// not changed.
func toSend(u *unstructured.Unstructured, key object.Key) *unstructured.Unstructured {
	out := maps.Clone(u.Object)
	metadata, _ := out["metadata"].(map[string]any)
	metadata = maps.Clone(metadata)
	for _, field := range []string{"managedFields", "creationTimestamp", "selfLink", "namespace"} {
		delete(metadata, field)
	}
	if key.Namespace != "" {
		metadata["namespace"] = key.Namespace
	}
	out["metadata"] = metadata
	return &unstructured.Unstructured{Object: out}
}

func encode(u *unstructured.Unstructured) ([]byte, error) {
	raw, err := json.Marshal(u.Object)
	if err != nil {
		return nil, fmt.Errorf("encoding it: %w", err)
	}
	return raw, nil
}
