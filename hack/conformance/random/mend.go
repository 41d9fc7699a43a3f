// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package random

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"argosy.dev/argosy/hack/schemas"
)

// plausible makes up text that many a place takes.
func plausible(path string, _ *schemas.Schema) string {
	name := strings.ToLower(path[strings.LastIndexAny(path, ".[{")+1:])
	for _, hint := range hints {
		if hint.name.MatchString(name) {
			return hint.text
		}
	}
	return "a"
}

// hints are texts by the names of properties, of which the first counts that fits.
var hints = []struct {
	name *regexp.Regexp
	text string
}{
	{regexp.MustCompile(`^template$|^entrypoint$|^onexit$`), "main"},
	{regexp.MustCompile(`^operator$`), "In"},
	{regexp.MustCompile(`timezone`), "Europe/Berlin"},
	{regexp.MustCompile(`fieldpath`), "metadata.name"},
	{regexp.MustCompile(`namespace`), "default"},
	{regexp.MustCompile(`timeout|duration|interval|delay|period|ttl|maxage|factor$`), "10s"},
	{regexp.MustCompile(`^(schedule|cron)s?$`), "0 0 * * *"},
	{regexp.MustCompile(`url$|^server$|endpoint|address$`), "https://a.example/b"},
	{regexp.MustCompile(`^port$|^code$|number`), "8080"},
	{regexp.MustCompile(`condition|expression|^when$`), "true"},
	{regexp.MustCompile(`quantity|limit|size`), "1Gi"},
	{regexp.MustCompile(`^jq|query`), "."},
	{regexp.MustCompile(`path$|prefix$`), "/a"},
}

// alternatives are tried one after the other where the server does not like a text. The empty one is not among them:
// our types drop it, as Kubernetes' own do.
var alternatives = []string{"b-1", "10s", "1", "/a", "https://a.example/b", "true", "0 0 * * *", "main", "a.b/c", "5%", "2026-11-22T20:50:00Z"}

// numbers are tried where the server does not like a number.
var numbers = []json.Number{"1", "0", "2", "100", "8080", "-1"}

const (
	mostRounds = 60
	mostTries  = 16
)

// mender changes an object until the server takes it.
type mender struct {
	*sender
	targets []string
	obj     map[string]any
	// tried counts, by path, how often the server complained of a place.
	tried map[string]int
	// last is what the server said last.
	last string
}

// mend asks the server what is wrong, without storing anything, and mends it. It is false if that does not end.
func (m *mender) mend(ctx context.Context) (bool, error) {
	m.tried = map[string]int{}
	for range mostRounds {
		answer, err := m.send(ctx, http.MethodPost, compatGroup, "", m.dryRun(), m.obj)
		if err != nil {
			return false, err
		}
		if answer.refused == nil {
			return true, nil
		}
		m.last = answer.refused.status.Message
		complaints := complaintsOf(answer.refused)
		if len(complaints) == 0 {
			// A place that is open in the schema, but not in the peer either.
			return false, nil
		}
		m.answer(complaints)
	}
	return false, nil
}

// complaint is what the server says of a place.
type complaint struct {
	path    []any // string for keys, int for elements
	message string
	// missing: something should be there. forbidden: nothing should.
	missing, forbidden bool
}

var unknownField = regexp.MustCompile(`unknown field "([^"]+)"`)

func complaintsOf(r *refusal) []complaint {
	var out []complaint
	seen := map[string]bool{}
	add := func(field, message string, cause metav1.CauseType) {
		if !seen[field] {
			seen[field] = true
			out = append(out, complaint{parsePath(field), message, cause == metav1.CauseTypeFieldValueRequired, cause == metav1.CauseTypeForbidden})
		}
	}
	if r.status.Details != nil {
		for _, c := range r.status.Details.Causes {
			if c.Field != "" {
				add(c.Field, c.Message, c.Type)
			}
		}
	}
	for _, found := range unknownField.FindAllStringSubmatch(r.status.Message, -1) {
		add(found[1], r.status.Message, metav1.CauseTypeForbidden)
	}
	// The last places first, so that those before them keep their numbers.
	slices.SortFunc(out, func(a, b complaint) int { return -slices.CompareFunc(a.path, b.path, compareSteps) })
	return out
}

func compareSteps(a, b any) int {
	i, ok := a.(int)
	j, both := b.(int)
	if ok && both {
		return i - j
	}
	return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

// parsePath takes apart a path as field errors write it: a.b[2].c[key].d.
func parsePath(text string) []any {
	var path []any
	for len(text) > 0 {
		switch {
		case text[0] == '.':
			text = text[1:]
		case text[0] == '[':
			end := strings.IndexByte(text, ']')
			if end < 0 {
				return path
			}
			key := text[1:end]
			if n := 0; isNumber(key, &n) {
				path = append(path, n)
			} else {
				path = append(path, key)
			}
			text = text[end+1:]
		default:
			end := strings.IndexAny(text, ".[")
			if end < 0 {
				end = len(text)
			}
			path = append(path, text[:end])
			text = text[end:]
		}
	}
	return path
}

func isNumber(text string, n *int) bool {
	_, err := fmt.Sscanf(text, "%d", n)
	return err == nil && fmt.Sprint(*n) == text
}

// answer mends what the server complained of.
func (m *mender) answer(complaints []complaint) {
	for _, c := range complaints {
		if len(c.path) == 0 || c.path[0] == "metadata" {
			continue
		}
		m.at(c.path, c)
	}
}

// at mends one place, or the next larger one if that was tried often enough.
func (m *mender) at(path []any, c complaint) {
	if len(path) == 0 {
		m.obj = m.whole()
		return
	}
	key := fmt.Sprint(path...)
	n := m.tried[key]
	m.tried[key]++
	outer := path[:len(path)-1]
	if n >= mostTries {
		m.at(outer, complaint{message: c.message})
		return
	}
	value, found := get(m.obj, path)
	switch {
	case !found:
		if n >= 2 || !c.missing || !m.fill(path, n) {
			m.at(outer, complaint{message: c.message})
		}
		return
	case c.forbidden:
		// It may be in the way of something that is not wanted.
		if n == 0 && m.leads(path) < len(m.targets) && (m.removeOthers(outer, c.message) || m.removeMentioned(c.message)) {
			return
		}
		if n == 0 {
			remove(m.obj, path)
			return
		}
	default:
		if m.replace(path, value, n, c) {
			return
		}
	}
	m.drop(path)
	m.tried[key] = mostTries
}

// replace tries something else at a place. It is false if there is nothing left to try.
func (m *mender) replace(path []any, value any, n int, c complaint) bool {
	switch v := value.(type) {
	case string:
		options := append(supported(c.message), alternatives...)
		return n < len(options) && set(m.obj, path, options[n])
	case json.Number:
		return n < len(numbers) && set(m.obj, path, numbers[n])
	case bool:
		return n < 2 && set(m.obj, path, !v)
	case []any:
		// Perhaps there are too few, or too many.
		switch {
		case n < 2 && len(v) == 0:
			return m.fill(path, n)
		case n < 2:
			return set(m.obj, path, append(slices.Clone(v), clone(v[len(v)-1])))
		case n == 2 && len(v) > 1:
			return set(m.obj, path, v[:1])
		}
	case map[string]any:
		if c.missing {
			// The message names what is missing.
			at := m.kind.Find(m.kind.PathOf(path))
			if at == nil {
				return false
			}
			var absent []string
			for _, name := range m.named(path, c.message) {
				if _, there := v[name]; !there && at.Properties[name] != nil {
					absent = append(absent, name)
				}
			}
			return n < len(absent) && m.fill(append(slices.Clone(path), absent[n]), n)
		}
		if n == 0 && m.removeOthers(path, c.message) {
			return true
		}
		// Perhaps too much was said at once: each part by itself.
		names := m.children(path, v)
		return n < len(names) && n < 6 && len(v) > 1 && set(m.obj, path, map[string]any{names[n]: v[names[n]]})
	}
	return false
}

var words = regexp.MustCompile(`[A-Za-z][A-Za-z0-9]*`)

// named are the properties below a place that a message may mean, those first that lead to what is to be tried.
func (m *mender) named(path []any, message string) []string {
	found := map[string]any{}
	for _, w := range words.FindAllString(message, -1) {
		found[w] = nil
	}
	return m.children(path, found)
}

// removeOthers takes out, of the properties below a place that a message names, those that lead to nothing that is to
// be tried, or all but the first. It is false if that is none.
func (m *mender) removeOthers(path []any, message string) bool {
	value, _ := get(m.obj, path)
	v, ok := value.(map[string]any)
	if !ok {
		return false
	}
	names := slices.DeleteFunc(m.named(path, message), func(name string) bool {
		_, there := v[name]
		return !there
	})
	removed := false
	for i, name := range names {
		if i > 0 || m.leads(append(slices.Clone(path), name)) == len(m.targets) {
			delete(v, name)
			removed = true
		}
	}
	return removed
}

var mentioned = regexp.MustCompile(`\bspec(\.[A-Za-z]+|\[[^\]]+\])+`)

// removeMentioned takes out what a message names by its path, if it leads to nothing that is to be tried.
func (m *mender) removeMentioned(message string) bool {
	removed := false
	for _, text := range mentioned.FindAllString(message, -1) {
		path := parsePath(text)
		if _, found := get(m.obj, path); found && m.leads(path) == len(m.targets) {
			remove(m.obj, path)
			removed = true
		}
	}
	return removed
}

// fill sets what the server misses.
func (m *mender) fill(path []any, n int) bool {
	at := m.kind.PathOf(path)
	s := m.kind.Find(at)
	if _, ok := get(m.obj, path[:len(path)-1]); !ok || s == nil || s.Open() {
		return false
	}
	g := schemas.NewGenerator(uint64(n))
	g.Plain = true
	g.Text = plausible
	g.Toward(append(slices.Clone(m.targets), at, at+"[]"))
	return set(m.obj, path, g.Untyped(at, s))
}

// leads returns which is the first target at or below a place; if there is none, how many there are.
func (m *mender) leads(path []any) int {
	at := m.kind.PathOf(path)
	for i, t := range m.targets {
		if t == at || strings.HasPrefix(t, at) && strings.IndexByte(".[{", t[len(at)]) >= 0 {
			return i
		}
	}
	return len(m.targets)
}

// children are names below a place, those first that lead to what is to be tried.
func (m *mender) children(path []any, v map[string]any) []string {
	return slices.SortedFunc(maps.Keys(v), func(a, b string) int {
		if d := m.leads(append(slices.Clone(path), a)) - m.leads(append(slices.Clone(path), b)); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
}

// drop takes a place out, or makes it what the skeleton has there.
func (m *mender) drop(path []any) {
	if v, ok := get(m.whole(), path); ok {
		set(m.obj, path, clone(v))
		return
	}
	remove(m.obj, path)
}

// whole is the skeleton with the head of the object.
func (m *mender) whole() map[string]any {
	out := clone(m.skeleton).(map[string]any)
	for _, head := range []string{"apiVersion", "kind", "metadata"} {
		out[head] = m.obj[head]
	}
	return out
}

var supportedValues = regexp.MustCompile(`supported values: (.*)$`)

// supported are the values that a message lists.
func supported(message string) []string {
	found := supportedValues.FindStringSubmatch(message)
	if found == nil {
		return nil
	}
	var out []string
	for _, v := range strings.Split(found[1], ", ") {
		out = append(out, strings.Trim(v, `"`))
	}
	return out
}
