// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package prometheus measures by a query of Prometheus, or of what has its API.
package prometheus

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"

	rov1 "argosy.dev/argosy/apis/rollout/v1alpha1"
	"argosy.dev/argosy/pkg/expression"
	"argosy.dev/argosy/pkg/metric"
	"argosy.dev/argosy/pkg/metric/outbound"
)

// aboutQuery is where the query is recorded with its arguments put in.
const aboutQuery = "query"

// Provider asks Prometheus servers.
type Provider struct {
	network *outbound.Network
	address string
	now     func() time.Time
}

var _ metric.Provider = &Provider{}

// New returns a provider that makes its requests over the network. Metrics that name no address use the given one, which
// may be empty.
func New(network *outbound.Network, address string) *Provider {
	return &Provider{network: network, address: address, now: time.Now}
}

// Measure makes the query. The value is a number, or the list of all numbers in the answer. NaN and infinity are numbers.
func (p *Provider) Measure(ctx context.Context, _ string, m *rov1.Metric) (metric.Value, error) {
	prom := m.Provider.Prometheus
	ctx, cancel := context.WithTimeout(ctx, outbound.Timeout(prom.Timeout, rov1.DefaultPrometheusTimeoutSeconds))
	defer cancel()
	out := metric.Value{About: map[string]string{aboutQuery: prom.Query}}
	client, err := p.client(ctx, prom)
	if err != nil {
		return out, err
	}
	var answer model.Value
	var warnings promv1.Warnings
	if r := prom.RangeQuery; r != nil {
		var span promv1.Range
		if span, err = rangeOf(r); err != nil {
			return out, err
		}
		answer, warnings, err = client.QueryRange(ctx, prom.Query, span)
	} else {
		answer, warnings, err = client.Query(ctx, prom.Query, p.now())
	}
	if err != nil {
		return out, err
	}
	if len(warnings) > 0 {
		quoted := make([]string, len(warnings))
		for i, w := range warnings {
			quoted[i] = strconv.Quote(w)
		}
		out.Metadata = map[string]string{"warnings": strings.Join(quoted, ", ")}
	}
	switch v := answer.(type) {
	case *model.Scalar:
		out.Result, out.Text = float64(v.Value), v.Value.String()
	case model.Vector:
		var list []model.SampleValue
		for _, sample := range v {
			list = append(list, sample.Value)
		}
		out.Result, out.Text = numbers(list)
	case model.Matrix:
		var list []model.SampleValue
		for _, stream := range v {
			for _, pair := range stream.Values {
				list = append(list, pair.Value)
			}
		}
		out.Result, out.Text = numbers(list)
	default:
		return out, fmt.Errorf("an answer of type %s is not supported", answer.Type())
	}
	return out, nil
}

func (p *Provider) client(ctx context.Context, prom *rov1.PrometheusMetric) (promv1.API, error) {
	address := prom.Address
	if address == "" {
		address = p.address
	}
	if address == "" {
		return nil, errors.New("address is empty, and the administrator has set none")
	}
	if u, err := url.Parse(address); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("address is no URL that begins with http:// or https://")
	}
	client, err := p.network.Client(ctx, outbound.Access{Insecure: prom.Insecure, Headers: prom.Headers, Authentication: prom.Authentication})
	if err != nil {
		return nil, err
	}
	reach, err := api.NewClient(api.Config{Address: address, Client: client})
	if err != nil {
		return nil, fmt.Errorf("client of Prometheus: %w", err)
	}
	return promv1.NewAPI(reach), nil
}

// rangeOf evaluates the ends of a range, which are expressions over now().
func rangeOf(r *rov1.PrometheusRangeQueryArgs) (out promv1.Range, err error) {
	if out.Start, err = instant("start", r.Start); err != nil {
		return out, err
	}
	if out.End, err = instant("end", r.End); err != nil {
		return out, err
	}
	if out.Step, err = time.ParseDuration(r.Step); err != nil || out.Step <= 0 {
		return out, fmt.Errorf("rangeQuery.step %q is no duration such as 1m", r.Step)
	}
	return out, nil
}

func instant(field, text string) (time.Time, error) {
	program, err := expression.Compile(text)
	if err != nil {
		return time.Time{}, fmt.Errorf("rangeQuery.%s: %w", field, err)
	}
	value, err := program.Run(nil)
	if err != nil {
		return time.Time{}, fmt.Errorf("rangeQuery.%s: %w", field, err)
	}
	at, ok := value.(time.Time)
	if !ok {
		return time.Time{}, fmt.Errorf("rangeQuery.%s must be a time such as now(), not %T", field, value)
	}
	return at, nil
}

// numbers returns values as conditions see them, and as they are recorded.
func numbers(values []model.SampleValue) ([]float64, string) {
	list, texts := make([]float64, len(values)), make([]string, len(values))
	for i, v := range values {
		list[i], texts[i] = float64(v), v.String()
	}
	return list, "[" + strings.Join(texts, ",") + "]"
}
