// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const (
	masked = "******"
	// fragment is how many bytes of a value in a row give it away.
	fragment = 8
)

// secretValues are the values that versions of a Secret hold, in all forms in which a server may repeat them.
func secretValues(versions ...*unstructured.Unstructured) []string {
	seen := map[string]struct{}{}
	add := func(value string) {
		if strings.TrimSpace(value) == "" {
			return
		}
		quoted, _ := json.Marshal(value)
		for _, form := range []string{
			value, base64.StdEncoding.EncodeToString([]byte(value)), strings.Trim(strconv.Quote(value), `"`), strings.Trim(string(quoted), `"`),
		} {
			seen[form] = struct{}{}
		}
	}
	read := func(content map[string]any) {
		for _, field := range []string{"data", "stringData"} {
			values, _ := content[field].(map[string]any)
			for _, value := range values {
				text, ok := value.(string)
				if !ok {
					if value != nil {
						add(fmt.Sprint(value))
					}
					continue
				}
				add(text)
				if plain, err := base64.StdEncoding.DecodeString(text); err == nil && field == "data" {
					add(string(plain))
				}
			}
		}
	}
	for _, u := range versions {
		if u == nil {
			continue
		}
		read(u.Object)
		var applied map[string]any
		if json.Unmarshal([]byte(u.GetAnnotations()[corev1.LastAppliedConfigAnnotation]), &applied) == nil {
			read(applied)
		}
	}
	out := make([]string, 0, len(seen))
	for value := range seen {
		out = append(out, value)
	}
	// Longer ones first, since they may contain shorter ones.
	slices.SortFunc(out, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return out
}

// mask takes values out of a text. Short ones are taken out only where they are quoted, or no word would be left. If a
// part of a value is left even so, the whole text is withheld.
func mask(text string, values []string) string {
	for _, value := range values {
		if len(value) < 4 {
			text = strings.ReplaceAll(text, strconv.Quote(value), `"`+masked+`"`)
			continue
		}
		text = strings.ReplaceAll(text, value, masked)
	}
	for _, value := range values {
		for at := 0; at+fragment <= len(value); at++ {
			if strings.Contains(text, value[at:at+fragment]) {
				return "the server refuses it; its words are withheld, since they hold a part of the Secret"
			}
		}
	}
	return text
}
