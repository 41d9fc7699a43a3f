// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"net/http"
	"strconv"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"

	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
)

// webhook checks where HTTP requests are taken.
func (r *report) webhook(w *snv1.WebhookContext, path *field.Path) {
	if w == nil {
		r.required(path, "say where requests are taken: endpoint and port")
		return
	}
	r.needs(path, "endpoint", w.Endpoint, "port", w.Port)
	if w.Port != "" {
		if port, err := strconv.Atoi(w.Port); err != nil || port < 1 || port > 65535 {
			r.invalid(path.Child("port"), w.Port, "must be a number from 1 to 65535")
		}
	}
	if w.Endpoint != "" && w.Endpoint[0] != '/' {
		r.warn(path.Child("endpoint"), "does not begin with /")
	}
	oneOf(r, path.Child("method"), ptr.Deref(w.Method, ""), http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch,
		http.MethodDelete, http.MethodConnect, http.MethodOptions, http.MethodTrace)
	if w.ServerCertSecret != nil && w.ServerKeySecret == nil {
		r.required(path.Child("serverKeySecret"), "a certificate needs its key")
	}
	if w.ServerKeySecret != nil && w.ServerCertSecret == nil {
		r.required(path.Child("serverCertSecret"), "a key needs its certificate")
	}
	if n := w.MaxPayloadSize; n != nil && *n < 0 {
		r.add(field.Invalid(path.Child("maxPayloadSize"), *n, "must not be negative"))
	}
}

func (r *report) webhookSource(w *snv1.WebhookEventSource, path *field.Path) {
	r.webhook(&w.WebhookContext, path)
	if ptr.Deref(w.Method, "") == "" {
		r.warn(path.Child("method"), "is not set, so that no request has the right one: say which, such as POST")
	}
	r.filter(w.Filter, path)
}

func (r *report) github(g *snv1.GithubEventSource, path *field.Path) {
	r.webhook(g.Webhook, path.Child("webhook"))
	r.filter(g.Filter, path)
	r.anyOf(path.Child("events"), g.Events, `name GitHub's events, or "*" for all`)
	if len(g.Repositories) == 0 && len(g.Organizations) == 0 && (g.Owner == "" || g.Repository == "") {
		r.required(path.Child("repositories"), "set repositories or organizations")
	}
	oneOf(r, path.Child("contentType"), g.ContentType, "json", "form")
}

func (r *report) gitlab(g *snv1.GitlabEventSource, path *field.Path) {
	r.webhook(g.Webhook, path.Child("webhook"))
	r.filter(g.Filter, path)
	r.anyOf(path.Child("events"), g.Events, "name GitLab's events")
	r.needs(path, "gitlabBaseURL", g.GitlabBaseURL)
	if len(g.Projects) == 0 && len(g.Groups) == 0 && g.ProjectID == "" {
		r.required(path.Child("projects"), "set projects or groups")
	}
}

func (r *report) bitbucket(b *snv1.BitbucketEventSource, path *field.Path) {
	r.webhook(b.Webhook, path.Child("webhook"))
	r.filter(b.Filter, path)
	r.anyOf(path.Child("events"), b.Events, "name Bitbucket's events")
	if len(b.Repositories) == 0 && (b.Owner == "" || b.RepositorySlug == "") {
		r.required(path.Child("repositories"), "say which repositories")
	}
	for i, repository := range b.Repositories {
		if r.full() {
			return
		}
		r.needs(path.Child("repositories").Index(i), "owner", repository.Owner, "repositorySlug", repository.RepositorySlug)
	}
	auth := path.Child("auth")
	switch {
	case b.Auth == nil || b.Auth.Basic == nil && b.Auth.OAuthToken == nil:
		r.required(auth, "set basic or oauthToken")
	case b.Auth.Basic != nil && b.Auth.OAuthToken != nil:
		r.forbidden(auth, "basic and oauthToken cannot both be set")
	}
}

func (r *report) bitbucketServer(b *snv1.BitbucketServerEventSource, path *field.Path) {
	r.webhook(b.Webhook, path.Child("webhook"))
	r.filter(b.Filter, path)
	r.needs(path, "bitbucketserverBaseURL", b.BitbucketServerBaseURL)
	if len(b.Repositories) == 0 && len(b.Projects) == 0 && (b.ProjectKey == "" || b.RepositorySlug == "") {
		r.required(path.Child("repositories"), "set repositories or projects")
	}
	for i, repository := range b.Repositories {
		if r.full() {
			return
		}
		r.needs(path.Child("repositories").Index(i), "projectKey", repository.ProjectKey, "repositorySlug", repository.RepositorySlug)
	}
	r.tls(b.TLS, path.Child("tls"))
	r.duration(path.Child("checkInterval"), b.CheckInterval)
}

func (r *report) gerrit(g *snv1.GerritEventSource, path *field.Path) {
	r.webhook(g.Webhook, path.Child("webhook"))
	r.filter(g.Filter, path)
	r.needs(path, "hookName", g.HookName, "gerritBaseURL", g.GerritBaseURL)
	r.anyOf(path.Child("events"), g.Events, "name Gerrit's events")
	r.anyOf(path.Child("projects"), g.Projects, "say which projects")
}

func (r *report) slackSource(s *snv1.SlackEventSource, path *field.Path) {
	r.webhook(s.Webhook, path.Child("webhook"))
	r.filter(s.Filter, path)
	if s.Token == nil {
		r.required(path.Child("token"), "say where the token for Slack's API is")
	}
}

func (r *report) stripe(s *snv1.StripeEventSource, path *field.Path) {
	r.webhook(s.Webhook, path.Child("webhook"))
	if ptr.Deref(s.CreateWebhook, false) && s.APIKey == nil {
		r.required(path.Child("apiKey"), "creating the webhook at Stripe needs a key")
	}
}

func (r *report) storageGrid(s *snv1.StorageGridEventSource, path *field.Path) {
	r.webhook(s.Webhook, path.Child("webhook"))
	r.needs(path, "topicArn", s.TopicArn, "bucket", s.Bucket, "apiURL", s.APIURL)
	if s.AuthToken == nil {
		r.required(path.Child("authToken"), "say where the token for the API is")
	}
	r.tls(s.TLS, path.Child("tls"))
}
