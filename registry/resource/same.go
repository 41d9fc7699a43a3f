// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package resource

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"

	"k8s.io/apiserver/pkg/endpoints/request"
)

// SameJSON tells whether a and b say the same, whatever the order of the keys of
// the free JSON in them.
func SameJSON(a, b any) bool {
	x, err := values(a)
	if err != nil {
		return false
	}
	y, err := values(b)
	return err == nil && reflect.DeepEqual(x, y)
}

func values(v any) (any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var out any
	err = decoder.Decode(&out)
	return out, err
}

// onlySorted tells whether a and b differ in nothing but in what strategic merge
// patches and server-side apply do to free JSON that they do not touch: they sort
// its keys. In a whole object the order is what its writer wants.
func onlySorted(ctx context.Context, a, b any) bool {
	info, ok := request.RequestInfoFrom(ctx)
	return ok && info.Verb == "patch" && SameJSON(a, b)
}
