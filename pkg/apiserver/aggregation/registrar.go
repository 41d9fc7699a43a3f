// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package aggregation registers the server with the aggregation layer of the
// cluster's API server, and keeps it registered. It never takes a group from
// custom resources unless it is told to.
package aggregation

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/metadata"
	"k8s.io/klog/v2"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	apiregistrationclient "k8s.io/kube-aggregator/pkg/client/clientset_generated/clientset/typed/apiregistration/v1"
	"k8s.io/utils/ptr"
)

const (
	// FieldManager owns what we write into APIServices.
	FieldManager = "argosy-apiserver"

	// automanaged marks APIServices that kube-aggregator keeps for custom
	// resources. It takes back whatever bears it.
	automanaged = "kube-aggregator.kubernetes.io/automanaged"

	resync = 30 * time.Second
)

// Service is one API group and version to register.
type Service struct {
	schema.GroupVersion
	// Priority orders groups where a short name is in several: the higher wins.
	Priority int32
	// Yields tells that custom resources of the group come first: the group is
	// not taken while there are any, unless TakeOver is set.
	Yields bool
}

// Registrar keeps APIServices as they should be.
type Registrar struct {
	// APIServices and Metadata are clients of the cluster.
	APIServices apiregistrationclient.APIServiceInterface
	Metadata    metadata.Interface
	// Services are what to register.
	Services []Service
	// TakeOver registers a service that yields even if there are custom resources of its group.
	TakeOver bool
	// Namespace, Name and Port are the Service by which the cluster reaches us.
	Namespace, Name string
	Port            int32
	// CABundle returns the PEM by which the cluster trusts our certificate. Nil,
	// or nil returned, leaves the field to others, such as cert-manager.
	CABundle func() []byte
	// Owner is an object of the cluster with which the APIServices go; nil for none.
	Owner *metav1.OwnerReference

	refused map[string]bool
}

// Run registers and keeps registering until ctx ends.
func (r *Registrar) Run(ctx context.Context) {
	wait.UntilWithContext(ctx, func(ctx context.Context) {
		if err := r.Reconcile(ctx); err != nil {
			klog.FromContext(ctx).Error(err, "Registering APIServices failed, will try again")
		}
	}, resync)
}

// Reconcile registers once. A group that is refused is no error: it is logged
// with the reason, once, and tried again.
func (r *Registrar) Reconcile(ctx context.Context) error {
	for _, s := range r.Services {
		if err := r.register(ctx, s); err != nil {
			return fmt.Errorf("registering %s: %w", s.GroupVersion, err)
		}
	}
	return nil
}

func (r *Registrar) register(ctx context.Context, s Service) error {
	name := s.Version + "." + s.Group
	have, err := r.APIServices.Get(ctx, name, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	if apierrors.IsNotFound(err) {
		have = nil
	}
	if have != nil && r.current(have, s) {
		return nil
	}
	if s.Yields && !r.TakeOver && (have == nil || !r.ours(have)) {
		reason, err := r.taken(ctx, have, s)
		if err != nil {
			return err
		}
		if reason != "" {
			r.refuse(ctx, name, reason)
			return nil
		}
	}
	delete(r.refused, name)
	if have != nil && have.Labels[automanaged] != "" {
		// In one step with the rest, or kube-aggregator reverts the rest.
		return r.wrest(ctx, name, s)
	}
	patch, err := json.Marshal(r.desired(name, s))
	if err != nil {
		return fmt.Errorf("encoding: %w", err)
	}
	_, err = r.APIServices.Patch(ctx, name, types.ApplyPatchType, patch, metav1.PatchOptions{FieldManager: FieldManager, Force: ptr.To(true)})
	return err
}

// taken tells why the group is not ours to take, or nothing if it is.
func (r *Registrar) taken(ctx context.Context, have *apiregistrationv1.APIService, s Service) (string, error) {
	if have != nil && have.Spec.Service != nil {
		return fmt.Sprintf("it is served by %s/%s", have.Spec.Service.Namespace, have.Spec.Service.Name), nil
	}
	crds, err := r.Metadata.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}).
		List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", fmt.Errorf("listing custom resource definitions: %w", err)
	}
	suffix := "." + s.Group
	n, example := 0, ""
	for _, crd := range crds.Items {
		if len(crd.Name) > len(suffix) && crd.Name[len(crd.Name)-len(suffix):] == suffix {
			n, example = n+1, crd.Name
		}
	}
	if n > 0 {
		return fmt.Sprintf("%d custom resource definitions of the group exist (%s, ...)", n, example), nil
	}
	return "", nil
}

func (r *Registrar) refuse(ctx context.Context, name, reason string) {
	if r.refused[name] {
		return
	}
	if r.refused == nil {
		r.refused = map[string]bool{}
	}
	r.refused[name] = true
	klog.FromContext(ctx).Error(nil, "Not registering the group, since "+reason+"; an APIService would hide what they hold. Remove them, or set --take-over-argoproj", "apiService", name)
}

func (r *Registrar) ours(have *apiregistrationv1.APIService) bool {
	s := have.Spec.Service
	return s != nil && s.Namespace == r.Namespace && s.Name == r.Name
}

// current tells whether there is nothing to write.
func (r *Registrar) current(have *apiregistrationv1.APIService, s Service) bool {
	want := r.desired(have.Name, s).Spec
	return r.ours(have) && have.Labels[automanaged] == "" &&
		ptr.Equal(have.Spec.Service.Port, want.Service.Port) &&
		(want.CABundle == nil || string(have.Spec.CABundle) == string(want.CABundle)) &&
		have.Spec.GroupPriorityMinimum == want.GroupPriorityMinimum && have.Spec.VersionPriority == want.VersionPriority &&
		(r.Owner == nil || len(have.OwnerReferences) == 1 && have.OwnerReferences[0].UID == r.Owner.UID)
}

func (r *Registrar) desired(name string, s Service) *apiregistrationv1.APIService {
	out := &apiregistrationv1.APIService{
		TypeMeta:   metav1.TypeMeta{APIVersion: apiregistrationv1.SchemeGroupVersion.String(), Kind: "APIService"},
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app.kubernetes.io/part-of": "argosy"}},
		Spec: apiregistrationv1.APIServiceSpec{
			Group:                s.Group,
			Version:              s.Version,
			GroupPriorityMinimum: s.Priority,
			VersionPriority:      15,
			Service:              &apiregistrationv1.ServiceReference{Namespace: r.Namespace, Name: r.Name, Port: ptr.To(r.Port)},
		},
	}
	if r.CABundle != nil {
		out.Spec.CABundle = r.CABundle()
	}
	if r.Owner != nil {
		out.OwnerReferences = []metav1.OwnerReference{*r.Owner}
	}
	return out
}

func (r *Registrar) wrest(ctx context.Context, name string, s Service) error {
	want := r.desired(name, s)
	patch, err := json.Marshal(map[string]any{
		"metadata": map[string]any{
			"labels":          map[string]any{automanaged: nil, "app.kubernetes.io/part-of": "argosy"},
			"ownerReferences": want.OwnerReferences,
		},
		"spec": want.Spec,
	})
	if err != nil {
		return fmt.Errorf("encoding: %w", err)
	}
	_, err = r.APIServices.Patch(ctx, name, types.MergePatchType, patch, metav1.PatchOptions{FieldManager: FieldManager})
	return err
}
