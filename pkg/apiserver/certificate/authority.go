// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package certificate gives the server a serving certificate of an authority of
// its own, which all replicas share through a Secret, and renews both in time.
// It serves nothing and registers nothing.
package certificate

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"

	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
)

const (
	authorityLifetime = 10 * 365 * 24 * time.Hour
	servingLifetime   = 90 * 24 * time.Hour
	// skew allows for clocks that are behind ours.
	skew = 5 * time.Minute
)

// Authority signs serving certificates.
type Authority struct {
	cert *x509.Certificate
	key  crypto.Signer
	// Bundle is the PEM of all authorities whose certificates may still be in
	// use: this one, and while it is new the one before.
	Bundle []byte
}

// NewAuthority makes a self-signed authority. previous is the bundle that it takes over from, or nil.
func NewAuthority(now time.Time, previous []byte) (*Authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("generating the key of the authority: %w", err)
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: fmt.Sprintf("argosy-apiserver-ca@%d", now.Unix())},
		NotBefore:             now.Add(-skew),
		NotAfter:              now.Add(authorityLifetime),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := sign(template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("signing the authority: %w", err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("parsing the authority: %w", err)
	}
	bundle := encodeCert(der)
	// Only the newest of the previous ones: older ones signed nothing that still lives.
	if block, _ := pem.Decode(previous); block != nil {
		bundle = append(bundle, pem.EncodeToMemory(block)...)
	}
	return &Authority{cert: parsed, key: key, Bundle: bundle}, nil
}

// ParseAuthority reads what Encode wrote.
func ParseAuthority(bundle, keyPEM []byte) (*Authority, error) {
	certs, err := cert.ParseCertsPEM(bundle)
	if err != nil {
		return nil, fmt.Errorf("parsing the authority's certificates: %w", err)
	}
	parsed, err := keyutil.ParsePrivateKeyPEM(keyPEM)
	if err != nil {
		return nil, fmt.Errorf("parsing the authority's key: %w", err)
	}
	key, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("the authority's key is a %T, which cannot sign", parsed)
	}
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(certs[0].PublicKey) {
		return nil, errors.New("the authority's key does not belong to its certificate")
	}
	return &Authority{cert: certs[0], key: key, Bundle: bundle}, nil
}

// Key returns the authority's private key as PEM.
func (a *Authority) Key() ([]byte, error) { return keyutil.MarshalPrivateKeyToPEM(a.key) }

// Expiring tells whether the authority is in the last fifth of its life: time
// enough for everybody to learn of a new one.
func (a *Authority) Expiring(now time.Time) bool {
	return a.cert.NotAfter.Sub(now) < a.cert.NotAfter.Sub(a.cert.NotBefore)/5
}

// Issue signs a new serving certificate for the given names and addresses, and
// returns it with its key, both as PEM.
func (a *Authority) Issue(hosts []string, now time.Time) (certPEM, keyPEM []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("generating a serving key: %w", err)
	}
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: hosts[0]},
		NotBefore:   now.Add(-skew),
		NotAfter:    now.Add(servingLifetime),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if template.NotAfter.After(a.cert.NotAfter) {
		template.NotAfter = a.cert.NotAfter
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	der, err := sign(template, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, nil, fmt.Errorf("signing a serving certificate: %w", err)
	}
	keyPEM, err = keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		return nil, nil, fmt.Errorf("encoding a serving key: %w", err)
	}
	return encodeCert(der), keyPEM, nil
}

// issued tells whether a certificate is of this authority and far from its end.
func (a *Authority) issued(certPEM []byte, now time.Time) bool {
	certs, err := cert.ParseCertsPEM(certPEM)
	if err != nil {
		return false
	}
	c := certs[0]
	return bytes.Equal(c.RawIssuer, a.cert.RawSubject) && c.CheckSignatureFrom(a.cert) == nil &&
		c.NotAfter.Sub(now) > c.NotAfter.Sub(c.NotBefore)/3
}

func sign(template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	return x509.CreateCertificate(rand.Reader, template, parent, public, key)
}

func encodeCert(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: cert.CertificateBlockType, Bytes: der})
}
