// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package raw

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// JSON is any JSON value. It is kept as it is written, digits and order of keys included.
type JSON struct {
	// Raw is the JSON text, compact. Empty stands for null.
	Raw json.RawMessage `json:"-"`
}

// UnmarshalJSON takes any JSON value.
func (j *JSON) UnmarshalJSON(data []byte) error {
	text, err := Compact(data)
	if err != nil {
		return err
	}
	if err := InRange(text); err != nil {
		return err
	}
	if text[0] == 'n' {
		text = nil
	}
	j.Raw = text
	return nil
}

// MarshalJSON returns the JSON text.
func (j JSON) MarshalJSON() ([]byte, error) { return marshal(j.Raw) }

// OpenAPIModelName is the name in published documents.
func (JSON) OpenAPIModelName() string { return "dev.argosy.raw.JSON" }

// OpenAPISchemaType is no type at all: any JSON value is allowed.
func (JSON) OpenAPISchemaType() []string { return nil }

// OpenAPISchemaFormat is empty.
func (JSON) OpenAPISchemaFormat() string { return "" }

// Object is a JSON object with any keys. It is kept as it is written, digits and order of keys included.
type Object struct {
	// Raw is the JSON text of the object, compact. Empty stands for null.
	Raw json.RawMessage `json:"-"`
}

// UnmarshalJSON takes a JSON object; null stands for none.
func (o *Object) UnmarshalJSON(data []byte) error {
	text, err := object(data)
	if err != nil {
		return err
	}
	o.Raw = text
	return nil
}

// MarshalJSON returns the JSON text.
func (o Object) MarshalJSON() ([]byte, error) { return marshal(o.Raw) }

// OpenAPIModelName is the name in published documents.
func (Object) OpenAPIModelName() string { return "dev.argosy.raw.Object" }

// OpenAPISchemaType is the type in OpenAPI.
func (Object) OpenAPISchemaType() []string { return []string{"object"} }

// OpenAPISchemaFormat is empty.
func (Object) OpenAPISchemaFormat() string { return "" }

// object returns the compact text of a JSON object, nil for null.
func object(data []byte) (json.RawMessage, error) {
	text, err := Compact(data)
	if err != nil {
		return nil, err
	}
	switch c := text[0]; c {
	case '{':
		return text, InRange(text)
	case 'n':
		return nil, nil
	default:
		return nil, fmt.Errorf("must be an object, not %s", KindOf(c))
	}
}

// Compact returns a copy of data, which must be one JSON value, in the form that does not change when the object around
// it is written and read again: without blanks, and without the escapes that encoding/json adds for HTML.
func Compact(data []byte) (json.RawMessage, error) {
	var buf bytes.Buffer
	if err := json.Compact(&buf, data); err != nil {
		return nil, err
	}
	if buf.Len() == 0 {
		return nil, errors.New("unexpected end of JSON input")
	}
	return unescape(buf.Bytes()), nil
}

// unescape undoes, in place, the escapes of <, >, & and the two line separators, all of which may stand in JSON as
// they are. The text only gets shorter.
func unescape(text []byte) []byte {
	if !bytes.Contains(text, []byte(`\u`)) {
		return text
	}
	out := text[:0]
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			out = append(out, text[i])
			continue
		}
		plain := ""
		if text[i+1] == 'u' && i+6 <= len(text) {
			switch string(bytes.ToLower(text[i+2 : i+6])) {
			case "003c":
				plain = "<"
			case "003e":
				plain = ">"
			case "0026":
				plain = "&"
			case "2028":
				plain = "\u2028"
			case "2029":
				plain = "\u2029"
			}
		}
		if plain == "" {
			// The character after a backslash never begins an escape of its own.
			out = append(out, text[i], text[i+1])
			i++
			continue
		}
		out = append(out, plain...)
		i += 5
	}
	return out
}

func marshal(text json.RawMessage) ([]byte, error) {
	if len(text) == 0 {
		return []byte("null"), nil
	}
	return text, nil
}

// KindOf names the kind of JSON value that begins with c, for messages.
func KindOf(c byte) string {
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
