// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package rollout serves rollouts and their subresources. What a rollout does
// next is decided in pkg/rollout, never here.
package rollout

import (
	"context"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/apis/rollout/validation"
	core "argosy.dev/argosy/pkg/rollout"
	"argosy.dev/argosy/registry/resource"
	"argosy.dev/argosy/registry/rollout/rules"
)

// Kind describes rollouts. The peer's have a status subresource, so status is
// written through it in both groups. runs stores their analysis runs, templates
// what these are made from; seen tells of objects of the cluster, and may be nil.
func Kind(r rules.Rules, runs *resource.REST, templates Templates, seen Seen, deps resource.Deps) *resource.Kind[*rov1.Rollout] {
	check := rules.Check(r, validation.ValidateRollout)
	return &resource.Kind[*rov1.Rollout]{
		GroupVersion: rov1.SchemeGroupVersion,
		Resource:     "rollouts",
		Singular:     "rollout",
		ShortNames:   []string{"ro"},
		New:          func() *rov1.Rollout { return &rov1.Rollout{} },
		NewList:      func() runtime.Object { return &rov1.RolloutList{} },
		Spec:         func(ro *rov1.Rollout) any { return &ro.Spec },
		Status:       func(ro *rov1.Rollout) any { return &ro.Status },
		Check: func(ctx context.Context, ro, old *rov1.Rollout) field.ErrorList {
			errs := check(ctx, ro, old)
			if old != nil {
				errs = append(errs, validation.ValidateRolloutUpdate(ro, old)...)
			}
			return errs
		},
		Warn:           warn(r),
		WarnNamed:      named{templates, seen}.warn,
		CompleteStatus: core.Moved,
		Fields: func(ro *rov1.Rollout) fields.Set {
			set := fields.Set{rov1.FieldStatusPhase: string(ro.Status.Phase), rov1.FieldWorkloadRefName: ""}
			if ref := ro.Spec.WorkloadRef; ref != nil {
				set[rov1.FieldWorkloadRefName] = ref.Name
			}
			return set
		},
		Indexed: []string{rov1.FieldStatusPhase, rov1.FieldWorkloadRefName},
		Table:   table(),
		Subresources: func(kind *resource.Kind[*rov1.Rollout], main *resource.REST) map[string]rest.Storage {
			v := verbs{kind, main, deps}
			return map[string]rest.Storage{
				"scale":    NewScaleREST(kind, main),
				"tree":     NewTreeREST(main, runs, deps),
				"promote":  NewPromoteREST(v),
				"abort":    NewAbortREST(v),
				"retry":    NewRetryREST(v),
				"pause":    NewPauseREST(v),
				"resume":   NewResumeREST(v),
				"undo":     NewUndoREST(v),
				"restart":  NewRestartREST(v),
				"setimage": NewSetImageREST(v),
			}
		},
	}
}

// warn returns the warnings that follow from a rollout alone: what is invalid and
// stored all the same, and what this version does not act upon.
func warn(r rules.Rules) func(*rov1.Rollout) []string {
	invalid := rules.Warn(r, validation.ValidateRollout)
	return func(ro *rov1.Rollout) []string {
		var warnings []string
		if invalid != nil {
			warnings = invalid(ro)
		}
		for _, err := range core.NotBuilt(ro) {
			warnings = append(warnings, "accepted, but nothing will be done with it: "+err.Error())
		}
		return warnings
	}
}

// NewScaleREST returns the storage of rollouts/scale.
func NewScaleREST(kind *resource.Kind[*rov1.Rollout], main *resource.REST) rest.Storage {
	return resource.NewScaleREST(main, kind, resource.Scale[*rov1.Rollout]{
		Path: []string{"spec", "replicas"},
		Read: func(ro *rov1.Rollout) (int32, autoscalingv1.ScaleStatus) {
			return ro.Spec.GetReplicas(), autoscalingv1.ScaleStatus{Replicas: ro.Status.HPAReplicas, Selector: ro.Status.Selector}
		},
		Write: func(ro *rov1.Rollout, replicas int32) { ro.Spec.Replicas = ptr.To(replicas) },
	})
}
