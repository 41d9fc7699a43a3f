// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"net/url"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/util/jsonpath"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

func validateProvider(p *rov1.MetricProvider, path *field.Path) field.ErrorList {
	errs := exactlyOne(path,
		option{"prometheus", p.Prometheus != nil}, option{"kayenta", p.Kayenta != nil}, option{"web", p.Web != nil},
		option{"datadog", p.Datadog != nil}, option{"wavefront", p.Wavefront != nil}, option{"newRelic", p.NewRelic != nil},
		option{"job", p.Job != nil}, option{"cloudWatch", p.CloudWatch != nil}, option{"graphite", p.Graphite != nil},
		option{"influxdb", p.Influxdb != nil}, option{"skywalking", p.SkyWalking != nil}, option{"kubernetes", p.Kubernetes != nil},
		option{"plugin", len(p.Plugin) > 0},
	)
	if len(p.Plugin) > 1 {
		errs = append(errs, field.TooMany(path.Child("plugin"), len(p.Plugin), 1))
	}
	if m := p.Prometheus; m != nil {
		errs = append(errs, validatePrometheus(m, path.Child("prometheus"))...)
	}
	if m := p.Web; m != nil {
		errs = append(errs, validateWeb(m, path.Child("web"))...)
	}
	if m := p.Job; m != nil {
		errs = append(errs, validateJob(m, path.Child("job"))...)
	}
	if m := p.Kubernetes; m != nil {
		errs = append(errs, validateKubernetes(m, path.Child("kubernetes"))...)
	}
	if m := p.Datadog; m != nil {
		errs = append(errs, validateDatadog(m, path.Child("datadog"))...)
	}
	if m := p.NewRelic; m != nil {
		errs = append(errs, required(m.Query, path.Child("newRelic", "query"))...)
	}
	if m := p.Kayenta; m != nil {
		errs = append(errs, validateKayenta(m, path.Child("kayenta"))...)
	}
	if m := p.CloudWatch; m != nil {
		errs = append(errs, duration(m.Interval, path.Child("cloudWatch", "interval"))...)
		if len(m.MetricDataQueries) == 0 {
			errs = append(errs, field.Required(path.Child("cloudWatch", "metricDataQueries"), ""))
		}
	}
	if m := p.SkyWalking; m != nil {
		errs = append(errs, duration(m.Interval, path.Child("skywalking", "interval"))...)
	}
	return errs
}

func validatePrometheus(m *rov1.PrometheusMetric, path *field.Path) field.ErrorList {
	errs := address(m.Address, path.Child("address"))
	if m.Timeout != nil {
		errs = append(errs, nonnegative(*m.Timeout, path.Child("timeout"))...)
	}
	if r := m.RangeQuery; r != nil {
		errs = append(errs, duration(r.Step, path.Child("rangeQuery", "step"))...)
	}
	errs = append(errs, validateHeaders(m.Headers, path.Child("headers"))...)
	return append(errs, validateAuthentication(m.Authentication, path.Child("authentication"))...)
}

func validateWeb(m *rov1.WebMetric, path *field.Path) field.ErrorList {
	errs := required(m.URL, path.Child("url"))
	errs = append(errs, address(m.URL, path.Child("url"))...)
	if m.Method != "" {
		errs = append(errs, oneOf(m.Method, path.Child("method"), rov1.WebMetricMethodGet, rov1.WebMetricMethodPost, rov1.WebMetricMethodPut)...)
	}
	hasJSON := len(m.JSONBody.Raw) > 0
	switch {
	case m.Body != "" && hasJSON:
		errs = append(errs, field.Forbidden(path.Child("jsonBody"), "only one of body and jsonBody may be given"))
	case (m.Body != "" || hasJSON) && (m.Method == "" || m.Method == rov1.WebMetricMethodGet):
		errs = append(errs, field.Forbidden(path.Child("body"), "a request with the method GET has no body"))
	}
	if m.TimeoutSeconds != nil {
		errs = append(errs, nonnegative(*m.TimeoutSeconds, path.Child("timeoutSeconds"))...)
	}
	errs = append(errs, jsonPath(m.JSONPath, path.Child("jsonPath"))...)
	errs = append(errs, validateHeaders(m.Headers, path.Child("headers"))...)
	return append(errs, validateAuthentication(m.Authentication, path.Child("authentication"))...)
}

func validateHeaders(headers []rov1.WebMetricHeader, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, h := range headers {
		errs = append(errs, required(h.Key, path.Index(i).Child("key"))...)
	}
	return errs
}

func validateAuthentication(a *rov1.Authentication, path *field.Path) field.ErrorList {
	if a == nil {
		return nil
	}
	given := set(option{"sigv4", a.Sigv4 != nil && *a.Sigv4 != rov1.Sigv4Config{}}, option{"oauth2", a.OAuth2 != nil && a.OAuth2.TokenURL != ""},
		option{"basicAuth", a.BasicAuth != nil && *a.BasicAuth != rov1.BasicAuthConfig{}})
	if len(given) > 1 {
		return field.ErrorList{field.Invalid(path, strings.Join(given, ", "), "at most one of sigv4, oauth2, basicAuth may be given")}
	}
	return nil
}

// validateJob checks that the spec is one of a Job. What else may be wrong with it shows when the Job is made: other
// than with pods, the cluster says so at once.
func validateJob(m *rov1.JobMetric, path *field.Path) field.ErrorList {
	errs := metadata(m.Metadata, path.Child("metadata"))
	at := path.Child("spec")
	spec, err := m.Spec.Decode()
	if err != nil {
		return append(errs, field.Invalid(at, "", err.Error()))
	}
	template := at.Child("template")
	if len(spec.Template.Spec.Containers) == 0 {
		return append(errs, field.Required(template.Child("spec", "containers"), ""))
	}
	if spec.Template.Spec.RestartPolicy == corev1.RestartPolicyAlways {
		errs = append(errs, field.NotSupported(template.Child("spec", "restartPolicy"), corev1.RestartPolicyAlways,
			[]corev1.RestartPolicy{corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever}))
	}
	return append(errs, validatePod(&spec.Template, true, template)...)
}

func validateKubernetes(m *rov1.KubernetesMetric, path *field.Path) field.ErrorList {
	errs := required(m.Kind, path.Child("kind"))
	errs = append(errs, required(m.Name, path.Child("name"))...)
	at := path.Child("apiVersion")
	if m.APIVersion == "" {
		errs = append(errs, required(m.APIVersion, at)...)
	} else if _, err := schema.ParseGroupVersion(m.APIVersion); err != nil && !tagged(m.APIVersion) {
		errs = append(errs, field.Invalid(at, m.APIVersion, err.Error()))
	}
	if m.Namespace != "" && !tagged(m.Namespace) {
		errs = append(errs, objectName(m.Namespace, path.Child("namespace"))...)
	}
	if m.ServiceAccountName != "" && !tagged(m.ServiceAccountName) {
		errs = append(errs, objectName(m.ServiceAccountName, path.Child("serviceAccountName"))...)
	}
	return append(errs, jsonPath(m.JSONPath, path.Child("jsonPath"))...)
}

func validateDatadog(m *rov1.DatadogMetric, path *field.Path) field.ErrorList {
	errs := duration(m.Interval, path.Child("interval"))
	errs = append(errs, duration(m.RequestTimeout, path.Child("requestTimeout"))...)
	if m.APIVersion != "" {
		errs = append(errs, oneOf(m.APIVersion, path.Child("apiVersion"), "v1", "v2")...)
	}
	if m.Aggregator != "" {
		errs = append(errs, oneOf(m.Aggregator, path.Child("aggregator"), "avg", "min", "max", "sum", "last", "percentile", "mean", "l2norm", "area")...)
	}
	return append(errs, exactlyOne(path, option{"query", m.Query != ""}, option{"queries", len(m.Queries) > 0})...)
}

func validateKayenta(m *rov1.KayentaMetric, path *field.Path) field.ErrorList {
	errs := required(m.Address, path.Child("address"))
	errs = append(errs, required(m.Application, path.Child("application"))...)
	errs = append(errs, required(m.CanaryConfigName, path.Child("canaryConfigName"))...)
	for i, s := range m.Scopes {
		errs = append(errs, required(s.Name, path.Child("scopes").Index(i).Child("name"))...)
	}
	return errs
}

// address refuses a text that is no URL of HTTP, unless it is empty or has tags.
func address(text string, path *field.Path) field.ErrorList {
	if text == "" || tagged(text) {
		return nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return field.ErrorList{field.Invalid(path, text, err.Error())}
	case u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return field.ErrorList{field.Invalid(path, text, "must be a URL that begins with http:// or https://")}
	}
	return nil
}

// jsonPath refuses a text that is no path as kubectl writes it, unless it is empty or has tags.
func jsonPath(text string, path *field.Path) field.ErrorList {
	if text == "" || tagged(text) {
		return nil
	}
	if err := jsonpath.New("").Parse(text); err != nil {
		return field.ErrorList{field.Invalid(path, text, err.Error())}
	}
	return nil
}
