// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"argosy.dev/argosy/apis/raw"
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/rollout/tree"
	"argosy.dev/argosy/registry/resource"
)

// cached is the resourceVersion of a list that a server answers from its watch cache, without a read of etcd.
const cached = "0"

// replicaSets returns the ReplicaSets that the rollout controls. at is cached, or empty for what etcd has.
func replicaSets(ctx context.Context, deps resource.Deps, ro *rov1.Rollout, at string) ([]appsv1.ReplicaSet, error) {
	options, err := selecting(deps, ro, at)
	if err != nil {
		return nil, err
	}
	list, err := deps.Cluster.AppsV1().ReplicaSets(ro.Namespace).List(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("reading the ReplicaSets of rollout %s: %w", ro.Name, err)
	}
	var sets []appsv1.ReplicaSet
	for i := range list.Items {
		if metav1.IsControlledBy(&list.Items[i], ro) {
			sets = append(sets, list.Items[i])
		}
	}
	return sets, nil
}

// wholeTemplate returns the pod template of a ReplicaSet as the cluster's own text, which may have fields that are newer
// than the types that are compiled in.
func wholeTemplate(ctx context.Context, deps resource.Deps, set *appsv1.ReplicaSet) (raw.PodTemplateSpec, error) {
	var read struct {
		Metadata struct {
			UID types.UID `json:"uid"`
		} `json:"metadata"`
		Spec struct {
			Template raw.PodTemplateSpec `json:"template"`
		} `json:"spec"`
	}
	text, err := deps.Cluster.AppsV1().RESTClient().Get().Namespace(set.Namespace).Resource("replicasets").Name(set.Name).
		SetHeader("Accept", runtime.ContentTypeJSON).Do(ctx).Raw()
	if err == nil {
		err = json.Unmarshal(text, &read)
	}
	if err == nil && read.Metadata.UID != set.UID {
		err = errors.New("it was replaced meanwhile")
	}
	if err != nil {
		return raw.PodTemplateSpec{}, fmt.Errorf("reading ReplicaSet %s: %w", set.Name, err)
	}
	return read.Spec.Template, nil
}

// podsOf returns the pods that the rollout's selector matches. They may be another's.
func podsOf(ctx context.Context, deps resource.Deps, ro *rov1.Rollout, at string) ([]corev1.Pod, error) {
	options, err := selecting(deps, ro, at)
	if err != nil {
		return nil, err
	}
	list, err := deps.Cluster.CoreV1().Pods(ro.Namespace).List(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("reading the pods of rollout %s: %w", ro.Name, err)
	}
	return list.Items, nil
}

// selecting returns the options of a list of what a rollout has made: what its selector matches and a version's hash marks.
func selecting(deps resource.Deps, ro *rov1.Rollout, at string) (metav1.ListOptions, error) {
	if deps.Cluster == nil {
		return metav1.ListOptions{}, apierrors.NewServiceUnavailable("there is no cluster to read ReplicaSets and pods from")
	}
	selector, err := tree.Selector(ro.Status.Selector)
	if err != nil {
		return metav1.ListOptions{}, apierrors.NewInternalError(fmt.Errorf("status.selector of rollout %s: %w", ro.Name, err))
	}
	return metav1.ListOptions{LabelSelector: selector, ResourceVersion: at}, nil
}
