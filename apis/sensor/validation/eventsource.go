// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
)

// alwaysOn are the types of event sources of which the peer runs several pods at once, during an update too. It stops
// the pod of all others before it starts another, and so takes no mixture of both.
var alwaysOn = map[snv1.EventSourceType]bool{
	"webhook": true, "github": true, "gitlab": true, "bitbucket": true, "bitbucketserver": true, "sns": true, "sqs": true, "slack": true,
	"stripe": true, "storageGrid": true, "azureQueueStorage": true, "gerrit": true, "mns": true,
}

// eventSource checks the spec of an event source.
func (r *report) eventSource(s *snv1.EventSourceSpec, path *field.Path) {
	r.notNegative(s.Replicas, path.Child("replicas"))
	events := s.Events()
	if len(events) == 0 {
		r.warn(path, "there is no event, such as spec.webhook.NAME")
	}
	first := map[string]*field.Path{}
	var rolling, other *field.Path
	for _, e := range events {
		if r.full() {
			return
		}
		at := path.Child(string(e.Type)).Key(e.Name)
		switch {
		case e.Name == "":
			r.invalid(at, e.Name, "an event needs a name")
		case first[e.Name] != nil:
			r.forbidden(at, "another event has this name: %s", first[e.Name])
		default:
			first[e.Name] = at
		}
		if alwaysOn[e.Type] && rolling == nil {
			rolling = at
		}
		if !alwaysOn[e.Type] && other == nil {
			other = at
		}
		r.event(e.Config, at)
	}
	if rolling != nil && other != nil {
		r.forbidden(other, "takes events on one server at a time, and %s on several: put them into two event sources", rolling)
	}
}

// event checks one event.
func (r *report) event(config any, path *field.Path) {
	switch c := config.(type) {
	case *snv1.WebhookEventSource:
		r.webhookSource(c, path)
	case *snv1.CalendarEventSource:
		r.calendar(c, path)
	case *snv1.ResourceEventSource:
		r.resource(c, path)
	case *snv1.FileEventSource:
		r.file(c, path)
	case *snv1.HDFSEventSource:
		r.hdfs(c, path)
	case *snv1.SFTPEventSource:
		r.sftp(c, path)
	case *snv1.GenericEventSource:
		r.needs(path, "url", c.URL, "config", c.Config)
		r.filter(c.Filter, path)
	case *snv1.S3Artifact:
		r.minio(c, path)
	case *snv1.GithubEventSource:
		r.github(c, path)
	case *snv1.GitlabEventSource:
		r.gitlab(c, path)
	case *snv1.BitbucketEventSource:
		r.bitbucket(c, path)
	case *snv1.BitbucketServerEventSource:
		r.bitbucketServer(c, path)
	case *snv1.GerritEventSource:
		r.gerrit(c, path)
	case *snv1.SlackEventSource:
		r.slackSource(c, path)
	case *snv1.StripeEventSource:
		r.stripe(c, path)
	case *snv1.StorageGridEventSource:
		r.storageGrid(c, path)
	default:
		r.messageEvent(config, path)
	}
}

// needs reports which of the fields are empty: names and values in turn.
func (r *report) needs(path *field.Path, namesAndValues ...string) {
	for i := 0; i < len(namesAndValues); i += 2 {
		r.need(path.Child(namesAndValues[i]), namesAndValues[i+1], "must be set")
	}
}

// filter checks the condition by which events are dropped.
func (r *report) filter(f *snv1.EventSourceFilter, path *field.Path) {
	if f != nil {
		r.parses(exprExpression, path.Child("filter", "expression"), f.Expression)
	}
}

// anyOf reports a list that is empty, or has empty text.
func (r *report) anyOf(path *field.Path, list []string, why string) {
	if len(list) == 0 {
		r.required(path, "%s", why)
	}
	for i, s := range list {
		if r.full() {
			return
		}
		r.need(path.Index(i), strings.TrimSpace(s), why)
	}
}
