// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"
)

// Config is what the storage of any kind needs.
type Config struct {
	// Getter says where and how objects are stored.
	Getter generic.RESTOptionsGetter
	// Typer knows the kinds of Go types.
	Typer runtime.ObjectTyper
	// Authorizer answers what the caller of a request may do besides it.
	Authorizer authorizer.UnconditionalAuthorizer
}

// Storage collects the storage of the kinds of a family.
type Storage struct {
	config Config
	paths  map[string]rest.Storage
	errs   []error
}

// NewStorage returns the storage of a family without kinds.
func NewStorage(c Config) *Storage { return &Storage{config: c, paths: map[string]rest.Storage{}} }

// Paths returns the storage of all resources and subresources, by path, or what
// went wrong when kinds were added.
func (s *Storage) Paths() (map[string]rest.Storage, error) { return s.paths, errors.Join(s.errs...) }

// Add adds a kind with its subresources, and returns its main resource, for
// other kinds to read. Errors are kept for Paths.
func Add[T Object](s *Storage, kind *Kind[T]) *REST {
	strategy := NewStrategy(s.config.Typer, kind, s.config.Authorizer)
	main, err := newREST(s.config, kind, strategy)
	if err != nil {
		s.errs = append(s.errs, fmt.Errorf("%s: %w", kind.Resource, err))
		return nil
	}
	s.paths[kind.Resource] = main
	if kind.Status != nil {
		s.paths[kind.Resource+"/status"] = newStatusREST(main, NewStatusStrategy(strategy))
	}
	if kind.Subresources != nil {
		for name, storage := range kind.Subresources(kind, main) {
			s.paths[kind.Resource+"/"+name] = storage
		}
	}
	return main
}
