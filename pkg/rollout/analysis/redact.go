// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package analysis

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"argosy.dev/argosy/pkg/metric/job"
)

// hidden stands where a secret was.
const hidden = "[redacted]"

// What is recorded of one measurement is bounded, in bytes: the status keeps many of them.
const (
	maxMessage  = 1 << 10
	maxRecorded = 4 << 10
)

// shortestLine is from which length on a line of a secret is hidden by itself. Below, it would hide every brace.
const shortestLine = 4

// Redactor takes secrets out of what is recorded or shown. The zero value knows none.
type Redactor struct {
	replacer *strings.Replacer
}

// NewRedactor returns a redactor of these secrets, in the spellings in which errors and answers may hold them: as they
// are, quoted, as part of a URL, in base64, and line by line.
func NewRedactor(secrets map[string]string) Redactor {
	var forms []string
	add := func(form string) {
		if form != "" && !slices.Contains(forms, form) {
			forms = append(forms, form)
		}
	}
	for _, secret := range secrets {
		variants := []string{secret, strings.TrimSpace(secret)}
		for line := range strings.Lines(secret) {
			if line = strings.TrimSpace(line); len(line) >= shortestLine {
				variants = append(variants, line)
			}
		}
		for _, v := range variants {
			add(v)
			add(strings.Trim(strconv.Quote(v), `"`))
			add(strings.Trim(strconv.QuoteToASCII(v), `"`))
			if data, err := json.Marshal(v); err == nil {
				add(strings.Trim(string(data), `"`))
			}
			add(url.QueryEscape(v))
			add(url.PathEscape(v))
			add((&url.URL{Path: v}).EscapedPath())
			add(base64.StdEncoding.EncodeToString([]byte(v)))
			add(base64.URLEncoding.EncodeToString([]byte(v)))
		}
	}
	if len(forms) == 0 {
		return Redactor{}
	}
	// The longest first, or what contains another would be hidden in part only.
	slices.SortFunc(forms, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	pairs := make([]string, 0, 2*len(forms))
	for _, form := range forms {
		pairs = append(pairs, form, hidden)
	}
	return Redactor{strings.NewReplacer(pairs...)}
}

// Text returns the text without secrets.
func (r Redactor) Text(text string) string {
	if r.replacer == nil {
		return text
	}
	return r.replacer.Replace(text)
}

// Taken returns what was taken without secrets, and no longer than may be recorded.
func (r Redactor) Taken(t Taken) Taken {
	t.Measurement = *t.Measurement.DeepCopy()
	t.Measurement.Message = cut(r.Text(t.Measurement.Message), maxMessage)
	t.Measurement.Value = cut(r.Text(t.Measurement.Value), maxRecorded)
	t.Measurement.Metadata = r.texts(t.Measurement.Metadata)
	t.Metadata = r.texts(t.Metadata)
	return t
}

// texts returns metadata without secrets. The name of a Job is made of the run and is no secret: if a secret happened to be
// part of it, the Job would be lost.
func (r Redactor) texts(in map[string]string) map[string]string {
	if len(in) == 0 {
		return nil
	}
	out := make(map[string]string, len(in))
	for key, value := range in {
		if key != job.MetadataName {
			value = cut(r.Text(value), maxRecorded)
		}
		out[key] = value
	}
	return out
}

// cut shortens a text, and shows that it did.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	const more = "…"
	limit -= len(more)
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit] + more
}
