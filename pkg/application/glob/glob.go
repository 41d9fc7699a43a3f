// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Package glob matches text against the patterns that projects and settings hold. Patterns are hostile input: they become
// regular expressions of Go, which match in time that grows with the text only, and their size is bounded. It must not
// know what the text is.
package glob

import (
	"regexp"
	"strings"
	"sync"
)

const (
	// maxPattern is longer than any honest pattern, in bytes.
	maxPattern = 1024
	// maxCached bounds the patterns that are kept compiled.
	maxCached = 2048
)

type key struct {
	pattern    string
	separators string
}

var (
	mutex    sync.Mutex
	compiled = map[key]*regexp.Regexp{}
)

// Match tells whether text matches a pattern, in which * stands for any text without separators, ** for any text, ? for a
// character that is no separator, [abc], [a-z] and [!abc] for one of several, {a,b} for one of several patterns, and \
// takes its meaning from what follows. Without separators * is any text, too. A pattern that is none, or too long, matches
// only the very same text.
func Match(pattern, text string, separators ...rune) bool {
	if pattern == text || pattern == "*" && len(separators) == 0 {
		return true
	}
	if !strings.ContainsAny(pattern, `*?[{\`) || len(pattern) > maxPattern {
		return false
	}
	p := lookup(key{pattern, string(separators)})
	return p != nil && p.MatchString(text)
}

// lookup returns the compiled pattern, or nil if it is none.
func lookup(k key) *regexp.Regexp {
	mutex.Lock()
	defer mutex.Unlock()
	p, known := compiled[k]
	if !known {
		if expression, ok := translate(k.pattern, k.separators); ok {
			p, _ = regexp.Compile(expression) // what is no expression then is no pattern
		}
		if len(compiled) >= maxCached {
			clear(compiled) // they are compiled anew at once, if they are still in use
		}
		compiled[k] = p
	}
	return p
}

// translate makes a regular expression of a pattern.
func translate(pattern, separators string) (expression string, ok bool) {
	anything, one := "(?s:.*)", "(?s:.)"
	within, single := anything, one
	if separators != "" {
		single = "[^" + regexp.QuoteMeta(separators) + "]"
		within = single + "*"
	}
	var out strings.Builder
	out.WriteString(`\A(?:`)
	depth := 0
	runes := []rune(pattern)
	for i := 0; i < len(runes); i++ {
		switch c := runes[i]; {
		case c == '\\':
			if i++; i == len(runes) {
				return "", false
			}
			out.WriteString(regexp.QuoteMeta(string(runes[i])))
		case c == '*' && i+1 < len(runes) && runes[i+1] == '*':
			for i+1 < len(runes) && runes[i+1] == '*' {
				i++
			}
			out.WriteString(anything)
		case c == '*':
			out.WriteString(within)
		case c == '?':
			out.WriteString(single)
		case c == '[':
			class, next, ok := class(runes, i+1)
			if !ok {
				return "", false
			}
			out.WriteString(class)
			i = next
		case c == '{':
			depth++
			out.WriteString("(?:")
		case c == '}' && depth > 0:
			depth--
			out.WriteString(")")
		case c == ',' && depth > 0:
			out.WriteString("|")
		default:
			out.WriteString(regexp.QuoteMeta(string(c)))
		}
	}
	out.WriteString(`)\z`)
	return out.String(), depth == 0
}

// class translates what stands in brackets, and returns where they end.
func class(runes []rune, i int) (expression string, end int, ok bool) {
	var out strings.Builder
	out.WriteString("[")
	if i < len(runes) && (runes[i] == '!' || runes[i] == '^') {
		out.WriteString("^")
		i++
	}
	for first := i; i < len(runes); i++ {
		switch c := runes[i]; {
		case c == ']' && i > first:
			out.WriteString("]")
			return out.String(), i, true
		case c == '-' && i > first && i+1 < len(runes) && runes[i+1] != ']':
			out.WriteString("-")
		case c == '\\' && i+1 < len(runes):
			i++
			out.WriteString(quoteInClass(runes[i]))
		default:
			out.WriteString(quoteInClass(c))
		}
	}
	return "", 0, false
}

func quoteInClass(c rune) string {
	if strings.ContainsRune(`\]^-[&~`, c) {
		return `\` + string(c)
	}
	return string(c)
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
