// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"argosy.dev/argosy/apis/raw"
)

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

// Int64OrString is an integer of up to 64 bits, or text. It is written as it was read.
type Int64OrString struct {
	// IsText tells that Text holds the value, not Int.
	IsText bool `json:"-"`
	// Int is the integer.
	Int int64 `json:"-"`
	// Text is the text.
	Text string `json:"-"`
}

// UnmarshalJSON takes a JSON string or integer; null stands for 0.
func (v *Int64OrString) UnmarshalJSON(data []byte) error {
	*v = Int64OrString{}
	data = bytes.TrimSpace(data)
	switch {
	case len(data) > 0 && data[0] == '"':
		v.IsText = true
		return json.Unmarshal(data, &v.Text)
	case string(data) == "null":
		return nil
	}
	n, err := strconv.ParseInt(string(data), 10, 64)
	if err != nil {
		return fmt.Errorf("must be an integer or text")
	}
	v.Int = n
	return nil
}

// MarshalJSON returns the value as it was read.
func (v Int64OrString) MarshalJSON() ([]byte, error) {
	if v.IsText {
		return json.Marshal(v.Text)
	}
	return strconv.AppendInt(nil, v.Int, 10), nil
}

// Duration returns the value as a length of time: text such as "10s", or a number of nanoseconds.
func (v Int64OrString) Duration() (time.Duration, error) {
	if !v.IsText {
		return time.Duration(v.Int), nil
	}
	return time.ParseDuration(v.Text)
}

// String returns the value as text.
func (v Int64OrString) String() string {
	if v.IsText {
		return v.Text
	}
	return strconv.FormatInt(v.Int, 10)
}

// ToUnstructured returns what the JSON form decodes to, without the detour: server-side apply asks for it.
func (v Int64OrString) ToUnstructured() any {
	if v.IsText {
		return v.Text
	}
	return v.Int
}

// OpenAPISchemaType is the type in OpenAPI v2.
func (Int64OrString) OpenAPISchemaType() []string { return []string{"string"} }

// OpenAPISchemaFormat marks the type as loose, so that server-side apply takes integers too.
func (Int64OrString) OpenAPISchemaFormat() string { return "int-or-string" }

// OpenAPIV3OneOfTypes are the types in OpenAPI v3.
func (Int64OrString) OpenAPIV3OneOfTypes() []string { return []string{"integer", "string"} }
