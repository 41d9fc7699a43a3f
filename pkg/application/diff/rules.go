// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package diff

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/glob"
)

// Rules are compiled rules of ignoreDifferences. They do not change, and may be used at once by several. Nil has none.
type Rules struct{ all []compiled }

type compiled struct {
	appv1.ResourceIgnoreDifferences
	pointers [][]string
	queries  []*query
}

// CompileRules compiles rules of applications and settings. An error names the rule that is wrong.
func CompileRules(rules ...appv1.ResourceIgnoreDifferences) (*Rules, error) {
	out := &Rules{}
	for i, r := range rules {
		c := compiled{ResourceIgnoreDifferences: r}
		for _, p := range r.JSONPointers {
			tokens, err := pointer(p)
			if err != nil {
				return nil, fmt.Errorf("ignoreDifferences[%d]: %w", i, err)
			}
			c.pointers = append(c.pointers, tokens)
		}
		for _, e := range r.JQPathExpressions {
			q, err := compileQuery(e)
			if err != nil {
				return nil, fmt.Errorf("ignoreDifferences[%d]: %w", i, err)
			}
			c.queries = append(c.queries, q)
		}
		out.all = append(out.all, c)
	}
	return out, nil
}

// pointer returns the steps of a JSON pointer (RFC 6901).
func pointer(p string) ([]string, error) {
	rest, ok := strings.CutPrefix(p, "/")
	if !ok {
		return nil, fmt.Errorf("%q is no JSON pointer: it must begin with /", p)
	}
	tokens := strings.Split(rest, "/")
	for i := range tokens {
		tokens[i] = strings.ReplaceAll(strings.ReplaceAll(tokens[i], "~1", "/"), "~0", "~")
	}
	return tokens, nil
}

// matches tells whether a rule is about an object. Group and kind are globs, as the peer has them.
func (c *compiled) matches(u *unstructured.Unstructured) bool {
	gvk := u.GroupVersionKind()
	return glob.Match(c.Group, gvk.Group) && glob.Match(c.Kind, gvk.Kind) &&
		(c.Name == "" || c.Name == u.GetName()) && (c.Namespace == "" || c.Namespace == u.GetNamespace())
}

// of returns the rules that are about an object.
func (r *Rules) of(u *unstructured.Unstructured) []compiled {
	if r == nil {
		return nil
	}
	var out []compiled
	for i := range r.all {
		if r.all[i].matches(u) {
			out = append(out, r.all[i])
		}
	}
	return out
}

// forget takes what rules ignore out of the two sides of a comparison. live is the live object with its managed fields.
func (r *Rules) forget(live, l, p *unstructured.Unstructured) error {
	for _, c := range r.of(live) {
		if len(c.ManagedFieldsManagers) > 0 {
			owned := ownedBy(live, c.ManagedFieldsManagers)
			removeSet(l.Object, owned)
			removeSet(p.Object, owned)
		}
		for _, u := range []*unstructured.Unstructured{l, p} {
			paths, err := c.paths(u.Object)
			if err != nil {
				return err
			}
			removePaths(u.Object, paths)
		}
	}
	return nil
}

// paths are the places in an object that pointers and queries name. Steps are string and int.
func (c *compiled) paths(o map[string]any) ([][]any, error) {
	var out [][]any
	for _, tokens := range c.pointers {
		if path, there := resolve(o, tokens); there {
			out = append(out, path)
		}
	}
	for _, q := range c.queries {
		found, err := q.paths(o)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

// IgnoredFields returns a copy of an object without the parts that rules ignore. It is what a watch compares to tell
// whether a change of an object is one that matters (ignoreResourceUpdates of the settings).
func (r *Rules) IgnoredFields(u *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	out := u.DeepCopy()
	if err := r.forget(u, out, out); err != nil {
		return nil, failure(u, "leaving out ignored parts of", err)
	}
	return out, nil
}

// IgnoreInTarget returns the target with those parts that rules ignore as they are in the live object, for the sync
// option RespectIgnoreDifferences. Status is left alone. The target itself is returned where nothing changes.
func IgnoreInTarget(target, live *unstructured.Unstructured, o Options) (*unstructured.Unstructured, error) {
	if target == nil || live == nil {
		return target, nil
	}
	rules := o.Rules.of(target)
	if len(rules) == 0 {
		return target, nil
	}
	out := target.DeepCopy()
	for _, c := range rules {
		inLive, err := c.paths(live.Object)
		if err != nil {
			return nil, failure(target, "keeping ignored parts of", err)
		}
		inTarget, err := c.paths(out.Object)
		if err != nil {
			return nil, failure(target, "keeping ignored parts of", err)
		}
		if len(c.ManagedFieldsManagers) > 0 {
			// Only fields that the target has, too: all others stay as they are anyway, since nobody claims them.
			into, from := maps.Clone(out.Object), maps.Clone(live.Object)
			delete(into, "status")
			keepOwned(into, from, ownedBy(live, c.ManagedFieldsManagers))
			maps.Copy(out.Object, into)
		}
		gone := slices.DeleteFunc(slices.Clone(inTarget), func(path []any) bool {
			_, there := getPath(live.Object, path)
			return there || path[0] == "status"
		})
		for _, path := range inLive {
			if value, there := getPath(live.Object, path); there && path[0] != "status" {
				setPath(out.Object, path, value)
			}
		}
		removePaths(out.Object, gone)
	}
	return out, nil
}
