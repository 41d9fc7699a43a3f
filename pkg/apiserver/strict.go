// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"argosy.dev/argosy/apis/raw"
)

// strict is a strict serializer that also reports the unknown fields of what an
// object keeps as JSON, where the decoder below looks for none.
type strict struct{ runtime.Serializer }

// Decode implements runtime.Decoder.
func (s strict) Decode(data []byte, defaults *schema.GroupVersionKind, into runtime.Object) (runtime.Object, *schema.GroupVersionKind, error) {
	obj, gvk, err := s.Serializer.Decode(data, defaults, into)
	kept, ok := obj.(raw.Strict)
	if !ok {
		return obj, gvk, err
	}
	var errs []error
	if err != nil {
		known, ok := runtime.AsStrictDecodingError(err)
		if !ok {
			return obj, gvk, err
		}
		errs = known.Errors()
	}
	if errs = append(errs, kept.UnknownFields()...); len(errs) > 0 {
		err = runtime.NewStrictDecodingError(errs)
	}
	return obj, gvk, err
}
