// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/rest"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

// answer is a pointer to a type with metadata.
type answer interface {
	runtime.Object
	metav1.Object
}

// answers is what subresources have in common that show an A of an application.
// Who may get one sees what it shows, whether or not he may read it where it
// comes from.
type answers[A answer] struct {
	main *resource.REST
	live Live
}

// New implements rest.Storage.
func (a answers[A]) New() runtime.Object {
	return reflect.New(reflect.TypeFor[A]().Elem()).Interface().(A)
}

// Destroy does nothing: the store belongs to the main resource.
func (a answers[A]) Destroy() {}

// GroupVersionKind tells the kind of the answer, in the group through which the request comes.
func (a answers[A]) GroupVersionKind(containing schema.GroupVersion) schema.GroupVersionKind {
	return containing.WithKind(reflect.TypeFor[A]().Elem().Name())
}

// answer returns what get makes of the application of the name.
func (a answers[A]) answer(ctx context.Context, name string, options *metav1.GetOptions, get func(*appv1.Application) (A, error)) (runtime.Object, error) {
	app, err := find(ctx, a.main, a.live, name, options)
	if err != nil {
		return nil, err
	}
	got, err := get(app)
	if err != nil {
		return nil, told(app, err)
	}
	describe(got, app)
	return got, nil
}

// optionsREST serves an answer with query parameters: an O.
type optionsREST[A answer, O runtime.Object] struct {
	answers[A]
	get func(context.Context, *appv1.Application, O) (A, error)
}

var (
	_ rest.Storage                  = &optionsREST[answer, runtime.Object]{}
	_ rest.GetterWithOptions        = &optionsREST[answer, runtime.Object]{}
	_ rest.GroupVersionKindProvider = &optionsREST[answer, runtime.Object]{}
)

// NewGetOptions implements rest.GetterWithOptions.
func (r *optionsREST[A, O]) NewGetOptions() (runtime.Object, bool, string) {
	return reflect.New(reflect.TypeFor[O]().Elem()).Interface().(O), false, ""
}

// Get implements rest.GetterWithOptions.
func (r *optionsREST[A, O]) Get(ctx context.Context, name string, options runtime.Object) (runtime.Object, error) {
	o, ok := options.(O)
	if !ok {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("not a %s: %T", reflect.TypeFor[O]().Elem().Name(), options))
	}
	return r.answer(ctx, name, &metav1.GetOptions{}, func(app *appv1.Application) (A, error) { return r.get(ctx, app, o) })
}

// find returns the application of the name. Nothing can be shown of it without a Live.
func find(ctx context.Context, main *resource.REST, live Live, name string, options *metav1.GetOptions) (*appv1.Application, error) {
	obj, err := main.Get(ctx, name, options)
	if err != nil {
		return nil, err
	}
	app, ok := obj.(*appv1.Application)
	if !ok {
		return nil, fmt.Errorf("unexpected object of type %T in the store of applications", obj)
	}
	if live == nil {
		return nil, apierrors.NewServiceUnavailable("this server does not look at the sources and clusters of applications")
	}
	return app, nil
}

// told is an error as the caller is told of it.
func told(app *appv1.Application, err error) error {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return err
	}
	return apierrors.NewInternalError(fmt.Errorf("application %s: %w", app.Name, err))
}

// revisions refuses versions that are not as many as there are sources.
func revisions(app *appv1.Application, asked []string) error {
	if n := len(app.Spec.GetSources()); len(asked) > 0 && len(asked) != n {
		return apierrors.NewBadRequest(fmt.Sprintf("query parameter revision: given %d times, but the application has %d sources", len(asked), n))
	}
	return nil
}

// describe tells which application, in which version, the answer is about.
func describe(o metav1.Object, app *appv1.Application) {
	o.SetName(app.Name)
	o.SetNamespace(app.Namespace)
	o.SetUID(app.UID)
	o.SetResourceVersion(app.ResourceVersion)
	o.SetGeneration(app.Generation)
	o.SetCreationTimestamp(app.CreationTimestamp)
}
