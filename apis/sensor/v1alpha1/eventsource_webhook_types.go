// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import corev1 "k8s.io/api/core/v1"

// WebhookContext is where HTTP requests are taken. Events whose port is the same share it.
type WebhookContext struct {
	// endpoint is the path, such as /push.
	Endpoint string `json:"endpoint"`
	// port is the port that is listened on, such as "12000".
	Port string `json:"port"`
	// method is the method that requests must have, such as POST.
	// +optional
	Method *string `json:"method,omitempty"`
	// url is the address at which others reach the port from outside, without the path. It is told to who shall send
	// the requests, where that can be arranged.
	// +optional
	URL *string `json:"url,omitempty"`
	// metadata is handed on with each event.
	// +optional
	Metadata map[string]string `json:"metadata,omitzero"`
	// authSecret is the key of a secret with a token that requests must carry as "Authorization: Bearer TOKEN".
	// +optional
	AuthSecret *corev1.SecretKeySelector `json:"authSecret,omitempty"`
	// serverCertSecret is the key of a secret with the certificate of the port in PEM. Default: no encryption.
	// +optional
	ServerCertSecret *corev1.SecretKeySelector `json:"serverCertSecret,omitempty"`
	// serverKeySecret is the key of a secret with the private key of the certificate in PEM.
	// +optional
	ServerKeySecret *corev1.SecretKeySelector `json:"serverKeySecret,omitempty"`
	// maxPayloadSize is how many bytes the body of a request may have. Default: 1048576.
	// +optional
	MaxPayloadSize *int64 `json:"maxPayloadSize,omitempty"`
}

// WebhookEventSource takes any HTTP request as an event: its headers and its body.
type WebhookEventSource struct {
	WebhookContext `json:""`
	// filter drops events before they get on the bus.
	// +optional
	Filter *EventSourceFilter `json:"filter,omitempty"`
}

// OwnedRepositories are repositories of one owner on GitHub.
type OwnedRepositories struct {
	// owner is the user or organization.
	// +optional
	Owner string `json:"owner,omitempty"`
	// names are the repositories.
	// +optional
	// +listType=atomic
	Names []string `json:"names,omitzero"`
}

// GithubEventSource takes webhooks of GitHub. With credentials and webhook.url it also creates them there.
type GithubEventSource struct {
	EventOptions `json:""`
	// webhook is where the requests are taken.
	// +optional
	Webhook *WebhookContext `json:"webhook,omitempty"`
	// events are the names of GitHub's events; "*" means all.
	// +optional
	// +listType=atomic
	Events []string `json:"events,omitzero"`
	// repositories are the repositories that the webhooks are of. Either they or organizations are given.
	// +optional
	// +listType=atomic
	Repositories []OwnedRepositories `json:"repositories,omitzero"`
	// organizations are organizations that the webhooks are of.
	// +optional
	// +listType=atomic
	Organizations []string `json:"organizations,omitzero"`
	// owner is the owner of repository.
	//
	// It is deprecated: use repositories.
	// +optional
	Owner string `json:"owner,omitempty"`
	// repository is one repository of owner.
	//
	// It is deprecated: use repositories.
	// +optional
	Repository string `json:"repository,omitempty"`
	// id is the number of a webhook.
	//
	// It is deprecated: it has no meaning.
	// +optional
	ID *int64 `json:"id,omitempty"`
	// apiToken is the key of a secret with a token for GitHub's API.
	// +optional
	APIToken *corev1.SecretKeySelector `json:"apiToken,omitempty"`
	// githubApp are credentials of a GitHub App, instead of apiToken.
	// +optional
	GithubApp *GithubAppCreds `json:"githubApp,omitempty"`
	// webhookSecret is the key of a secret with what GitHub signs its requests with.
	// +optional
	WebhookSecret *corev1.SecretKeySelector `json:"webhookSecret,omitempty"`
	// insecure lets GitHub take any certificate of webhook.url. Default: false.
	// +optional
	Insecure *bool `json:"insecure,omitempty"`
	// active makes GitHub send events to a webhook that is created. Default: false.
	// +optional
	Active *bool `json:"active,omitempty"`
	// contentType is how GitHub sends the payload: json or form. Default: form.
	// +optional
	ContentType string `json:"contentType,omitempty"`
	// githubBaseURL is the address of the API of GitHub Enterprise. Default: that of github.com.
	// +optional
	GithubBaseURL string `json:"githubBaseURL,omitempty"`
	// githubUploadURL is the address of GitHub Enterprise for uploads.
	// +optional
	GithubUploadURL string `json:"githubUploadURL,omitempty"`
	// deleteHookOnFinish deletes webhooks that were created, when the event source ends. Default: false.
	// +optional
	DeleteHookOnFinish *bool `json:"deleteHookOnFinish,omitempty"`
}

// GitlabEventSource takes webhooks of GitLab. With credentials and webhook.url it also creates them there.
type GitlabEventSource struct {
	EventOptions `json:""`
	// webhook is where the requests are taken.
	// +optional
	Webhook *WebhookContext `json:"webhook,omitempty"`
	// events are the names of GitLab's events, such as PushEvents.
	// +optional
	// +listType=atomic
	Events []string `json:"events,omitzero"`
	// projects are the projects that the webhooks are of, by number or path. Either they or groups are given.
	// +optional
	// +listType=atomic
	Projects []string `json:"projects,omitzero"`
	// groups are groups that the webhooks are of, by number or path.
	// +optional
	// +listType=atomic
	Groups []string `json:"groups,omitzero"`
	// projectID is one project.
	//
	// It is deprecated: use projects.
	// +optional
	ProjectID string `json:"projectID,omitempty"`
	// gitlabBaseURL is the address of GitLab, such as https://gitlab.com.
	GitlabBaseURL string `json:"gitlabBaseURL"`
	// accessToken is the key of a secret with a token for GitLab's API.
	// +optional
	AccessToken *corev1.SecretKeySelector `json:"accessToken,omitempty"`
	// secretToken is the key of a secret with the token that GitLab's requests must carry.
	// +optional
	SecretToken *corev1.SecretKeySelector `json:"secretToken,omitempty"`
	// enableSSLVerification makes GitLab check the certificate of webhook.url. Default: false.
	// +optional
	EnableSSLVerification *bool `json:"enableSSLVerification,omitempty"`
	// deleteHookOnFinish deletes webhooks that were created, when the event source ends. Default: false.
	// +optional
	DeleteHookOnFinish *bool `json:"deleteHookOnFinish,omitempty"`
}

// BitbucketAuth are credentials for the API of Bitbucket Cloud. One field is set.
type BitbucketAuth struct {
	// basic is a user name with an app password.
	// +optional
	Basic *BasicAuth `json:"basic,omitempty"`
	// oauthToken is the key of a secret with an OAuth token.
	// +optional
	OAuthToken *corev1.SecretKeySelector `json:"oauthToken,omitempty"`
}

// BitbucketRepository is a repository on Bitbucket Cloud.
type BitbucketRepository struct {
	// owner is the user or workspace.
	Owner string `json:"owner"`
	// repositorySlug is the repository, as its address has it.
	RepositorySlug string `json:"repositorySlug"`
}

// BitbucketEventSource takes webhooks of Bitbucket Cloud. With webhook.url it also creates them there.
type BitbucketEventSource struct {
	EventOptions `json:""`
	// webhook is where the requests are taken.
	// +optional
	Webhook *WebhookContext `json:"webhook,omitempty"`
	// events are the names of Bitbucket's events, such as repo:push.
	// +optional
	// +listType=atomic
	Events []string `json:"events,omitzero"`
	// repositories are the repositories that the webhooks are of.
	// +optional
	// +listType=atomic
	Repositories []BitbucketRepository `json:"repositories,omitzero"`
	// owner is the owner of repositorySlug.
	//
	// It is deprecated: use repositories.
	// +optional
	Owner string `json:"owner,omitempty"`
	// repositorySlug is one repository of owner.
	//
	// It is deprecated: use repositories.
	// +optional
	RepositorySlug string `json:"repositorySlug,omitempty"`
	// projectKey is a project.
	//
	// It is deprecated: it has no meaning.
	// +optional
	ProjectKey string `json:"projectKey,omitempty"`
	// auth are credentials for Bitbucket's API.
	// +optional
	Auth *BitbucketAuth `json:"auth,omitempty"`
	// deleteHookOnFinish deletes webhooks that were created, when the event source ends. Default: false.
	// +optional
	DeleteHookOnFinish *bool `json:"deleteHookOnFinish,omitempty"`
}

// BitbucketServerRepository is a repository on a Bitbucket Server.
type BitbucketServerRepository struct {
	// projectKey is the key of the project.
	ProjectKey string `json:"projectKey"`
	// repositorySlug is the repository, as its address has it.
	RepositorySlug string `json:"repositorySlug"`
}

// BitbucketServerEventSource takes webhooks of a Bitbucket Server. With credentials and webhook.url it also creates
// them there.
type BitbucketServerEventSource struct {
	EventOptions `json:""`
	// webhook is where the requests are taken.
	// +optional
	Webhook *WebhookContext `json:"webhook,omitempty"`
	// events are the names of Bitbucket's events, such as repo:refs_changed.
	// +optional
	// +listType=atomic
	Events []string `json:"events,omitzero"`
	// repositories are the repositories that the webhooks are of. Either they or projects are given.
	// +optional
	// +listType=atomic
	Repositories []BitbucketServerRepository `json:"repositories,omitzero"`
	// projects are keys of projects whose repositories the webhooks are of.
	// +optional
	// +listType=atomic
	Projects []string `json:"projects,omitzero"`
	// projectKey is the project of repositorySlug.
	//
	// It is deprecated: use repositories.
	// +optional
	ProjectKey string `json:"projectKey,omitempty"`
	// repositorySlug is one repository of projectKey.
	//
	// It is deprecated: use repositories.
	// +optional
	RepositorySlug string `json:"repositorySlug,omitempty"`
	// bitbucketserverBaseURL is the address of the server's API, such as https://bitbucket.example.com/rest.
	BitbucketServerBaseURL string `json:"bitbucketserverBaseURL"`
	// accessToken is the key of a secret with a token for the API.
	// +optional
	AccessToken *corev1.SecretKeySelector `json:"accessToken,omitempty"`
	// webhookSecret is the key of a secret with what the server signs its requests with.
	// +optional
	WebhookSecret *corev1.SecretKeySelector `json:"webhookSecret,omitempty"`
	// tls says how connections to the API are encrypted.
	// +optional
	TLS *TLSConfig `json:"tls,omitempty"`
	// checkInterval is how often it is looked whether the webhooks are still there, such as "1m". Default: 1m.
	// +optional
	CheckInterval string `json:"checkInterval,omitempty"`
	// oneEventPerChange makes an event of each change of a webhook about several. Default: false.
	// +optional
	OneEventPerChange *bool `json:"oneEventPerChange,omitempty"`
	// skipBranchRefsChangedOnOpenPR drops changes of branches that have an open pull request. Default: false.
	// +optional
	SkipBranchRefsChangedOnOpenPR *bool `json:"skipBranchRefsChangedOnOpenPR,omitempty"`
	// deleteHookOnFinish deletes webhooks that were created, when the event source ends. Default: false.
	// +optional
	DeleteHookOnFinish *bool `json:"deleteHookOnFinish,omitempty"`
}

// GerritEventSource takes requests of Gerrit's webhooks plugin. With credentials and webhook.url it also sets them up.
type GerritEventSource struct {
	EventOptions `json:""`
	// webhook is where the requests are taken.
	// +optional
	Webhook *WebhookContext `json:"webhook,omitempty"`
	// hookName is the name of the webhook in Gerrit.
	HookName string `json:"hookName"`
	// events are the names of Gerrit's events, such as patchset-created.
	// +optional
	// +listType=atomic
	Events []string `json:"events,omitzero"`
	// projects are the projects that the webhooks are of.
	// +optional
	// +listType=atomic
	Projects []string `json:"projects,omitzero"`
	// gerritBaseURL is the address of Gerrit.
	GerritBaseURL string `json:"gerritBaseURL"`
	// auth is the user name and password for Gerrit's API.
	// +optional
	Auth *BasicAuth `json:"auth,omitempty"`
	// sslVerify makes Gerrit check the certificate of webhook.url. Default: false.
	// +optional
	SslVerify *bool `json:"sslVerify,omitempty"`
	// maxTries is how often Gerrit tries to send a request.
	// +optional
	MaxTries *int64 `json:"maxTries,omitempty"`
	// deleteHookOnFinish deletes webhooks that were created, when the event source ends. Default: false.
	// +optional
	DeleteHookOnFinish *bool `json:"deleteHookOnFinish,omitempty"`
}

// SlackEventSource takes requests of Slack: events, slash commands and interactions.
type SlackEventSource struct {
	EventOptions `json:""`
	// webhook is where the requests are taken.
	// +optional
	Webhook *WebhookContext `json:"webhook,omitempty"`
	// token is the key of a secret with the token for Slack's API.
	// +optional
	Token *corev1.SecretKeySelector `json:"token,omitempty"`
	// signingSecret is the key of a secret with what Slack signs its requests with. Default: signatures are not looked at.
	// +optional
	SigningSecret *corev1.SecretKeySelector `json:"signingSecret,omitempty"`
}

// StripeEventSource takes webhooks of Stripe.
type StripeEventSource struct {
	// webhook is where the requests are taken.
	// +optional
	Webhook *WebhookContext `json:"webhook,omitempty"`
	// createWebhook creates the webhook at Stripe. Default: false.
	// +optional
	CreateWebhook *bool `json:"createWebhook,omitempty"`
	// apiKey is the key of a secret with the key for Stripe's API. It is needed to create the webhook.
	// +optional
	APIKey *corev1.SecretKeySelector `json:"apiKey,omitempty"`
	// eventFilter are the types of events that Stripe shall send. Default: all.
	// +optional
	// +listType=atomic
	EventFilter []string `json:"eventFilter,omitzero"`
	// metadata is handed on with each event.
	// +optional
	Metadata map[string]string `json:"metadata,omitzero"`
}

// StorageGridEventSource takes notifications of NetApp StorageGRID on the objects of a bucket.
type StorageGridEventSource struct {
	// webhook is where the requests are taken.
	// +optional
	Webhook *WebhookContext `json:"webhook,omitempty"`
	// events are what is listened to, such as s3:ObjectCreated:*. Default: s3:ObjectCreated:*.
	// +optional
	// +listType=atomic
	Events []string `json:"events,omitzero"`
	// filter says which objects are listened to.
	// +optional
	Filter *S3Filter `json:"filter,omitempty"`
	// topicArn is the topic that the notifications are sent to.
	TopicArn string `json:"topicArn"`
	// bucket is the name of the bucket.
	Bucket string `json:"bucket"`
	// region is the region of the bucket. Default: us-east-1.
	// +optional
	Region string `json:"region,omitempty"`
	// authToken is the key of a secret with a token for StorageGRID's API.
	// +optional
	AuthToken *corev1.SecretKeySelector `json:"authToken,omitempty"`
	// apiURL is the address of StorageGRID's API.
	APIURL string `json:"apiURL"`
	// tls says how connections to the API are encrypted.
	// +optional
	TLS *TLSConfig `json:"tls,omitempty"`
	// metadata is handed on with each event.
	// +optional
	Metadata map[string]string `json:"metadata,omitzero"`
}
