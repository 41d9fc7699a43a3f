// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"

	"github.com/Masterminds/sprig/v3"
	"github.com/expr-lang/expr"
)

// functions returns the options that declare what Argo adds to expr-lang, and the guards.
var functions = sync.OnceValue(func() []expr.Option {
	one := func(name string, f func(any) (any, error)) expr.Option {
		return expr.Function(name, func(params ...any) (any, error) {
			if len(params) != 1 {
				return nil, fmt.Errorf("%s needs one argument, not %d", name, len(params))
			}
			return f(params[0])
		})
	}
	opts := []expr.Option{
		one("asInt", asInt),
		one("asFloat", asFloat),
		one("toJson", toJSON),
		expr.Function("jsonpath", func(params ...any) (any, error) {
			if len(params) != 2 {
				return nil, fmt.Errorf("jsonpath needs a JSON text and a path, not %d arguments", len(params))
			}
			s, err := stringArgs("jsonpath", params)
			if err != nil {
				return nil, err
			}
			return JSONPath(s[0], s[1])
		}),
	}
	for name, f := range guardFunctions {
		opts = append(opts, expr.Function(name, func(params ...any) (any, error) {
			if len(params) < 2 {
				return nil, fmt.Errorf("%s is internal", name)
			}
			b, ok := params[0].(*budget)
			if !ok {
				return nil, fmt.Errorf("%s is internal", name)
			}
			return f(b, params[1:])
		}))
	}
	return opts
})

// asInt converts as Argo's asInt does: numbers are truncated, strings parsed.
func asInt(v any) (any, error) {
	switch v := v.(type) {
	case int:
		return v, nil
	case int64:
		return int(v), nil
	case float64:
		if math.IsNaN(v) || v > math.MaxInt64 || v < math.MinInt64 {
			return nil, fmt.Errorf("asInt: %v is out of range", v)
		}
		return int(v), nil
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case string:
		s := strings.TrimSpace(v)
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return int(i), nil
		}
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return nil, fmt.Errorf("asInt: %q is not a number", v)
		}
		return asInt(f)
	}
	return nil, fmt.Errorf("asInt: cannot convert %T", v)
}

func asFloat(v any) (any, error) {
	switch v := v.(type) {
	case int:
		return float64(v), nil
	case int64:
		return float64(v), nil
	case float64:
		return v, nil
	case string:
		f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if err != nil {
			return nil, fmt.Errorf("asFloat: %q is not a number", v)
		}
		return f, nil
	}
	return nil, fmt.Errorf("asFloat: cannot convert %T", v)
}

func toJSON(v any) (any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("toJson: %w", err)
	}
	return string(b), nil
}

// withheld are the sprig functions that read the process's surroundings, or burn seconds of CPU to make keys.
var withheld = []string{
	"env", "expandenv", "getHostByName",
	"genPrivateKey", "genCA", "genCAWithKey", "genSelfSignedCert", "genSelfSignedCertWithKey", "genSignedCert",
	"genSignedCertWithKey", "derivePassword", "bcrypt", "htpasswd", "buildCustomCert",
}

// sprigFunctions is the `sprig` namespace: sprig's generic functions less the withheld ones, and with bounds where a
// short call could make a huge value. The map is shared and never written after it is made.
var sprigFunctions = sync.OnceValue(func() map[string]any {
	m := sprig.GenericFuncMap()
	for _, name := range withheld {
		delete(m, name)
	}
	repeat := m["repeat"].(func(int, string) string)
	m["repeat"] = func(n int, s string) (string, error) {
		if _, err := boundedRepeat(n, s); err != nil {
			return "", err
		}
		return repeat(n, s), nil
	}
	m["replace"] = func(old, new, s string) (string, error) {
		if err := checkReplace(s, old, new); err != nil {
			return "", err
		}
		return strings.ReplaceAll(s, old, new), nil
	}
	m["indent"] = func(n int, s string) (string, error) { return indent("", n, s) }
	m["nindent"] = func(n int, s string) (string, error) { return indent("\n", n, s) }
	for _, name := range []string{"randAlphaNum", "randAlpha", "randAscii", "randNumeric"} {
		f := m[name].(func(int) string)
		m[name] = func(n int) (string, error) {
			if n < 0 || n > 4096 {
				return "", fmt.Errorf("%s: %d characters are not between 0 and 4096", name, n)
			}
			return f(n), nil
		}
	}
	m["until"] = func(n int) ([]int, error) { return untilStep(0, n, sign(n)) }
	m["untilStep"] = untilStep
	m["seq"] = seq
	m["wrapWith"] = func(n int, sep, s string) (string, error) {
		if n < 1 || len(sep) > maxValue/(len(s)/n+1) {
			return "", ErrTooLarge
		}
		return originalWrapWith(n, sep, s), nil
	}
	join := m["join"].(func(string, any) string)
	m["join"] = func(sep string, v any) (string, error) {
		if n := sizeOf(v, maxValue); n > maxValue || len(sep) > maxValue/(n+1) {
			return "", ErrTooLarge
		}
		return join(sep, v), nil
	}
	for name, f := range m {
		switch f := f.(type) {
		case func(string, string, string) string:
			if strings.HasPrefix(strings.ToLower(name), "regexreplace") {
				m[name] = func(re, s, repl string) (string, error) {
					return boundedRegexReplace(func(a, b, c string) (string, error) { return f(a, b, c), nil }, re, s, repl)
				}
			}
		case func(string, string, string) (string, error):
			if strings.HasPrefix(strings.ToLower(name), "mustregexreplace") {
				m[name] = func(re, s, repl string) (string, error) {
					return boundedRegexReplace(f, re, s, repl)
				}
			}
		}
	}
	return m
})

// original wrapWith, kept because the map entry that replaces it must call it.
var originalWrapWith = sprig.GenericFuncMap()["wrapWith"].(func(int, string, string) string)

func boundedRegexReplace(f func(string, string, string) (string, error), re, s, repl string) (string, error) {
	if _, err := compileRegexp(re); err != nil {
		return "", err
	}
	if len(repl) > maxValue/(len(s)+1) {
		return "", ErrTooLarge
	}
	return f(re, s, repl)
}

func indent(prefix string, n int, s string) (string, error) {
	if n < 0 || n > maxValue/(strings.Count(s, "\n")+1) {
		return "", ErrTooLarge
	}
	pad := strings.Repeat(" ", n)
	return prefix + pad + strings.ReplaceAll(s, "\n", "\n"+pad), nil
}

func sign(n int) int {
	if n < 0 {
		return -1
	}
	return 1
}

func untilStep(start, stop, step int) ([]int, error) {
	if step == 0 || (step > 0) != (stop > start) {
		return []int{}, nil
	}
	if n := (float64(stop) - float64(start)) / float64(step); n > 100_000 {
		return nil, ErrTooLarge
	}
	out := []int{}
	for i := start; (step > 0 && i < stop) || (step < 0 && i > stop); i += step {
		out = append(out, i)
	}
	return out, nil
}

// seq counts as the shell's seq does: last, or first and last, or first, step and last; both ends included.
func seq(params ...int) (string, error) {
	first, step, last := 1, 1, 0
	switch len(params) {
	case 0:
		return "", nil
	case 1:
		last = params[0]
		step = sign(last - first)
	case 2:
		first, last = params[0], params[1]
		step = sign(last - first)
	case 3:
		first, step, last = params[0], params[1], params[2]
	default:
		return "", fmt.Errorf("seq needs at most three arguments, not %d", len(params))
	}
	end := last + sign(step)
	list, err := untilStep(first, end, step)
	if err != nil {
		return "", err
	}
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = strconv.Itoa(v)
	}
	return strings.Join(words, " "), nil
}
