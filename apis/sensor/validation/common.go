// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	snv1 "argosy.dev/argosy/apis/sensor/v1alpha1"
)

// tls checks that a client's certificate and its key come together.
func (r *report) tls(t *snv1.TLSConfig, path *field.Path) {
	if t == nil {
		return
	}
	if t.ClientCertSecret != nil && t.ClientKeySecret == nil {
		r.required(path.Child("clientKeySecret"), "a client's certificate needs its key")
	}
	if t.ClientKeySecret != nil && t.ClientCertSecret == nil {
		r.required(path.Child("clientCertSecret"), "a client's key needs its certificate")
	}
}

func (r *report) sasl(s *snv1.SASLConfig, path *field.Path) {
	if s == nil {
		return
	}
	oneOf(r, path.Child("mechanism"), s.Mechanism, snv1.SASLPlain, snv1.SASLOAuthBearer, snv1.SASLSCRAMSHA256, snv1.SASLSCRAMSHA512, snv1.SASLGSSAPI)
	if s.UserSecret != nil && s.PasswordSecret == nil {
		r.required(path.Child("passwordSecret"), "a user needs a password")
	}
	if s.PasswordSecret != nil && s.UserSecret == nil {
		r.required(path.Child("userSecret"), "a password needs a user")
	}
}

func (r *report) consumerGroup(g *snv1.KafkaConsumerGroup, path *field.Path, named bool) {
	if g == nil {
		return
	}
	if named {
		r.need(path.Child("groupName"), g.GroupName, "name the group")
	}
	oneOf(r, path.Child("rebalanceStrategy"), g.RebalanceStrategy, "range", "sticky", "roundrobin")
}

// yamlObject checks that text is YAML of an object.
func (r *report) yamlObject(text string, path *field.Path) {
	if text == "" {
		return
	}
	if len(text) > maxText {
		r.tooLong(path, text, maxText)
		return
	}
	var config map[string]any
	if err := yaml.Unmarshal([]byte(text), &config); err != nil {
		r.invalid(path, text, "is not YAML of an object: %v", err)
	}
}

// backoff checks that the numbers are those of waiting times.
func (r *report) backoff(b *snv1.Backoff, path *field.Path) {
	if b == nil {
		return
	}
	if b.Duration != nil {
		if d, err := b.Duration.Duration(); err != nil || d < 0 {
			r.invalid(path.Child("duration"), b.Duration.String(), "is no length of time such as \"10s\"")
		}
	}
	r.amount(b.Factor, path.Child("factor"))
	r.amount(b.Jitter, path.Child("jitter"))
	if b.Steps != nil && *b.Steps < 0 {
		r.add(field.Invalid(path.Child("steps"), *b.Steps, "must not be negative"))
	}
}

func (r *report) amount(a *snv1.Amount, path *field.Path) {
	if a == nil {
		return
	}
	if f, err := a.Float64(); err != nil || f < 0 {
		r.invalid(path, a.Number.String(), "must be a number that is not negative")
	}
}

// secret checks that a selector names a secret and its key.
func (r *report) secret(s *corev1.SecretKeySelector, path *field.Path) {
	if s == nil {
		return
	}
	r.need(path.Child("name"), s.Name, "name the secret")
	r.need(path.Child("key"), s.Key, "name the key of the secret")
}
