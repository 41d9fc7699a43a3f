// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package glob matches text against the patterns that projects and settings hold. Patterns are hostile input: their size
// is bounded, and one that does not parse matches nothing but itself. It must not know what the text is.
package glob

import (
	"strings"
	"sync"

	"github.com/gobwas/glob"
)

const (
	// maxPattern is longer than any honest pattern, in bytes.
	maxPattern = 1024
	// maxCached bounds the patterns that are kept compiled.
	maxCached = 4096
)

type key struct {
	pattern    string
	separators string
}

var (
	mutex    sync.Mutex
	compiled = map[key]*glob.Pattern{}
)

// Match tells whether text matches a pattern, in which * stands for any text without separators, ** for any text, ? for a
// character, [abc] for one of several, {a,b} for one of several texts. Without separators * is any text, too. A pattern
// that is none, or too long, matches only the very same text.
func Match(pattern, text string, separators ...rune) bool {
	if pattern == text || pattern == "*" && len(separators) == 0 {
		return true
	}
	if !strings.ContainsAny(pattern, `*?[{\`) || len(pattern) > maxPattern {
		return false
	}
	p := lookup(key{pattern, string(separators)}, separators)
	return p != nil && p.Match(text)
}

// lookup returns the compiled pattern, or nil if it is none.
func lookup(k key, separators []rune) *glob.Pattern {
	mutex.Lock()
	defer mutex.Unlock()
	p, known := compiled[k]
	if !known {
		var err error
		if p, err = glob.Compile(k.pattern, separators...); err != nil {
			p = nil
		}
		if len(compiled) >= maxCached {
			clear(compiled) // they are compiled anew at once, if they are still in use
		}
		compiled[k] = p
	}
	return p
}

// Any tells whether text matches one of the patterns. Those that begin with ! deny: text that matches one of them matches
// nothing, whatever the order.
func Any(patterns []string, text string, separators ...rune) bool {
	permitted := false
	for _, pattern := range patterns {
		if denied, not := strings.CutPrefix(pattern, "!"); not {
			if Match(denied, text, separators...) {
				return false
			}
			continue
		}
		permitted = permitted || Match(pattern, text, separators...)
	}
	return permitted
}
