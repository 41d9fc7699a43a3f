// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/registry/generic"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// Category is the name under which kubectl gets objects of all our kinds.
const Category = "argosy"

// REST serves the main resource of a kind.
type REST struct {
	*genericregistry.Store
	shortNames []string
	// authorize decides about parts of an object that only some may write; nil if anyone who may write may write all.
	authorize func(ctx context.Context, obj, old runtime.Object) error
	// authz answers what else the caller of a request may do.
	authz authorizer.UnconditionalAuthorizer
}

var (
	_ rest.StandardStorage      = &REST{}
	_ rest.ShortNamesProvider   = &REST{}
	_ rest.CategoriesProvider   = &REST{}
	_ rest.SingularNameProvider = &REST{}
)

// ShortNames implements rest.ShortNamesProvider.
func (r *REST) ShortNames() []string { return r.shortNames }

// Categories implements rest.CategoriesProvider.
func (r *REST) Categories() []string { return []string{Category} }

// Create creates an object, if the caller may write all that is in it.
func (r *REST) Create(ctx context.Context, obj runtime.Object, admit rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	if r.authorize != nil {
		if err := r.authorize(ctx, obj, r.New()); err != nil {
			return nil, err
		}
	}
	return r.Store.Create(ctx, obj, admit, options)
}

// Update changes an object, if the caller may write all that changes in it.
func (r *REST) Update(ctx context.Context, name string, info rest.UpdatedObjectInfo, create rest.ValidateObjectFunc, update rest.ValidateObjectUpdateFunc, force bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	info = rest.WrapUpdatedObjectInfo(info, strictPatch(options.FieldValidation))
	if r.authorize != nil {
		info = rest.WrapUpdatedObjectInfo(info, func(ctx context.Context, obj, old runtime.Object) (runtime.Object, error) {
			return obj, r.authorize(ctx, obj, old)
		})
	}
	return r.Store.Update(ctx, name, info, create, update, force, options)
}

// newREST returns the storage of a kind's main resource.
func newREST[T Object](c Config, kind *Kind[T], strategy *Strategy[T]) (*REST, error) {
	store := &genericregistry.Store{
		NewFunc:                   func() runtime.Object { return kind.New() },
		NewListFunc:               kind.NewList,
		PredicateFunc:             kind.predicate,
		DefaultQualifiedResource:  kind.GroupResource(),
		SingularQualifiedResource: kind.GroupVersion.WithResource(kind.Singular).GroupResource(),
		CreateStrategy:            strategy,
		UpdateStrategy:            strategy,
		DeleteStrategy:            strategy,
		ResetFieldsStrategy:       strategy,
		TableConvertor:            kind.Table,
	}
	if err := store.CompleteWithOptions(&generic.StoreOptions{
		RESTOptions: c.Getter,
		AttrFunc:    kind.attrs,
		Indexers:    kind.indexers(),
	}); err != nil {
		return nil, fmt.Errorf("storage of %s: %w", kind.GroupResource(), err)
	}
	main := &REST{Store: store, shortNames: kind.ShortNames, authz: c.Authorizer}
	if kind.Authorize != nil {
		main.authorize = func(ctx context.Context, obj, old runtime.Object) error {
			t, err := kind.cast(obj)
			if err != nil {
				return err
			}
			o, err := kind.cast(old)
			if err != nil {
				return err
			}
			return kind.Authorize(ctx, kind.may(c.Authorizer, t), t, o)
		}
	}
	return main, nil
}

// StatusREST serves the status subresource of a kind.
type StatusREST struct{ store *genericregistry.Store }

var (
	_ rest.Patcher             = &StatusREST{}
	_ rest.ResetFieldsStrategy = &StatusREST{}
	_ rest.TableConvertor      = &StatusREST{}
)

// newStatusREST returns the storage of the status subresource. It shares the
// store of the main resource, so both see one cache.
func newStatusREST[T Object](main *REST, strategy *StatusStrategy[T]) *StatusREST {
	store := *main.Store
	store.UpdateStrategy = strategy
	store.ResetFieldsStrategy = strategy
	return &StatusREST{&store}
}

// New implements rest.Storage.
func (r *StatusREST) New() runtime.Object { return r.store.New() }

// Destroy does nothing: the underlying store belongs to the main resource.
func (r *StatusREST) Destroy() {}

// Get implements rest.Getter.
func (r *StatusREST) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	return r.store.Get(ctx, name, options)
}

// Update changes the status of an object. It never creates one.
func (r *StatusREST) Update(ctx context.Context, name string, info rest.UpdatedObjectInfo, create rest.ValidateObjectFunc, update rest.ValidateObjectUpdateFunc, _ bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	return r.store.Update(ctx, name, info, create, update, false, options)
}

// GetResetFields implements rest.ResetFieldsStrategy.
func (r *StatusREST) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return r.store.GetResetFields()
}

// ConvertToTable implements rest.TableConvertor.
func (r *StatusREST) ConvertToTable(ctx context.Context, obj, options runtime.Object) (*metav1.Table, error) {
	return r.store.ConvertToTable(ctx, obj, options)
}

// selectable returns what an object can be selected by.
func (k *Kind[T]) selectable(t T) fields.Set {
	set := fields.Set{"metadata.name": t.GetName()}
	if !k.ClusterScoped {
		set["metadata.namespace"] = t.GetNamespace()
	}
	if k.Fields != nil {
		for name, value := range k.Fields(t) {
			set[name] = value
		}
	}
	return set
}

func (k *Kind[T]) attrs(obj runtime.Object) (labels.Set, fields.Set, error) {
	t, err := k.cast(obj)
	if err != nil {
		return nil, nil, err
	}
	return t.GetLabels(), k.selectable(t), nil
}

func (k *Kind[T]) predicate(label labels.Selector, field fields.Selector) storage.SelectionPredicate {
	return storage.SelectionPredicate{Label: label, Field: field, GetAttrs: k.attrs, IndexFields: k.Indexed}
}

func (k *Kind[T]) indexers() *cache.Indexers {
	out := cache.Indexers{}
	for _, name := range k.Indexed {
		out[storage.FieldIndex(name)] = func(obj any) ([]string, error) {
			t, ok := obj.(T)
			if !ok {
				return nil, fmt.Errorf("indexing %s: unexpected object of type %T", k.Resource, obj)
			}
			return []string{k.selectable(t)[name]}, nil
		}
	}
	return &out
}
