// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package object says what the parts of an application's engine must know of a single manifest or live object: its key,
// whose it is, and what its annotations ask for (wave, hook, options). It must not know clients, clocks or applications.
package object

import (
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Key names an object whatever the version of its API. Namespace is empty for objects of the whole cluster.
type Key struct {
	Group, Kind, Namespace, Name string
}

// KeyOf returns the key of an object.
func KeyOf(u *unstructured.Unstructured) Key {
	gvk := u.GroupVersionKind()
	return Key{Group: gvk.Group, Kind: gvk.Kind, Namespace: u.GetNamespace(), Name: u.GetName()}
}

// GroupKind is the key without namespace and name.
func (k Key) GroupKind() schema.GroupKind { return schema.GroupKind{Group: k.Group, Kind: k.Kind} }

// String is the key as people and messages write it: GROUP/KIND/NAMESPACE/NAME.
func (k Key) String() string {
	return strings.Join([]string{k.Group, k.Kind, k.Namespace, k.Name}, "/")
}

// Label is the name that results and errors give the object: KIND in lower case, and the group if there is one, then the
// name, as kubectl prints it (deployment.apps/web).
func (k Key) Label() string {
	kind := strings.ToLower(k.Kind)
	if k.Group != "" {
		kind += "." + k.Group
	}
	return kind + "/" + k.Name
}

// annotation returns an annotation of an object.
func annotation(o metav1.Object, name string) string { return o.GetAnnotations()[name] }
