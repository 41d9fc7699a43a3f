// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"argosy.dev/argosy/pkg/application/object"
)

// maxMessage is how many bytes of what a server says are passed on.
const maxMessage = 1024

// WatchError says that a kind cannot be watched.
type WatchError struct {
	Kind schema.GroupKind
	// Namespace is where. Empty: in the whole cluster.
	Namespace string
	Err       error
}

func (e *WatchError) Error() string {
	if e.Namespace != "" {
		return fmt.Sprintf("%s in namespace %s cannot be watched: %v", e.Kind, e.Namespace, e.Err)
	}
	return fmt.Sprintf("%s cannot be watched: %v", e.Kind, e.Err)
}

// Unwrap returns the reason.
func (e *WatchError) Unwrap() error { return e.Err }

// Error says why a request about an object failed. It holds nothing of what a Secret holds.
type Error struct {
	Key object.Key
	// Err is the reason, an API status if the server gave one.
	Err error
}

func (e *Error) Error() string {
	if isStatus(e.Err) {
		return e.Err.Error() // which names the object
	}
	return e.Key.Label() + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// failure makes an Error. Of a Secret's error the values of these versions of it are taken out.
func failure(key object.Key, err error, versions ...*unstructured.Unstructured) error {
	if err == nil {
		return nil
	}
	if already := (*Error)(nil); errors.As(err, &already) {
		return err
	}
	hide := func(text string) string { return text }
	if key.Group == "" && key.Kind == "Secret" {
		secrets := secretValues(versions...)
		hide = func(text string) string { return mask(text, secrets) }
	}
	return &Error{Key: key, Err: reworded(err, func(text string) string { return cut(hide(text)) })}
}

// short is an error of which not more is said than people read.
func short(err error) error { return reworded(err, cut) }

// reworded changes what an error says, and keeps what it is.
func reworded(err error, words func(string) string) error {
	var status *apierrors.StatusError
	if !errors.As(err, &status) {
		if text := err.Error(); words(text) != text {
			return errors.New(words(text))
		}
		return err
	}
	out := *status
	out.ErrStatus.Message = words(out.ErrStatus.Message)
	if out.ErrStatus.Details != nil {
		// The causes repeat the message, field by field.
		details := *out.ErrStatus.Details
		details.Causes = nil
		out.ErrStatus.Details = &details
	}
	return &out
}

// cut makes one line of bounded length of a text.
func cut(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + " ..."
	}
	return text
}

func notFound(err error) bool { return apierrors.IsNotFound(err) }
