// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

// Program apidocs writes the API reference, one page for each family, from the
// generated OpenAPI definitions: the text of every field is the one that
// kubectl explain prints. hack/generate.sh runs it, so that a page which does
// not match the types is found by its --verify. It must not hold any text about
// a kind of its own.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"argosy.dev/argosy/apis/scheme"
	"argosy.dev/argosy/generated/openapi"
)

// groupSuffix ends the names of the native groups.
const groupSuffix = ".argosy.dev"

func main() {
	out := flag.String("out", "docs/reference", "folder that the pages are written to")
	flag.Parse()
	if err := write(*out); err != nil {
		fmt.Fprintln(os.Stderr, "apidocs:", err)
		os.Exit(1)
	}
}

func write(folder string) error {
	models, err := readModels(openapi.GetOpenAPIDefinitions)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	for _, gv := range groups() {
		p, err := newPage(gv, models)
		if err != nil {
			return fmt.Errorf("%s: %w", gv, err)
		}
		var text bytes.Buffer
		p.write(&text)
		family := strings.TrimSuffix(gv.Group, groupSuffix)
		if err := os.WriteFile(filepath.Join(folder, family+".md"), text.Bytes(), 0o644); err != nil {
			return fmt.Errorf("write page: %w", err)
		}
	}
	return nil
}

// groups are the native groups of the scheme.
func groups() []schema.GroupVersion {
	var out []schema.GroupVersion
	for _, gv := range scheme.Scheme.PrioritizedVersionsAllGroups() {
		if strings.HasSuffix(gv.Group, groupSuffix) {
			out = append(out, gv)
		}
	}
	slices.SortFunc(out, func(a, b schema.GroupVersion) int { return strings.Compare(a.Group, b.Group) })
	return out
}
