// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"k8s.io/apimachinery/pkg/util/intstr"

	"argosy.dev/argosy/apis/raw"
)

// MetricProvider is where the value of a metric comes from. Exactly one field is set.
type MetricProvider struct {
	// prometheus asks a Prometheus server.
	// +optional
	Prometheus *PrometheusMetric `json:"prometheus,omitempty"`
	// kayenta has two groups of pods compared by Kayenta.
	// +optional
	Kayenta *KayentaMetric `json:"kayenta,omitempty"`
	// web makes an HTTP request.
	// +optional
	Web *WebMetric `json:"web,omitempty"`
	// datadog asks Datadog.
	// +optional
	Datadog *DatadogMetric `json:"datadog,omitempty"`
	// wavefront asks Wavefront.
	// +optional
	Wavefront *WavefrontMetric `json:"wavefront,omitempty"`
	// newRelic asks New Relic.
	// +optional
	NewRelic *NewRelicMetric `json:"newRelic,omitempty"`
	// job runs a Job, whose success or failure is that of the measurement.
	// +optional
	Job *JobMetric `json:"job,omitempty"`
	// cloudWatch asks AWS CloudWatch.
	// +optional
	CloudWatch *CloudWatchMetric `json:"cloudWatch,omitempty"`
	// graphite asks Graphite.
	// +optional
	Graphite *GraphiteMetric `json:"graphite,omitempty"`
	// influxdb asks InfluxDB.
	// +optional
	Influxdb *InfluxdbMetric `json:"influxdb,omitempty"`
	// skywalking asks Apache SkyWalking.
	// +optional
	SkyWalking *SkyWalkingMetric `json:"skywalking,omitempty"`
	// kubernetes reads an object of the cluster.
	// +optional
	Kubernetes *KubernetesMetric `json:"kubernetes,omitempty"`
	// plugin is a program that the administrator has installed, by its name, with a configuration of its own.
	// +optional
	Plugin map[string]raw.JSON `json:"plugin,omitzero"`
}

// KubernetesMetric reads an object of the cluster, or part of one. The conditions see it as "result", as in
// "result.status.readyReplicas >= 3". This provider is our own: the peer has none like it.
type KubernetesMetric struct {
	// apiVersion is the group and version of the object, such as apps/v1.
	APIVersion string `json:"apiVersion"`
	// kind is the kind of the object, such as Deployment.
	Kind string `json:"kind"`
	// name is the name of the object.
	Name string `json:"name"`
	// namespace is the namespace of the object. Default: that of the analysis run. Objects of the cluster have none.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// jsonPath picks a part of the object for the conditions, as in "{.status.readyReplicas}". Absent means the whole
	// object.
	// +optional
	JSONPath string `json:"jsonPath,omitempty"`
	// serviceAccountName is the service account, in the namespace of the analysis run, that must be allowed to get the
	// object. Default: default.
	// +optional
	ServiceAccountName string `json:"serviceAccountName,omitempty"`
}

// PrometheusMetric asks a Prometheus server. The value is a number, or a list of numbers where the query yields
// several.
type PrometheusMetric struct {
	// address is the URL of the server. Default: the one that the administrator has set.
	// +optional
	Address string `json:"address,omitempty"`
	// query is the query, in PromQL.
	// +optional
	Query string `json:"query,omitempty"`
	// rangeQuery asks for a time range rather than for now. The value is then a list.
	// +optional
	RangeQuery *PrometheusRangeQueryArgs `json:"rangeQuery,omitempty"`
	// authentication is how the request says who it is from.
	// +optional
	Authentication *Authentication `json:"authentication,omitempty"`
	// timeout is how many seconds the query may take. Default: 30.
	// +optional
	Timeout *int64 `json:"timeout,omitempty"`
	// insecure accepts any TLS certificate of the server. Default: false.
	// +optional
	Insecure *bool `json:"insecure,omitempty"`
	// headers are headers of the request.
	// +optional
	// +listType=atomic
	Headers []WebMetricHeader `json:"headers,omitzero"`
}

// PrometheusRangeQueryArgs is the time range of a query.
type PrometheusRangeQueryArgs struct {
	// start is an expression for the begin, as in 'now() - duration("5m")'.
	// +optional
	Start string `json:"start,omitempty"`
	// end is an expression for the end, as in "now()".
	// +optional
	End string `json:"end,omitempty"`
	// step is the time between two values, as in "1m".
	// +optional
	Step string `json:"step,omitempty"`
}

// Authentication is how a request says who it is from. At most one field is set.
type Authentication struct {
	// sigv4 signs the request for AWS.
	// +optional
	Sigv4 *Sigv4Config `json:"sigv4,omitempty"`
	// oauth2 gets a token by client credentials.
	// +optional
	OAuth2 *OAuth2Config `json:"oauth2,omitempty"`
	// basicAuth sends a user name and a password.
	// +optional
	BasicAuth *BasicAuthConfig `json:"basicAuth,omitempty"`
}

// Sigv4Config signs requests for AWS.
type Sigv4Config struct {
	// region is the region of AWS.
	// +optional
	Region string `json:"region,omitempty"`
	// profile is the profile of the credentials.
	// +optional
	Profile string `json:"profile,omitempty"`
	// roleArn is the role that is assumed.
	// +optional
	RoleARN string `json:"roleArn,omitempty"`
}

// OAuth2Config gets a token by client credentials.
type OAuth2Config struct {
	// tokenUrl is where the token is got.
	// +optional
	TokenURL string `json:"tokenUrl,omitempty"`
	// clientId is the client's name.
	// +optional
	ClientID string `json:"clientId,omitempty"`
	// clientSecret is the client's secret. Take it from an argument, not from here.
	// +optional
	ClientSecret string `json:"clientSecret,omitempty"`
	// scopes are what the token is asked for.
	// +optional
	// +listType=atomic
	Scopes []string `json:"scopes,omitzero"`
}

// BasicAuthConfig sends a user name and a password.
type BasicAuthConfig struct {
	// username is the user name.
	// +optional
	Username string `json:"username,omitempty"`
	// password is the password. Take it from an argument, not from here.
	// +optional
	Password string `json:"password,omitempty"`
}

// KayentaMetric has two groups of pods compared by Kayenta.
type KayentaMetric struct {
	// address is the URL of Kayenta.
	Address string `json:"address"`
	// application is the name of the application.
	Application string `json:"application"`
	// canaryConfigName is the name of the canary configuration.
	CanaryConfigName string `json:"canaryConfigName"`
	// metricsAccountName is the account of the metrics.
	MetricsAccountName string `json:"metricsAccountName"`
	// configurationAccountName is the account of the configuration.
	ConfigurationAccountName string `json:"configurationAccountName"`
	// storageAccountName is the account of the storage.
	StorageAccountName string `json:"storageAccountName"`
	// lookback compares from the begin each time, rather than from one measurement to the next. Default: false.
	// +optional
	Lookback *bool `json:"lookback,omitempty"`
	// threshold are the scores that decide.
	Threshold KayentaThreshold `json:"threshold"`
	// scopes are what is compared.
	// +listType=atomic
	Scopes []KayentaScope `json:"scopes"`
}

// KayentaThreshold are the scores that decide.
type KayentaThreshold struct {
	// pass is the score from which on a measurement succeeds.
	Pass int64 `json:"pass"`
	// marginal is the score from which on a measurement is inconclusive. Below, it fails.
	Marginal int64 `json:"marginal"`
}

// KayentaScope is what is compared.
type KayentaScope struct {
	// name is the name of the scope.
	Name string `json:"name"`
	// controlScope is the old one.
	ControlScope ScopeDetail `json:"controlScope"`
	// experimentScope is the new one.
	ExperimentScope ScopeDetail `json:"experimentScope"`
}

// ScopeDetail is one side of a comparison.
type ScopeDetail struct {
	// scope names it, as the canary configuration does.
	Scope string `json:"scope"`
	// region is where it is.
	Region string `json:"region"`
	// step is the number of seconds between two values.
	Step int64 `json:"step"`
	// start is the begin of the time range.
	// +optional
	Start string `json:"start,omitempty"`
	// end is the end of the time range.
	// +optional
	End string `json:"end,omitempty"`
}

// WebMetric makes an HTTP request. The value is what jsonPath picks out of the answer, or the answer's text.
type WebMetric struct {
	// method is GET, POST or PUT. Default: GET.
	// +optional
	Method WebMetricMethod `json:"method,omitempty"`
	// url is where the request goes.
	URL string `json:"url"`
	// headers are headers of the request.
	// +optional
	// +listType=atomic
	Headers []WebMetricHeader `json:"headers,omitzero"`
	// body is the body of the request, as text. Not with jsonBody, and not with GET.
	// +optional
	Body string `json:"body,omitempty"`
	// timeoutSeconds is how many seconds the request may take. Default: 10.
	// +optional
	TimeoutSeconds *int64 `json:"timeoutSeconds,omitempty"`
	// jsonPath picks a part of the answer, which must be JSON, as in "{$.data.value}".
	// +optional
	JSONPath string `json:"jsonPath,omitempty"`
	// insecure accepts any TLS certificate of the server. Default: false.
	// +optional
	Insecure *bool `json:"insecure,omitempty"`
	// jsonBody is the body of the request, as JSON. Not with body, and not with GET.
	// +optional
	JSONBody raw.Object `json:"jsonBody,omitzero"`
	// authentication is how the request says who it is from.
	// +optional
	Authentication *Authentication `json:"authentication,omitempty"`
}

// WebMetricMethod is a method of HTTP.
type WebMetricMethod string

const (
	// WebMetricMethodGet reads.
	WebMetricMethodGet WebMetricMethod = "GET"
	// WebMetricMethodPost sends a body.
	WebMetricMethodPost WebMetricMethod = "POST"
	// WebMetricMethodPut sends a body.
	WebMetricMethodPut WebMetricMethod = "PUT"
)

// WebMetricHeader is a header of a request.
type WebMetricHeader struct {
	// key is the name of the header.
	Key string `json:"key"`
	// value is its value.
	Value string `json:"value"`
}

// DatadogMetric asks Datadog. Either query is set, or queries and perhaps formula.
type DatadogMetric struct {
	// interval is the time range before now that is asked for. Default: 5m.
	// +optional
	Interval string `json:"interval,omitempty"`
	// query is the query.
	// +optional
	Query string `json:"query,omitempty"`
	// queries are several queries, by the names by which formula refers to them. Only with version v2.
	// +optional
	Queries map[string]string `json:"queries,omitzero"`
	// formula is an expression over queries. Only with version v2.
	// +optional
	Formula string `json:"formula,omitempty"`
	// apiVersion is the version of Datadog's API: v1 or v2. Default: v1.
	// +optional
	APIVersion string `json:"apiVersion,omitempty"`
	// aggregator makes one value of the values in the time range: avg, min, max, sum, last, percentile, mean, l2norm or
	// area. Only with version v2. Default: last.
	// +optional
	Aggregator string `json:"aggregator,omitempty"`
	// secretRef is the Secret with the keys of the API. Default: the one that the administrator has set.
	// +optional
	SecretRef *DatadogSecretRef `json:"secretRef,omitempty"`
	// requestTimeout is how long the request may take. Default: 10s.
	// +optional
	RequestTimeout string `json:"requestTimeout,omitempty"`
}

// DatadogSecretRef names the Secret with the keys of Datadog's API.
type DatadogSecretRef struct {
	// name is the name of the Secret.
	// +optional
	Name string `json:"name,omitempty"`
	// namespaced looks for it in the namespace of the analysis run rather than in that of the server. Default: false.
	// +optional
	Namespaced *bool `json:"namespaced,omitempty"`
}

// WavefrontMetric asks Wavefront.
type WavefrontMetric struct {
	// address is the host of Wavefront.
	// +optional
	Address string `json:"address,omitempty"`
	// query is the query.
	// +optional
	Query string `json:"query,omitempty"`
}

// NewRelicMetric asks New Relic.
type NewRelicMetric struct {
	// profile is the name of the Secret with the account. Default: newrelic.
	// +optional
	Profile string `json:"profile,omitempty"`
	// query is the query, in NRQL.
	Query string `json:"query"`
	// timeout is how many seconds the query may take. Default: 5.
	// +optional
	Timeout *int64 `json:"timeout,omitempty"`
}

// JobMetric runs a Job. The measurement succeeds or fails as the Job does.
type JobMetric struct {
	// metadata is put on the Job.
	// +optional
	Metadata *Metadata `json:"metadata,omitempty"`
	// spec is the spec of the Job.
	Spec raw.JobSpec `json:"spec"`
}

// GraphiteMetric asks Graphite.
type GraphiteMetric struct {
	// address is the URL of Graphite.
	// +optional
	Address string `json:"address,omitempty"`
	// query is the query.
	// +optional
	Query string `json:"query,omitempty"`
}

// InfluxdbMetric asks InfluxDB.
type InfluxdbMetric struct {
	// profile is the name of the Secret with the account. Default: influxdb.
	// +optional
	Profile string `json:"profile,omitempty"`
	// query is the query, in Flux.
	// +optional
	Query string `json:"query,omitempty"`
}

// SkyWalkingMetric asks Apache SkyWalking.
type SkyWalkingMetric struct {
	// address is the URL of SkyWalking.
	// +optional
	Address string `json:"address,omitempty"`
	// query is the query, in GraphQL.
	// +optional
	Query string `json:"query,omitempty"`
	// interval is the time range before now that is asked for. Default: 5m.
	// +optional
	Interval string `json:"interval,omitempty"`
}

// CloudWatchMetric asks AWS CloudWatch.
type CloudWatchMetric struct {
	// interval is the time range before now that is asked for. Default: 5m.
	// +optional
	Interval string `json:"interval,omitempty"`
	// metricDataQueries are the queries.
	// +listType=atomic
	MetricDataQueries []CloudWatchMetricDataQuery `json:"metricDataQueries"`
}

// CloudWatchMetricDataQuery is a query of AWS CloudWatch, in its words.
type CloudWatchMetricDataQuery struct {
	// id names the query.
	// +optional
	ID string `json:"id,omitempty"`
	// expression is a metric math expression, over other queries by their ids.
	// +optional
	Expression *string `json:"expression,omitempty"`
	// label is a text for people.
	// +optional
	Label *string `json:"label,omitempty"`
	// metricStat is the metric to read, where there is no expression.
	// +optional
	MetricStat *CloudWatchMetricStat `json:"metricStat,omitempty"`
	// period is the number of seconds that a value stands for.
	// +optional
	Period *intstr.IntOrString `json:"period,omitempty"`
	// returnData tells whether the values are returned, or only used by other queries.
	// +optional
	ReturnData *bool `json:"returnData,omitempty"`
}

// CloudWatchMetricStat is a metric of AWS CloudWatch and how its values are summed up.
type CloudWatchMetricStat struct {
	// metric is the metric.
	// +optional
	Metric CloudWatchMetricStatMetric `json:"metric,omitzero"`
	// period is the number of seconds that a value stands for.
	// +optional
	Period *intstr.IntOrString `json:"period,omitempty"`
	// stat is how values are summed up, such as Sum.
	// +optional
	Stat string `json:"stat,omitempty"`
	// unit is the unit of the values.
	// +optional
	Unit string `json:"unit,omitempty"`
}

// CloudWatchMetricStatMetric names a metric of AWS CloudWatch.
type CloudWatchMetricStatMetric struct {
	// dimensions restrict the metric.
	// +optional
	// +listType=atomic
	Dimensions []CloudWatchMetricStatMetricDimension `json:"dimensions,omitzero"`
	// metricName is the name of the metric.
	// +optional
	MetricName string `json:"metricName,omitempty"`
	// namespace is the namespace of the metric.
	// +optional
	Namespace *string `json:"namespace,omitempty"`
}

// CloudWatchMetricStatMetricDimension restricts a metric.
type CloudWatchMetricStatMetricDimension struct {
	// name is the name of the dimension.
	// +optional
	Name string `json:"name,omitempty"`
	// value is its value.
	// +optional
	Value string `json:"value,omitempty"`
}
