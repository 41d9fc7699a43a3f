// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"pgregory.net/rapid"

	_ "argosy.dev/argosy/hack/seed"
	"argosy.dev/argosy/pkg/application/object"
)

func TestFailureOfASecret(t *testing.T) {
	key := object.Key{Kind: "Secret", Namespace: "n", Name: "s"}
	live := parse(t, `{apiVersion: v1, kind: Secret, metadata: {name: s, annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"stringData":{"a":"an older value"}}'}}, data: {b: `+base64.StdEncoding.EncodeToString([]byte("line one\nline two"))+`}}`)
	target := parse(t, `{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {c: "the newest value", d: "x"}}`)
	status := func(message string) error {
		return &apierrors.StatusError{ErrStatus: metav1.Status{Reason: metav1.StatusReasonInvalid, Message: message, Details: &metav1.StatusDetails{Causes: []metav1.StatusCause{{Message: message}}}}}
	}
	for message, want := range map[string]string{
		`bad: "the newest value"`:      `bad: "******"`,
		`bad: an older value`:          `bad: ******`,
		`bad: "line one\nline two", x`: `bad: "******", x`,
		`bad: "x" is no example`:       `bad: "******" is no example`,
		`bad: the newest va...`:        "the server refuses it; its words are withheld, since they hold a part of the Secret",
		"bad:  " + base64.StdEncoding.EncodeToString([]byte("the newest value")): "bad: ******",
	} {
		for _, err := range []error{status(message), errors.New(message)} {
			got := failure(key, err, target, live)
			if text := got.Error(); text != want && text != "secret/s: "+want {
				t.Errorf("%q became %q", message, text)
			}
			if apierrors.IsInvalid(err) != apierrors.IsInvalid(got) {
				t.Error("the reason is lost")
			}
			var of apierrors.APIStatus
			if errors.As(got, &of) && of.Status().Details.Causes != nil {
				t.Error("the causes are passed on")
			}
		}
	}
	other := failure(object.Key{Kind: "ConfigMap"}, status(`bad: "the newest value"`), target)
	if other.Error() != `bad: "the newest value"` {
		t.Errorf("another kind: %v", other)
	}
}

// Whatever surrounds a value, no eight bytes of it get through.
func TestMaskProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching(`[ -~]{8,40}`).Draw(t, "value")
		from := rapid.IntRange(0, len(value)-8).Draw(t, "from")
		to := rapid.IntRange(from+8, len(value)).Draw(t, "to")
		part := value[from:to]
		if rapid.Bool().Draw(t, "encoded") {
			part = base64.StdEncoding.EncodeToString([]byte(value))
		}
		text := rapid.StringMatching(`[a-z ]{0,10}`).Draw(t, "before") + part + rapid.StringMatching(`[a-z ]{0,10}`).Draw(t, "after")
		u := &unstructured.Unstructured{Object: map[string]any{"stringData": map[string]any{"k": value}}}
		got := mask(text, secretValues(u))
		if strings.TrimSpace(value) != "" && strings.Contains(got, part) {
			t.Fatalf("%q of %q got through: %q", part, value, got)
		}
	})
}

func TestCut(t *testing.T) {
	if got := cut("a\n  b\t" + strings.Repeat("é", 2000)); len(got) > maxMessage+4 || !strings.HasPrefix(got, "a b é") || !strings.HasSuffix(got, " ...") || strings.ContainsRune(got, '\uFFFD') {
		t.Errorf("cut: %q", got)
	}
}
