// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package validation

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // the image of the server has no time zones of its own

	"github.com/itchyny/gojq"
	"github.com/robfig/cron/v3"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

const (
	// maxErrors bounds what is reported at once. Nobody reads more, and a hostile object could have millions.
	maxErrors = 100
	// maxWarnings bounds what is said in headers, which have little room.
	maxWarnings = 20
	// maxExpression is longer than any text of a language that people write on one line. What is longer is not parsed.
	maxExpression = 16 << 10
	// maxNesting bounds brackets, since parsers are recursive.
	maxNesting = 200
)

// atMost returns the first errors of a list.
func atMost(errs field.ErrorList) field.ErrorList {
	if len(errs) > maxErrors {
		errs = append(errs[:maxErrors-1:maxErrors-1], field.Forbidden(field.NewPath("spec"), fmt.Sprintf("there are more errors than these %d; mend them first", maxErrors-1)))
	}
	return errs
}

// warnings collects what is accepted but suspicious.
type warnings []string

func (w *warnings) add(path *field.Path, format string, args ...any) {
	switch {
	case len(*w) < maxWarnings:
		*w = append(*w, path.String()+": "+fmt.Sprintf(format, args...))
	case len(*w) == maxWarnings:
		*w = append(*w, "there is more to say than this")
	}
}

// tagged tells whether a text has {{...}} tags, whose values only parameters tell.
func tagged(s string) bool { return strings.Contains(s, "{{") }

// short keeps what an error repeats of a text within reason.
func short(s string) string {
	const most = 120
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

// required refuses an empty text.
func required(value string, path *field.Path, why string) field.ErrorList {
	if value == "" {
		return field.ErrorList{field.Required(path, why)}
	}
	return nil
}

// messages returns an error for each of what is said of a value.
func messages(path *field.Path, value string, said []string) field.ErrorList {
	var errs field.ErrorList
	for _, m := range said {
		errs = append(errs, field.Invalid(path, short(value), m))
	}
	return errs
}

// oneOf refuses a value that is none of those that are known.
func oneOf[T ~string](value T, path *field.Path, known ...T) field.ErrorList {
	for _, k := range known {
		if value == k {
			return nil
		}
	}
	return field.ErrorList{field.NotSupported(path, T(short(string(value))), known)}
}

// unique refuses texts that occur twice.
func unique(values []string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := map[string]bool{}
	for i, v := range values {
		if seen[v] {
			errs = append(errs, field.Duplicate(path.Index(i), short(v)))
		}
		seen[v] = true
	}
	return errs
}

// seconds refuses a text that is neither a number of seconds nor a duration, unless it is empty.
func seconds(text string, path *field.Path) field.ErrorList {
	if text == "" {
		return nil
	}
	d, err := time.ParseDuration(text)
	if n, numeric := strconv.ParseInt(text, 10, 64); numeric == nil {
		d, err = time.Duration(n), nil
	}
	if err != nil || d < 0 {
		return field.ErrorList{field.Invalid(path, short(text), "must be a number of seconds, or a duration such as 30s or 2m, and not negative")}
	}
	return nil
}

// pattern refuses a text that is no regular expression, unless it has tags.
func pattern(text *string, path *field.Path) field.ErrorList {
	if text == nil || tagged(*text) {
		return nil
	}
	if len(*text) > maxExpression {
		return field.ErrorList{field.TooLong(path, "", maxExpression)}
	}
	if _, err := regexp.Compile(*text); err != nil {
		return field.ErrorList{field.Invalid(path, short(*text), "must be a regular expression: "+short(err.Error()))}
	}
	return nil
}

// pointer refuses a text that is no JSON pointer.
func pointer(text string, path *field.Path) field.ErrorList {
	if strings.HasPrefix(text, "/") {
		return nil
	}
	return field.ErrorList{field.Invalid(path, short(text), "must be a JSON pointer such as /spec/replicas")}
}

// jqExpression refuses a text that is no expression of jq.
func jqExpression(text string, path *field.Path) (errs field.ErrorList) {
	if len(text) > maxExpression {
		return field.ErrorList{field.TooLong(path, "", maxExpression)}
	}
	if strings.Count(text, "(")+strings.Count(text, "[")+strings.Count(text, "{") > maxNesting {
		return field.ErrorList{field.Invalid(path, short(text), fmt.Sprintf("must not have more than %d brackets", maxNesting))}
	}
	// The parser is third parties' code on hostile input.
	defer func() {
		if p := recover(); p != nil {
			errs = field.ErrorList{field.Invalid(path, short(text), "must be an expression of jq")}
		}
	}()
	query, err := gojq.Parse(text)
	if err == nil {
		_, err = gojq.Compile(query)
	}
	if err != nil {
		return field.ErrorList{field.Invalid(path, short(text), "must be an expression of jq: "+short(err.Error()))}
	}
	return nil
}

// schedules reads cron lines of five fields, as sync windows have them.
var schedules = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)

// schedule refuses a text that is no cron line of five fields.
func schedule(text string, path *field.Path) (errs field.ErrorList) {
	const most = 1 << 10
	if text == "" {
		return field.ErrorList{field.Required(path, "a line of crontab such as \"0 3 * * *\"")}
	}
	if len(text) > most {
		return field.ErrorList{field.TooLong(path, "", most)}
	}
	bad := func(err any) field.ErrorList {
		return field.ErrorList{field.Invalid(path, short(text), fmt.Sprintf("must be a line of crontab with five fields: %v", err))}
	}
	// The parser is third parties' code on hostile input: it panics on a time zone without a line.
	defer func() {
		if p := recover(); p != nil {
			errs = bad("it cannot be read")
		}
	}()
	if strings.Contains(text, "TZ=") {
		return bad("the time zone goes into timeZone")
	}
	if _, err := schedules.Parse(text); err != nil {
		return bad(err)
	}
	return nil
}
