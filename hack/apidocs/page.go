// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"argosy.dev/argosy/apis/argoproj"
	"argosy.dev/argosy/apis/scheme"
)

// page is the reference of one family. Its models are sorted.
type page struct {
	gv     schema.GroupVersion
	models models
	// kinds are stored, requests are posted to verbs, others are options and
	// answers of what is read, nested is what these refer to.
	kinds, requests, others, nested []string
}

func newPage(gv schema.GroupVersion, all models) (*page, error) {
	p := &page{gv: gv, models: all}
	types := scheme.Scheme.KnownTypes(gv)
	reached := map[string]bool{}
	for _, kind := range slices.Sorted(maps.Keys(types)) {
		if !strings.HasPrefix(types[kind].PkgPath(), "argosy.dev/") || types[strings.TrimSuffix(kind, "List")] != nil && strings.HasSuffix(kind, "List") {
			continue
		}
		named, ok := reflect.New(types[kind]).Interface().(interface{ OpenAPIModelName() string })
		if !ok {
			return nil, fmt.Errorf("%s has no OpenAPI model", kind)
		}
		model := named.OpenAPIModelName()
		switch _, listed := types[kind+"List"]; {
		case listed:
			p.kinds = append(p.kinds, model)
		case strings.Contains(fmt.Sprint(fieldNames(types[kind])), "preconditions"):
			p.requests = append(p.requests, model)
		default:
			p.others = append(p.others, model)
		}
		all.reach(model, reached)
	}
	for _, name := range slices.Concat(p.kinds, p.requests, p.others) {
		delete(reached, name)
	}
	p.nested = slices.SortedFunc(maps.Keys(reached), func(a, b string) int { return strings.Compare(short(a), short(b)) })
	return p, nil
}

// fieldNames are the JSON names of all fields of a structure.
func fieldNames(t reflect.Type) []string {
	var out []string
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		out = append(out, name)
	}
	return out
}

func (p *page) write(w io.Writer) {
	family := strings.TrimSuffix(p.gv.Group, groupSuffix)
	fmt.Fprintln(w, "<!-- Written by hack/apidocs from the Go types in apis/. Change those, then run make generate. -->")
	fmt.Fprintf(w, "# The %s family: API reference\n\n", family)
	fmt.Fprintf(w, "Group `%s`, and the same objects as `%s`. `kubectl explain` prints the same texts. Every kind has `apiVersion` and\n", p.gv, argoproj.SchemeGroupVersion)
	fmt.Fprint(w, "`kind`. Types of Kubernetes' own are named by group and version, and described in its own reference.\n\n")
	for _, part := range []struct {
		title string
		names []string
	}{
		{"Kinds", p.kinds},
		{"Requests of verbs", p.requests},
		{"Options and answers", p.others},
		{"Types", p.nested},
	} {
		if len(part.names) == 0 {
			continue
		}
		var links []string
		for _, name := range part.names {
			links = append(links, link(name))
		}
		fmt.Fprintf(w, "**%s:** %s\n\n", part.title, strings.Join(links, " · "))
	}
	for _, name := range slices.Concat(p.kinds, p.requests, p.others, p.nested) {
		p.section(w, name)
	}
}

func (p *page) section(w io.Writer, name string) {
	model := p.models[name]
	fmt.Fprintf(w, "## %s\n\n", short(name))
	if model.Description != "" {
		fmt.Fprintf(w, "%s\n\n", inline(model.Description))
	}
	fields := p.models.fields(name)
	if len(fields) == 0 {
		return
	}
	fmt.Fprint(w, "| field | type | meaning |\n|---|---|---|\n")
	for _, f := range fields {
		text := inline(f.text)
		if f.required {
			text = "**Required.** " + text
		}
		fmt.Fprintf(w, "| `%s` | %s | %s |\n", f.name, p.typeOf(&f.typ), text)
	}
	fmt.Fprintln(w)
}

// typeOf names a type, with a link where it is described on the page.
func (p *page) typeOf(s *spec.Schema) string {
	if name := referred(s); name != "" {
		switch {
		case p.models.hasSection(name):
			return link(name)
		case strings.HasPrefix(name, ours):
			model := p.models[name]
			return p.plain(&model, name)
		default:
			return kubernetes(name)
		}
	}
	if e := elements(s); e != nil {
		if s.Items != nil {
			return "list of " + p.typeOf(e)
		}
		return "map of " + p.typeOf(e)
	}
	return p.plain(s, "")
}

// plain names a type without fields.
func (p *page) plain(s *spec.Schema, name string) string {
	switch {
	case len(s.OneOf) > 0:
		var types []string
		for _, one := range s.OneOf {
			types = append(types, one.Type...)
		}
		return strings.Join(types, " or ")
	case s.Format == "int-or-string":
		return "integer or string"
	case len(s.Type) == 0:
		return "any JSON"
	case s.Type.Contains("object"):
		if name != "" && len(s.Properties) == 0 && !strings.Contains(name, ".raw.") {
			return "empty object"
		}
		return "any object"
	case s.Format != "":
		return s.Type[0] + ", " + s.Format
	default:
		return s.Type[0]
	}
}

// kubernetes names a type of Kubernetes' own: core/v1 Container.
func kubernetes(name string) string {
	parts := strings.Split(name, ".")
	if len(parts) < 3 {
		return name
	}
	return fmt.Sprintf("%s %s", strings.Join(parts[len(parts)-3:len(parts)-1], "/"), parts[len(parts)-1])
}

// short is the name of a model without its package.
func short(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

func link(name string) string {
	return fmt.Sprintf("[%s](#%s)", short(name), strings.ToLower(short(name)))
}

// inline makes text fit into a line of Markdown, and into a cell.
func inline(text string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`, "[", `\[`).Replace(strings.Join(strings.Fields(text), " "))
}
