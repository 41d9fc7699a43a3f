// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"math"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation/field"

	wfv1 "argosy.dev/argosy/apis/workflow/v1alpha1"
	"argosy.dev/argosy/pkg/workflow"
)

// template checks one template.
func (c *checker) template(t *bound) {
	types := t.Types()
	switch len(types) {
	case 1:
	case 0:
		c.required(t.path, "say what the template does: give it one of container, script, steps, dag, suspend")
	default:
		c.invalid(t.path, t.Name, "a template has one type; this one has %v: keep one of them", types)
		return
	}
	c.inputs(t.Inputs.Parameters, t.path.Child("inputs", "parameters"))
	c.outputParameters(t)
	c.retryStrategy(t.RetryStrategy, t.path.Child("retryStrategy"))
	c.metadata(t.path.Child("metadata"), &t.Metadata)
	c.annotations(t.path.Child("annotations"), t.Annotations)
	c.objectName(t.path.Child("serviceAccountName"), t.ServiceAccountName)
	c.objectName(t.path.Child("priorityClassName"), t.PriorityClassName)
	c.volumes(t.Volumes, t.path.Child("volumes"))
	c.templateDeadline(t)

	switch {
	case t.Container != nil:
		c.container(t, &t.Container.Container, t.path.Child("container"))
	case t.Script != nil:
		c.container(t, &t.Script.Container, t.path.Child("script"))
	case t.Suspend != nil:
		c.duration(t.path.Child("suspend", "duration"), t.Suspend.Duration)
	case t.Steps != nil:
		c.steps(t)
	case t.DAG != nil:
		c.dag(t)
	}
	if t.Steps == nil && t.DAG == nil {
		c.leafReferences(t)
	}
}

// templateDeadline checks activeDeadlineSeconds, which a pod has.
func (c *checker) templateDeadline(t *bound) {
	d := t.ActiveDeadlineSeconds
	if d == nil {
		return
	}
	path := t.path.Child("activeDeadlineSeconds")
	if t.Steps != nil || t.DAG != nil {
		c.invalid(path, d.String(), "only templates that run a pod have a deadline of their own; give it to the templates of the steps or tasks, or to the whole workflow")
		return
	}
	if n, tagged, ok := c.number(path, d); ok && !tagged && n <= 0 {
		c.invalid(path, d.String(), "must be greater than 0")
	}
}

// number reads a number that may also be written as text, or be known only when the workflow runs.
func (c *checker) number(path *field.Path, v *intstr.IntOrString) (n int64, tagged, ok bool) {
	if v.Type == intstr.Int {
		return int64(v.IntVal), false, true
	}
	if hasTag(v.StrVal) {
		return 0, true, true
	}
	n, err := strconv.ParseInt(strings.TrimSpace(v.StrVal), 10, 64)
	if err != nil || n > math.MaxInt32 || n < math.MinInt32 {
		c.invalid(path, v.StrVal, "must be a whole number of at most 32 bits, or a tag such as {{inputs.parameters.n}} that yields one")
		return 0, false, false
	}
	return n, false, true
}

// duration checks a Go duration or a number of seconds.
func (c *checker) duration(path *field.Path, s string) {
	if s == "" || hasTag(s) {
		return
	}
	d, err := workflow.ParseDuration(s)
	if err != nil {
		c.invalid(path, s, "must be a duration such as \"90s\" or \"2h30m\", or a number of seconds")
	} else if d < 0 {
		c.invalid(path, s, "must not be negative")
	}
}

// retryStrategy checks how often and when something is tried again.
func (c *checker) retryStrategy(s *wfv1.RetryStrategy, path *field.Path) {
	if s == nil {
		return
	}
	switch s.RetryPolicy {
	case "", wfv1.RetryPolicyAlways, wfv1.RetryPolicyOnFailure, wfv1.RetryPolicyOnError, wfv1.RetryPolicyOnTransientError:
	default:
		c.add(field.NotSupported(path.Child("retryPolicy"), wfv1.RetryPolicy(short(string(s.RetryPolicy))), []wfv1.RetryPolicy{
			wfv1.RetryPolicyAlways, wfv1.RetryPolicyOnFailure, wfv1.RetryPolicyOnError, wfv1.RetryPolicyOnTransientError}))
	}
	if s.Limit != nil {
		if n, tagged, ok := c.number(path.Child("limit"), s.Limit); ok && !tagged && n < 0 {
			c.invalid(path.Child("limit"), s.Limit.String(), "must not be negative; leave it out to try without end")
		}
	}
}
