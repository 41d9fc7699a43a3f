// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package health

import (
	"context"
	"regexp"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

const (
	// maxSteps is how many instructions a check may run: a hundred times what the peer's longest need.
	maxSteps = 200_000
	// maxMemory is how much text and how large tables a check may make, in bytes, over all of its run.
	maxMemory = 32 << 20
	// maxIndex is the largest number that may be an index of a table: the library fills up what lies below.
	maxIndex = 10_000
	// maxMatching bounds the work of one search by a pattern, in characters looked at.
	maxMatching = 10_000_000
)

// budget is what one run may still spend. It is the context of the Lua state: gopher-lua asks Done before each
// instruction, so it counts them, and needs no clock. It is used by one goroutine.
type budget struct {
	context.Context
	steps, memory int
	over          bool
	closed        chan struct{}
}

func newBudget() *budget {
	b := &budget{Context: context.Background(), steps: maxSteps, memory: maxMemory, closed: make(chan struct{})}
	close(b.closed)
	return b
}

// Done is asked before each instruction.
func (b *budget) Done() <-chan struct{} {
	b.steps--
	if b.steps < 0 || b.over {
		b.over = true
		return b.closed
	}
	return nil
}

// Err says why Done is closed.
func (b *budget) Err() error {
	if b.over {
		return context.DeadlineExceeded
	}
	return nil
}

// Deadline says that there is none.
func (b *budget) Deadline() (time.Time, bool) { return time.Time{}, false }

// spend charges memory, and ends the run if there is none left.
func (b *budget) spend(state *lua.LState, bytes int) {
	if bytes < 0 || bytes > b.memory {
		b.over = true
		state.RaiseError("the check takes too much memory")
	}
	b.memory -= bytes
}

// libraries are what a check has: no way to the system, to the runtime, to code that is made at run time, or to metatables.
var libraries = []struct {
	name string
	open lua.LGFunction
	keep []string
}{
	{lua.BaseLibName, lua.OpenBase, []string{"assert", "error", "ipairs", "next", "pairs", "pcall", "rawequal", "rawget", "select", "tonumber", "tostring", "type", "unpack", "_VERSION"}},
	{lua.TabLibName, lua.OpenTable, []string{"concat", "getn", "insert", "maxn", "remove", "sort"}},
	{lua.StringLibName, lua.OpenString, []string{"byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match", "rep", "reverse", "sub", "upper", "__index"}},
	{lua.MathLibName, lua.OpenMath, nil},
}

// newState returns a state in which a check runs.
func newState(b *budget) *lua.LState {
	state := lua.NewState(lua.Options{SkipOpenLibs: true, CallStackSize: 120, RegistrySize: 1 << 10, RegistryMaxSize: 64 << 10, RegistryGrowStep: 8 << 10, MinimizeStackMemory: true})
	for _, l := range libraries {
		state.Push(state.NewFunction(l.open))
		state.Push(lua.LString(l.name))
		state.Call(1, 0)
		table := state.G.Global
		if l.name != "" {
			table, _ = state.GetGlobal(l.name).(*lua.LTable)
		}
		if l.keep != nil {
			only(table, l.keep, l.name == "")
		}
	}
	limit(state, b)
	os := state.NewTable()
	os.RawSetString("time", state.NewFunction(date))
	state.SetGlobal("os", os)
	state.SetContext(b)
	return state
}

// date is os.time of a date: seconds since 1970, in UTC. The peer lets checks ask for the present time, too. A check that
// depends on it would change its mind without any event, so that is refused.
func date(state *lua.LState) int {
	if state.GetTop() == 0 {
		state.RaiseError("os.time needs a date here: a check must not depend on the present time")
	}
	table := state.CheckTable(1)
	part := func(name string, otherwise int) int {
		if n, ok := lua.LVAsNumber(table.RawGetString(name)), table.RawGetString(name) != lua.LNil; ok {
			return int(n)
		}
		return otherwise
	}
	at := time.Date(part("year", 1970), time.Month(part("month", 1)), part("day", 1), part("hour", 12), part("min", 0), part("sec", 0), 0, time.UTC)
	state.Push(lua.LNumber(at.Unix()))
	return 1
}

// only takes all functions out of a library but some. The names of other libraries stay.
func only(table *lua.LTable, keep []string, root bool) {
	var drop []lua.LValue
	table.ForEach(func(key, value lua.LValue) {
		if root && value.Type() == lua.LTTable {
			return
		}
		for _, name := range keep {
			if key.String() == name {
				return
			}
		}
		drop = append(drop, key)
	})
	for _, key := range drop {
		table.RawSet(key, lua.LNil)
	}
}

var wide = regexp.MustCompile(`%[-+ #0]*(\d{3,}|\d*\.\d{3,})`)

// limit puts bounds before the functions whose work or result can be far larger than what they are given.
func limit(state *lua.LState, b *budget) {
	texts, _ := state.GetGlobal(lua.StringLibName).(*lua.LTable)
	tables, _ := state.GetGlobal(lua.TabLibName).(*lua.LTable)
	before := func(table *lua.LTable, name string, guard func(state *lua.LState)) {
		original, _ := table.RawGetString(name).(*lua.LFunction)
		table.RawSetString(name, state.NewFunction(func(state *lua.LState) int {
			guard(state)
			return original.GFunction(state)
		}))
	}
	copies := func(state *lua.LState) { b.spend(state, len(state.CheckString(1))) }
	for _, name := range []string{"lower", "upper", "reverse"} {
		before(texts, name, copies)
	}
	before(texts, "rep", func(state *lua.LState) {
		if n := state.CheckInt(2); n > 0 {
			b.spend(state, product(len(state.CheckString(1)), n))
		}
	})
	before(texts, "format", func(state *lua.LState) {
		if wide.MatchString(state.CheckString(1)) {
			state.RaiseError("format is too wide")
		}
		size := 200 * state.GetTop()
		for i := 1; i <= state.GetTop(); i++ {
			if s, ok := state.Get(i).(lua.LString); ok {
				size += 4 * len(s)
			}
		}
		b.spend(state, size)
	})
	for _, name := range []string{"find", "match", "gmatch", "gsub"} {
		before(texts, name, func(state *lua.LState) { search(state, b, name) })
	}
	before(tables, "concat", func(state *lua.LState) {
		separator, size := len(state.OptString(2, "")), 0
		state.CheckTable(1).ForEach(func(_, v lua.LValue) { size += len(v.String()) + separator })
		b.steps -= size / 100
		b.spend(state, size)
	})
	before(tables, "insert", func(state *lua.LState) {
		state.CheckTable(1)
		if state.GetTop() > 2 {
			index(state, b, state.Get(2))
		}
		b.spend(state, 16)
	})
	before(tables, "sort", func(state *lua.LState) {
		n := state.CheckTable(1).Len()
		b.steps -= 20 * n
	})
	state.SetGlobal(nameConcat, state.NewFunction(func(state *lua.LState) int {
		left, right := operand(state, 1), operand(state, 2)
		b.spend(state, len(left)+len(right))
		state.Push(lua.LString(left + right))
		return 1
	}))
	state.SetGlobal(nameIndex, state.NewFunction(func(state *lua.LState) int {
		index(state, b, state.Get(1))
		state.Push(state.Get(1))
		return 1
	}))
}

// operand returns an argument of .. as text, of which numbers are some.
func operand(state *lua.LState, n int) string {
	switch v := state.Get(n).(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return v.String()
	default:
		state.RaiseError("attempt to concatenate a %s value", v.Type())
		return ""
	}
}

// index charges what the library may fill a table with up to a number.
func index(state *lua.LState, b *budget, key lua.LValue) {
	n, ok := key.(lua.LNumber)
	if !ok || n < 1 {
		return
	}
	if n > maxIndex {
		state.RaiseError("an index must not be larger than %d", maxIndex)
	}
	b.spend(state, 16*int(n))
}

// search bounds a search by a pattern, whose work grows with the power of its repetitions, and what it may put in place.
func search(state *lua.LState, b *budget, name string) {
	subject, pattern := state.CheckString(1), state.CheckString(2)
	work := ways(len(subject), repetitions(pattern))
	if work > maxMatching && name == "find" && state.GetTop() > 3 && lua.LVAsBool(state.Get(4)) {
		work = len(subject) // a plain search
	}
	if work > maxMatching {
		state.RaiseError("the pattern takes too long on a text of %d bytes", len(subject))
	}
	b.steps -= work / 100
	if name != "gsub" {
		return
	}
	switch by := state.Get(3).(type) {
	case lua.LString, lua.LNumber:
		s := by.String()
		b.spend(state, product(len(subject)+1, len(s)+strings.Count(s, "%")*len(subject)+1))
	case *lua.LTable:
		longest := 0
		by.ForEach(func(_, v lua.LValue) { longest = max(longest, len(v.String())) })
		b.spend(state, product(len(subject)+1, longest+1))
	default:
		state.RaiseError("gsub takes a text or a table here")
	}
}

// repetitions counts the items of a pattern that may match texts of several lengths, and where the pattern may begin.
func repetitions(pattern string) int {
	n, item := 1, false // item tells that what stands before may be repeated
	if strings.HasPrefix(pattern, "^") {
		n, pattern = 0, pattern[1:]
	}
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case item && strings.IndexByte("*+-?", c) >= 0:
			n, item = n+1, false
		case c == '%' && i+1 < len(pattern):
			i++
			if pattern[i] == 'b' {
				n++
			}
			item = true
		case c == '[':
			end := strings.IndexByte(pattern[min(i+2, len(pattern)):], ']')
			if end < 0 {
				return len(pattern)
			}
			i, item = i+2+end, true
		default:
			item = c != '(' && c != ')'
		}
	}
	return n
}

// ways is in how many ways some repetitions can share a text of n characters, or a number beyond maxMatching.
func ways(n, repetitions int) int {
	work := n + 1
	for i := 2; i <= repetitions && work <= maxMatching; i++ {
		work = work * (n + i) / i
	}
	return work
}

// product multiplies without overflow.
func product(a, b int) int {
	if a > 0 && b > (1<<40)/a {
		return 1 << 40
	}
	return a * b
}
