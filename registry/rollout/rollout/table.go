// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"
	"strconv"

	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

// table prints the peer's columns (Desired, Current, Up-to-date, Available,
// Age), and where the rollout stands, which is what one wants to know first.
func table() resource.Table[*rov1.Rollout] {
	return resource.Table[*rov1.Rollout]{
		resource.Text("Status", "Phase of the rollout.", func(ro *rov1.Rollout) string { return string(ro.Status.Phase) }),
		resource.Text("Strategy", "How pods are replaced.", strategy),
		resource.Text("Step", "Steps of the canary that were taken, of all.", step),
		resource.Text("Weight", "Part of the traffic that goes to the new pods of a canary.", weight),
		resource.Integer("Desired", "Pods that are wanted.", func(ro *rov1.Rollout) int64 { return int64(ro.Spec.GetReplicas()) }),
		resource.Integer("Current", "Pods that there are.", func(ro *rov1.Rollout) int64 { return int64(ro.Status.Replicas) }),
		resource.Integer("Up-to-date", "Pods of the version that is wanted.", func(ro *rov1.Rollout) int64 { return int64(ro.Status.UpdatedReplicas) }),
		resource.Integer("Available", "Pods that are available.", func(ro *rov1.Rollout) int64 { return int64(ro.Status.AvailableReplicas) }),
		resource.Age[*rov1.Rollout](),
		resource.Wide(resource.Text("Message", "Why the rollout is in its phase.", func(ro *rov1.Rollout) string { return resource.OneLine(ro.Status.Message) })),
		resource.Wide(resource.Text("Stable", "Hash of the version that counts as good.", func(ro *rov1.Rollout) string { return ro.Status.StableRS })),
		resource.Wide(resource.Text("Wanted", "Hash of the version that is wanted.", func(ro *rov1.Rollout) string { return ro.Status.CurrentPodHash })),
		resource.Wide(resource.Text("Workload", "Workload whose pod template is used.", workload)),
	}
}

func strategy(ro *rov1.Rollout) string {
	switch {
	case ro.Spec.Strategy.Canary != nil:
		return "Canary"
	case ro.Spec.Strategy.BlueGreen != nil:
		return "BlueGreen"
	}
	return ""
}

func step(ro *rov1.Rollout) string {
	c := ro.Spec.Strategy.Canary
	if c == nil || len(c.Steps) == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", stepIndex(ro), len(c.Steps))
}

// stepIndex keeps what anybody may have written within the steps.
func stepIndex(ro *rov1.Rollout) int {
	return min(max(int(ptr.Deref(ro.Status.CurrentStepIndex, 0)), 0), len(ro.Spec.Strategy.Canary.Steps))
}

// weight is what the router was told, or else what the steps so far ask for.
func weight(ro *rov1.Rollout) string {
	c := ro.Spec.Strategy.Canary
	switch {
	case c == nil:
		return ""
	case ro.Status.Canary.Weights != nil:
		return strconv.Itoa(int(ro.Status.Canary.Weights.Canary.Weight))
	case ro.Status.CurrentPodHash == "" || ro.Status.Abort:
		return "0"
	case ro.Status.StableRS == ro.Status.CurrentPodHash:
		return strconv.Itoa(int(c.GetMaxTrafficWeight()))
	}
	index := stepIndex(ro)
	if index == len(c.Steps) {
		return strconv.Itoa(int(c.GetMaxTrafficWeight()))
	}
	for ; index >= 0; index-- {
		if w := c.Steps[index].SetWeight; w != nil {
			return strconv.Itoa(int(*w))
		}
	}
	return "0"
}

func workload(ro *rov1.Rollout) string {
	if ref := ro.Spec.WorkloadRef; ref != nil {
		return ref.Kind + "/" + ref.Name
	}
	return ""
}
