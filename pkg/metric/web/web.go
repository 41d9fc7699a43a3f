// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package web measures by an HTTP request.
package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/metric"
	"argosy.dev/argosy/pkg/metric/outbound"
	"argosy.dev/argosy/pkg/metric/pick"
)

// Provider measures by an HTTP request.
type Provider struct {
	network *outbound.Network
}

var _ metric.Provider = &Provider{}

// New returns a provider that makes its requests over the network.
func New(network *outbound.Network) *Provider { return &Provider{network} }

// Measure makes the request. The value is what jsonPath picks out of the answer; without jsonPath the whole answer, as
// JSON or else as text. Any answer but a 2xx is an error.
func (p *Provider) Measure(ctx context.Context, _ string, m *rov1.Metric) (metric.Value, error) {
	web := m.Provider.Web
	ctx, cancel := context.WithTimeout(ctx, outbound.Timeout(web.TimeoutSeconds, rov1.DefaultWebTimeoutSeconds))
	defer cancel()
	request, err := newRequest(ctx, web)
	if err != nil {
		return metric.Value{}, err
	}
	client, err := p.network.Client(ctx, outbound.Access{Insecure: web.Insecure, Headers: web.Headers, Authentication: web.Authentication})
	if err != nil {
		return metric.Value{}, err
	}
	response, err := client.Do(request)
	if err != nil {
		return metric.Value{}, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return metric.Value{}, fmt.Errorf("the answer has the status %d", response.StatusCode)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return metric.Value{}, fmt.Errorf("reading the answer: %w", err)
	}
	var document any
	if err := json.Unmarshal(body, &document); err != nil {
		if web.JSONPath != "" {
			return metric.Value{}, fmt.Errorf("the answer is not JSON, so jsonPath picks nothing: %w", err)
		}
		return metric.Value{Result: string(body), Text: string(body)}, nil
	}
	value, text, err := pick.Value(document, web.JSONPath)
	if err != nil {
		return metric.Value{}, err
	}
	return metric.Value{Result: value, Text: text}, nil
}

func newRequest(ctx context.Context, web *rov1.WebMetric) (*http.Request, error) {
	method := web.Method
	if method == "" {
		method = rov1.WebMetricMethodGet
	}
	hasJSON := len(web.JSONBody.Raw) > 0
	var body io.Reader
	switch {
	case web.Body != "" && hasJSON:
		return nil, errors.New("only one of body and jsonBody may be given")
	case (web.Body != "" || hasJSON) && method == rov1.WebMetricMethodGet:
		return nil, errors.New("a request with the method GET has no body")
	case hasJSON:
		body = bytes.NewReader(web.JSONBody.Raw)
	case web.Body != "":
		body = strings.NewReader(web.Body)
	}
	request, err := http.NewRequestWithContext(ctx, string(method), web.URL, body)
	if err != nil {
		return nil, err
	}
	if s := request.URL.Scheme; s != "http" && s != "https" {
		return nil, fmt.Errorf("url: the scheme %q is neither http nor https", s)
	}
	if hasJSON {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}
