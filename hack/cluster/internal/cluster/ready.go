// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"argosy.dev/argosy/hack/cluster/internal/config"
	"argosy.dev/argosy/hack/cluster/internal/node"
)

// check returns nil if something is ready, else why not.
type check func(context.Context) error

// answers is ready when the URL gives 200. Serving certificates are not
// verified: it only asks this machine's loopback whether it is well.
func answers(url string) check {
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		DisableKeepAlives: true,
	}}
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			return err
		}
		defer response.Body.Close() //nolint:errcheck // only read
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", url, response.Status)
		}
		return nil
	}
}

// running is ready as soon as the process runs.
func running(context.Context) error { return nil }

// runtimeReady is ready when containerd can run pods.
func (c *Cluster) runtimeReady(ctx context.Context) (err error) {
	runtime, err := node.Connect(c.layout.ContainerdSocket())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, runtime.Close()) }()
	return runtime.Ready(ctx)
}

// resolves is ready when the cluster's DNS knows the API server's Service.
func resolves(ctx context.Context) error {
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, config.NodeIP+":53")
	}}
	_, err := resolver.LookupHost(ctx, "kubernetes.default.svc."+config.DNSDomain+".")
	return err
}

// nodeReady is ready when the node said so after the given time: what a former
// run's kubelet said is still stored and means nothing.
func nodeReady(client kubernetes.Interface, name string, since time.Time) check {
	return func(ctx context.Context) error {
		n, err := client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, cond := range n.Status.Conditions {
			if cond.Type != corev1.NodeReady {
				continue
			}
			// Times are stored in whole seconds.
			if cond.Status == corev1.ConditionTrue && !cond.LastHeartbeatTime.Time.Before(since.Truncate(time.Second)) {
				return nil
			}
			return fmt.Errorf("node %s is not ready: %s", name, cond.Message)
		}
		return fmt.Errorf("node %s has not reported yet", name)
	}
}

// accountReady is ready when pods can be created in the default namespace.
func accountReady(client kubernetes.Interface) check {
	return func(ctx context.Context) error {
		_, err := client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
		return err
	}
}

// wait polls a check that no single component stands for.
func wait(ctx context.Context, what string, ready check, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// listens is ready when something accepts connections at the address.
func listens(address string) check {
	return func(ctx context.Context) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	}
}
