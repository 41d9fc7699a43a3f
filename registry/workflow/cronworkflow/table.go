// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cronworkflow

import (
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/registry/resource"
)

func table() resource.Table[*wfv1.CronWorkflow] {
	return resource.Table[*wfv1.CronWorkflow]{
		Columns: []metav1.TableColumnDefinition{
			resource.Column("Schedule", "When workflows are created."),
			resource.Column("Timezone", "Time zone of the schedule."),
			resource.Column("Suspend", "Whether creating is suspended."),
			resource.Column("Active", "Workflows that have not ended."),
			resource.Column("Last Schedule", "Time since a workflow was last due."),
			resource.AgeColumn,
			resource.Wide("Concurrency", "What happens if the last workflow has not ended."),
			resource.Wide("Succeeded", "Workflows that succeeded."),
			resource.Wide("Failed", "Workflows that failed."),
			resource.Wide("Phase", "Whether the stop strategy has stopped it."),
		},
		Row: func(c *wfv1.CronWorkflow, now time.Time) []any {
			last := "<none>"
			if c.Status.LastScheduledTime != nil {
				last = resource.Since(*c.Status.LastScheduledTime, now)
			}
			return []any{
				strings.Join(c.Spec.Schedules, ","), c.Spec.Timezone, strconv.FormatBool(c.Spec.Suspend != nil && *c.Spec.Suspend), strconv.Itoa(len(c.Status.Active)), last, resource.Age(c, now),
				string(c.Spec.ConcurrencyPolicy), strconv.FormatInt(c.Status.Succeeded, 10), strconv.FormatInt(c.Status.Failed, 10), string(c.Status.Phase),
			}
		},
	}
}
