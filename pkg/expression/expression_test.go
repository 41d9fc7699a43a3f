// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package expression

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func eval(t *testing.T, source string, env map[string]any) (any, error) {
	t.Helper()
	p, err := Compile(source)
	if err != nil {
		return nil, err
	}
	return p.Run(env)
}

func TestEval(t *testing.T) {
	env := map[string]any{
		"inputs": map[string]any{"parameters": map[string]any{"num": "5", "a-b": "x", "j": `{"a":[1,2,{"b":"c"}]}`}},
		"steps":  map[string]any{"flip-coin": map[string]any{"outputs": map[string]any{"result": "heads"}}},
		"item":   map[string]any{"k": "v"},
	}
	for source, want := range map[string]any{
		"asInt(inputs.parameters.num) + 1": 6,
		"asInt('7.9')":                     7,
		"asFloat('1.5') * 2":               3.0,
		"inputs.parameters['a-b'] + 'y'":   "xy",
		"steps['flip-coin'].outputs.result == 'heads' ? 'h' : steps.tails.outputs.res": "h",
		"steps.missing.outputs.result ?? 'fallback'":                                   nil,
		"steps.missing?.outputs?.result ?? 'fallback'":                                 "fallback",
		"sprig.trim('  a ')":                             "a",
		"sprig.repeat(2, 'ab')":                          "abab",
		"toJson([1, 'a'])":                               `[1,"a"]`,
		"jsonpath(inputs.parameters.j, '$.a[2].b')":      "c",
		"map([1, 2], # * 2)":                             []any{2, 4},
		"let x = 2; x + 3":                               5,
		"join(['a', 'b'], '-')":                          "a-b",
		"replace('aXb', 'X', '-')":                       "a-b",
		"repeat('ab', 2)":                                "abab",
		"item.k matches '^v$'":                           true,
		"reduce(1..4, #acc + #)":                         10,
		"filter(['a', 'bb'], len(#) > 1)[0]":             "bb",
		"'x' in ['x']":                                   true,
		"{'a': 1}.a":                                     1,
		"'a' + 'b' + 'c'":                                "abc",
		"1.5 + 1":                                        2.5,
		"all([1, 2], # > 0) && any([1], # == 1)":         true,
		"sortBy([{'n': 2}, {'n': 1}], #.n)[0].n":         1,
		"len(split('a,b', ','))":                         2,
		"sprig.seq(3)":                                   "1 2 3",
		"sprig.join('-', ['a', 'b'])":                    "a-b",
		"sprig.indent(2, 'a')":                           "  a",
		"sprig.until(3)":                                 []int{0, 1, 2},
		"sprig.regexReplaceAll('a(b)', 'ab ab', '${1}')": "b b",
	} {
		got, err := eval(t, source, env)
		if want == nil {
			if err == nil {
				t.Errorf("%s = %v, want an error", source, got)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", source, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", source, diff)
		}
	}
}

// TestHostile holds expressions that would take the process's memory or minutes of its time if they were run as given.
func TestHostile(t *testing.T) {
	doubling := func(op string) string {
		var b strings.Builder
		b.WriteString("let a0 = 'xxxxxxxxxxxxxxxx'; ")
		prev := "a0"
		for i := 1; i < 60; i++ {
			name := "a" + strings.Repeat("b", i)
			b.WriteString("let " + name + " = " + strings.ReplaceAll(op, "@", prev) + "; ")
			prev = name
		}
		return b.String() + "toJSON(" + prev + ")"
	}
	env := map[string]any{"s": strings.Repeat("a", 1<<20)}
	for name, source := range map[string]string{
		"string doubling":    doubling("@ + @"),
		"shared structure":   doubling("[@, @]"),
		"shared maps":        doubling("{'a': @, 'b': @}"),
		"concat":             doubling("concat([@], [@])"),
		"nested loops":       "let r = 1..10000; all(r, all(r, all(r, # > 0)))",
		"reduce":             "reduce(1..100, #acc + #acc, 'xxxxxxxx')",
		"repeat":             "repeat('x', 1000000000)",
		"sprig repeat":       "sprig.repeat(1000000000, 'x')",
		"sprig until":        "sprig.until(1000000000)",
		"sprig seq":          "sprig.seq(0, 1, 1000000000)",
		"sprig untilStep":    "sprig.untilStep(0, 1000000000, 1)",
		"sprig indent":       "sprig.indent(1000000000, 'x')",
		"sprig randAlphaNum": "sprig.randAlphaNum(1000000000)",
		"sprig replace":      "sprig.replace('a', s, s)",
		"replace":            "replace(s, 'a', s)",
		"join":               "join(map(1..1000, s), s)",
		"wrapWith":           "sprig.wrapWith(1, s, s)",
		"regexReplace":       "sprig.regexReplaceAll('a', s, s)",
		"long":               strings.Repeat("1+", MaxSource) + "1",
		"deep":               strings.Repeat("(", 10000) + "1" + strings.Repeat(")", 10000),
		"many nots":          strings.Repeat("!", 30000) + "true",
		"environment":        "sprig.env('PATH')",
		"network":            "sprig.getHostByName('localhost')",
		"keys":               "sprig.genPrivateKey('rsa')",
		"internal":           "__check(1)",
		"budget":             "__budget.work",
		"regexp":             "s matches repeat('a?', 600)",
	} {
		start := time.Now()
		got, err := eval(t, source, env)
		if err == nil {
			t.Errorf("%s: got a value of %T, want an error", name, got)
		}
		if d := time.Since(start); d > 8*time.Second {
			t.Errorf("%s took %v", name, d)
		}
	}
}

func TestRefs(t *testing.T) {
	for source, want := range map[string][]Ref{
		"steps['a-b'].outputs.result == 'x'":   {{Path: []string{"steps", "a-b", "outputs", "result"}}},
		"steps[inputs.parameters.x].id":        {{Path: []string{"steps"}, Open: true}, {Path: []string{"inputs", "parameters", "x"}}},
		"let y = item.k; y + sprig.trim(item)": {{Path: []string{"item", "k"}}, {Path: []string{"item"}}},
		"a?.b?.c ?? d":                         {{Path: []string{"a", "b", "c"}}, {Path: []string{"d"}}},
		"map(l, #.x)":                          {{Path: []string{"l"}}},
		"asInt(retries) + asInt(retries)":      {{Path: []string{"retries"}}, {Path: []string{"retries"}}},
	} {
		p, err := Compile(source)
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		if diff := cmp.Diff(want, p.Refs()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", source, diff)
		}
	}
}

func TestJSONPath(t *testing.T) {
	const doc = `{"employees": [{"name": "Baris", "age":43},{"name": "Mo", "age": 42}, {"name": "Jai", "age" :44}], "a-b": {"c": null}}`
	for path, want := range map[string]any{
		`$.employees[?(@.name=="Baris")].age`:           []any{43.0},
		`$.employees[?(@.age>42 && @.age<44)].age`:      []any{43.0},
		`$.employees[?@.age<=42 || !(@.age != 44)].age`: []any{42.0, 44.0},
		`$.employees[0:1]`:                              []any{map[string]any{"name": "Baris", "age": 43.0}},
		`$.employees[*].name`:                           []any{"Baris", "Mo", "Jai"},
		`$.employees[-1].name`:                          "Jai",
		`$..age`:                                        []any{43.0, 42.0, 44.0},
		`$['employees'][1]['name','age']`:               []any{"Mo", 42.0},
		`$.employees[::-1].age`:                         []any{44.0, 42.0, 43.0},
		`$.employees[?@.nothing]`:                       []any{},
		`$['a-b'].c`:                                    nil,
		`$.a-b`:                                         map[string]any{"c": nil},
	} {
		got, err := JSONPath(doc, path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", path, diff)
		}
	}
	for _, path := range []string{"", "a", "$.", "$[", "$[?]", "$[?(@.a]", "$.nothing", "$[1", "$['a", "$.a b", "$[?(1)]"} {
		if got, err := JSONPath(doc, path); err == nil {
			t.Errorf("%s = %v, want an error", path, got)
		}
	}
}

func TestWhen(t *testing.T) {
	for source, want := range map[string]bool{
		"": true, "heads == heads": true, "heads == tails": false, "1 < 10": true, "'a b' == 'a b'": true,
		"true": true, "!(a == b) && 2 > 1": true, "5 != 1 && 5 != 2": true, "(1 == 2) || (x =~ '^x$')": true,
	} {
		if got, err := When(source); err != nil || got != want {
			t.Errorf("%q = %v, %v; want %v", source, got, err, want)
		}
	}
	for _, source := range []string{"1 + 1", "a ==", "(", "'a", "1 == ", "{{x}} == y", strings.Repeat("(", 1000)} {
		if got, err := When(source); err == nil {
			t.Errorf("%q = %v, want an error", source, got)
		}
	}
}

func TestDepends(t *testing.T) {
	state := map[string]TaskResult{"A": TaskSucceeded, "B": TaskFailed, "c-1": TaskSkipped, "D": TaskOmitted}
	is := func(task string, r TaskResult) bool { return state[task] == r }
	for source, want := range map[string]bool{
		"A": true, "B": false, "c-1": true, "D": false, "A && B": false, "A || B": true, "A && (B.Succeeded || B.Failed)": true,
		"!B": true, "!!A": true, "A && !B.Succeeded": true, "B.Failed && c-1.Skipped": true, "D.Omitted": true,
		"A || B && D": true, "(A || B) && D": false,
	} {
		d, err := ParseDepends(source)
		if err != nil {
			t.Errorf("%q: %v", source, err)
		} else if got := d.Eval(is); got != want {
			t.Errorf("%q = %v, want %v", source, got, want)
		}
	}
	d, err := ParseDepends("A && (c-1 || A.Failed) && B")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"A", "c-1", "B"}, d.Tasks()); diff != "" {
		t.Error(diff)
	}
	for _, source := range []string{"", "A &&", "A & B", "(A", "A)", "A.Succeded", "A B", "&& A", strings.Repeat("(", 5000)} {
		if _, err := ParseDepends(source); err == nil {
			t.Errorf("%q: want an error", source)
		}
	}
	if _, err := ParseDepends(strings.Repeat("(", 5000)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("deep nesting: %v", err)
	}
}

// The fuzzers look for panics and for input that takes long.
func FuzzEval(f *testing.F) {
	for _, s := range []string{"asInt(x) + 1", "map(1..3, # + x)", "jsonpath(x, '$.a[?(@.b>1)]')", "sprig.upper(x)", "let a = x; [a, a]"} {
		f.Add(s, "5")
	}
	f.Fuzz(func(t *testing.T, source, x string) {
		start := time.Now()
		if p, err := Compile(source); err == nil {
			_, _ = p.Run(map[string]any{"x": x, "l": []any{x, 1}})
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Fatalf("took %v", d)
		}
	})
}

func FuzzWhen(f *testing.F) {
	for _, s := range []string{"a == b", "1 < 2 && x", "'x' =~ 'y'", "(a || b)", "a in (1,2)", "2024-01-01 < b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) { _, _ = When(source) })
}

func FuzzDepends(f *testing.F) {
	for _, s := range []string{"a", "a && b", "(a.Failed || !b)", "a-1.AnySucceeded"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		if d, err := ParseDepends(source); err == nil {
			if len(d.Tasks()) == 0 {
				t.Fatal("no tasks")
			}
			d.Eval(func(string, TaskResult) bool { return true })
		}
	})
}

func FuzzJSONPath(f *testing.F) {
	for _, s := range []string{"$.a", "$..b[?(@.c==1)]", "$[1:2:-1]", "$['a','b']", "$[?@.a && !@.b]"} {
		f.Add(`{"a":[1,{"b":2}]}`, s)
	}
	f.Fuzz(func(t *testing.T, doc, path string) { _, _ = JSONPath(doc, path) })
}
