// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package prometheus

import (
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"k8s.io/utils/ptr"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/metric/outbound"
)

// answers are by query: what a Prometheus server of version 3 says.
var answers = map[string]string{
	"scalar":   `{"status":"success","data":{"resultType":"scalar","result":[1435781451.781,"0.97"]}}`,
	"vector":   `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1435781451.781,"1"]},{"metric":{},"value":[1435781451.781,"2.5"]}]}}`,
	"empty":    `{"status":"success","data":{"resultType":"vector","result":[]}}`,
	"nan":      `{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1435781451.781,"NaN"]}]}}`,
	"matrix":   `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1435781430,"1"],[1435781445,"2"]]},{"metric":{},"values":[[1435781430,"3"]]}]}}`,
	"string":   `{"status":"success","data":{"resultType":"string","result":[1435781451.781,"x"]}}`,
	"warnings": `{"status":"success","warnings":["be careful"],"data":{"resultType":"scalar","result":[1435781451.781,"1"]}}`,
	"bad":      `{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\""}`,
}

func TestMeasure(t *testing.T) {
	forms := make(chan map[string]string, 1) // what the last request held
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		form := map[string]string{"path": r.URL.Path, "key": r.Header.Get("X-Scope-OrgID"), "auth": r.Header.Get("Authorization")}
		for name := range r.Form {
			form[name] = r.Form.Get(name)
		}
		forms <- form
		query := r.Form.Get("query")
		if query == "slow" {
			<-r.Context().Done()
			return
		}
		if query == "huge" {
			for range outbound.MaxBody/100 + 1 {
				_, _ = fmt.Fprint(w, strings.Repeat(" ", 100))
			}
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if query == "bad" {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = fmt.Fprint(w, answers[query])
	}))
	defer server.Close()
	for _, test := range []struct {
		query, text, err string
		result           any
		metadata         string
	}{
		{query: "scalar", text: "0.97", result: 0.97},
		{query: "vector", text: "[1,2.5]", result: []float64{1, 2.5}},
		{query: "empty", text: "[]", result: []float64{}},
		{query: "matrix", text: "[1,2,3]", result: []float64{1, 2, 3}},
		{query: "warnings", text: "1", result: 1.0, metadata: `"be careful"`},
		{query: "string", err: "unexpected value type"},
		{query: "bad", err: `invalid parameter "query"`},
		{query: "huge", err: "bytes"},
		{query: "slow", err: "deadline exceeded"},
	} {
		t.Run(test.query, func(t *testing.T) {
			prom := rov1.PrometheusMetric{Query: test.query, Headers: []rov1.WebMetricHeader{{Key: "X-Scope-OrgID", Value: "tenant"}},
				Authentication: &rov1.Authentication{BasicAuth: &rov1.BasicAuthConfig{Username: "u", Password: "p"}}}
			if test.query == "slow" {
				prom.Timeout = ptr.To[int64](1)
			}
			value, err := New(outbound.New(true), server.URL).Measure(t.Context(), "ns", &rov1.Metric{Provider: rov1.MetricProvider{Prometheus: &prom}})
			if value.Text != test.text || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s, %v; want %s, %s", value.Text, err, test.text, test.err)
			}
			if fmt.Sprintf("%#v", value.Result) != fmt.Sprintf("%#v", test.result) {
				t.Errorf("result %#v, want %#v", value.Result, test.result)
			}
			if value.About[aboutQuery] != test.query || value.Metadata["warnings"] != test.metadata {
				t.Errorf("about %v, metadata %v", value.About, value.Metadata)
			}
			if form := <-forms; form["path"] != "/api/v1/query" || form["key"] != "tenant" || form["auth"] != "Basic dTpw" {
				t.Errorf("the request was %v", form)
			}
		})
	}
	t.Run("not a number", func(t *testing.T) {
		value, err := New(outbound.New(true), "").Measure(t.Context(), "ns", &rov1.Metric{Provider: rov1.MetricProvider{Prometheus: &rov1.PrometheusMetric{Address: server.URL, Query: "nan"}}})
		<-forms
		if list, ok := value.Result.([]float64); err != nil || !ok || len(list) != 1 || !math.IsNaN(list[0]) || value.Text != "[NaN]" {
			t.Errorf("%+v, %v", value, err)
		}
	})
	t.Run("range", func(t *testing.T) {
		prom := rov1.PrometheusMetric{Query: "matrix", RangeQuery: &rov1.PrometheusRangeQueryArgs{Start: `now() - duration("5m")`, End: "now()", Step: "1m"}}
		value, err := New(outbound.New(true), server.URL).Measure(t.Context(), "ns", &rov1.Metric{Provider: rov1.MetricProvider{Prometheus: &prom}})
		form := <-forms
		if err != nil || value.Text != "[1,2,3]" || form["path"] != "/api/v1/query_range" || form["step"] != "60" {
			t.Errorf("%+v, %v; the request was %v", value, err, form)
		}
		var start, end float64
		if _, err := fmt.Sscan(form["start"]+" "+form["end"], &start, &end); err != nil || math.Abs(end-start-300) > 1 || math.Abs(end-float64(time.Now().Unix())) > 60 {
			t.Errorf("range %s to %s: %v", form["start"], form["end"], err)
		}
	})
}

func TestWhatIsWrong(t *testing.T) {
	for name, test := range map[string]struct {
		prom rov1.PrometheusMetric
		err  string
	}{
		"no address":  {rov1.PrometheusMetric{Query: "q"}, "the administrator has set none"},
		"bad address": {rov1.PrometheusMetric{Query: "q", Address: "file:///x"}, "address is no URL"},
		"bad start":   {rov1.PrometheusMetric{Query: "q", Address: "http://h", RangeQuery: &rov1.PrometheusRangeQueryArgs{Start: "1 + 1", End: "now()", Step: "1m"}}, "rangeQuery.start must be a time"},
		"bad end":     {rov1.PrometheusMetric{Query: "q", Address: "http://h", RangeQuery: &rov1.PrometheusRangeQueryArgs{Start: "now()", End: "now(", Step: "1m"}}, "rangeQuery.end"},
		"bad step":    {rov1.PrometheusMetric{Query: "q", Address: "http://h", RangeQuery: &rov1.PrometheusRangeQueryArgs{Start: "now()", End: "now()", Step: "0s"}}, "rangeQuery.step"},
		"AWS":         {rov1.PrometheusMetric{Query: "q", Address: "http://h", Authentication: &rov1.Authentication{Sigv4: &rov1.Sigv4Config{Region: "r"}}}, "authentication.sigv4"},
	} {
		if _, err := New(outbound.New(true), "").Measure(t.Context(), "ns", &rov1.Metric{Provider: rov1.MetricProvider{Prometheus: &test.prom}}); err == nil || !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %v, want %s", name, err, test.err)
		}
	}
}
