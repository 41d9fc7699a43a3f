// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"

	"argosy.dev/argosy/apis/raw"
)

// strictPatch checks what a patch has made for unknown fields of what is kept as
// JSON, as the request asks for (fieldValidation). A strategic merge patch makes
// its object without a serializer, so no serializer can; of other requests the
// serializer has said the same already.
func strictPatch(fieldValidation string) rest.TransformFunc {
	return func(ctx context.Context, obj, _ runtime.Object) (runtime.Object, error) {
		kept, ok := obj.(raw.Strict)
		info, known := request.RequestInfoFrom(ctx)
		if !ok || !known || info.Verb != "patch" || fieldValidation == metav1.FieldValidationIgnore {
			return obj, nil
		}
		errs := kept.UnknownFields()
		if len(errs) == 0 {
			return obj, nil
		}
		if fieldValidation == metav1.FieldValidationStrict {
			return nil, apierrors.NewBadRequest(runtime.NewStrictDecodingError(errs).Error())
		}
		for _, err := range errs {
			warning.AddWarning(ctx, "", err.Error())
		}
		return obj, nil
	}
}
