// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package pki

import (
	"crypto/x509"
	"os"
	"testing"
)

func TestCertificatesAreKeptUntilTheyNoLongerFit(t *testing.T) {
	store := Store{Dir: t.TempDir()}
	want := Leaf{CommonName: "system:node:a", Organizations: []string{"system:nodes"}, Names: []string{"localhost"}, IPs: []string{"10.0.0.1"}}
	issue := func() string {
		t.Helper()
		if err := store.CA("ca"); err != nil {
			t.Fatal(err)
		}
		if err := store.Leaf("ca", "leaf", want); err != nil {
			t.Fatal(err)
		}
		cert, _, err := store.load("leaf")
		if err != nil {
			t.Fatal(err)
		}
		ca, _, err := store.load("ca")
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AddCert(ca)
		if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, DNSName: want.Names[0]}); err != nil {
			t.Fatalf("certificate is not good: %v", err)
		}
		return cert.SerialNumber.String()
	}
	first := issue()
	if issue() != first {
		t.Error("a good certificate was made anew")
	}
	want.IPs = append(want.IPs, "10.0.0.2")
	second := issue()
	if second == first {
		t.Error("a certificate for other addresses was kept")
	}
	if err := os.WriteFile(store.Key("leaf"), []byte("-----BEGIN EC"), 0o600); err != nil {
		t.Fatal(err)
	}
	third := issue()
	if third == second {
		t.Error("a certificate with half a key was kept")
	}
	if err := os.Remove(store.Key("ca")); err != nil {
		t.Fatal(err)
	}
	if issue() == third {
		t.Error("a certificate of a lost authority was kept")
	}
}

func TestSigningKeyIsKept(t *testing.T) {
	store := Store{Dir: t.TempDir()}
	var keys []string
	for range 2 {
		if err := store.SigningKey("sa"); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(store.path("sa", "pub"))
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, string(data))
	}
	if keys[0] != keys[1] || keys[0] == "" {
		t.Error("the signing key changed")
	}
}
