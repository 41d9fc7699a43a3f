// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"strings"

	appv1 "argosy.dev/argosy/apis/application/v1alpha1"
)

const (
	// maxDirectory bounds the files of a directory that may be manifests, together, in bytes (the peer's default of
	// --max-combined-directory-manifests-size).
	maxDirectory = 10_000_000
	// maxFolders bounds how deep folders are walked.
	maxFolders = 64
	// skipMark in a file says that it is no manifest (the peer's documentation: directory).
	skipMark = "+argocd:skip-file-rendering"
)

// manifestFile are the names of files that may be manifests.
var manifestFile = regexp.MustCompile(`^.*\.(yaml|yml|json|jsonnet)$`)

// directory renders plain files and Jsonnet.
func (s *source) directory() ([]json.RawMessage, error) {
	options := s.spec.Directory
	if options == nil {
		options = &appv1.ApplicationSourceDirectory{}
	}
	include, exclude, err := directoryGlobs(options)
	if err != nil {
		return nil, err
	}
	anyName := options.DisableExtensionFilter != nil && *options.DisableExtensionFilter
	recurse := options.Recurse != nil && *options.Recurse
	var found []string
	total := int64(0)
	var walk func(folder string, depth int) error
	walk = func(folder string, depth int) error {
		if depth > maxFolders {
			return invalid("%s: more than %d folders deep", folder, maxFolders)
		}
		entries, err := s.files.ReadDir(folder)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			name := path.Join(folder, entry.Name)
			if entry.Dir {
				if recurse && !entry.Link {
					if err := walk(name, depth+1); err != nil {
						return err
					}
				}
				continue
			}
			if !anyName && !manifestFile.MatchString(entry.Name) {
				continue
			}
			relative := strings.TrimPrefix(strings.TrimPrefix(name, s.folder), "/")
			if exclude != nil && exclude.matches(relative) || include != nil && !include.matches(relative) {
				continue
			}
			if path.Ext(name) != ".jsonnet" {
				if total += entry.Size; total > maxDirectory {
					return &Error{Kind: TooLarge, Message: fmt.Sprintf("the manifests of %q are larger than %d bytes together", s.spec.Path, int64(maxDirectory))}
				}
			}
			found = append(found, name)
		}
		return nil
	}
	if err := walk(s.folder, 0); err != nil {
		return nil, err
	}
	var manifests []json.RawMessage
	for _, name := range found {
		more, err := s.file(name, options)
		if err != nil {
			return nil, err
		}
		manifests = append(manifests, more...)
	}
	return manifests, nil
}

// directoryGlobs compiles include and exclude.
func directoryGlobs(options *appv1.ApplicationSourceDirectory) (include, exclude *glob, err error) {
	if options.Include != "" {
		if include, err = compileGlob(options.Include, false); err != nil {
			return nil, nil, invalid("directory.include: %v", err)
		}
	}
	if options.Exclude != "" {
		if exclude, err = compileGlob(options.Exclude, false); err != nil {
			return nil, nil, invalid("directory.exclude: %v", err)
		}
	}
	return include, exclude, nil
}

// file makes the manifests of one file.
func (s *source) file(name string, options *appv1.ApplicationSourceDirectory) ([]json.RawMessage, error) {
	content, err := s.files.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(content, []byte(skipMark)) {
		return nil, nil
	}
	content = decodeText(content)
	switch path.Ext(name) {
	case ".jsonnet":
		if s.req.Settings.NoJsonnet {
			return nil, nil
		}
		return s.jsonnet(name, options.Jsonnet)
	case ".json":
		return objectsOfJSONFile(name, content)
	}
	objects, err := objectsOfYAML(name, content)
	if err != nil && !looksLikeManifest(content) {
		// Other YAML, such as values of Helm, may lie around.
		return nil, nil
	}
	return objects, err
}

// looksLikeManifest tells whether a YAML file that cannot be read was meant to be a manifest.
func looksLikeManifest(content []byte) bool {
	for _, key := range []string{"apiVersion:", "kind:", "metadata:"} {
		if !bytes.Contains(content, []byte(key)) {
			return false
		}
	}
	return true
}
