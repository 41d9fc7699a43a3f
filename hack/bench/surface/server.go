// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package surface

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/rest"

	"argosy.dev/argosy/hack/e2e/framework"
)

// Servers reads what the servers say of themselves, and what the machine says of their processes. They must run on this
// machine, and the client's user must be allowed to read their metrics, by a token.
type Servers struct {
	meter                *meter
	cluster, argosy      *http.Client
	clusterHost, ourHost string
}

// FindServers finds the servers of a cluster.
func FindServers(ctx context.Context, c *framework.Client) (*Servers, error) {
	config, err := (&bench{client: c}).direct(ctx)
	if err != nil {
		return nil, err
	}
	config.BearerToken = c.Config.BearerToken
	s := &Servers{clusterHost: c.Config.Host, ourHost: config.Host}
	if s.cluster, err = rest.HTTPClientFor(c.Config); err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	if s.argosy, err = rest.HTTPClientFor(config); err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	s.meter, err = newMeter()
	return s, err
}

// CPU is the processor time that kube-apiserver, etcd and Argosy have used so far, in this order.
func (s *Servers) CPU() [3]time.Duration { return s.meter.read() }

// Resident is the memory of Argosy's processes that is in use by the kernel's count, in bytes.
func (s *Servers) Resident() (sum int64) {
	for _, pid := range s.meter.pids[2] {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
		if err != nil {
			continue // ended
		}
		if fields := strings.Fields(string(b)); len(fields) > 1 {
			if pages, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
				sum += pages * int64(os.Getpagesize())
			}
		}
	}
	return sum
}

// Heap lets Argosy collect its garbage, and returns the bytes that are left.
func (s *Servers) Heap(ctx context.Context) (float64, error) {
	return liveHeap(ctx, s.argosy, s.ourHost)
}

// Writes is how many requests that write (POST, PUT, PATCH, APPLY, DELETE) a server has answered with success so far,
// by "VERB RESOURCE/SUBRESOURCE".
type Writes map[string]float64

// Minus is what has come since.
func (w Writes) Minus(before Writes) Writes {
	left := Writes{}
	for key, n := range w {
		if n -= before[key]; n > 0 {
			left[key] = n
		}
	}
	return left
}

// Written counts writes to kube-apiserver itself, and to Argosy.
func (s *Servers) Written(ctx context.Context) (cluster, argosy Writes, err error) {
	if cluster, err = written(ctx, s.cluster, s.clusterHost); err != nil {
		return nil, nil, err
	}
	argosy, err = written(ctx, s.argosy, s.ourHost)
	return cluster, argosy, err
}

func written(ctx context.Context, client *http.Client, host string) (Writes, error) {
	text, err := ask(ctx, client, http.MethodGet, host+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	return parseWrites(text), nil
}

func parseWrites(text []byte) Writes {
	w := Writes{}
	for line := range bytes.Lines(text) {
		labels, ok := strings.CutPrefix(string(line), "apiserver_request_total{")
		if !ok {
			continue
		}
		labels, value, ok := strings.Cut(labels, "} ")
		n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if !ok || err != nil || !strings.Contains(labels, `code="2`) {
			continue
		}
		verb := label(labels, "verb")
		switch verb {
		case "POST", "PUT", "PATCH", "APPLY", "DELETE":
		default:
			continue
		}
		if label(labels, "dry_run") != "" {
			continue
		}
		key := verb + " " + label(labels, "resource")
		if sub := label(labels, "subresource"); sub != "" {
			key += "/" + sub
		}
		w[key] += n
	}
	return w
}

// label reads a label of a metric. Values hold no quotes and no commas.
func label(labels, name string) string {
	for pair := range strings.SplitSeq(labels, ",") {
		if value, ok := strings.CutPrefix(pair, name+`="`); ok {
			return strings.TrimSuffix(value, `"`)
		}
	}
	return ""
}
