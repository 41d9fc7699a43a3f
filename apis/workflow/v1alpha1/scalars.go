// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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
	raw, err := rawJSON(data)
	if err != nil {
		return err
	}
	switch c := raw[0]; c {
	case '"':
		return json.Unmarshal(raw, &s.Text)
	case '{', '[':
		return fmt.Errorf("must be a string, a number or a boolean, not %s", jsonKind(c))
	case 'n':
		s.Text = ""
	default:
		s.Text = string(raw)
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

// Item is one element of withItems: any JSON value. It is kept as it is written, digits and order of keys included.
type Item struct {
	// Raw is the JSON text, compact. Empty stands for null.
	Raw json.RawMessage `json:"-"`
}

// UnmarshalJSON takes any JSON value.
func (i *Item) UnmarshalJSON(data []byte) error {
	raw, err := rawJSON(data)
	if err != nil {
		return err
	}
	if raw[0] == 'n' {
		raw = nil
	}
	i.Raw = raw
	return nil
}

// MarshalJSON returns the JSON text.
func (i Item) MarshalJSON() ([]byte, error) { return marshalRaw(i.Raw) }

// OpenAPISchemaType is no type at all: any JSON value is allowed.
func (Item) OpenAPISchemaType() []string { return nil }

// OpenAPISchemaFormat is empty.
func (Item) OpenAPISchemaFormat() string { return "" }

// Plugin is the work handed to an executor plugin: a JSON object with one key, the name of the plugin. It is kept as
// it is written.
type Plugin struct {
	// Raw is the JSON text of the object, compact. Empty stands for null.
	Raw json.RawMessage `json:"-"`
}

// UnmarshalJSON takes a JSON object; null stands for none.
func (p *Plugin) UnmarshalJSON(data []byte) error {
	raw, err := rawJSON(data)
	if err != nil {
		return err
	}
	switch c := raw[0]; c {
	case '{':
		p.Raw = raw
	case 'n':
		p.Raw = nil
	default:
		return fmt.Errorf("must be an object, not %s", jsonKind(c))
	}
	return nil
}

// MarshalJSON returns the JSON text.
func (p Plugin) MarshalJSON() ([]byte, error) { return marshalRaw(p.Raw) }

// OpenAPISchemaType is the type in OpenAPI.
func (Plugin) OpenAPISchemaType() []string { return []string{"object"} }

// OpenAPISchemaFormat is empty.
func (Plugin) OpenAPISchemaFormat() string { return "" }

// Amount is a JSON number that keeps the digits it is written with.
type Amount struct {
	// Number holds the digits. Empty stands for 0.
	Number json.Number `json:"-"`
}

// UnmarshalJSON takes a JSON number; null stands for 0.
func (a *Amount) UnmarshalJSON(data []byte) error {
	raw, err := rawJSON(data)
	if err != nil {
		return err
	}
	switch c := raw[0]; {
	case c == '-' || c >= '0' && c <= '9':
		a.Number = json.Number(raw)
	case c == 'n':
		a.Number = ""
	default:
		return fmt.Errorf("must be a number, not %s", jsonKind(c))
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

// rawJSON returns a compact copy of data, which must be one JSON value. Being compact, it does not change when the
// object around it is written again.
func rawJSON(data []byte) (json.RawMessage, error) {
	var buf bytes.Buffer
	if err := json.Compact(&buf, data); err != nil {
		return nil, err
	}
	if buf.Len() == 0 {
		return nil, errors.New("unexpected end of JSON input")
	}
	return buf.Bytes(), nil
}

func marshalRaw(raw json.RawMessage) ([]byte, error) {
	if len(raw) == 0 {
		return []byte("null"), nil
	}
	return raw, nil
}

// jsonKind names the kind of JSON value that begins with c, for messages.
func jsonKind(c byte) string {
	switch {
	case c == '{':
		return "an object"
	case c == '[':
		return "a list"
	case c == '"':
		return "a string"
	case c == 't' || c == 'f':
		return "a boolean"
	case c == 'n':
		return "null"
	default:
		return "a number"
	}
}
