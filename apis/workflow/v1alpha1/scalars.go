// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"encoding/json"
	"fmt"

	"argosy.dev/argosy/apis/raw"
)

// AnyString is text that may also be written as a JSON number or boolean: YAML turns 1 and true into these, where
// the user means text. The digits are kept as they are written: 1.0 stays "1.0", and large numbers lose nothing.
// It is always written as a JSON string.
type AnyString struct {
	// Text is the text. It stands in a structure because only structures can have an OpenAPI type of their own,
	// which server-side apply needs to take numbers.
	Text string `json:"-"`
}

// ToAnyString returns a pointer to s as an AnyString, for the optional fields of parameters.
func ToAnyString(s string) *AnyString { return &AnyString{Text: s} }

// String returns the text; for nil, the empty string.
func (s *AnyString) String() string {
	if s == nil {
		return ""
	}
	return s.Text
}

// UnmarshalJSON takes a JSON string, number or boolean; null stands for the empty string.
func (s *AnyString) UnmarshalJSON(data []byte) error {
	text, err := raw.Compact(data)
	if err != nil {
		return err
	}
	switch c := text[0]; c {
	case '"':
		return json.Unmarshal(text, &s.Text)
	case '{', '[':
		return fmt.Errorf("must be a string, a number or a boolean, not %s", raw.KindOf(c))
	case 'n':
		s.Text = ""
	default:
		s.Text = string(text)
	}
	return nil
}

// MarshalJSON returns the text as a JSON string.
func (s AnyString) MarshalJSON() ([]byte, error) { return json.Marshal(s.Text) }

// ToUnstructured returns what the JSON form decodes to, without the detour: server-side apply asks for it.
func (s AnyString) ToUnstructured() any { return s.Text }

// OpenAPISchemaType is the type in OpenAPI v2.
func (AnyString) OpenAPISchemaType() []string { return []string{"string"} }

// OpenAPISchemaFormat marks the type as loose, so that server-side apply takes numbers and booleans too.
func (AnyString) OpenAPISchemaFormat() string { return "int-or-string" }

// OpenAPIV3OneOfTypes are the types in OpenAPI v3.
func (AnyString) OpenAPIV3OneOfTypes() []string { return []string{"boolean", "number", "string"} }

// Amount is a JSON number that keeps the digits it is written with.
type Amount struct {
	// Number holds the digits. Empty stands for 0.
	Number json.Number `json:"-"`
}

// UnmarshalJSON takes a JSON number; null stands for 0.
func (a *Amount) UnmarshalJSON(data []byte) error {
	text, err := raw.Compact(data)
	if err != nil {
		return err
	}
	switch c := text[0]; {
	case c == '-' || c >= '0' && c <= '9':
		if err := raw.InRange(text); err != nil {
			return err
		}
		a.Number = json.Number(text)
	case c == 'n':
		a.Number = ""
	default:
		return fmt.Errorf("must be a number, not %s", raw.KindOf(c))
	}
	return nil
}

// MarshalJSON returns the digits.
func (a Amount) MarshalJSON() ([]byte, error) {
	if a.Number == "" {
		return []byte("0"), nil
	}
	return []byte(a.Number), nil
}

// Float64 returns the nearest floating point number.
func (a Amount) Float64() (float64, error) {
	if a.Number == "" {
		return 0, nil
	}
	return a.Number.Float64()
}

// OpenAPISchemaType is the type in OpenAPI.
func (Amount) OpenAPISchemaType() []string { return []string{"number"} }

// OpenAPISchemaFormat is empty.
func (Amount) OpenAPISchemaFormat() string { return "" }
