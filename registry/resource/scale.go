// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"fmt"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// Scale says how the scale subresource sees an object of a kind, for autoscalers and kubectl scale.
type Scale[T Object] struct {
	// Path is where the number of replicas is that is wanted, such as spec.replicas.
	Path []string
	// Read returns how many replicas are wanted, and what autoscalers need to know: how many there are, and the
	// selector of their pods.
	Read func(T) (wanted int32, status autoscalingv1.ScaleStatus)
	// Write sets how many replicas are wanted.
	Write func(T, int32)
}

// ScaleREST serves the scale subresource of a kind as autoscaling/v1, whichever
// group it is asked through.
type ScaleREST[T Object] struct {
	main  *REST
	kind  *Kind[T]
	scale Scale[T]
	// paths tells, by group and version, where the number of replicas is.
	paths managedfields.ResourcePathMappings
}

var (
	_ rest.Patcher                  = &ScaleREST[Object]{}
	_ rest.GroupVersionKindProvider = &ScaleREST[Object]{}
	_ rest.TableConvertor           = &ScaleREST[Object]{}
)

// NewScaleREST returns the storage of the scale subresource of the objects in the store of their kind.
func NewScaleREST[T Object](main *REST, kind *Kind[T], scale Scale[T]) *ScaleREST[T] {
	r := &ScaleREST[T]{main: main, kind: kind, scale: scale, paths: managedfields.ResourcePathMappings{}}
	for _, gv := range []schema.GroupVersion{kind.GroupVersion, compat} {
		parts := make([]any, len(scale.Path))
		for i, p := range scale.Path {
			parts[i] = p
		}
		r.paths[gv.String()] = fieldpath.MakePathOrDie(parts...)
	}
	return r
}

// New implements rest.Storage.
func (r *ScaleREST[T]) New() runtime.Object { return &autoscalingv1.Scale{} }

// Destroy does nothing: the underlying store belongs to the main resource.
func (r *ScaleREST[T]) Destroy() {}

// GroupVersionKind implements rest.GroupVersionKindProvider.
func (r *ScaleREST[T]) GroupVersionKind(schema.GroupVersion) schema.GroupVersionKind {
	return autoscalingv1.SchemeGroupVersion.WithKind("Scale")
}

// Get implements rest.Getter.
func (r *ScaleREST[T]) Get(ctx context.Context, name string, options *metav1.GetOptions) (runtime.Object, error) {
	obj, err := r.main.Store.Get(ctx, name, options)
	if err != nil {
		return nil, err
	}
	return r.of(obj)
}

// Update sets how many replicas are wanted. It never creates an object.
func (r *ScaleREST[T]) Update(ctx context.Context, name string, info rest.UpdatedObjectInfo, _ rest.ValidateObjectFunc, admit rest.ValidateObjectUpdateFunc, _ bool, options *metav1.UpdateOptions) (runtime.Object, bool, error) {
	// Admission sees scales, as they are what is written.
	admitScale := func(ctx context.Context, obj, old runtime.Object) error {
		if admit == nil {
			return nil
		}
		s, err := r.of(obj)
		if err != nil {
			return err
		}
		o, err := r.of(old)
		if err != nil {
			return err
		}
		return admit(ctx, s, o)
	}
	obj, _, err := r.main.Store.Update(ctx, name, scaledObjectInfo[T]{info, r, name}, rest.ValidateAllObjectFunc, admitScale, false, options)
	if err != nil {
		return nil, false, err
	}
	s, err := r.of(obj)
	return s, false, err
}

// scaleTable is how scales are printed.
var scaleTable = Table[*autoscalingv1.Scale]{
	Integer("Desired", "How many replicas are wanted.", func(s *autoscalingv1.Scale) int64 { return int64(s.Spec.Replicas) }),
	Integer("Available", "How many replicas there are.", func(s *autoscalingv1.Scale) int64 { return int64(s.Status.Replicas) }),
	Age[*autoscalingv1.Scale](),
}

// ConvertToTable implements rest.TableConvertor.
func (r *ScaleREST[T]) ConvertToTable(ctx context.Context, obj, options runtime.Object) (*metav1.Table, error) {
	return scaleTable.ConvertToTable(ctx, obj, options)
}

// of returns the scale of an object.
func (r *ScaleREST[T]) of(obj runtime.Object) (*autoscalingv1.Scale, error) {
	t, err := r.kind.cast(obj)
	if err != nil {
		return nil, err
	}
	wanted, status := r.scale.Read(t)
	return &autoscalingv1.Scale{
		ObjectMeta: metav1.ObjectMeta{
			Name:              t.GetName(),
			Namespace:         t.GetNamespace(),
			UID:               t.GetUID(),
			ResourceVersion:   t.GetResourceVersion(),
			CreationTimestamp: t.GetCreationTimestamp(),
		},
		Spec:   autoscalingv1.ScaleSpec{Replicas: wanted},
		Status: status,
	}, nil
}

// scaledObjectInfo makes a new object of an old one and of the scale that a
// request makes of the old one's scale.
type scaledObjectInfo[T Object] struct {
	rest.UpdatedObjectInfo
	r    *ScaleREST[T]
	name string
}

// UpdatedObject implements rest.UpdatedObjectInfo.
func (i scaledObjectInfo[T]) UpdatedObject(ctx context.Context, old runtime.Object) (runtime.Object, error) {
	t, err := i.r.kind.cast(old.DeepCopyObject())
	if err != nil {
		return nil, err
	}
	if t.GetResourceVersion() == "" {
		return nil, apierrors.NewNotFound(i.r.kind.GroupResource(), i.name)
	}
	gv := i.r.kind.GroupVersion
	if info, ok := request.RequestInfoFrom(ctx); ok && info.APIGroup == compat.Group {
		gv = compat
	}
	managers := managedfields.NewScaleHandler(t.GetManagedFields(), gv, i.r.paths)
	before, err := i.r.of(t)
	if err != nil {
		return nil, err
	}
	if before.ManagedFields, err = managers.ToSubresource(); err != nil {
		return nil, fmt.Errorf("managed fields of the scale: %w", err)
	}
	obj, err := i.UpdatedObjectInfo.UpdatedObject(ctx, before)
	if err != nil {
		return nil, err
	}
	after, ok := obj.(*autoscalingv1.Scale)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("not a Scale: %T", obj))
	}
	if errs := validateScale(after); len(errs) > 0 {
		return nil, apierrors.NewInvalid(autoscalingv1.SchemeGroupVersion.WithKind("Scale").GroupKind(), i.name, errs)
	}
	if after.UID != "" && after.UID != t.GetUID() {
		return nil, apierrors.NewConflict(i.r.kind.GroupResource(), i.name, fmt.Errorf("the uid is %s, not %s", t.GetUID(), after.UID))
	}
	// Without a version the scale is set whatever else changes meanwhile.
	if after.ResourceVersion != "" {
		t.SetResourceVersion(after.ResourceVersion)
	}
	i.r.scale.Write(t, after.Spec.Replicas)
	entries, err := managers.ToParent(after.ManagedFields)
	if err != nil {
		return nil, fmt.Errorf("managed fields: %w", err)
	}
	t.SetManagedFields(entries)
	if i.r.main.authorize != nil {
		if err := i.r.main.authorize(ctx, t, old); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func validateScale(s *autoscalingv1.Scale) field.ErrorList {
	errs := apivalidation.ValidateObjectMeta(&s.ObjectMeta, true, apivalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
	return append(errs, apivalidation.ValidateNonnegativeField(int64(s.Spec.Replicas), field.NewPath("spec", "replicas"))...)
}
