// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package pki makes the certificate authorities, certificates and keys of the
// local cluster. What exists and is still good is kept; a half-written pair is
// made anew.
package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Store is a directory of NAME.crt and NAME.key files in PEM.
type Store struct{ Dir string }

// Leaf describes a certificate to issue.
type Leaf struct {
	// CommonName and Organizations are the user and the groups that Kubernetes reads from a client certificate.
	CommonName    string
	Organizations []string
	// Names and IPs are what a serving certificate is good for.
	Names []string
	IPs   []string
}

const (
	validity = 10 * 365 * 24 * time.Hour
	margin   = 30 * 24 * time.Hour
)

// CA makes sure of a certificate authority of that name.
func (s Store) CA(name string) error {
	if cert, _, err := s.load(name); err == nil && cert.IsCA && fresh(cert) {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("making key of %s: %w", name, err)
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "argosy-" + name},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
	}
	return s.issue(name, template, template, key, key)
}

// Leaf makes sure of a certificate by that authority, for clients and servers.
func (s Store) Leaf(ca, name string, want Leaf) error {
	caCert, caKey, err := s.load(ca)
	if err != nil {
		return fmt.Errorf("loading %s: %w", ca, err)
	}
	if cert, _, err := s.load(name); err == nil && fresh(cert) && cert.CheckSignatureFrom(caCert) == nil && want.matches(cert) {
		return nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("making key of %s: %w", name, err)
	}
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: want.CommonName, Organization: want.Organizations},
		DNSNames:    want.Names,
		IPAddresses: parse(want.IPs),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	return s.issue(name, template, caCert, key, caKey)
}

// SigningKey makes sure of an RSA key pair NAME.key and NAME.pub, as service
// account tokens are signed with.
func (s Store) SigningKey(name string) error {
	if data, err := os.ReadFile(s.path(name, "key")); err == nil {
		if block, _ := pem.Decode(data); block != nil {
			if _, err := os.Stat(s.path(name, "pub")); err == nil {
				return nil
			}
		}
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return fmt.Errorf("making key %s: %w", name, err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return fmt.Errorf("encoding key %s: %w", name, err)
	}
	if err := s.write(name, "key", "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)); err != nil {
		return err
	}
	return s.write(name, "pub", "PUBLIC KEY", public)
}

// Cert and Key are the paths of a pair.
func (s Store) Cert(name string) string { return s.path(name, "crt") }

// Key is the path of the pair's private key.
func (s Store) Key(name string) string { return s.path(name, "key") }

func (s Store) issue(name string, template, parent *x509.Certificate, key *ecdsa.PrivateKey, signer crypto.Signer) error {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return fmt.Errorf("making serial number: %w", err)
	}
	template.SerialNumber = serial
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(validity)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return fmt.Errorf("issuing %s: %w", name, err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("encoding key of %s: %w", name, err)
	}
	if err := s.write(name, "key", "EC PRIVATE KEY", keyDER); err != nil {
		return err
	}
	return s.write(name, "crt", "CERTIFICATE", der)
}

// load reads a pair and proves that the halves belong together.
func (s Store) load(name string) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	certDER, err := readPEM(s.path(name, "crt"))
	if err != nil {
		return nil, nil, err
	}
	cert, err := x509.ParseCertificate(certDER)
	if err != nil {
		return nil, nil, fmt.Errorf("parsing certificate %s: %w", name, err)
	}
	keyDER, err := readPEM(s.path(name, "key"))
	if err != nil {
		return nil, nil, err
	}
	key, err := x509.ParseECPrivateKey(keyDER)
	if err != nil {
		return nil, nil, fmt.Errorf("parsing key %s: %w", name, err)
	}
	if public, ok := cert.PublicKey.(*ecdsa.PublicKey); !ok || !key.PublicKey.Equal(public) {
		return nil, nil, fmt.Errorf("certificate and key of %s do not match", name)
	}
	return cert, key, nil
}

func (l Leaf) matches(cert *x509.Certificate) bool {
	ips := parse(l.IPs)
	return cert.Subject.CommonName == l.CommonName &&
		slices.Equal(cert.Subject.Organization, l.Organizations) &&
		slices.Equal(cert.DNSNames, l.Names) &&
		slices.EqualFunc(cert.IPAddresses, ips, net.IP.Equal)
}

func fresh(cert *x509.Certificate) bool { return time.Now().Add(margin).Before(cert.NotAfter) }

func parse(addresses []string) []net.IP {
	var ips []net.IP
	for _, a := range addresses {
		ips = append(ips, net.ParseIP(a))
	}
	return ips
}

func readPEM(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("%s: no PEM block", path)
	}
	return block.Bytes, nil
}

func (s Store) path(name, suffix string) string { return filepath.Join(s.Dir, name+"."+suffix) }

func (s Store) write(name, suffix, kind string, der []byte) error {
	data := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(s.path(name, suffix), data, 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}
