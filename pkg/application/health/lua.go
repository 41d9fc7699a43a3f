// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package health

import (
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// maxScript is longer than any check that people write, in bytes. It bounds how deep the parser's results are nested.
const maxScript = 64 << 10

// check is a compiled check. It does not change, and may run several times at once.
type check struct{ proto *lua.FunctionProto }

func compile(name, script string) (*check, error) {
	if len(script) > maxScript {
		return nil, fmt.Errorf("is longer than %d bytes", maxScript)
	}
	chunk, err := parse.Parse(strings.NewReader(script), name)
	if err != nil {
		return nil, fmt.Errorf("is no Lua: %w", err)
	}
	proto, err := lua.Compile(guard(chunk), name)
	if err != nil {
		return nil, fmt.Errorf("is no Lua: %w", err)
	}
	return &check{proto}, nil
}

// run gives a check an object, as the global obj, and returns what it says: a table with status and message. No answer is
// Healthy with an empty message if the check returns an empty table, as for the peer: unknown status is Unknown.
func (c *check) run(object map[string]any) (*appv1.HealthStatus, error) {
	spent := newBudget()
	state := newState(spent)
	defer state.Close()
	value, err := toLua(state, object, 0)
	if err != nil {
		return nil, err
	}
	state.SetGlobal("obj", value)
	state.Push(state.NewFunctionFromProto(c.proto))
	if err := state.PCall(0, 1, nil); err != nil {
		if spent.over {
			return nil, errors.New("the check takes too many steps, or too much memory")
		}
		return nil, fmt.Errorf("the check fails: %s", reason(err))
	}
	table, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf("the check returns a %s instead of a table", state.Get(-1).Type())
	}
	code, message := appv1.HealthStatusCode(text(table, "status")), text(table, "message")
	if code == "" {
		return status(appv1.HealthHealthy, "%s", message), nil
	}
	if rank(code) == len(order) {
		return status(appv1.HealthUnknown, "Lua returned an invalid health status"), nil
	}
	return status(code, "%s", message), nil
}

func text(t *lua.LTable, key string) string {
	if v := t.RawGetString(key); v != lua.LNil {
		return v.String()
	}
	return ""
}

// reason is what an error of Lua says, without the stack.
func reason(err error) string {
	var failed *lua.ApiError
	if errors.As(err, &failed) && failed.Object != lua.LNil {
		return short(failed.Object.String())
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	return short(first)
}

// maxDepth bounds how deep an object is nested. The API server's own bound on JSON is larger, and no object needs it.
const maxDepth = 200

// toLua makes a value of JSON one of Lua. null is absent, as it is for the peer.
func toLua(state *lua.LState, value any, depth int) (lua.LValue, error) {
	if depth > maxDepth {
		return nil, errors.New("the object is nested too deeply")
	}
	switch v := value.(type) {
	case nil:
		return lua.LNil, nil
	case bool:
		return lua.LBool(v), nil
	case string:
		return lua.LString(v), nil
	case int64:
		return lua.LNumber(v), nil
	case int:
		return lua.LNumber(v), nil
	case float64:
		return lua.LNumber(v), nil
	case []any:
		table := state.CreateTable(len(v), 0)
		for _, item := range v {
			element, err := toLua(state, item, depth+1)
			if err != nil {
				return nil, err
			}
			table.Append(element)
		}
		return table, nil
	case map[string]any:
		table := state.CreateTable(0, len(v))
		for key, item := range v {
			element, err := toLua(state, item, depth+1)
			if err != nil {
				return nil, err
			}
			table.RawSetString(key, element)
		}
		return table, nil
	}
	return nil, fmt.Errorf("a value of type %T has no place in an object", value)
}
