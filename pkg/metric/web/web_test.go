// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package web

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"k8s.io/utils/ptr"

	"argosy.dev/argosy/apis/raw"
	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/metric"
	"argosy.dev/argosy/pkg/metric/outbound"
	"argosy.dev/argosy/pkg/remote"
)

func measure(t *testing.T, web rov1.WebMetric) (metric.Value, error) {
	t.Helper()
	return New(outbound.New(true)).Measure(t.Context(), "ns", &rov1.Metric{Provider: rov1.MetricProvider{Web: &web}})
}

func TestMeasure(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		switch r.URL.Path {
		case "/echo":
			_ = json.NewEncoder(w).Encode(map[string]any{"method": r.Method, "body": string(body), "type": r.Header.Get("Content-Type"), "key": r.Header.Get("X-Key"), "auth": r.Header.Get("Authorization")})
		case "/text":
			_, _ = fmt.Fprint(w, "fine")
		case "/error":
			w.WriteHeader(http.StatusTeapot)
		case "/huge":
			_, _ = io.Copy(w, io.LimitReader(zeros{}, outbound.MaxBody+1))
		case "/full":
			_, _ = fmt.Fprintf(w, "%q", strings.Repeat("x", outbound.MaxBody-2))
		case "/slow":
			<-r.Context().Done()
		}
	}))
	defer server.Close()
	echo := server.URL + "/echo"
	for _, test := range []struct {
		name string
		web  rov1.WebMetric
		text string
		err  string
	}{
		{name: "get", web: rov1.WebMetric{URL: echo, JSONPath: "{$.method}"}, text: `"GET"`},
		{name: "post", web: rov1.WebMetric{URL: echo, Method: "POST", Body: "b", JSONPath: "{$.body}"}, text: `"b"`},
		{name: "put JSON", web: rov1.WebMetric{URL: echo, Method: "PUT", JSONBody: raw.Object{Raw: json.RawMessage(`{"a":1}`)}, JSONPath: "{$.body}"}, text: `"{\"a\":1}"`},
		{name: "type of JSON", web: rov1.WebMetric{URL: echo, Method: "PUT", JSONBody: raw.Object{Raw: json.RawMessage(`{"a":1}`)}, JSONPath: "{$.type}"}, text: `"application/json"`},
		{name: "header", web: rov1.WebMetric{URL: echo, Headers: []rov1.WebMetricHeader{{Key: "x-key", Value: "v"}}, JSONPath: "{$.key}"}, text: `"v"`},
		{name: "basic", web: rov1.WebMetric{URL: echo, JSONPath: "{$.auth}", Authentication: &rov1.Authentication{BasicAuth: &rov1.BasicAuthConfig{Username: "u", Password: "p"}}}, text: `"Basic dTpw"`},
		{name: "text", web: rov1.WebMetric{URL: server.URL + "/text"}, text: "fine"},
		{name: "path of a text", web: rov1.WebMetric{URL: server.URL + "/text", JSONPath: "{$.x}"}, err: "not JSON"},
		{name: "status", web: rov1.WebMetric{URL: server.URL + "/error"}, err: "the answer has the status 418"},
		{name: "too large", web: rov1.WebMetric{URL: server.URL + "/huge"}, err: remote.ErrTooLarge.Error()},
		{name: "not too large", web: rov1.WebMetric{URL: server.URL + "/full", JSONPath: "{$.x}"}, err: "nothing at"},
		{name: "too slow", web: rov1.WebMetric{URL: server.URL + "/slow", TimeoutSeconds: ptr.To[int64](1)}, err: "deadline exceeded"},
		{name: "body with GET", web: rov1.WebMetric{URL: echo, Body: "b"}, err: "GET has no body"},
		{name: "two bodies", web: rov1.WebMetric{URL: echo, Method: "POST", Body: "b", JSONBody: raw.Object{Raw: json.RawMessage(`{}`)}}, err: "only one of body and jsonBody"},
		{name: "file", web: rov1.WebMetric{URL: "file:///etc/passwd"}, err: "neither http nor https"},
		{name: "AWS", web: rov1.WebMetric{URL: echo, Authentication: &rov1.Authentication{Sigv4: &rov1.Sigv4Config{Region: "r"}}}, err: "authentication.sigv4"},
		{name: "nobody listens", web: rov1.WebMetric{URL: "http://127.0.0.1:1"}, err: "refused"},
	} {
		t.Run(test.name, func(t *testing.T) {
			value, err := measure(t, test.web)
			if value.Text != test.text || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("%.80s, %v; want %s, %s", value.Text, err, test.text, test.err)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestCertificates(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "7") }))
	defer server.Close()
	if _, err := measure(t, rov1.WebMetric{URL: server.URL}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate that nobody vouches for: %v", err)
	}
	if v, err := measure(t, rov1.WebMetric{URL: server.URL, Insecure: ptr.To(true)}); err != nil || v.Result != 7.0 {
		t.Errorf("insecure: %v, %v", v, err)
	}
}

// What is meant for one host goes to no other, and nothing goes where users must not reach.
func TestRedirects(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Key") != "" || r.Header.Get("Authorization") != "" {
			t.Errorf("credentials came with the redirect: %v", r.Header)
		}
		_, _ = fmt.Fprint(w, `"other"`)
	}))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := map[string]string{"/here": "/end", "/away": other.URL, "/loop": "/loop", "/file": "file:///etc/passwd", "/gopher": "gopher://h/"}[r.URL.Path]
		if to == "" {
			_, _ = fmt.Fprintf(w, "%q", r.URL.Path)
			return
		}
		http.Redirect(w, r, to, http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	key := []rov1.WebMetricHeader{{Key: "X-Key", Value: "v"}}
	for _, test := range []struct {
		name      string
		web       rov1.WebMetric
		text, err string
	}{
		{name: "same host", web: rov1.WebMetric{URL: server.URL + "/here", Headers: key}, text: `"/end"`},
		{name: "other host", web: rov1.WebMetric{URL: server.URL + "/away"}, text: `"other"`},
		{name: "other host with a header", web: rov1.WebMetric{URL: server.URL + "/away", Headers: key}, err: "redirect to another host"},
		{name: "other host with a password", web: rov1.WebMetric{URL: server.URL + "/away", Authentication: &rov1.Authentication{BasicAuth: &rov1.BasicAuthConfig{Username: "u", Password: "p"}}}, err: "redirect to another host"},
		{name: "other host with a body", web: rov1.WebMetric{URL: server.URL + "/away", Method: "POST", Body: "b"}, err: "redirect to another host"},
		{name: "for ever", web: rov1.WebMetric{URL: server.URL + "/loop"}, err: "more than 5 redirects"},
		{name: "file", web: rov1.WebMetric{URL: server.URL + "/file"}, err: `the scheme "file" is not followed`},
		{name: "gopher", web: rov1.WebMetric{URL: server.URL + "/gopher"}, err: `the scheme "gopher" is not followed`},
	} {
		t.Run(test.name, func(t *testing.T) {
			value, err := measure(t, test.web)
			if value.Text != test.text || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s, %v; want %s, %s", value.Text, err, test.text, test.err)
			}
		})
	}
}

func TestOAuth2(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			if id, secret, ok := r.BasicAuth(); !ok || id != "id" || secret != "s3" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprint(w, `{"access_token":"t0","token_type":"bearer","expires_in":60}`)
			return
		}
		_, _ = fmt.Fprintf(w, "%q", r.Header.Get("Authorization"))
	}))
	defer server.Close()
	web := rov1.WebMetric{URL: server.URL, Authentication: &rov1.Authentication{OAuth2: &rov1.OAuth2Config{TokenURL: server.URL + "/token", ClientID: "id", ClientSecret: "s3"}}}
	if v, err := measure(t, web); err != nil || v.Text != `"Bearer t0"` {
		t.Errorf("%v, %v", v, err)
	}
	web.Authentication.OAuth2.ClientSecret = "wrong"
	if _, err := measure(t, web); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("with a wrong secret: %v", err)
	}
	web.Authentication.OAuth2.ClientSecret = ""
	if _, err := measure(t, web); err == nil || !strings.Contains(err.Error(), "clientId and clientSecret are required") {
		t.Errorf("without a secret: %v", err)
	}
}

// Through the server, nobody reaches what is on its machine or hands out credentials beside it.
func TestLocalAddresses(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the server's own address was reached") }))
	defer server.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	provider := New(outbound.New(false))
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254", "[fe80::1]", "224.0.0.1", "100.100.100.200", "[fd00:ec2::254]"} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		_, err := provider.Measure(ctx, "ns", &rov1.Metric{Provider: rov1.MetricProvider{Web: &rov1.WebMetric{URL: "http://" + host + ":" + port}}})
		cancel()
		if err == nil || !strings.Contains(err.Error(), "must not reach") {
			t.Errorf("%s: %v", host, err)
		}
	}
}
