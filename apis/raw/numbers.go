// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package raw

import (
	"bytes"
	"fmt"
	"strconv"
)

// InRange returns an error for a number in the JSON text that floating point cannot hold, such as 1e999. The digits of
// others are kept, but server-side apply and admission policies see them as floating point, and would fail inside.
func InRange(text []byte) error {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			for i++; i < len(text) && text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case c == '-' || c >= '0' && c <= '9':
			end := i + 1
			for end < len(text) && bytes.IndexByte([]byte("0123456789+-.eE"), text[end]) >= 0 {
				end++
			}
			if err := inRange(text[i:end]); err != nil {
				return err
			}
			i = end - 1
		}
	}
	return nil
}

func inRange(number []byte) error {
	// Shorter ones without an exponent always fit.
	if len(number) < 300 && !bytes.ContainsAny(number, "eE") {
		return nil
	}
	if _, err := strconv.ParseFloat(string(number), 64); err != nil {
		return fmt.Errorf("number %.40s is out of range", number)
	}
	return nil
}
