// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm/runtime"
)

const (
	// budgetVar is the hidden root variable that carries the budget of one evaluation into the guard functions.
	budgetVar = "__budget"
	// maxValue is the largest value, in bytes and elements, that an operation may produce.
	maxValue = 2 << 20
	// maxWork bounds the sum over all operations of one evaluation.
	maxWork = 64 << 20
	// maxSteps bounds the predicate calls of one evaluation (nested map, filter, all, …).
	maxSteps = 500_000
	// maxTime stops an evaluation that is cheap by every count above and still slow, such as regular expressions in a
	// loop. No honest expression comes near it.
	maxTime = 2 * time.Second
)

// budget is what one evaluation may still spend. It is used by one goroutine.
type budget struct {
	work, steps int
	deadline    time.Time
}

func newBudget() *budget {
	return &budget{work: maxWork, steps: maxSteps, deadline: time.Now().Add(maxTime)}
}

// spend charges a value that was produced.
func (b *budget) spend(v any) error {
	size := sizeOf(v, maxValue)
	if size > maxValue {
		return fmt.Errorf("%w: a value has more than %d bytes", ErrTooLarge, maxValue)
	}
	return b.charge(size)
}

func (b *budget) charge(n int) error {
	b.work -= n + 1
	b.steps--
	if b.work < 0 || b.steps < 0 || (b.steps%256 == 0 && time.Now().After(b.deadline)) {
		return fmt.Errorf("%w: evaluation exceeds its budget", ErrTooLarge)
	}
	return nil
}

// sizeOf measures a value with everything it holds, counting shared parts as often as they occur, and gives up above
// limit: so its cost is bounded too.
func sizeOf(v any, limit int) int {
	switch v := v.(type) {
	case nil, bool, int, int64, float64:
		return 1
	case string:
		return len(v)
	case []any:
		n := 1
		for _, e := range v {
			if n += sizeOf(e, limit-n); n > limit {
				return n
			}
		}
		return n
	case map[string]any:
		n := 1
		for k, e := range v {
			if n += len(k) + sizeOf(e, limit-n); n > limit {
				return n
			}
		}
		return n
	}
	rv := reflect.ValueOf(v)
	switch rv.Kind() {
	case reflect.String:
		return rv.Len()
	case reflect.Slice, reflect.Array:
		n := 1
		for i := 0; i < rv.Len() && n <= limit; i++ {
			n += sizeOf(rv.Index(i).Interface(), limit-n)
		}
		return n
	case reflect.Map:
		n := 1
		for it := rv.MapRange(); it.Next() && n <= limit; {
			n += sizeOf(it.Key().Interface(), limit-n) + sizeOf(it.Value().Interface(), limit-n)
		}
		return n
	}
	return 1
}

// guardPatcher rewrites an expression so that whatever can grow or repeat is charged to the budget. The language itself
// only bounds what its collections allocate: not strings, not shared structure, not time.
type guardPatcher struct{}

var guardedBuiltins = map[string]string{"replace": "__replace", "repeat": "__repeat", "join": "__join"}

// Visit implements ast.Visitor.
func (guardPatcher) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.PredicateNode:
		if !isGuard(n.Node) {
			n.Node = guardCall("__check", n.Node)
		}
	case *ast.BinaryNode:
		switch n.Operator {
		case "+":
			ast.Patch(node, guardCall("__add", n.Left, n.Right))
		case "matches":
			ast.Patch(node, guardCall("__matches", n.Left, n.Right))
		}
	case *ast.ArrayNode, *ast.MapNode:
		ast.Patch(node, guardCall("__check", *node))
	case *ast.BuiltinNode:
		if name, ok := guardedBuiltins[n.Name]; ok {
			ast.Patch(node, guardCall(name, n.Arguments...))
		} else {
			ast.Patch(node, guardCall("__check", *node))
		}
	case *ast.CallNode:
		if !isGuard(n) {
			ast.Patch(node, guardCall("__check", *node))
		}
	}
}

func guardCall(name string, args ...ast.Node) ast.Node {
	return &ast.CallNode{
		Callee:    &ast.IdentifierNode{Value: name},
		Arguments: append([]ast.Node{&ast.IdentifierNode{Value: budgetVar}}, args...),
	}
}

func isGuard(n ast.Node) bool {
	call, ok := n.(*ast.CallNode)
	if !ok {
		return false
	}
	id, ok := call.Callee.(*ast.IdentifierNode)
	return ok && strings.HasPrefix(id.Value, "__")
}

// guardFunctions are the functions the patcher inserts. The budget is always the first argument.
var guardFunctions = map[string]func(b *budget, args []any) (any, error){
	"__check": func(b *budget, a []any) (any, error) {
		return a[0], b.spend(a[0])
	},
	"__add": func(b *budget, a []any) (any, error) {
		if l, ok := a[0].(string); ok {
			if r, ok := a[1].(string); ok && len(l)+len(r) > maxValue {
				return nil, ErrTooLarge
			}
		}
		v := runtime.Add(a[0], a[1])
		return v, b.spend(v)
	},
	"__matches": func(b *budget, a []any) (any, error) {
		if a[0] == nil || a[1] == nil {
			return false, nil
		}
		s, ok1 := a[0].(string)
		pattern, ok2 := a[1].(string)
		if !ok1 || !ok2 {
			return nil, fmt.Errorf("matches needs two strings, not %T and %T", a[0], a[1])
		}
		re, err := compileRegexp(pattern)
		if err != nil {
			return nil, err
		}
		return re.MatchString(s), b.charge(len(s) + len(pattern))
	},
	"__replace": func(b *budget, a []any) (any, error) {
		if len(a) < 3 || len(a) > 4 {
			return nil, fmt.Errorf("replace needs three or four arguments, not %d", len(a))
		}
		s, err := stringArgs("replace", a[:3])
		if err != nil {
			return nil, err
		}
		n := -1
		if len(a) == 4 {
			n = runtime.ToInt(a[3])
		}
		if err := checkReplace(s[0], s[1], s[2]); err != nil {
			return nil, err
		}
		v := strings.Replace(s[0], s[1], s[2], n)
		return v, b.spend(v)
	},
	"__repeat": func(b *budget, a []any) (any, error) {
		if len(a) != 2 {
			return nil, fmt.Errorf("repeat needs two arguments, not %d", len(a))
		}
		s, err := stringArgs("repeat", a[:1])
		if err != nil {
			return nil, err
		}
		v, err := boundedRepeat(runtime.ToInt(a[1]), s[0])
		if err != nil {
			return nil, err
		}
		return v, b.spend(v)
	},
	"__join": func(b *budget, a []any) (any, error) {
		if len(a) < 1 || len(a) > 2 {
			return nil, fmt.Errorf("join needs one or two arguments, not %d", len(a))
		}
		sep := ""
		if len(a) == 2 {
			s, err := stringArgs("join", a[1:])
			if err != nil {
				return nil, err
			}
			sep = s[0]
		}
		rv := reflect.ValueOf(a[0])
		if rv.Kind() != reflect.Slice {
			return nil, fmt.Errorf("join needs a list, not %T", a[0])
		}
		items := make([]string, rv.Len())
		total := 0
		for i := range items {
			s, ok := rv.Index(i).Interface().(string)
			if !ok {
				return nil, fmt.Errorf("join needs a list of strings, found %T", rv.Index(i).Interface())
			}
			items[i] = s
			if total += len(s) + len(sep); total > maxValue {
				return nil, ErrTooLarge
			}
		}
		v := strings.Join(items, sep)
		return v, b.spend(v)
	},
}

func stringArgs(name string, args []any) ([]string, error) {
	out := make([]string, len(args))
	for i, a := range args {
		s, ok := a.(string)
		if !ok {
			return nil, fmt.Errorf("%s needs strings, not %T", name, a)
		}
		out[i] = s
	}
	return out, nil
}

// checkReplace refuses a replacement whose result could be too large.
func checkReplace(s, old, new string) error {
	count := strings.Count(s, old)
	if count > 0 && len(new) > 0 && count > maxValue/len(new) {
		return ErrTooLarge
	}
	return nil
}

func boundedRepeat(count int, s string) (string, error) {
	if count < 0 {
		return "", fmt.Errorf("repeat needs a count of at least 0, not %d", count)
	}
	if len(s) > 0 && count > maxValue/len(s) {
		return "", ErrTooLarge
	}
	return strings.Repeat(s, count), nil
}

var regexps = newCache[*regexp.Regexp](512)

// compileRegexp bounds the pattern because matching costs the product of pattern and text.
func compileRegexp(pattern string) (*regexp.Regexp, error) {
	if len(pattern) > 1000 {
		return nil, fmt.Errorf("%w: a regular expression has more than 1000 bytes", ErrTooLarge)
	}
	return regexps.get(pattern, regexp.Compile)
}
