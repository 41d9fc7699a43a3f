// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"fmt"
	"reflect"

	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/storage/names"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// Strategy is how objects of a kind are created, changed and deleted through
// the main resource.
type Strategy[T Object] struct {
	runtime.ObjectTyper
	names.NameGenerator
	kind  *Kind[T]
	authz authorizer.UnconditionalAuthorizer
}

var _ rest.RESTCreateUpdateStrategy = &Strategy[Object]{}
var _ rest.ResetFieldsStrategy = &Strategy[Object]{}

// NewStrategy returns the strategy of a kind. authz decides who may write status
// through the main resource of the compatibility group; nil lets nobody.
func NewStrategy[T Object](typer runtime.ObjectTyper, kind *Kind[T], authz authorizer.UnconditionalAuthorizer) *Strategy[T] {
	return &Strategy[T]{ObjectTyper: typer, NameGenerator: names.SimpleNameGenerator, kind: kind, authz: authz}
}

// NamespaceScoped tells whether objects live in a namespace.
func (s *Strategy[T]) NamespaceScoped() bool { return !s.kind.ClusterScoped }

// AllowCreateOnUpdate is false: an object is created by POST or by server-side apply.
func (s *Strategy[T]) AllowCreateOnUpdate(context.Context) bool { return false }

// AllowUnconditionalUpdate is false, as it is for the peers' custom resources:
// a PUT must say which version it replaces.
func (s *Strategy[T]) AllowUnconditionalUpdate(context.Context) bool { return false }

// Canonicalize does nothing: objects have one form.
func (s *Strategy[T]) Canonicalize(runtime.Object) {}

// PrepareForCreate drops status, unless the compatibility rule keeps it, and
// completes the object.
func (s *Strategy[T]) PrepareForCreate(ctx context.Context, obj runtime.Object) {
	t := s.kind.must(obj)
	t.SetGeneration(1)
	if s.kind.Status != nil && !s.statusAllowed(ctx, t) && clearValue(s.kind.Status(t)) {
		s.warnStatusIgnored(ctx)
	}
	if s.kind.Prepare != nil {
		s.kind.Prepare(ctx, t)
	}
	s.derive(t)
}

// PrepareForUpdate keeps the old status, unless the compatibility rule takes
// the new one, and raises the generation if the spec changes.
func (s *Strategy[T]) PrepareForUpdate(ctx context.Context, obj, old runtime.Object) {
	t, o := s.kind.must(obj), s.kind.must(old)
	if s.kind.Status != nil && !s.statusAllowed(ctx, t) {
		s.keepStatus(ctx, t, o)
	}
	switch spec, before := s.kind.Spec(t), s.kind.Spec(o); {
	case apiequality.Semantic.DeepEqual(spec, before):
	case onlySorted(ctx, spec, before):
		assign(spec, before)
	default:
		t.SetGeneration(o.GetGeneration() + 1)
	}
	s.derive(t)
}

// Validate checks the metadata and what is the kind's own.
func (s *Strategy[T]) Validate(ctx context.Context, obj runtime.Object) field.ErrorList {
	t := s.kind.must(obj)
	errs := apivalidation.ValidateObjectMetaAccessor(t, !s.kind.ClusterScoped, apivalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
	if s.kind.Check != nil {
		var none T
		errs = append(errs, s.kind.Check(ctx, t, none)...)
	}
	return errs
}

// ValidateUpdate checks what is the kind's own: the machinery has checked the metadata.
func (s *Strategy[T]) ValidateUpdate(ctx context.Context, obj, old runtime.Object) field.ErrorList {
	if s.kind.Check == nil {
		return nil
	}
	return s.kind.Check(ctx, s.kind.must(obj), s.kind.must(old))
}

// WarningsOnCreate says what the writer should know, and what this version does
// not do with the object.
func (s *Strategy[T]) WarningsOnCreate(ctx context.Context, obj runtime.Object) []string {
	var none T
	warnings := s.warnings(ctx, s.kind.must(obj), none)
	if s.kind.Idle != "" {
		warnings = append(warnings, fmt.Sprintf("%s are stored, but nothing acts on them in this version: %s", s.kind.Resource, s.kind.Idle))
	}
	return warnings
}

// WarningsOnUpdate says what the writer should know.
func (s *Strategy[T]) WarningsOnUpdate(ctx context.Context, obj, old runtime.Object) []string {
	return s.warnings(ctx, s.kind.must(obj), s.kind.must(old))
}

func (s *Strategy[T]) warnings(ctx context.Context, obj, old T) (all []string) {
	if s.kind.Warn != nil {
		all = s.kind.Warn(obj)
	}
	if s.kind.WarnNamed != nil {
		all = append(all, s.kind.WarnNamed(ctx, s.kind.reads(s.authz), obj, old)...)
	}
	return all
}

// GetResetFields names what a write to the main resource does not own.
func (s *Strategy[T]) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	if s.kind.Status == nil {
		return nil
	}
	return s.kind.resetFields("status")
}

func (s *Strategy[T]) derive(t T) {
	if s.kind.Derive != nil {
		s.kind.Derive(t)
	}
}

// resetFields repeats the fields for each group: managers are tracked by the
// version they wrote in.
func (k *Kind[T]) resetFields(names ...string) map[fieldpath.APIVersion]*fieldpath.Set {
	set := fieldpath.NewSet()
	for _, name := range names {
		set.Insert(fieldpath.MakePathOrDie(name))
	}
	out := map[fieldpath.APIVersion]*fieldpath.Set{}
	for _, gv := range []schema.GroupVersion{k.GroupVersion, compat} {
		out[fieldpath.APIVersion(gv.String())] = set
	}
	return out
}

// StatusStrategy is how the status subresource changes an object: its status
// and nothing else of what the client sent.
type StatusStrategy[T Object] struct{ *Strategy[T] }

// NewStatusStrategy returns the strategy of the status subresource.
func NewStatusStrategy[T Object](s *Strategy[T]) *StatusStrategy[T] { return &StatusStrategy[T]{s} }

// PrepareForUpdate keeps everything but status, and what AfterStatus changes, as it was.
func (s *StatusStrategy[T]) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	t, o := s.kind.must(obj), s.kind.must(old)
	asked := s.kind.New()
	assign(asked, t)
	// What server-side apply recorded about this very write, and the version it
	// is conditional on, come from the request.
	managed, version := t.GetManagedFields(), t.GetResourceVersion()
	kind := t.GetObjectKind().GroupVersionKind()
	status := reflect.ValueOf(s.kind.Status(t)).Elem().Interface()
	assign(t, o.DeepCopyObject())
	reflect.ValueOf(s.kind.Status(t)).Elem().Set(reflect.ValueOf(status))
	t.GetObjectKind().SetGroupVersionKind(kind)
	t.SetManagedFields(managed)
	t.SetResourceVersion(version)
	if s.kind.CompleteStatus != nil {
		s.kind.CompleteStatus(t, o)
	}
	if s.kind.AfterStatus != nil {
		disown(t, s.kind.AfterStatus(t, asked, o)...)
	}
	s.derive(t)
}

// ValidateUpdate checks nothing: the spec is as it was, and status is the loop's.
func (s *StatusStrategy[T]) ValidateUpdate(context.Context, runtime.Object, runtime.Object) field.ErrorList {
	return nil
}

// WarningsOnUpdate says nothing: what there is to say was said of the spec.
func (s *StatusStrategy[T]) WarningsOnUpdate(context.Context, runtime.Object, runtime.Object) []string {
	return nil
}

// GetResetFields names what a write to status does not own.
func (s *StatusStrategy[T]) GetResetFields() map[fieldpath.APIVersion]*fieldpath.Set {
	return s.kind.resetFields(append([]string{"spec", "metadata"}, s.kind.Beside...)...)
}
