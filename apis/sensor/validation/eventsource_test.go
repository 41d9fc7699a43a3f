// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/runtime"

	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
)

// hook is where requests are taken, as every type has it that takes webhooks.
const hook = "webhook: {endpoint: /a, port: '12000', method: POST}"

func TestEventSourceRules(t *testing.T) {
	secret := "{name: s, key: k}"
	one := func(kind, config string) string { return "spec: {" + kind + ": {e: {" + config + "}}}" }
	watch := "watchPathConfig: {directory: /a, path: b}"
	check(t, []rule{
		{"none", "spec: {}", ""},
		{"negative replicas", "spec: {replicas: -1}", "spec.replicas: Invalid value"},
		{"one name twice", "spec: {calendar: {e: {interval: 1s}}, nats: {e: {url: u, subject: s}}}", "spec.nats[e]: Forbidden: another event has this name: spec.calendar[e]"},
		{"two ways of running", "spec: {calendar: {e: {interval: 1s}}, webhook: {f: {endpoint: /, port: '1', method: GET}}}", "spec.calendar[e]: Forbidden: takes events on one server at a time"},

		{"webhook", one("webhook", "endpoint: /, port: '1', method: GET, filter: {expression: body.n > 1}"), ""},
		{"webhook without an endpoint", one("webhook", "port: '1'"), "spec.webhook[e].endpoint: Required value"},
		{"webhook without a port", one("webhook", "endpoint: /"), "spec.webhook[e].port: Required value"},
		{"webhook port", one("webhook", "endpoint: /, port: http"), "spec.webhook[e].port: Invalid value"},
		{"webhook method", one("webhook", "endpoint: /, port: '1', method: SEND"), "spec.webhook[e].method: Unsupported value"},
		{"webhook certificate", one("webhook", "endpoint: /, port: '1', serverCertSecret: "+secret), "spec.webhook[e].serverKeySecret: Required value"},
		{"webhook payload", one("webhook", "endpoint: /, port: '1', maxPayloadSize: -1"), "spec.webhook[e].maxPayloadSize: Invalid value"},
		{"filter", one("webhook", "endpoint: /, port: '1', filter: {expression: 'a >'}"), "spec.webhook[e].filter.expression: Invalid value"},

		{"calendar", one("calendar", "schedule: '*/5 * * * *', timezone: Asia/Tokyo, exclusionDates: ['EXDATE:20261224T000000Z', 'RRULE:FREQ=WEEKLY;BYDAY=SU']"), ""},
		{"calendar at no time", one("calendar", "timezone: UTC"), "spec.calendar[e].schedule: Required value"},
		{"calendar schedule", one("calendar", "schedule: hourly"), "spec.calendar[e].schedule: Invalid value"},
		{"calendar interval", one("calendar", "interval: 10"), "spec.calendar[e].interval: Invalid value"},
		{"calendar time zone", one("calendar", "interval: 10s, timezone: Mars"), "spec.calendar[e].timezone: Invalid value"},
		{"calendar exclusion", one("calendar", "interval: 10s, exclusionDates: [Sunday]"), "spec.calendar[e].exclusionDates[0]: Invalid value"},
		{"calendar catch-up", one("calendar", "interval: 10s, persistence: {catchup: {maxDuration: long}}"), "spec.calendar[e].persistence.catchup.maxDuration: Invalid value"},
		{"calendar memory", one("calendar", "interval: 10s, persistence: {configMap: {}}"), "spec.calendar[e].persistence.configMap.name: Required value"},

		{"resource", one("resource", "version: v1, resource: pods, eventTypes: [ADD], filter: {labels: [{key: a, operation: notin, value: b}]}"), ""},
		{"resource version", one("resource", "resource: pods, eventTypes: [ADD]"), "spec.resource[e].version: Required value"},
		{"resource name", one("resource", "version: v1, eventTypes: [ADD]"), "spec.resource[e].resource: Required value"},
		{"resource types", one("resource", "version: v1, resource: pods"), "spec.resource[e].eventTypes: Required value"},
		{"resource type", one("resource", "version: v1, resource: pods, eventTypes: [CREATE]"), "spec.resource[e].eventTypes[0]: Unsupported value"},
		{"resource selector", one("resource", "version: v1, resource: pods, eventTypes: [ADD], filter: {fields: [{key: a, operation: like}]}"), "spec.resource[e].filter.fields[0].operation: Unsupported value"},

		{"file", one("file", "eventType: CREATE|write, "+watch), ""},
		{"file change", one("file", "eventType: OPEN, "+watch), "spec.file[e].eventType: Unsupported value"},
		{"file without a change", one("file", watch), "spec.file[e].eventType: Required value"},
		{"file directory", one("file", "eventType: CREATE, watchPathConfig: {directory: a, path: b}"), "spec.file[e].watchPathConfig.directory: Invalid value"},
		{"file without a path", one("file", "eventType: CREATE, watchPathConfig: {directory: /a}"), "spec.file[e].watchPathConfig.path: Required value"},
		{"file with an absolute path", one("file", "eventType: CREATE, watchPathConfig: {directory: /a, path: /b}"), "spec.file[e].watchPathConfig.path: Invalid value"},
		{"file with both", one("file", "eventType: CREATE, watchPathConfig: {directory: /a, path: b, pathRegexp: c}"), "spec.file[e].watchPathConfig.pathRegexp: Forbidden"},
		{"file expression", one("file", "eventType: CREATE, watchPathConfig: {directory: /a, pathRegexp: '['}"), "spec.file[e].watchPathConfig.pathRegexp: Invalid value"},
		{"hdfs addresses", one("hdfs", "type: CREATE, directory: /a, path: b, hdfsUser: u"), "spec.hdfs[e].addresses: Required value"},
		{"hdfs user", one("hdfs", "type: CREATE, directory: /a, path: b, addresses: [n]"), "spec.hdfs[e].hdfsUser: Required value"},
		{"hdfs Kerberos", one("hdfs", "type: CREATE, directory: /a, path: b, addresses: [n], krbCCacheSecret: "+secret+", krbServicePrincipalName: p"), "spec.hdfs[e].krbConfigConfigMap: Required value"},
		{"sftp", one("sftp", "eventType: REMOVE, "+watch+", username: "+secret+", address: "+secret+", sshKeySecret: "+secret), ""},
		{"sftp without a password", one("sftp", "eventType: REMOVE, "+watch+", username: "+secret+", address: "+secret), "spec.sftp[e].password: Required value"},
		{"generic", one("generic", "url: u"), "spec.generic[e].config: Required value"},
		{"minio", one("minio", "endpoint: e, bucket: {name: b}, accessKey: "+secret+", secretKey: "+secret), ""},
		{"minio bucket", one("minio", "endpoint: e, accessKey: "+secret+", secretKey: "+secret), "spec.minio[e].bucket: Required value"},

		{"github", one("github", hook+", events: [push], organizations: [o], contentType: json"), ""},
		{"github without a webhook", one("github", "events: [push], organizations: [o]"), "spec.github[e].webhook: Required value"},
		{"github events", one("github", hook+", owner: o, repository: r"), "spec.github[e].events: Required value"},
		{"github repositories", one("github", hook+", events: [push]"), "spec.github[e].repositories: Required value"},
		{"github content", one("github", hook+", events: [push], organizations: [o], contentType: xml"), "spec.github[e].contentType: Unsupported value"},
		{"gitlab address", one("gitlab", hook+", events: [PushEvents], projects: ['1']"), "spec.gitlab[e].gitlabBaseURL: Required value"},
		{"gitlab projects", one("gitlab", hook+", events: [PushEvents], gitlabBaseURL: u"), "spec.gitlab[e].projects: Required value"},
		{"bitbucket auth", one("bitbucket", hook+", events: ['repo:push'], owner: o, repositorySlug: r"), "spec.bitbucket[e].auth: Required value"},
		{"bitbucket repository", one("bitbucket", hook+", events: ['repo:push'], repositories: [{owner: o}], auth: {oauthToken: "+secret+"}"), "spec.bitbucket[e].repositories[0].repositorySlug: Required value"},
		{"bitbucketserver", one("bitbucketserver", hook+", bitbucketserverBaseURL: u"), "spec.bitbucketserver[e].repositories: Required value"},
		{"gerrit", one("gerrit", hook+", events: [patchset-created], projects: [p], gerritBaseURL: u"), "spec.gerrit[e].hookName: Required value"},
		{"slack", one("slack", hook), "spec.slack[e].token: Required value"},
		{"stripe", one("stripe", hook+", createWebhook: true"), "spec.stripe[e].apiKey: Required value"},
		{"storageGrid", one("storageGrid", hook+", topicArn: t, bucket: b, apiURL: u"), "spec.storageGrid[e].authToken: Required value"},

		{"amqp", one("amqp", "url: u, exchangeType: fanout, routingKey: r"), ""},
		{"amqp without an address", one("amqp", "exchangeType: fanout, routingKey: r"), "spec.amqp[e].url: Required value"},
		{"amqp with two", one("amqp", "url: u, urlSecret: "+secret+", exchangeType: fanout, routingKey: r"), "spec.amqp[e].urlSecret: Forbidden"},
		{"amqp exchange", one("amqp", "url: u, routingKey: r"), "spec.amqp[e].exchangeType: Required value"},
		{"amqp key", one("amqp", "url: u, exchangeType: fanout"), "spec.amqp[e].routingKey: Required value"},
		{"kafka", one("kafka", "url: u, topic: t, consumerGroup: {groupName: g}"), ""},
		{"kafka partition", one("kafka", "url: u, topic: t"), "spec.kafka[e].partition: Required value"},
		{"kafka group", one("kafka", "url: u, topic: t, consumerGroup: {}"), "spec.kafka[e].consumerGroup.groupName: Required value"},
		{"kafka balance", one("kafka", "url: u, topic: t, consumerGroup: {groupName: g, rebalanceStrategy: fair}"), "spec.kafka[e].consumerGroup.rebalanceStrategy: Unsupported value"},
		{"mqtt", one("mqtt", "url: u, topic: t"), "spec.mqtt[e].clientId: Required value"},
		{"nats", one("nats", "url: u"), "spec.nats[e].subject: Required value"},
		{"nsq", one("nsq", "hostAddress: h, topic: t"), "spec.nsq[e].channel: Required value"},
		{"emitter", one("emitter", "broker: b, channelName: c"), "spec.emitter[e].channelKey: Required value"},
		{"pulsar", one("pulsar", "url: u, topics: [t], type: failover"), "spec.pulsar[e].type: Unsupported value"},
		{"redis", one("redis", "hostAddress: h"), "spec.redis[e].channels: Required value"},
		{"redisStream", one("redisStream", "hostAddress: h, streams: ['']"), "spec.redisStream[e].streams[0]: Required value"},
		{"tls", one("nats", "url: u, subject: s, tls: {clientKeySecret: "+secret+"}"), "spec.nats[e].tls.clientCertSecret: Required value"},
		{"backoff", one("nats", "url: u, subject: s, connectionBackoff: {jitter: -0.5}"), "spec.nats[e].connectionBackoff.jitter: Invalid value"},
		{"sns", one("sns", hook+", region: r"), "spec.sns[e].topicArn: Required value"},
		{"sqs", one("sqs", "queue: q, region: r, waitTimeSeconds: 21"), "spec.sqs[e].waitTimeSeconds: Invalid value"},
		{"pubSub", one("pubSub", "projectID: p"), "spec.pubSub[e].topic: Required value"},
		{"azureEventsHub", one("azureEventsHub", "fqdn: f"), "spec.azureEventsHub[e].hubName: Required value"},
		{"azureServiceBus", one("azureServiceBus", "fullyQualifiedNamespace: n, topicName: t"), "spec.azureServiceBus[e].queueName: Required value"},
		{"azureQueueStorage", one("azureQueueStorage", "queueName: q"), "spec.azureQueueStorage[e].connectionString: Required value"},
		{"mns", one("mns", "endpoint: e"), "spec.mns[e].queue: Required value"},
	}, func() runtime.Object { return &snv1.EventSource{} })
}

func TestEventBusRules(t *testing.T) {
	check(t, []rule{
		{"jetstream", "spec: {jetstream: {version: latest, streamConfig: 'maxMsgs: 1'}}", ""},
		{"nothing", "spec: {}", "spec: Required value"},
		{"nats of nothing", "spec: {nats: {}}", "spec.nats: Required value"},
		{"native", "spec: {nats: {native: {auth: token}}}", ""},
		{"native auth", "spec: {nats: {native: {auth: basic}}}", "spec.nats.native.auth: Unsupported value"},
		{"native and exotic", "spec: {nats: {native: {}, exotic: {url: u, clusterID: c}}}", "spec.nats.exotic: Forbidden"},
		{"exotic address", "spec: {nats: {exotic: {clusterID: c}}}", "spec.nats.exotic.url: Required value"},
		{"exotic cluster", "spec: {nats: {exotic: {url: u}}}", "spec.nats.exotic.clusterID: Required value"},
		{"two kinds", "spec: {jetstream: {version: latest}, kafka: {url: u}}", "spec.kafka: Forbidden"},
		{"jetstream version", "spec: {jetstream: {}}", "spec.jetstream.version: Required value"},
		{"jetstream of one", "spec: {jetstream: {version: latest, replicas: 1}}", ""},
		{"jetstream of two", "spec: {jetstream: {version: latest, replicas: 2}}", "spec.jetstream.replicas: Invalid value"},
		{"jetstream stream", "spec: {jetstream: {version: latest, streamConfig: '- a'}}", "spec.jetstream.streamConfig: Invalid value"},
		{"kafka address", "spec: {kafka: {topic: t}}", "spec.kafka.url: Required value"},
		{"kafka group without a name", "spec: {kafka: {url: u, consumerGroup: {oldest: true}}}", ""},
		{"jetstreamExotic address", "spec: {jetstreamExotic: {}}", "spec.jetstreamExotic.url: Required value"},
		{"jetstreamExotic certificate", "spec: {jetstreamExotic: {url: u, tls: {clientCertSecret: {name: a, key: b}}}}", "spec.jetstreamExotic.tls.clientKeySecret: Required value"},
	}, func() runtime.Object { return &snv1.EventBus{} })
}
