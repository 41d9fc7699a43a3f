// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package resource is what every kind of every family shares: how an object is
// prepared, checked, stored, selected and printed, and how a verb on it is
// served. A kind says what is its own in a Kind. No kind may be named here, and
// nothing a control loop decides may be decided here.
package resource

import (
	"context"
	"fmt"
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"argosy.dev/argosy/apis/argoproj"
)

// Object is a pointer to an API type with metadata.
type Object interface {
	runtime.Object
	metav1.Object
	metav1.ObjectMetaAccessor
}

// Kind says what the shared machinery must know of one kind. Where a function
// is nil, the kind has nothing of its own to say.
type Kind[T Object] struct {
	// GroupVersion is the native group and version: the one that is stored.
	GroupVersion schema.GroupVersion
	// Resource and Singular are the plural and singular names in URLs and on command lines.
	Resource, Singular string
	// ShortNames are what kubectl accepts instead of Resource.
	ShortNames []string
	// ClusterScoped tells that objects live in no namespace.
	ClusterScoped bool
	// StatusOnMain tells that, in the compatibility group, the peer's kind has no
	// status subresource, so that writes to the main resource may carry status.
	StatusOnMain bool
	// Idle says what this version does not do for objects of the kind, as in "no
	// workflows are created on schedule". Whoever creates one is warned. Empty
	// where a loop acts on them.
	Idle string

	// New and NewList return empty objects.
	New     func() T
	NewList func() runtime.Object
	// Spec points at the part of the object whose changes raise metadata.generation.
	Spec func(T) any
	// Status points at the object's status; nil if the kind has none.
	Status func(T) any
	// Beside are fields of the object besides metadata, spec and status, which a
	// write to status leaves alone as it does these.
	Beside []string

	// Prepare completes an object that is being created, before it is checked.
	Prepare func(context.Context, T)
	// Derive sets what is a function of the rest of the object, in every write.
	Derive func(T)
	// Authorize decides about parts of the object that only some may write. old
	// is empty on creation. The error goes to the caller: an API status.
	Authorize func(ctx context.Context, may May, obj, old T) error
	// TakeStatus takes over, from the status that was asked for, what the caller
	// may write of it though he may not write status: what Authorize has allowed.
	// Only the compatibility rule asks for it. obj has the status of old.
	TakeStatus func(obj, asked, old T)
	// CompleteStatus changes, in a write to status, what else of status follows from
	// what is asked for: obj has the new status, old the one before.
	CompleteStatus func(obj, old T)
	// AfterStatus does, in a write to status, what it entails elsewhere in the
	// object: obj is what will be stored (old, with the new status), asked what the
	// request sends. It returns the fields that it takes away, which nobody owns any
	// longer. It must not change status.
	AfterStatus func(obj, asked, old T) []fieldpath.Path
	// Check returns what is wrong with the object besides its metadata, on
	// creation, where old is nil, and on update.
	Check func(ctx context.Context, obj, old T) field.ErrorList
	// Warn returns what the writer should know of an object that is accepted.
	Warn func(T) []string
	// WarnNamed returns what the writer should know of other objects, which the
	// object names. It must say nothing of what the caller may not read. old is
	// empty on creation.
	WarnNamed func(ctx context.Context, reads Reads, obj, old T) []string

	// Fields returns what the object can be selected by, besides its name and namespace.
	Fields func(T) fields.Set
	// Indexed are those of Fields that lists look up in an index of the watch cache.
	Indexed []string
	// Table is how objects are printed.
	Table Table[T]
	// Subresources returns the subresources besides status, by name: verbs, and what is read.
	Subresources func(kind *Kind[T], main *REST) map[string]rest.Storage
}

// GroupResource is the native group and resource of the kind.
func (k *Kind[T]) GroupResource() schema.GroupResource {
	return k.GroupVersion.WithResource(k.Resource).GroupResource()
}

// compat is the group and version that serves the same objects to the peers' tools.
var compat = argoproj.SchemeGroupVersion

// cast returns obj as the kind's type. Another type here is a mistake of the
// program, and the request must fail rather than do the wrong thing.
func (k *Kind[T]) cast(obj runtime.Object) (T, error) {
	t, ok := obj.(T)
	if !ok {
		return t, fmt.Errorf("%s: unexpected object of type %T", k.Resource, obj)
	}
	return t, nil
}

// must is cast where the machinery leaves no way to return an error. The
// request handler turns the panic into an internal error.
func (k *Kind[T]) must(obj runtime.Object) T {
	t, err := k.cast(obj)
	if err != nil {
		panic(err)
	}
	return t
}

// assign copies what src points at to where dst points.
func assign(dst, src any) {
	reflect.ValueOf(dst).Elem().Set(reflect.ValueOf(src).Elem())
}

// clearValue zeroes what p points at, and tells whether it was anything else before.
func clearValue(p any) bool {
	v := reflect.ValueOf(p).Elem()
	had := !v.IsZero()
	v.SetZero()
	return had
}
