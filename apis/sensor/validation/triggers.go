// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"k8s.io/apimachinery/pkg/util/validation/field"

	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
)

// trigger checks a trigger, and those that are done when it fails.
func (r *report) trigger(t *snv1.Trigger, path *field.Path, known dependencies) {
	patched := len(t.Parameters) > 0
	if t.Template == nil {
		r.required(path.Child("template"), "say what is done")
	} else {
		r.template(t.Template, path.Child("template"), known, patched)
	}
	r.parameters(t.Parameters, path.Child("parameters"), known)
	if t.Policy != nil {
		r.policy(t.Policy, path.Child("policy"))
	}
	r.backoff(t.RetryStrategy, path.Child("retryStrategy"))
	if l := t.RateLimit; l != nil {
		at := path.Child("rateLimit")
		oneOf(r, at.Child("unit"), l.Unit, snv1.Second, snv1.Minute, snv1.Hour)
		r.notNegative(l.RequestsPerUnit, at.Child("requestsPerUnit"))
	}
	if t.DlqTrigger == nil || r.full() {
		return
	}
	at := path.Child("dlqTrigger")
	if !t.IsAtLeastOnce() {
		r.required(path.Child("atLeastOnce"), "must be true where there is a dlqTrigger: without it there is one attempt only, whose end nobody waits for")
	}
	if !t.DlqTrigger.IsAtLeastOnce() {
		r.required(at.Child("atLeastOnce"), "must be true for a dlqTrigger, or its own failure is lost")
	}
	r.trigger(t.DlqTrigger, at, known)
}

// template checks what a trigger does, and when. patched tells that it is changed by parameters before it is used.
func (r *report) template(t *snv1.TriggerTemplate, path *field.Path, known dependencies, patched bool) {
	r.need(path.Child("name"), t.Name, "name the trigger")
	r.conditions(t.Conditions, path.Child("conditions"), known)
	for i, c := range t.ConditionsReset {
		at := path.Child("conditionsReset").Index(i).Child("byTime")
		if c.ByTime == nil {
			r.required(at, "say when")
			continue
		}
		r.need(at.Child("cron"), c.ByTime.Cron, `say when, as a line of crontab such as "0 0 * * *"`)
		r.parses(schedule, at.Child("cron"), c.ByTime.Cron)
		r.timezone(at.Child("timezone"), c.ByTime.Timezone)
	}
	kinds := t.Kinds()
	if len(kinds) == 0 && !patched {
		r.required(path, "say what is done: set one of k8s, argoWorkflow, http, awsLambda, custom, kafka, nats, slack, openWhisk, log, azureEventHubs, azureServiceBus, pulsar, email")
	}
	if len(kinds) > 1 {
		r.warn(path, "%v are set; a trigger does one thing only", kinds)
	}
	k := kindChecker{r, known, patched}
	k.object(t, path)
	k.call(t, path)
	k.message(t, path)
}

func (r *report) policy(p *snv1.TriggerPolicy, path *field.Path) {
	if p.K8s != nil {
		at := path.Child("k8s")
		if len(p.K8s.Labels) == 0 {
			r.required(at.Child("labels"), "say which labels the object shall have")
		}
		r.backoff(p.K8s.Backoff, at.Child("backoff"))
	}
	if p.Status != nil {
		at := path.Child("status", "allow")
		if len(p.Status.Allow) == 0 {
			r.required(at, "say which status codes count as successful")
		}
	}
}

// parameters checks where fields of events are taken from, and where they go to. Names are not looked up if none are
// known.
func (r *report) parameters(list []snv1.TriggerParameter, path *field.Path, known dependencies) {
	for i := range list {
		if r.full() {
			return
		}
		p, at := &list[i], path.Index(i)
		r.need(at.Child("dest"), p.Dest, "say where the value goes to")
		oneOf(r, at.Child("operation"), p.Operation, snv1.TriggerParameterOpAppend, snv1.TriggerParameterOpOverwrite, snv1.TriggerParameterOpPrepend)
		at = at.Child("src")
		if p.Src == nil {
			r.required(at, "say where the value is taken from")
			continue
		}
		r.need(at.Child("dependencyName"), p.Src.DependencyName, "say of which dependency the event is")
		if name := p.Src.DependencyName; name != "" && known != nil && !known.has(name) {
			r.warn(at.Child("dependencyName"), "there is no dependency %q, so that the value is never taken from an event", short(name))
		}
		r.parses(goTemplate, at.Child("contextTemplate"), p.Src.ContextTemplate)
		r.parses(goTemplate, at.Child("dataTemplate"), p.Src.DataTemplate)
	}
}
