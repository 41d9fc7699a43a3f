// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"argosy.dev/argosy/hack/e2e/framework"
)

// serverPod is the running pod of our server.
func serverPod(t *testing.T) *corev1.Pod {
	t.Helper()
	pods, err := admin.Kube.CoreV1().Pods(systemNamespace).List(within(t, 20*time.Second), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range pods.Items {
		if strings.HasPrefix(p.Name, serverName+"-") && p.Status.Phase == corev1.PodRunning && p.DeletionTimestamp == nil {
			return &pods.Items[i]
		}
	}
	t.Fatalf("no running pod of %s in %s", serverName, systemNamespace)
	return nil
}

// serverContainer is the index of our server's container in its pod.
func serverContainer(t *testing.T, p *corev1.Pod) int {
	t.Helper()
	for i, c := range p.Status.ContainerStatuses {
		if c.Name == serverName || len(p.Status.ContainerStatuses) == 1 {
			return i
		}
	}
	t.Fatalf("pod %s has no container %s", p.Name, serverName)
	return -1
}

// selfSigned is a client certificate that says it is the front proxy, by
// nobody's authority.
func selfSigned(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "front-proxy-client"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// Headers that only the aggregator may set are worth nothing from others.
func TestForgedFrontProxyHeaders(t *testing.T) {
	t.Parallel()
	ns := newNamespace(t)
	pod := serverPod(t)
	port := int32(8443)
	for _, p := range pod.Spec.Containers[serverContainer(t, pod)].Ports {
		if p.Name == "https" {
			port = p.ContainerPort
		}
	}
	url := fmt.Sprintf("https://%s/apis/%s/v1alpha1/namespaces/%s/workflows", net.JoinHostPort(pod.Status.PodIP, fmt.Sprint(port)), framework.NativeGroup, ns)
	forged := map[string]string{"X-Remote-User": "admin", "X-Remote-Group": "system:masters"}
	get := func(certs []tls.Certificate, token string, headers map[string]string) (int, string, error) {
		// The server's name does not matter here: what is tested is whom the
		// server believes.
		tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, Certificates: certs}} //nolint:gosec
		defer tr.CloseIdleConnections()
		req, err := http.NewRequestWithContext(within(t, 20*time.Second), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range headers {
			req.Header.Set(k, v)
		}
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := (&http.Client{Transport: tr}).Do(req)
		if err != nil {
			return 0, "", err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body), err
	}

	code, body, err := get(nil, "", forged)
	if err != nil || (code != http.StatusUnauthorized && code != http.StatusForbidden) {
		t.Errorf("forged headers: %d %s %v", code, body, err)
	}
	if code == http.StatusForbidden && !strings.Contains(body, "system:anonymous") {
		t.Errorf("forged headers are not treated as anonymous: %s", body)
	}
	code, body, err = get([]tls.Certificate{selfSigned(t)}, "", forged)
	if err == nil && code != http.StatusUnauthorized && code != http.StatusForbidden {
		t.Errorf("forged headers with a home-made certificate: %d %s", code, body)
	}
	code, body, err = get(nil, alice.Config.BearerToken, forged)
	if err != nil || code != http.StatusForbidden || !strings.Contains(body, "alice") {
		t.Errorf("alice's token with forged headers is not alice: %d %s %v", code, body, err)
	}
	// The same request by one who may: it is not the way there that fails.
	code, body, err = get(nil, token(t), nil)
	if err != nil || code != http.StatusOK {
		t.Errorf("request of a service account with rights: %d %s %v", code, body, err)
	}
}

// token makes a service account that may read everything and gives its token:
// admin of the local cluster may come by certificate.
func token(t *testing.T) string {
	t.Helper()
	ns := newNamespace(t)
	createAndForget(t, `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: `+ns+`-reader}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: default, namespace: `+ns+`}]
`)
	r, err := admin.Kube.CoreV1().ServiceAccounts(ns).CreateToken(context.Background(), "default", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r.Status.Token
}
