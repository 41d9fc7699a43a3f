// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/registry/generic"
	"k8s.io/apiserver/pkg/registry/rest"

	"argosy.dev/argosy/registry/resource"
)

// NewStorage returns the storage of workflows and of all their subresources, by path.
func NewStorage(getter generic.RESTOptionsGetter, typer runtime.ObjectTyper, authz authorizer.UnconditionalAuthorizer, templates Templates, deps Deps) (map[string]rest.Storage, error) {
	s := newStrategy(typer, authz, templates)
	main, err := resource.NewREST(getter, kind(), s)
	if err != nil {
		return nil, err
	}
	return map[string]rest.Storage{
		"workflows":           main,
		"workflows/status":    resource.NewStatusREST(main, resource.NewStatusStrategy(s.Strategy)),
		"workflows/stop":      NewStopREST(main.Store, deps),
		"workflows/terminate": NewTerminateREST(main.Store, deps),
		"workflows/suspend":   NewSuspendREST(main.Store, deps),
		"workflows/resume":    NewResumeREST(main.Store, deps),
		"workflows/log":       NewLogREST(main.Store, deps),
	}, nil
}
