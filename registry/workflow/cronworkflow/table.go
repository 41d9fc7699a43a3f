// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cronworkflow

import (
	"strconv"
	"strings"
	"time"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

func table() resource.Table[*wfv1.CronWorkflow] {
	return resource.Table[*wfv1.CronWorkflow]{
		resource.Text("Schedule", "When workflows are created.", func(c *wfv1.CronWorkflow) string { return strings.Join(c.Spec.Schedules, ",") }),
		resource.Text("Timezone", "Time zone of the schedule.", func(c *wfv1.CronWorkflow) string { return c.Spec.Timezone }),
		resource.Text("Suspend", "Whether creating is suspended.", func(c *wfv1.CronWorkflow) string {
			return strconv.FormatBool(c.Spec.Suspend != nil && *c.Spec.Suspend)
		}),
		resource.Integer("Active", "Workflows that have not ended.", func(c *wfv1.CronWorkflow) int64 { return int64(len(c.Status.Active)) }),
		resource.Timed("Last Schedule", "Time since a workflow was last due.", last),
		resource.Age[*wfv1.CronWorkflow](),
		resource.Wide(resource.Text("Concurrency", "What happens if the last workflow has not ended.", func(c *wfv1.CronWorkflow) string { return string(c.Spec.ConcurrencyPolicy) })),
		resource.Wide(resource.Integer("Succeeded", "Workflows that succeeded.", func(c *wfv1.CronWorkflow) int64 { return c.Status.Succeeded })),
		resource.Wide(resource.Integer("Failed", "Workflows that failed.", func(c *wfv1.CronWorkflow) int64 { return c.Status.Failed })),
		resource.Wide(resource.Text("Phase", "Whether the stop strategy has stopped it.", func(c *wfv1.CronWorkflow) string { return string(c.Status.Phase) })),
	}
}

func last(c *wfv1.CronWorkflow, now time.Time) string {
	if c.Status.LastScheduledTime == nil {
		return "<none>"
	}
	return resource.Ago(*c.Status.LastScheduledTime, now)
}
