// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package storage

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/storage"
	"k8s.io/apiserver/pkg/storage/storagebackend"
	"k8s.io/apiserver/pkg/storage/storagebackend/factory"
	"k8s.io/client-go/tools/cache"
)

// ClearErrors makes the stores that getter describes answer 413 for an object
// that etcd cannot take. Without it the client sees an internal error of gRPC.
func ClearErrors(getter generic.RESTOptionsGetter) generic.RESTOptionsGetter {
	return clearErrors{getter}
}

type clearErrors struct{ generic.RESTOptionsGetter }

// GetRESTOptions implements generic.RESTOptionsGetter.
func (g clearErrors) GetRESTOptions(gr schema.GroupResource, example runtime.Object) (generic.RESTOptions, error) {
	opts, err := g.RESTOptionsGetter.GetRESTOptions(gr, example)
	if err != nil {
		return opts, err
	}
	decorate := opts.Decorator
	opts.Decorator = func(
		config *storagebackend.ConfigForResource,
		prefix string,
		keyFunc func(runtime.Object) (string, error),
		newFunc, newListFunc func() runtime.Object,
		attrs storage.AttrFunc,
		triggers storage.IndexerFuncs,
		indexers *cache.Indexers,
	) (storage.Interface, factory.DestroyFunc, error) {
		s, destroy, err := decorate(config, prefix, keyFunc, newFunc, newListFunc, attrs, triggers, indexers)
		if err != nil {
			return s, destroy, err
		}
		return &clearStore{s}, destroy, nil
	}
	return opts, nil
}

type clearStore struct{ storage.Interface }

// Create implements storage.Interface.
func (s *clearStore) Create(ctx context.Context, key string, obj, out runtime.Object, ttl uint64) error {
	return explain(s.Interface.Create(ctx, key, obj, out, ttl))
}

// GuaranteedUpdate implements storage.Interface.
func (s *clearStore) GuaranteedUpdate(ctx context.Context, key string, dest runtime.Object, ignoreNotFound bool,
	pre *storage.Preconditions, update storage.UpdateFunc, cached runtime.Object) error {
	return explain(s.Interface.GuaranteedUpdate(ctx, key, dest, ignoreNotFound, pre, update, cached))
}

// explain turns the two ways in which etcd says "too large" into a Status: the
// server's own refusal, and the client's limit of 2 MiB a message.
func explain(err error) error {
	if err == nil {
		return nil
	}
	var coded interface{ Code() codes.Code }
	tooLarge := errors.As(err, &coded) && coded.Code() == codes.InvalidArgument && strings.Contains(err.Error(), "request is too large")
	if st, ok := status.FromError(err); ok && st.Code() == codes.ResourceExhausted && strings.Contains(st.Message(), "larger than max") {
		tooLarge = true
	}
	if !tooLarge {
		return err
	}
	return apierrors.NewRequestEntityTooLargeError("the object, compressed, exceeds what etcd stores in one key (2 MiB)")
}
