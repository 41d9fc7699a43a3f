// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"
)

// glob is a compiled pattern. It becomes a regular expression of RE2, which takes linear time for any pattern.
//
// * is any text, ? any character, [abc], [a-z] and [!a] one of a set, {a,b} either, and \ takes the next character as it
// is. In patterns of paths * and ? stop at a slash, and ** as a whole element is any number of folders; else a slash is a
// character like others, as the peer has it for include and exclude of directories.
type glob struct{ re *regexp.Regexp }

// maxGlob bounds patterns, in bytes.
const maxGlob = 4096

// compileGlob compiles a pattern.
func compileGlob(pattern string, paths bool) (*glob, error) {
	if len(pattern) > maxGlob {
		return nil, errors.New("the pattern is too long")
	}
	if !utf8.ValidString(pattern) {
		return nil, errors.New("the pattern is not UTF-8")
	}
	any, one := ".*", "."
	if paths {
		any, one = "[^/]*", "[^/]"
	}
	var b strings.Builder
	b.WriteString(`(?s)\A(?:`)
	depth := 0
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '*':
			start := i
			for i+1 < len(pattern) && pattern[i+1] == '*' {
				i++
			}
			whole := (start == 0 || pattern[start-1] == '/') && (i+1 == len(pattern) || pattern[i+1] == '/')
			switch {
			case !paths || i == start || !whole:
				b.WriteString(any)
			case i+1 == len(pattern):
				b.WriteString(".*")
			default:
				b.WriteString("(?:.*/)?")
				i++ // the slash
			}
		case '?':
			b.WriteString(one)
		case '[':
			set, end, err := globSet(pattern, i, paths)
			if err != nil {
				return nil, err
			}
			b.WriteString(set)
			i = end
		case '{':
			depth++
			b.WriteString("(?:")
		case '}':
			if depth == 0 {
				return nil, errors.New("} without {")
			}
			depth--
			b.WriteString(")")
		case ',':
			if depth > 0 {
				b.WriteString("|")
			} else {
				b.WriteString(",")
			}
		case '\\':
			if i++; i == len(pattern) {
				return nil, errors.New(`\ at the end of the pattern`)
			}
			_, size := utf8.DecodeRuneInString(pattern[i:])
			b.WriteString(regexp.QuoteMeta(pattern[i : i+size]))
			i += size - 1
		default:
			_, size := utf8.DecodeRuneInString(pattern[i:])
			b.WriteString(regexp.QuoteMeta(pattern[i : i+size]))
			i += size - 1
		}
	}
	if depth > 0 {
		return nil, errors.New("{ without }")
	}
	b.WriteString(`)\z`)
	re, err := regexp.Compile(b.String())
	if err != nil {
		return nil, errors.New("the pattern is not valid or too complex")
	}
	return &glob{re: re}, nil
}

// globSet translates a set that begins at i, and returns where it ends.
func globSet(pattern string, i int, paths bool) (string, int, error) {
	end := i + 1
	if end < len(pattern) && (pattern[end] == '!' || pattern[end] == '^') {
		end++
	}
	start := end
	for ; end < len(pattern) && (pattern[end] != ']' || end == start); end++ {
		if pattern[end] == '\\' {
			end++
		}
	}
	if end >= len(pattern) {
		return "", 0, errors.New("[ without ]")
	}
	var b strings.Builder
	b.WriteByte('[')
	if start > i+1 {
		b.WriteByte('^')
		if paths {
			b.WriteByte('/')
		}
	}
	for j := start; j < end; {
		r, size := utf8.DecodeRuneInString(pattern[j:end])
		if r == '\\' && j+1 < end {
			j++
			r, size = utf8.DecodeRuneInString(pattern[j:end])
			b.WriteString(`\x{` + hex(r) + `}`)
		} else if r == '-' && j > start && j+1 < end {
			b.WriteByte('-')
		} else {
			b.WriteString(`\x{` + hex(r) + `}`)
		}
		j += size
	}
	b.WriteByte(']')
	return b.String(), end, nil
}

// hex is the number of a character.
func hex(r rune) string {
	const digits = "0123456789abcdef"
	text := ""
	for ; r > 0 || text == ""; r >>= 4 {
		text = string(digits[r&15]) + text
	}
	return text
}

// matches tells whether the whole text is as the pattern says.
func (g *glob) matches(text string) bool { return g.re.MatchString(text) }

// isGlob tells whether a path has characters of patterns.
func isGlob(name string) bool { return strings.ContainsAny(name, "*?[{") }
