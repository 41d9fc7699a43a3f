// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
	"argosy.dev/argosy/pkg/application/diff"
)

// ignored are parts of objects, as settings write them.
type ignored struct {
	JSONPointers          []string `json:"jsonPointers,omitempty"`
	JQPathExpressions     []string `json:"jqPathExpressions,omitempty"`
	ManagedFieldsManagers []string `json:"managedFieldsManagers,omitempty"`
}

type knownField struct {
	Field string `json:"field"`
	Type  string `json:"type"`
}

// customization reads resource.customizations.WHAT.GROUP_KIND, in which the group of the core kinds is left out, and
// "all" is all kinds.
func (p *parser) customization(key, value string) error {
	what, name, ok := strings.Cut(key, ".")
	if !ok || name == "" {
		return errors.New("is not resource.customizations.WHAT.GROUP_KIND")
	}
	group, kind, grouped := strings.Cut(name, "_")
	if !grouped {
		group, kind = "", name
	}
	if kind == "" {
		return errors.New("names no kind")
	}
	switch what {
	case "health":
		return p.check(group, kind, value)
	case "useOpenLibs":
		return openLibs(value)
	case "actions":
		return nil // they are not built yet, and change nothing of what is compared
	case "knownTypeFields":
		var fields []knownField
		if err := into(value, &fields); err != nil {
			return err
		}
		return p.known(group, kind, fields)
	case "ignoreDifferences", "ignoreResourceUpdates":
		if name == "all" {
			group, kind = "*", "*"
		}
		var parts ignored
		if err := into(value, &parts); err != nil {
			return err
		}
		p.ignore(what, group, kind, parts)
		return nil
	}
	return fmt.Errorf("%q is not known: it is one of health, useOpenLibs, actions, knownTypeFields, ignoreDifferences and ignoreResourceUpdates", short(what))
}

// customizations reads resource.customizations: all of them in one map, by GROUP/KIND, either of which may be a glob.
func (p *parser) customizations(value string) error {
	var all map[string]struct {
		Health                string       `json:"health.lua,omitempty"`
		UseOpenLibs           bool         `json:"health.lua.useOpenLibs,omitempty"`
		Actions               string       `json:"actions,omitempty"`
		IgnoreDifferences     string       `json:"ignoreDifferences,omitempty"`
		IgnoreResourceUpdates string       `json:"ignoreResourceUpdates,omitempty"`
		KnownTypeFields       []knownField `json:"knownTypeFields,omitempty"`
	}
	if err := into(value, &all); err != nil {
		return err
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(all)) {
		c := all[name]
		group, kind, grouped := strings.Cut(name, "/")
		if !grouped {
			group, kind = "", name
		}
		fail := func(err error) {
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", short(name), err))
			}
		}
		if c.Health != "" {
			fail(p.check(group, kind, c.Health))
		}
		if c.UseOpenLibs {
			fail(openLibs("true"))
		}
		fail(p.known(group, kind, c.KnownTypeFields))
		for what, text := range map[string]string{"ignoreDifferences": c.IgnoreDifferences, "ignoreResourceUpdates": c.IgnoreResourceUpdates} {
			if text == "" {
				continue
			}
			var parts ignored
			if err := into(text, &parts); err != nil {
				fail(fmt.Errorf("%s: %w", what, err))
				continue
			}
			g, k := group, kind
			if name == "*/*" || name == "all" {
				g, k = "*", "*"
			}
			p.ignore(what, g, k, parts)
		}
	}
	return errors.Join(errs...)
}

func (p *parser) check(group, kind, script string) error {
	name := kind
	if group != "" {
		name = group + "/" + kind
	}
	p.checks[name] = check{p.key, script}
	return nil
}

// openLibs refuses what would give checks the libraries that reach out of the object.
func openLibs(value string) error {
	on, err := boolean(value)
	if err != nil {
		return err
	}
	if on {
		return errors.New("checks of health have no libraries but those of text, tables and numbers")
	}
	return nil
}

func (p *parser) known(group, kind string, fields []knownField) error {
	known := make([]diff.KnownType, 0, len(fields))
	for i, f := range fields {
		k := diff.KnownType{Group: group, Kind: kind, Field: f.Field, Type: f.Type}
		if err := k.Validate(); err != nil {
			return fmt.Errorf("[%d]: %w", i, err)
		}
		known = append(known, k)
	}
	p.KnownTypes = append(p.KnownTypes, known...)
	return nil
}

func (p *parser) ignore(what, group, kind string, parts ignored) {
	r := rule{p.key, appv1.ResourceIgnoreDifferences{
		Group: group, Kind: kind,
		JSONPointers: parts.JSONPointers, JQPathExpressions: parts.JQPathExpressions, ManagedFieldsManagers: parts.ManagedFieldsManagers,
	}}
	if what == "ignoreDifferences" {
		p.ignores = append(p.ignores, r)
	} else {
		p.updates = append(p.updates, r)
	}
}
