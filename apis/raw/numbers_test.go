// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package raw

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestNumbersOutOfRange(t *testing.T) {
	many := strings.Repeat("9", 400)
	for text, ok := range map[string]bool{
		`{"a":[1,-2.5,1e300,12345678901234567890]}`: true,
		`{"a":"1e999","b\"1e999":"\\"}`:             true,
		`{"a":1e-999}`:                              true,
		`{"a":[1e999]}`:                             false,
		`{"a":-1E+400}`:                             false,
		`{"a":` + many + `}`:                        false,
		`{"a":"` + many + `"}`:                      true,
	} {
		for name, into := range map[string]json.Unmarshaler{"JSON": &JSON{}, "Object": &Object{}, "PodTemplateSpec": &PodTemplateSpec{}, "JobSpec": &JobSpec{}} {
			if err := json.Unmarshal([]byte(text), into); (err == nil) != ok {
				t.Errorf("%s of %.40s: %v", name, text, err)
			}
		}
	}
}
