// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"encoding/json"
	"fmt"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

// resolve takes template and selector from the workload that the spec names.
func (r *run) resolve() *field.Error {
	ref := r.spec.WorkloadRef
	path := field.NewPath("spec", "workloadRef")
	if ref != nil {
		w := r.world.Workload
		if w == nil {
			return field.Invalid(path.Child("name"), ref.Name, fmt.Sprintf("%s %q not found", ref.Kind, ref.Name))
		}
		r.spec.Template = w.Template
		if r.spec.Selector == nil && len(w.Selector.Raw) > 0 {
			selector := &metav1.LabelSelector{}
			if err := json.Unmarshal(w.Selector.Raw, selector); err != nil {
				return field.Invalid(path, ref.Name, fmt.Sprintf("its selector cannot be read: %v", err))
			}
			r.spec.Selector = selector
		}
		r.annotate(rov1.AnnotationWorkloadGeneration, strconv.FormatInt(w.Generation, 10))
	} else {
		path = field.NewPath("spec", "template")
	}
	template, err := r.spec.Template.Decode()
	if err != nil {
		return field.Invalid(path, "", err.Error())
	}
	r.template = template
	return nil
}

// shrinkWorkload takes away the workload's own pods as those of the rollout get ready, and gives them back if they do not
// stay so. Only the first revision gives back: in a later one they would be pods of the new version, which no step has let in.
func (r *run) shrinkWorkload() {
	ref := r.spec.WorkloadRef
	if ref == nil || ref.ScaleDown != rov1.ScaleDownProgressively {
		return
	}
	have, serving := ptr.Deref(r.world.Workload.Replicas, 0), r.servingPods()
	left := max(0, r.replicas()-serving)
	switch {
	case r.revision > 1 && left >= have, serving == 0 && have >= r.replicas():
		return
	}
	r.scaleWorkload(left)
}

// servingPods is how many ready pods of the rollout get what its users send. With blue-green those of a preview do not.
func (r *run) servingPods() int32 {
	if r.spec.Strategy.BlueGreen != nil {
		if live := r.byHash(r.live()); live != nil {
			return ready(live)
		}
	}
	return sum(r.sets, ready)
}

// emptyWorkload takes away the workload's own pods once the rollout is healthy, whichever revision that is: the first may
// never have got so far, and somebody may have scaled the workload up again.
func (r *run) emptyWorkload() {
	ref := r.spec.WorkloadRef
	if ref == nil || r.status.Phase != rov1.RolloutPhaseHealthy {
		return
	}
	if ref.ScaleDown == rov1.ScaleDownOnSuccess || ref.ScaleDown == rov1.ScaleDownProgressively {
		r.scaleWorkload(0)
	}
}

func (r *run) scaleWorkload(count int32) {
	w := r.world.Workload
	if w.Replicas == nil || *w.Replicas == count {
		return
	}
	r.effect(ScaleWorkload{Ref: *r.spec.WorkloadRef, UID: w.UID, Replicas: count})
}
