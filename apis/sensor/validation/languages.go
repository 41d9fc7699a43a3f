// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"regexp/syntax"
	"strings"
	"text/template"
	"time"
	_ "time/tzdata" // the image of the server has no time zones of its own

	"github.com/Knetic/govaluate"
	"github.com/Masterminds/sprig/v3"
	"github.com/itchyny/gojq"
	"github.com/robfig/cron/v3"
	"github.com/yuin/gopher-lua/parse"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"argosy.dev/argosy/pkg/expression"
)

// The languages that users write in. All of this parses, and runs nothing. The parsers are third parties' code on
// hostile input: texts are bounded, and a panic in one is an error of the text.
const (
	// maxText is longer than any text of one of the languages that people write. What recurses without brackets, such
	// as a row of minus signs, is bounded by it.
	maxText = 64 << 10
	// maxLine is longer than what stands on one line: a regular expression, a schedule, a condition.
	maxLine = 16 << 10
	// maxNesting bounds brackets, since the parsers are recursive.
	maxNesting = 200
)

// language parses a text of one of the languages.
type language struct {
	// what is wrong with a text that does not parse.
	what string
	most int
	// nested tells that the text must not be nested too deeply.
	nested bool
	parse  func(string) error
}

var (
	jq = language{"is no jq", maxText, true, func(text string) error {
		query, err := gojq.Parse(text)
		if err != nil {
			return err
		}
		_, err = gojq.Compile(query)
		return err
	}}
	lua = language{"is no Lua", maxText, true, func(text string) error {
		_, err := parse.Parse(strings.NewReader(text), "script")
		return err
	}}
	goTemplate = language{"is no Go template", maxText, true, func(text string) error {
		_, err := template.New("template").Funcs(templateFunctions).Parse(text)
		return err
	}}
	regularExpression = language{"is no regular expression", maxLine, false, func(text string) error {
		_, err := syntax.Parse(text, syntax.Perl)
		return err
	}}
	exprExpression = language{"is no expression", maxLine, true, func(text string) error {
		_, err := expression.Compile(text)
		return err
	}}
	schedule = language{`is no line of crontab with five fields, and none of @hourly, @daily and the like`, maxLine, false, func(text string) error {
		_, err := cron.ParseStandard(text)
		return err
	}}
)

// templateFunctions are known by name only. What they do is none of our business here.
var templateFunctions = sprig.TxtFuncMap()

// parses reports a text that does not parse. Empty text is none.
func (r *report) parses(l language, path *field.Path, text string) bool {
	switch {
	case text == "":
		return true
	case len(text) > l.most:
		r.tooLong(path, text, l.most)
		return false
	case l.nested && tooDeep(text):
		r.invalid(path, text, "%s: brackets are nested deeper than %d", l.what, maxNesting)
		return false
	}
	if err := guarded(func() error { return l.parse(text) }); err != nil {
		r.invalid(path, text, "%s: %v", l.what, short(err.Error()))
		return false
	}
	return true
}

// condition parses a condition in the language of govaluate, and returns the names it uses.
func (r *report) condition(path *field.Path, text string) (names []string) {
	r.parses(language{"is no expression", maxLine, true, func(text string) error {
		e, err := govaluate.NewEvaluableExpression(text)
		if err != nil {
			return err
		}
		names = e.Vars()
		return nil
	}}, path, text)
	return names
}

// guarded turns a panic of a parser into an error.
func guarded(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	return f()
}

// tooDeep tells that brackets are nested deeper than anybody writes. Brackets in text count too: that only ever
// overestimates, by what never comes near the limit.
func tooDeep(text string) bool {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '(', '[', '{':
			if depth++; depth > maxNesting {
				return true
			}
		case ')', ']', '}':
			depth = max(0, depth-1)
		}
	}
	return false
}

func (r *report) tooLong(path *field.Path, text string, most int) {
	r.add(field.TooLong(path, short(text), most))
}

// duration reports text that is no length of time.
func (r *report) duration(path *field.Path, text string) {
	if text == "" {
		return
	}
	if d, err := time.ParseDuration(text); err != nil || d < 0 {
		r.invalid(path, text, `is no length of time such as "10s"`)
	}
}

// timezone reports text that is no time zone.
func (r *report) timezone(path *field.Path, text string) {
	if text == "" {
		return
	}
	if _, err := time.LoadLocation(text); err != nil {
		r.invalid(path, text, "is no name of a time zone such as Europe/Berlin")
	}
}
