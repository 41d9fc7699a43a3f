// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Map is a tree in memory: paths of files to their contents. Folders are where files are.
type Map map[string]string

// ReadFile returns the content of a file.
func (m Map) ReadFile(name string) ([]byte, error) {
	content, there := m[name]
	if !there {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return []byte(content), nil
}

// ReadDir lists a folder.
func (m Map) ReadDir(name string) ([]Entry, error) {
	found := map[string]Entry{}
	for file, content := range m {
		below, within := strings.CutPrefix(file, prefix(name))
		if !within {
			continue
		}
		head, _, deeper := strings.Cut(below, "/")
		if deeper {
			found[head] = Entry{Name: head, Dir: true}
		} else {
			found[head] = Entry{Name: head, Size: int64(len(content))}
		}
	}
	if len(found) == 0 && name != "" {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	entries := make([]Entry, 0, len(found))
	for _, entry := range found {
		entries = append(entries, entry)
	}
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return entries, nil
}

// Stat says what is at a path.
func (m Map) Stat(name string) (Entry, error) {
	if content, there := m[name]; there {
		return Entry{Name: path.Base(name), Size: int64(len(content))}, nil
	}
	for file := range m {
		if strings.HasPrefix(file, prefix(name)) {
			return Entry{Name: path.Base(name), Dir: true}, nil
		}
	}
	if name == "" {
		return Entry{Dir: true}, nil
	}
	return Entry{}, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
}

// prefix is what the paths of all files in a folder begin with.
func prefix(folder string) string {
	if folder == "" {
		return ""
	}
	return folder + "/"
}
