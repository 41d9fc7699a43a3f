// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package surface

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"

	"k8s.io/client-go/rest"
)

// The groups and version of the three ways.
const (
	customGroup = "bench.argosy.dev"
	nativeGroup = "workflow.argosy.dev"
	version     = "v1alpha1"
)

// side is one of the ways to the same objects.
type side struct {
	// name heads its column.
	name string
	// config reaches the server as an ordinary user.
	config *rest.Config
	// group serves the objects, namespace holds this side's.
	group, namespace string
	// status is the path below an object to which its status is written.
	status string
	// clients are connections of their own, made when first wanted.
	clients []*http.Client
}

func (s *side) apiVersion() string { return s.group + "/" + version }

// url is of the collection, or of what is below it.
func (s *side) url(below string) string {
	return s.config.Host + "/apis/" + s.group + "/" + version + "/namespaces/" + s.namespace + "/workflows" + below
}

// connections returns n clients that share nothing.
func (s *side) connections(n int) ([]*http.Client, error) {
	for len(s.clients) < n {
		c, err := connection(s.config)
		if err != nil {
			return nil, err
		}
		s.clients = append(s.clients, c)
	}
	return s.clients[:n], nil
}

// connection makes a client with a TCP connection of its own: client-go shares transports between equal
// configurations, and two dialers are never equal.
func connection(config *rest.Config) (*http.Client, error) {
	c := rest.CopyConfig(config)
	c.Dial = (&net.Dialer{}).DialContext
	client, err := rest.HTTPClientFor(c)
	if err != nil {
		return nil, fmt.Errorf("make a client: %w", err)
	}
	return client, nil
}

// ask sends one request and returns the answer's body, whole.
func ask(ctx context.Context, client *http.Client, method, url string, body []byte) ([]byte, error) {
	resp, err := send(ctx, client, method, url, body, "")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("read the answer to %s %s: %w", method, url, err)
	}
	return b, nil
}

// weigh sends a GET and returns how many bytes the body of the answer has on the wire. The client does not
// decompress what it only weighs.
func weigh(ctx context.Context, client *http.Client, url, encoding string) (int64, error) {
	resp, err := send(ctx, client, http.MethodGet, url, nil, encoding)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil {
		return 0, fmt.Errorf("read the answer to GET %s: %w", url, err)
	}
	return n, nil
}

// send sends one request. An answer that is none of success is an error.
func send(ctx context.Context, client *http.Client, method, url string, body []byte, encoding string) (*http.Response, error) {
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, reader)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if encoding != "" {
		req.Header.Set("Accept-Encoding", encoding)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode < 300 {
		return resp, nil
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 2000))
	if err != nil {
		text = []byte(err.Error())
	}
	return nil, fmt.Errorf("%s %s: %s: %s", method, url, resp.Status, text)
}
