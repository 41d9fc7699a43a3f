// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/itchyny/gojq"
)

const (
	// maxExpression is longer than any path that people write, in bytes.
	maxExpression = 4 << 10
	// maxTime is how long an expression may take, as for the peer.
	maxTime = time.Second
	// maxSteps is how many instructions an expression may run.
	maxSteps = 2_000_000
	// maxPaths is how many places an expression may name.
	maxPaths = 10_000
	// maxGrowing is how often an expression may put texts or lists together, each of which may double what there is.
	maxGrowing = 8
	// maxQueries bounds the expressions that are kept compiled.
	maxQueries = 4096
)

// query is a compiled jq path expression. It does not change, and may run several times at once.
type query struct {
	text string
	code *gojq.Code
}

var (
	queryMutex sync.Mutex
	queryKnown = map[string]*query{}
)

// compileQuery compiles an expression, or returns it from where it was compiled before.
func compileQuery(text string) (*query, error) {
	queryMutex.Lock()
	defer queryMutex.Unlock()
	if q := queryKnown[text]; q != nil {
		return q, nil
	}
	if len(text) > maxExpression {
		return nil, fmt.Errorf("a jq path expression is longer than %d bytes", maxExpression)
	}
	parsed, err := gojq.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no jq path expression: %w", text, err)
	}
	if err := harmless(parsed); err != nil {
		return nil, fmt.Errorf("jq path expression %q: %w", text, err)
	}
	wrapped, err := gojq.Parse("path(" + parsed.String() + ")")
	if err != nil {
		return nil, fmt.Errorf("%q is no jq path expression: %w", text, err)
	}
	code, err := gojq.Compile(wrapped)
	if err != nil {
		return nil, fmt.Errorf("%q is no jq path expression: %w", text, err)
	}
	if len(queryKnown) >= maxQueries {
		clear(queryKnown) // those in use are compiled anew
	}
	q := &query{text, code}
	queryKnown[text] = q
	return q, nil
}

// endless are functions that go on by themselves, reach out of the object, or change with time. A path needs none.
var endless = map[string]bool{
	"range": true, "repeat": true, "while": true, "until": true, "recurse_down": true, "combinations": true, "limit": true, "walk": true,
	"input": true, "inputs": true, "input_filename": true, "input_line_number": true, "debug": true, "stderr": true, "halt": true, "halt_error": true,
	"env": true, "now": true, "localtime": true, "mktime": true, "gmtime": true, "builtins": true, "implode": true, "getpath": false,
	"add": false, "tojson": false, "join": false,
}

var growing = map[string]bool{"add": true, "tojson": true, "join": true, "gsub": true, "sub": true, "splits": true, "flatten": true, "tostream": true, "to_entries": false}

// harmless refuses what could take without end, since an expression is hostile and its memory cannot be bounded: loops,
// functions, and many operations that make texts or lists longer.
func harmless(q *gojq.Query) error {
	grows := 0
	var found error
	var look func(v reflect.Value)
	look = func(v reflect.Value) {
		if found != nil {
			return
		}
		switch v.Kind() {
		case reflect.Pointer:
			if v.IsNil() {
				return
			}
			switch x := v.Interface().(type) {
			case *gojq.FuncDef, *gojq.Reduce, *gojq.Foreach, *gojq.Label, *gojq.Import:
				found = errors.New("only paths are known here: no def, reduce, foreach, label or import")
			case *gojq.Func:
				if endless[x.Name] || x.Name == "recurse" && len(x.Args) > 0 {
					found = fmt.Errorf("the function %s is not known here", x.Name)
				}
				if growing[x.Name] {
					grows++
				}
			case *gojq.String:
				grows += len(x.Queries)
			case *gojq.Query:
				if x.Op == gojq.OpAdd || x.Op == gojq.OpMul {
					grows++
				}
				if x.Op >= gojq.OpAssign {
					found = errors.New("only paths are known here: nothing is assigned")
				}
			}
			look(v.Elem())
		case reflect.Struct:
			for i := range v.NumField() {
				if v.Type().Field(i).IsExported() {
					look(v.Field(i))
				}
			}
		case reflect.Slice:
			for i := range v.Len() {
				look(v.Index(i))
			}
		}
	}
	look(reflect.ValueOf(q))
	if found == nil && grows > maxGrowing {
		found = fmt.Errorf("puts texts or lists together more than %d times", maxGrowing)
	}
	return found
}

// steps is a context that also counts instructions, before each of which the library asks Done.
type steps struct {
	context.Context
	left int
	done chan struct{}
}

func (s *steps) Done() <-chan struct{} {
	s.left--
	if s.left < 0 {
		return s.done
	}
	return s.Context.Done()
}

func (s *steps) Err() error {
	if s.left < 0 {
		return context.DeadlineExceeded
	}
	return s.Context.Err()
}

// paths are the places in an object that an expression names. An expression that does not fit the object names none:
// objects of a kind do not all have the same fields. What the library says then may quote the object, so it is
// dropped.
func (q *query) paths(o map[string]any) ([][]any, error) {
	deadline, cancel := context.WithTimeout(context.Background(), maxTime)
	defer cancel()
	ctx := &steps{Context: deadline, left: maxSteps, done: make(chan struct{})}
	close(ctx.done)
	var out [][]any
	iterator := q.code.RunWithContext(ctx, forJQ(o))
	for {
		v, ok := iterator.Next()
		if !ok {
			return out, nil
		}
		if err, failed := v.(error); failed {
			if ctx.Err() != nil {
				return nil, fmt.Errorf("jq path expression %q takes too long", q.text)
			}
			var halt *gojq.HaltError
			if errors.As(err, &halt) {
				return nil, fmt.Errorf("jq path expression %q does not end as it should", q.text)
			}
			return nil, nil
		}
		path, ok := v.([]any)
		if !ok || len(path) == 0 {
			continue // the whole object cannot be ignored
		}
		if path, ok = plain(path); !ok {
			return nil, fmt.Errorf("jq path expression %q names a part of a list (.[a:b]), which is not known here", q.text)
		}
		if out = append(out, path); len(out) > maxPaths {
			return nil, fmt.Errorf("jq path expression %q names more than %d places", q.text, maxPaths)
		}
	}
}

// plain returns a path whose steps are string and int.
func plain(path []any) ([]any, bool) {
	path = slices.Clone(path)
	for i, step := range path {
		switch s := step.(type) {
		case string, int:
		case float64:
			path[i] = int(s)
		default:
			return nil, false
		}
	}
	return path, true
}

// forJQ returns a value with the types of numbers that gojq knows.
func forJQ(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			out[key] = forJQ(value)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, value := range v {
			out[i] = forJQ(value)
		}
		return out
	case int64:
		return int(v)
	}
	return v
}
