// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"

	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// document is one of several in a YAML file.
type document struct {
	text []byte
	line int // of the file, of its first line, from 0
}

// splitYAML splits a file at its document markers: lines that begin with --- and then end or go on after white space
// (YAML 1.2 §9.1.2). What follows a marker on its line belongs to the document. Documents of comments only are left out.
func splitYAML(text []byte) []document {
	var documents []document
	current := document{}
	flush := func() {
		if hasContent(current.text) {
			documents = append(documents, current)
		}
	}
	start := 0
	for line := 0; len(text) > 0; line++ {
		var row []byte
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			row, text = text[:i+1], text[i+1:]
		} else {
			row, text = text, nil
		}
		if isMarker(row, "---") && line > start || isMarker(row, "...") {
			flush()
			current, start = document{line: line}, line
			if isMarker(row, "...") {
				// What comes after it is a document of its own, with or without a marker.
				current.line, start = line+1, line+1
				continue
			}
		}
		current.text = append(current.text, row...)
	}
	flush()
	return documents
}

// isMarker tells whether a line is a document marker.
func isMarker(row []byte, marker string) bool {
	rest, found := bytes.CutPrefix(row, []byte(marker))
	return found && (len(rest) == 0 || strings.IndexByte(" \t\r\n", rest[0]) >= 0)
}

// hasContent tells whether a document is more than comments, directives and markers.
func hasContent(text []byte) bool {
	for row := range bytes.Lines(text) {
		if isMarker(row, "---") {
			row = row[3:]
		}
		row = bytes.TrimSpace(row)
		if len(row) > 0 && row[0] != '#' && row[0] != '%' {
			return true
		}
	}
	return false
}

// objectsOfYAML are the objects of a YAML file, of which each is checked.
func objectsOfYAML(name string, text []byte) ([]json.RawMessage, error) {
	var objects []json.RawMessage
	for _, doc := range splitYAML(text) {
		converted, err := yaml.YAMLToJSON(doc.text)
		if err != nil {
			return nil, invalid("%s: %s", name, yamlProblem(err, doc.line))
		}
		more, err := objectsOfJSON(fmt.Sprintf("%s: line %d", name, doc.line+1), converted)
		if err != nil {
			return nil, err
		}
		objects = append(objects, more...)
	}
	return objects, nil
}

// objectsOfJSONFile are the objects of a JSON file: one, or several one after the other.
func objectsOfJSONFile(name string, text []byte) ([]json.RawMessage, error) {
	var objects []json.RawMessage
	decoder := json.NewDecoder(bytes.NewReader(text))
	for {
		var value json.RawMessage
		err := decoder.Decode(&value)
		if err == io.EOF {
			return objects, nil
		}
		if err != nil {
			return nil, invalid("%s: %s", name, jsonProblem(err))
		}
		more, err := objectsOfJSON(name, value)
		if err != nil {
			return nil, err
		}
		objects = append(objects, more...)
	}
}

// objectsOfJSON are the objects in one JSON value: one, the items of a list, or none in null and {}.
func objectsOfJSON(name string, text []byte) ([]json.RawMessage, error) {
	var value any
	if err := utiljson.Unmarshal(text, &value); err != nil {
		return nil, invalid("%s: %s", name, jsonProblem(err))
	}
	if value == nil {
		return nil, nil
	}
	object, is := value.(map[string]any)
	if !is {
		return nil, invalid("%s: is not an object", name)
	}
	if len(object) == 0 {
		return nil, nil
	}
	return objectsOf(name, object, 0)
}

// objectsOf are one object, or the items of a list.
func objectsOf(name string, object map[string]any, depth int) ([]json.RawMessage, error) {
	kind, _ := object["kind"].(string)
	version, _ := object["apiVersion"].(string)
	if kind == "" {
		return nil, invalid("%s: Object 'Kind' is missing", name)
	}
	if version == "" {
		return nil, invalid("%s: Object 'apiVersion' is missing", name)
	}
	items, listed := object["items"]
	if !listed || !strings.HasSuffix(kind, "List") {
		text, err := json.Marshal(object)
		if err != nil {
			return nil, invalid("%s: %v", name, err)
		}
		return []json.RawMessage{text}, nil
	}
	if depth > 10 {
		return nil, invalid("%s: lists within lists", name)
	}
	list, is := items.([]any)
	if !is && items != nil {
		return nil, invalid("%s: items of %s is not a list", name, kind)
	}
	var objects []json.RawMessage
	for i, item := range list {
		if item == nil {
			continue
		}
		inner, is := item.(map[string]any)
		if !is {
			return nil, invalid("%s: item %d of %s is not an object", name, i, kind)
		}
		more, err := objectsOf(fmt.Sprintf("%s: item %d of %s", name, i, kind), inner, depth+1)
		if err != nil {
			return nil, err
		}
		objects = append(objects, more...)
	}
	return objects, nil
}

// lineNumber is how the YAML library names lines.
var lineNumber = regexp.MustCompile(`line (\d+)`)

// yamlProblem is what the YAML library says, with lines of the file instead of the document, and without quotations.
func yamlProblem(err error, offset int) string {
	message := strings.TrimPrefix(err.Error(), "error converting YAML to JSON: ")
	message = strings.TrimPrefix(message, "yaml: ")
	message = lineNumber.ReplaceAllStringFunc(message, func(text string) string {
		number, err := strconv.Atoi(text[len("line "):])
		if err != nil {
			return text
		}
		return "line " + strconv.Itoa(number+offset)
	})
	// Values are quoted by backticks; names of keys are in double quotes and may stay.
	message = quoted.ReplaceAllString(message, "a value")
	return short(strings.Join(strings.Fields(message), " "))
}

var quoted = regexp.MustCompile("`[^`]*`|map\\[interface \\{}].*")

// jsonProblem is what is wrong with JSON, without what it says.
func jsonProblem(err error) string {
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		return fmt.Sprintf("invalid JSON at byte %d", syntax.Offset)
	}
	return "invalid JSON"
}

// decodeText is text as UTF-8: a byte order mark says if it is UTF-16.
func decodeText(text []byte) []byte {
	switch {
	case bytes.HasPrefix(text, []byte{0xEF, 0xBB, 0xBF}):
		return text[3:]
	case bytes.HasPrefix(text, []byte{0xFF, 0xFE}), bytes.HasPrefix(text, []byte{0xFE, 0xFF}):
		little := text[0] == 0xFF
		units := make([]uint16, 0, len(text)/2)
		for i := 2; i+1 < len(text); i += 2 {
			if little {
				units = append(units, uint16(text[i])|uint16(text[i+1])<<8)
			} else {
				units = append(units, uint16(text[i+1])|uint16(text[i])<<8)
			}
		}
		return []byte(string(utf16.Decode(units)))
	}
	return text
}
