// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

func secrets(objs ...corev1.Secret) corev1client.SecretInterface {
	c := fake.NewClientset()
	for i := range objs {
		if _, err := c.CoreV1().Secrets("ns").Create(context.Background(), &objs[i], metav1.CreateOptions{}); err != nil {
			panic(err)
		}
	}
	return c.CoreV1().Secrets("ns")
}

// trusts tells whether a client that trusts the bundle accepts the certificate for host.
func trusts(t *testing.T, bundle, certPEM, keyPEM []byte, host string, now time.Time) error {
	t.Helper()
	pair, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(bundle) {
		t.Fatal("no certificate in the bundle")
	}
	_, err = leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, CurrentTime: now})
	return err
}

func TestReplicasShareOneAuthority(t *testing.T) {
	ctx, s := context.Background(), secrets()
	a, err := EnsureAuthority(ctx, s, "ca", epoch)
	if err != nil {
		t.Fatal(err)
	}
	b, err := EnsureAuthority(ctx, s, "ca", epoch.Add(day))
	if err != nil || string(a.Bundle) != string(b.Bundle) {
		t.Fatalf("the second replica has another authority, error %v", err)
	}
	cert, key, err := b.Issue([]string{"svc.ns.svc", "127.0.0.1"}, epoch)
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]bool{"svc.ns.svc": true, "127.0.0.1": true, "other": false} {
		if err := trusts(t, a.Bundle, cert, key, host, epoch); (err == nil) != want {
			t.Errorf("%s: %v", host, err)
		}
	}
	if trusts(t, a.Bundle, cert, key, "svc.ns.svc", epoch.Add(servingLifetime+day)) == nil {
		t.Error("the certificate does not expire")
	}
}

func TestAuthorityIsRenewedInTime(t *testing.T) {
	ctx, s := context.Background(), secrets()
	old, err := EnsureAuthority(ctx, s, "ca", epoch)
	if err != nil {
		t.Fatal(err)
	}
	cert, key, err := old.Issue([]string{"h"}, epoch.Add(authorityLifetime*3/4))
	if err != nil {
		t.Fatal(err)
	}
	late := epoch.Add(authorityLifetime * 9 / 10)
	renewed, err := EnsureAuthority(ctx, s, "ca", late)
	if err != nil || renewed.cert.Equal(old.cert) {
		t.Fatalf("not renewed, error %v", err)
	}
	newCert, newKey, err := renewed.Issue([]string{"h"}, late)
	if err != nil {
		t.Fatal(err)
	}
	if err := trusts(t, renewed.Bundle, newCert, newKey, "h", late); err != nil {
		t.Errorf("new certificate, new bundle: %v", err)
	}
	if err := trusts(t, renewed.Bundle, cert, key, "h", epoch.Add(authorityLifetime*3/4)); err != nil {
		t.Errorf("old certificate, new bundle: %v", err)
	}
	again, err := EnsureAuthority(ctx, s, "ca", late)
	if err != nil || !again.cert.Equal(renewed.cert) {
		t.Errorf("renewed twice, error %v", err)
	}
}

func TestForeignSecretIsLeftAlone(t *testing.T) {
	a, err := NewAuthority(epoch, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewAuthority(epoch, nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := b.Key()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]map[string][]byte{
		"empty":       nil,
		"garbage":     {bundleKey: []byte("x"), signerKey: []byte("y")},
		"another key": {bundleKey: a.Bundle, signerKey: key},
	} {
		s := secrets(corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "ca"}, Data: data})
		if _, err := EnsureAuthority(context.Background(), s, "ca", epoch); err == nil || !strings.Contains(err.Error(), "secret ca") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type countListener int

func (l *countListener) Enqueue() { *l++ }

func TestProviderRenews(t *testing.T) {
	ctx, s := context.Background(), secrets()
	now := epoch
	p := &Provider{hosts: []string{"h"}, now: func() time.Time { return now }, authority: func(ctx context.Context, now time.Time) (*Authority, error) {
		return EnsureAuthority(ctx, s, "ca", now)
	}}
	run := func() {
		t.Helper()
		if err := p.RunOnce(ctx); err != nil {
			t.Fatal(err)
		}
	}
	run()
	var changes countListener
	p.AddListener(&changes)
	first, _ := p.CurrentCertKeyContent()

	now = epoch.Add(servingLifetime / 2)
	run()
	if got, _ := p.CurrentCertKeyContent(); string(got) != string(first) || changes != 0 {
		t.Error("renewed too early")
	}
	now = epoch.Add(servingLifetime * 3 / 4)
	run()
	second, key := p.CurrentCertKeyContent()
	if string(second) == string(first) || changes != 1 {
		t.Errorf("not renewed; %d notifications", changes)
	}
	if err := trusts(t, p.Bundle(), second, key, "h", now); err != nil {
		t.Error(err)
	}

	// A new authority is published before anything is signed by it: clients
	// that know the old one only must not meet a certificate of the new one.
	if err := s.Delete(ctx, "ca", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	run()
	if got, _ := p.CurrentCertKeyContent(); string(got) != string(second) {
		t.Error("signed by a new authority at once")
	}
	run()
	third, key := p.CurrentCertKeyContent()
	if string(third) == string(second) {
		t.Error("still signed by the old authority")
	}
	if err := trusts(t, p.Bundle(), third, key, "h", now); err != nil {
		t.Error(err)
	}
}
