// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"k8s.io/utils/ptr"
	"pgregory.net/rapid"

	"argosy.dev/argosy/apis/raw"
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
)

func TestJudge(t *testing.T) {
	for _, test := range []struct {
		success, failure string
		result           any
		want             rov1.AnalysisPhase
		err              string
	}{
		{result: "whatever", want: "Successful"},
		{success: "result >= 0.95", result: 0.95, want: "Successful"},
		{success: "result >= 0.95", result: 0.9, want: "Failed"},
		{failure: "result > 3", result: 3.0, want: "Successful"},
		{failure: "result > 3", result: 4.0, want: "Failed"},
		{success: "result > 1", failure: "result > 3", result: 2.0, want: "Successful"},
		{success: "result > 1", failure: "result > 3", result: 4.0, want: "Failed"},
		{success: "result > 1", failure: "result < 0", result: 0.5, want: "Inconclusive"},
		{success: "result[0] > 1 && len(result) == 2", result: []float64{2, 0}, want: "Successful"},
		{success: "all(result, # < 5)", result: []float64{2, 4}, want: "Successful"},
		{success: "len(result) == 0 || result[0] < 5", result: []float64{}, want: "Successful"},
		{success: "isNaN(result) || isInf(result)", result: math.NaN(), want: "Successful"},
		{success: "isInf(result)", result: math.Inf(-1), want: "Successful"},
		{success: "isNil(result)", result: nil, want: "Successful"},
		{success: "default(result, 7) == 7", result: nil, want: "Successful"},
		{success: "default(result, 7) == 8", result: 8.0, want: "Successful"},
		{success: "asInt(result) == 12 && asFloat(result) == 12.0", result: "12", want: "Successful"},
		{success: "result.status.readyReplicas >= 3", result: map[string]any{"status": map[string]any{"readyReplicas": 3.0}}, want: "Successful"},
		{success: "result", result: "text", want: "Error", err: "successCondition: it must be true or false, and is string"},
		{failure: "reslt > 3", result: 4.0, want: "Error", err: "failureCondition: there is no reslt"},
		{success: "result >", result: 4.0, want: "Error", err: "compile"},
		{success: "asInt(result) > 1", result: "x", want: "Error", err: "not a number"},
		{success: "isNaN(result)", result: "x", want: "Error", err: "isNaN needs a number"},
		{success: "result[5] > 1", result: []float64{}, want: "Error", err: "out of range"},
	} {
		got, err := Judge(&rov1.Metric{SuccessCondition: test.success, FailureCondition: test.failure}, test.result)
		if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s | %s of %v: %s, %v; want %s, %s", test.success, test.failure, test.result, got, err, test.want, test.err)
		}
	}
}

// Conditions come from users: what would cost the server more than they may is an error, and soon.
func TestHostileConditions(t *testing.T) {
	long := make([]float64, 100_000)
	for _, condition := range []string{
		`len(map(1..10000, map(1..10000, #))) > 0`,
		`repeat("x", 1000000000) == ""`,
		`all(result, all(result, all(result, # == #)))`,
		`reduce(1..100000, #acc + #acc, "xxxxxxxxxx") == ""`,
		strings.Repeat("(", 5000) + "result" + strings.Repeat(")", 5000),
		strings.Repeat("result == 1 || ", 10000) + "true",
	} {
		began := time.Now()
		if _, err := Holds(condition, long); err == nil {
			t.Errorf("%.60s: no error", condition)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("%.60s: took %s", condition, took)
		}
	}
}

func TestResolve(t *testing.T) {
	run := &rov1.AnalysisRun{Spec: rov1.AnalysisRunSpec{
		Metrics: []rov1.Metric{{
			Name: "m", SuccessCondition: "result == '{{args.a}}'", Count: ptr.To(intstrText("{{ args.n }}")),
			Provider: rov1.MetricProvider{Web: &rov1.WebMetric{URL: "{{args.url}}/{{args.a}}?t={{args.token}}", JSONBody: raw.Object{Raw: json.RawMessage(`{"{{args.a}}":["{{args.a}}",12345678901234567890]}`)}}},
		}, {Name: "other", Provider: rov1.MetricProvider{Web: &rov1.WebMetric{URL: "{{args.none}}"}}}},
		Args: []rov1.Argument{{Name: "a", Value: ptr.To(`"},{"x\<&>{{args.token}}`)}, {Name: "n", Value: ptr.To("3")}, {Name: "url", Value: ptr.To("https://h")},
			{Name: "token", ValueFrom: &rov1.ValueFrom{SecretKeyRef: &rov1.SecretKeyRef{Name: "s", Key: "k"}}},
			{Name: "unused", ValueFrom: &rov1.ValueFrom{SecretKeyRef: &rov1.SecretKeyRef{Name: "s", Key: "u"}}}},
	}}
	m, err := Metric(run, "m", nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := `https://h/"},{"x\<&>{{args.token}}?t={{args.token}}`; m.Provider.Web.URL != want {
		t.Errorf("without secrets: %s", m.Provider.Web.URL)
	}
	if m, err = Metric(run, "m", map[string]string{"token": "pw"}); err != nil {
		t.Fatal(err)
	}
	// A value is never looked at for tags, nor can it break out of its text.
	if want := `https://h/"},{"x\<&>{{args.token}}?t=pw`; m.Provider.Web.URL != want {
		t.Errorf("with secrets: %s", m.Provider.Web.URL)
	}
	if m.Count.IntValue() != 3 {
		t.Errorf("count %v", m.Count)
	}
	var body map[string][]any
	if err := json.Unmarshal(m.Provider.Web.JSONBody.Raw, &body); err != nil || len(body) != 1 || body[*run.Spec.Args[0].Value][0] != *run.Spec.Args[0].Value {
		t.Errorf("body %s: %v", m.Provider.Web.JSONBody.Raw, err)
	}
	if !strings.Contains(string(m.Provider.Web.JSONBody.Raw), "12345678901234567890") {
		t.Errorf("digits are lost: %s", m.Provider.Web.JSONBody.Raw)
	}
	if refs, err := SecretsOf(run, "m"); err != nil || len(refs) != 1 || refs["token"].Key != "k" {
		t.Errorf("secrets of m: %v, %v", refs, err)
	}
	if _, err := Metric(run, "other", nil); err == nil || err.Error() != "{{args.none}} names no argument" {
		t.Errorf("unknown argument: %v", err)
	}
}

// No spelling of a secret that a library may choose gets through.
func TestRedaction(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringN(4, 40, 200).Filter(func(s string) bool { return len(strings.TrimSpace(s)) >= 4 && !strings.Contains("[redacted]…", s) }).Draw(t, "secret")
		quoted, err := json.Marshal(secret)
		if err != nil {
			t.Fatal(err)
		}
		for _, form := range []string{
			secret, strings.TrimSpace(secret), fmt.Sprintf("%q", secret), fmt.Sprintf("%+q", secret), string(quoted), url.QueryEscape(secret), url.PathEscape(secret),
			"https://h/" + (&url.URL{Path: secret}).EscapedPath(), base64.StdEncoding.EncodeToString([]byte(secret)),
		} {
			text := `Get "` + form + `": failed`
			taken := NewRedactor(map[string]string{"a": secret, "b": "other" + secret}).Taken(Taken{
				Measurement: rov1.Measurement{Message: text, Value: text, Metadata: map[string]string{"warnings": text}}, Metadata: map[string]string{"q": text}})
			for _, got := range []string{taken.Measurement.Message, taken.Measurement.Value, taken.Measurement.Metadata["warnings"], taken.Metadata["q"]} {
				if strings.Contains(got, secret) || strings.Contains(got, strings.Trim(form, `"`)) || !strings.Contains(got, hidden) {
					t.Fatalf("%q shows %q", got, secret)
				}
			}
		}
	})
	long := NewRedactor(nil).Taken(Taken{Measurement: rov1.Measurement{Value: strings.Repeat("ä", 100_000), Message: strings.Repeat("x", 100_000)}})
	if len(long.Measurement.Value) > maxRecorded || len(long.Measurement.Message) > maxMessage || !strings.HasSuffix(long.Measurement.Value, "ä…") {
		t.Errorf("%d and %d bytes are recorded", len(long.Measurement.Value), len(long.Measurement.Message))
	}
}
