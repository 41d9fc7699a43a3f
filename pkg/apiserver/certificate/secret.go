// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
)

const (
	bundleKey = "ca.crt"
	signerKey = "ca.key"
)

// EnsureAuthority returns the authority that the replicas share in a Secret. It
// makes one if there is none, and a new one when the old comes to its end. Data
// that is no authority is left alone and reported: somebody else put it there.
func EnsureAuthority(ctx context.Context, secrets corev1client.SecretInterface, name string, now time.Time) (*Authority, error) {
	// Two replicas may both find nothing, or both find the end near: the second
	// one to write reads again what the first one wrote.
	for {
		a, err := ensureOnce(ctx, secrets, name, now)
		if err == nil || !(apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err)) || ctx.Err() != nil {
			return a, err
		}
	}
}

func ensureOnce(ctx context.Context, secrets corev1client.SecretInterface, name string, now time.Time) (*Authority, error) {
	secret, err := secrets.Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		a, data, err := newData(now, nil)
		if err != nil {
			return nil, err
		}
		secret = &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, Type: corev1.SecretTypeOpaque, Data: data}
		if _, err := secrets.Create(ctx, secret, metav1.CreateOptions{}); err != nil {
			return nil, fmt.Errorf("creating secret %s of the serving authority: %w", name, err)
		}
		return a, nil
	case err != nil:
		return nil, fmt.Errorf("reading secret %s of the serving authority: %w", name, err)
	}
	a, err := ParseAuthority(secret.Data[bundleKey], secret.Data[signerKey])
	if err != nil {
		return nil, fmt.Errorf("secret %s: %w (delete it to get a new authority)", name, err)
	}
	if !a.Expiring(now) {
		return a, nil
	}
	a, data, err := newData(now, a.Bundle)
	if err != nil {
		return nil, err
	}
	secret = secret.DeepCopy()
	secret.Data = data
	if _, err := secrets.Update(ctx, secret, metav1.UpdateOptions{}); err != nil {
		return nil, fmt.Errorf("renewing secret %s of the serving authority: %w", name, err)
	}
	return a, nil
}

func newData(now time.Time, previous []byte) (*Authority, map[string][]byte, error) {
	a, err := NewAuthority(now, previous)
	if err != nil {
		return nil, nil, err
	}
	key, err := a.Key()
	if err != nil {
		return nil, nil, fmt.Errorf("encoding the authority's key: %w", err)
	}
	return a, map[string][]byte{bundleKey: a.Bundle, signerKey: key}, nil
}
