// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/object"
)

// Live answers what the subresources of applications show of sources and
// clusters. Values of Secrets are masked in all answers, and errors hold none.
// Errors that are API statuses go to the caller as they are; all others are
// internal errors. The application that is passed must not be changed.
type Live interface {
	// Manifests renders the sources of an application. The metadata of the answer
	// is filled in by the caller.
	Manifests(ctx context.Context, app *appv1.Application, options *appv1.ApplicationManifestsOptions) (*appv1.ApplicationManifests, error)
	// Diff compares what there is with what the sources make. The metadata of the
	// answer is filled in by the caller.
	Diff(ctx context.Context, app *appv1.Application, options *appv1.ApplicationDiffOptions) (*appv1.ApplicationDiff, error)
	// Tree returns the objects of an application and what they own, each after
	// what owns it.
	Tree(ctx context.Context, app *appv1.Application) ([]appv1.ApplicationTreeNode, error)
	// Pods returns the pods that are among, or below, an application's objects.
	Pods(ctx context.Context, app *appv1.Application) (*Pods, error)
	// Watch returns a channel that gets something after each change of what Tree
	// and Pods return, changes in quick succession together. It is closed when the
	// application does not exist any longer, and when ctx ends.
	Watch(ctx context.Context, app *appv1.Application) (<-chan struct{}, error)
}

// Pods are the pods of an application.
type Pods struct {
	// Cluster reads their logs, as whoever may read them there.
	Cluster kubernetes.Interface
	// Pods are the pods, with their status.
	Pods []Pod
}

// Pod is a pod of an application.
type Pod struct {
	corev1.Pod
	// Path is the pod itself, what owns it, and so on up to an object of the
	// application.
	Path []object.Key
}
