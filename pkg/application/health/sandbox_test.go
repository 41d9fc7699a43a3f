// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package health

import (
	"runtime"
	"strings"
	"testing"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

// What a user's check may try, and must not get: time, memory, or anything outside of it.
func TestHostileChecks(t *testing.T) {
	for name, script := range map[string]string{
		"loop":                   `while true do end`,
		"loop that catches":      `while true do pcall(function() while true do end end) end`,
		"recursion":              `local function f() return f() + 1 end return f()`,
		"tail calls":             `local function f() return f() end return f()`,
		"doubled text":           `local s = "x" while true do s = s .. s end`,
		"doubled text, 30 times": `local s = "0123456789abcdef" for i = 1, 30 do s = s .. s end return {message = s}`,
		"repeated text":          `return {message = string.rep("x", 1e10)}`,
		"repeated by method":     `return {message = ("x"):rep(1e10)}`,
		"wide format":            `return {message = string.format("%1000000000d", 1)}`,
		"wide precision":         `return {message = string.format("%.1000000000f", 1)}`,
		"text of tables":         `local s = string.rep("x", 1e6) local t = {} for i = 1, 1000 do t[i] = s end return {message = table.concat(t)}`,
		"replaced":               `local s = string.rep("x", 1e4) return {message = string.gsub(s, "x", s)}`,
		"replaced by captures":   `local s = string.rep("x", 1e4) return {message = string.gsub(s, ".*", "%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0%0")}`,
		"slow pattern":           `return {message = string.find(string.rep("a", 1000), "a*a*a*a*a*a*a*b")}`,
		"slow pattern of a set":  `return {message = string.match(string.rep("a", 1000), "[a]*[a]*[a]*[a]*[a]*[a]*b")}`,
		"sparse table":           `local t = {} for i = 1, 1000 do t[60000000 + i] = 1 end`,
		"sparse tables":          `local all = {} for i = 1, 10000 do local t = {} t[9999] = 1 all[i] = t end`,
		"sparse constructor":     `local all = {} for i = 1, 10000 do all[i] = {[9999] = 1} end`,
		"sparse insert":          `local all = {} for i = 1, 10000 do local t = {} table.insert(t, 9999, 1) all[i] = t end`,
		"unpack":                 `return {message = select("#", unpack({}, 1, 1e8))}`,
		"os":                     `return {message = os.getenv("HOME")}`,
		"execute":                `os.execute("true")`,
		"io":                     `io.open("/etc/passwd")`,
		"load":                   `load("return 1")()`,
		"loadstring":             `loadstring("return 1")()`,
		"dofile":                 `dofile("/etc/passwd")`,
		"require":                `require("os")`,
		"debug":                  `debug.getinfo(1)`,
		"package":                `package.loadlib("x", "y")`,
		"collectgarbage":         `collectgarbage()`,
		"metatables":             `setmetatable({}, {})`,
		"environments":           `getfenv(0)`,
		"globals":                `_G["x"] = 1`,
		"coroutines":             `coroutine.create(function() end)`,
		"channels":               `channel.make()`,
		"the time":               `return {message = tostring(os.time())}`,
		"no table":               `return 1`,
		"nothing":                ``,
	} {
		t.Run(name, func(t *testing.T) {
			c, err := compile(name, script)
			if err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got, err := c.run(map[string]any{})
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Errorf("ends without an error: %+.200v", got)
			}
			if made := after.TotalAlloc - before.TotalAlloc; made > 256<<20 {
				t.Errorf("takes %d MiB", made>>20)
			}
		})
	}
	for name, script := range map[string]string{"long": strings.Repeat(" ", maxScript+1), "no Lua": "return {", "deep": strings.Repeat("(", 60_000)} {
		if _, err := compile(name, script); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// What honest checks do works as in the language itself.
func TestHonestChecks(t *testing.T) {
	for script, want := range map[string]string{
		`return {message = "a" .. 1 .. "b" .. 2.5}`:                                        "a1b2.5",
		`local t = {} t[1] = "x" t[#t + 1] = "y" return {message = table.concat(t, ",")}`:  "x,y",
		`local t = {["k"] = {[1] = "v"}} return {message = t.k[1] .. t["k"][1]}`:           "vv",
		`local s = "" for i = 1, 3 do s = s .. i end return {message = s}`:                 "123",
		`return {message = string.format("%5.2f|%s|%d", 1.5, "x", 3)}`:                     " 1.50|x|3",
		`return {message = (string.gsub("hello world", "o", "0"))}`:                        "hell0 w0rld",
		`return {message = ("v1.2.3"):match("v(%d+)%.(%d+)")}`:                             "1",
		`local ok, e = pcall(function() error("no") end) return {message = tostring(ok)}`:  "false",
		`return {message = tostring(os.time({year=2020, month=1, day=1, hour=0}))}`:        "1577836800",
		`local t = {3, 1, 2} table.sort(t) return {message = t[1] .. t[2] .. t[3]}`:        "123",
		`if obj.absent == nil and obj.null == nil then return {message = obj.list[2]} end`: "b",
	} {
		c, err := compile("honest", script)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.run(map[string]any{"null": nil, "list": []any{"a", "b"}})
		if err != nil || got.Message != want || got.Status != appv1.HealthHealthy {
			t.Errorf("%s: got %+v, want %q: %v", script, got, want, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(`return {status = "Healthy", message = obj.a}`)
	f.Add(`local t = {} for i = 1, 10 do t[i] = i .. "" end return {message = table.concat(t)}`)
	f.Add(`return {message = string.gsub(obj.a, "(%a+)", "%1%1")}`)
	f.Fuzz(func(t *testing.T, script string) {
		c, err := compile("fuzz", script)
		if err != nil {
			return
		}
		if got, err := c.run(map[string]any{"a": "text", "b": []any{int64(1)}}); err == nil && rank(got.Status) == len(order) {
			t.Errorf("an unknown status: %+v", got)
		}
	})
}
