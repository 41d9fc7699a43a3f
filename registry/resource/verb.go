// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"
	"fmt"
	"maps"
	"reflect"

	corev1 "k8s.io/api/core/v1"
	apiequality "k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/endpoints/request"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/util/dryrun"
	"k8s.io/client-go/tools/record"
)

// Request is the request of a verb. Types that embed verb.Request are requests.
type Request interface {
	Object
	// GetPreconditions returns what must hold for the object; nil if nothing.
	GetPreconditions() *metav1.Preconditions
	// GetMessage returns what the caller says about the request.
	GetMessage() string
}

// Verb is something that may be asked of an object: a subresource to which a
// request of its own kind is posted, modelled on pods/eviction, so that it is
// authorized, audited and admitted on its own. It only records what is wanted:
// a loop does it. T is the object, R the request.
type Verb[T Object, R Request] struct {
	// Describe puts what only the object tells, and a policy may want to know, into
	// fields of the request that callers cannot set; nil if there are none. It is
	// called as Apply is, and before admission.
	Describe func(T, R)
	// Authorize decides about parts of the request that only some may ask for; nil
	// if whoever may create the verb may ask for all. It is called as Apply is, and
	// before it.
	Authorize func(context.Context, May, T, R) error
	// Apply records the request in the object, which is a copy. It may be called
	// more than once, each time with a newer object. Its errors go to the caller,
	// so they should be API statuses: Conflict where the object's state forbids
	// the verb, Invalid where the request is wrong.
	Apply func(context.Context, T, R) error
	// Reason and Note make the Event that tells who asked: "NOTE by USER: MESSAGE".
	Reason, Note string
}

// VerbREST serves a Verb.
type VerbREST[T Object, R Request] struct {
	store  *genericregistry.Store
	authz  authorizer.UnconditionalAuthorizer
	kind   *Kind[T]
	verb   Verb[T, R]
	events record.EventRecorder
}

var (
	_ rest.Storage                  = &VerbREST[Object, Request]{}
	_ rest.NamedCreater             = &VerbREST[Object, Request]{}
	_ rest.GroupVersionKindProvider = &VerbREST[Object, Request]{}
)

// NewVerbREST returns the storage of a verb on the objects in the store of their kind.
func NewVerbREST[T Object, R Request](main *REST, kind *Kind[T], verb Verb[T, R], events record.EventRecorder) *VerbREST[T, R] {
	store := *main.Store
	store.UpdateStrategy = verbStrategy[T]{main.UpdateStrategy, kind}
	return &VerbREST[T, R]{store: &store, authz: main.authz, kind: kind, verb: verb, events: events}
}

// New implements rest.Storage: it returns an empty request.
func (r *VerbREST[T, R]) New() runtime.Object {
	return reflect.New(reflect.TypeFor[R]().Elem()).Interface().(R)
}

// Destroy does nothing: the underlying store belongs to the main resource.
func (r *VerbREST[T, R]) Destroy() {}

// GroupVersionKind tells the kind of the request, in the group through which it comes.
func (r *VerbREST[T, R]) GroupVersionKind(containing schema.GroupVersion) schema.GroupVersionKind {
	return containing.WithKind(r.requestKind())
}

// requestKind is the kind of the request: the Go type bears its name.
func (r *VerbREST[T, R]) requestKind() string { return reflect.TypeFor[R]().Elem().Name() }

// Create applies the request obj to the object of the given name, and returns a
// Status that says what was done.
func (r *VerbREST[T, R]) Create(ctx context.Context, name string, obj runtime.Object, admit rest.ValidateObjectFunc, options *metav1.CreateOptions) (runtime.Object, error) {
	req, ok := obj.(R)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("not a %s: %T", r.requestKind(), obj))
	}
	if given := req.GetName(); given != "" && given != name {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("the name in the URL (%s) does not match the name in the %s (%s)", name, r.requestKind(), given))
	}
	req.SetName(name)
	// As of any object that is created, it is the time of the request, whatever the caller says: a policy may ask for it.
	req.SetCreationTimestamp(metav1.Now())
	update := rest.DefaultUpdatedObjectInfo(nil, func(ctx context.Context, _, old runtime.Object) (runtime.Object, error) {
		t, err := r.kind.cast(old.DeepCopyObject())
		if err != nil {
			return nil, err
		}
		// Admission comes here, so that it sees the labels and fields of the very object that is written.
		r.describe(t, req)
		if admit != nil {
			if err := admit(ctx, req.DeepCopyObject()); err != nil {
				return nil, err
			}
		}
		if err := r.check(t, req); err != nil {
			return nil, err
		}
		if r.verb.Authorize != nil {
			if err := r.verb.Authorize(ctx, r.kind.may(r.authz, t), t, req); err != nil {
				return nil, err
			}
		}
		if err := r.verb.Apply(ctx, t, req); err != nil {
			return nil, err
		}
		return t, nil
	})
	changed, _, err := r.store.Update(ctx, name, update, rest.ValidateAllObjectFunc, rest.ValidateAllObjectUpdateFunc, false,
		&metav1.UpdateOptions{DryRun: options.DryRun, FieldManager: options.FieldManager})
	if err != nil {
		return nil, err
	}
	t, err := r.kind.cast(changed)
	if err != nil {
		return nil, err
	}
	note := r.note(ctx, req)
	if !dryrun.IsDryRun(options.DryRun) {
		r.event(t, note)
	}
	kind := r.objectKind(t)
	return &metav1.Status{
		Status:  metav1.StatusSuccess,
		Message: fmt.Sprintf("%s %q: %s", r.kind.Singular, name, note),
		Details: &metav1.StatusDetails{Group: kind.Group, Kind: kind.Kind, Name: name, UID: t.GetUID()},
	}, nil
}

// describe makes the request tell of the object what a policy may go by: its labels, by which a policy may also choose
// (objectSelector), and what the verb adds. Annotations remain what the caller says, such as the number of a ticket.
func (r *VerbREST[T, R]) describe(t T, req R) {
	req.SetLabels(maps.Clone(t.GetLabels()))
	if r.verb.Describe != nil {
		r.verb.Describe(t, req)
	}
}

// check refuses a request whose preconditions do not hold.
func (r *VerbREST[T, R]) check(t T, req R) error {
	pre := req.GetPreconditions()
	if pre == nil {
		return nil
	}
	conflict := func(field, want, have string) error {
		return apierrors.NewConflict(r.kind.GroupResource(), t.GetName(), fmt.Errorf("the precondition on %s failed: %q was asked for, it is %q", field, want, have))
	}
	if pre.UID != nil && *pre.UID != t.GetUID() {
		return conflict("uid", string(*pre.UID), string(t.GetUID()))
	}
	if pre.ResourceVersion != nil && *pre.ResourceVersion != t.GetResourceVersion() {
		return conflict("resourceVersion", *pre.ResourceVersion, t.GetResourceVersion())
	}
	return nil
}

// note is what the event and the answer say.
func (r *VerbREST[T, R]) note(ctx context.Context, req R) string {
	note := r.verb.Note + " by " + UserName(ctx)
	if m := req.GetMessage(); m != "" {
		note += ": " + m
	}
	return note
}

// event records the request. An Event has room for little text.
func (r *VerbREST[T, R]) event(t T, note string) {
	if len(note) > maxNote {
		note = note[:maxNote] + "..."
	}
	kind := r.objectKind(t)
	r.events.Event(&corev1.ObjectReference{
		APIVersion: kind.GroupVersion().String(), Kind: kind.Kind, Namespace: t.GetNamespace(), Name: t.GetName(), UID: t.GetUID(), ResourceVersion: t.GetResourceVersion(),
	}, corev1.EventTypeNormal, r.verb.Reason, note)
}

// maxNote keeps the message of an Event, in bytes, below the 1024 that events.k8s.io takes.
const maxNote = 1000

// objectKind returns the native kind of the object: the Go type bears its name.
func (r *VerbREST[T, R]) objectKind(t T) schema.GroupVersionKind {
	return r.kind.GroupVersion.WithKind(reflect.TypeOf(t).Elem().Name())
}

// UserName returns who makes the request.
func UserName(ctx context.Context) string {
	if u, ok := request.UserFrom(ctx); ok && u.GetName() != "" {
		return u.GetName()
	}
	return "unknown"
}

// verbStrategy lets a verb write spec and status in one go, whichever group it
// comes through. All other rules of the main resource hold.
type verbStrategy[T Object] struct {
	rest.RESTUpdateStrategy
	kind *Kind[T]
}

// WarningsOnUpdate says nothing: who asks for a verb has not written the spec.
func (s verbStrategy[T]) WarningsOnUpdate(context.Context, runtime.Object, runtime.Object) []string {
	return nil
}

// PrepareForUpdate raises the generation if the spec changes.
func (s verbStrategy[T]) PrepareForUpdate(_ context.Context, obj, old runtime.Object) {
	t, o := s.kind.must(obj), s.kind.must(old)
	if !apiequality.Semantic.DeepEqual(s.kind.Spec(t), s.kind.Spec(o)) {
		t.SetGeneration(o.GetGeneration() + 1)
	}
	if s.kind.Derive != nil {
		s.kind.Derive(t)
	}
}
