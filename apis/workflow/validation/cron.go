// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"errors"
	"time"
	_ "time/tzdata" // the image of the server has no time zones of its own

	"github.com/robfig/cron/v3"
	"k8s.io/apimachinery/pkg/util/validation/field"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/workflow/template"
)

// maxSchedule is longer than any line of crontab that can be told from noise.
const maxSchedule = 1024

// ValidateCronWorkflow returns why no workflow could be created from it.
func ValidateCronWorkflow(w *wfv1.CronWorkflow) field.ErrorList { return checkCron(w).errs }

// WarningsCronWorkflow names what keeps workflows from being created; at most 20.
func WarningsCronWorkflow(w *wfv1.CronWorkflow) []string {
	return checkCron(w).warnings
}

func checkCron(w *wfv1.CronWorkflow) *checker {
	path := field.NewPath("spec")
	c := &checker{report: report{stored: true}, spec: &w.Spec.WorkflowSpec, path: path.Child("workflowSpec"), open: true, runs: true,
		entry: w.Spec.WorkflowSpec.WorkflowTemplateRef == nil}
	c.nameLength(w.Name, maxCronName, "the time is appended to it for the names of workflows")
	c.schedules(&w.Spec, path)
	c.cronConditions(&w.Spec, path)
	if m := w.Spec.WorkflowMetadata; m != nil {
		c.metadata(path.Child("workflowMetadata"), &wfv1.Metadata{Labels: m.Labels, Annotations: m.Annotations})
	}
	c.storedSpec()
	return c
}

func (c *checker) schedules(s *wfv1.CronWorkflowSpec, path *field.Path) {
	if len(s.Schedules) == 0 {
		c.required(path.Child("schedules"), "give at least one schedule, such as \"0 3 * * *\"")
	}
	for i, line := range s.Schedules {
		if c.full() {
			return
		}
		at := path.Child("schedules").Index(i)
		if len(line) > maxSchedule {
			c.add(field.TooLong(at, short(line), maxSchedule))
			continue
		}
		if err := parseSchedule(line); err != nil {
			c.invalid(at, line, "is no line of crontab with five fields, and none of @hourly, @daily, @every 90m and the like: %v", err)
		}
	}
	if s.Timezone != "" {
		if _, err := time.LoadLocation(s.Timezone); err != nil {
			c.invalid(path.Child("timezone"), s.Timezone, "is no name of a time zone such as Europe/Berlin")
		}
	}
	switch s.ConcurrencyPolicy {
	case "", wfv1.AllowConcurrent, wfv1.ForbidConcurrent, wfv1.ReplaceConcurrent:
	default:
		c.add(field.NotSupported(path.Child("concurrencyPolicy"), wfv1.ConcurrencyPolicy(short(string(s.ConcurrencyPolicy))),
			[]wfv1.ConcurrencyPolicy{wfv1.AllowConcurrent, wfv1.ForbidConcurrent, wfv1.ReplaceConcurrent}))
	}
	if d := s.StartingDeadlineSeconds; d != nil && *d < 0 {
		c.add(field.Invalid(path.Child("startingDeadlineSeconds"), *d, "must not be negative"))
	}
	for name, limit := range map[string]*int32{"successfulJobsHistoryLimit": s.SuccessfulJobsHistoryLimit, "failedJobsHistoryLimit": s.FailedJobsHistoryLimit} {
		if limit != nil && *limit < 0 {
			c.add(field.Invalid(path.Child(name), *limit, "must not be negative"))
		}
	}
}

var errNoSchedule = errors.New("a time zone without a schedule")

// parseSchedule is cron.ParseStandard, whose parser panics on a time zone without a schedule.
func parseSchedule(line string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errNoSchedule
		}
	}()
	_, err = cron.ParseStandard(line)
	return err
}

// cronConditions checks the conditions under which workflows are created.
func (c *checker) cronConditions(s *wfv1.CronWorkflowSpec, path *field.Path) {
	if s.StopStrategy != nil {
		c.compiles(path.Child("stopStrategy", "expression"), s.StopStrategy.Expression)
	}
	for _, tag := range template.Tags(s.When) {
		if tag.Expression && c.compile(path.Child("when"), tag.Text) == nil {
			return
		}
	}
	c.condition(path.Child("when"), s.When)
}
