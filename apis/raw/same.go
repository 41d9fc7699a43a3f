// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package raw

import (
	"bytes"
	"encoding/json"
	"reflect"
)

// Same tells whether a and b say the same as JSON, whatever the order of the keys of the free JSON in them.
func Same(a, b any) bool {
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
