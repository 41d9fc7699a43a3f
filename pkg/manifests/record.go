// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"bytes"
	"path"
	"strings"
	"sync"

	"argosy.dev/argosy/pkg/render"
)

// question is something that a rendering asked of a tree.
type question struct {
	tree string
	kind byte // 'f' for the content of a file, 'l' for a list, 's' for what there is
	path string
}

// ask returns the answer of a tree, as a text that is the same for the same answer.
func (q question) ask(tree hashed) (string, error) {
	if q.kind == 'l' {
		return tree.HashList(q.path)
	}
	hash, err := tree.Hash(q.path)
	if err != nil {
		return "", err
	}
	// To who asks whether there is a folder, or reads it as a file, it does not matter what is in it.
	if kind, _, found := strings.Cut(hash, ":"); found && (kind == "tree" || kind == "module") {
		return "folder", nil
	}
	return hash, nil
}

// recorder is a tree that notes what is asked of it.
type recorder struct {
	name string
	tree hashed

	mu      sync.Mutex
	asked   map[question]string
	dynamic bool
}

func record(name string, tree hashed) *recorder {
	return &recorder{name: name, tree: tree, asked: map[question]string{}}
}

func (r *recorder) note(kind byte, path string) error {
	q := question{r.name, kind, path}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.asked[q]; known {
		return nil
	}
	answer, err := q.ask(r.tree)
	if err != nil {
		return fault(err)
	}
	r.asked[q] = answer
	return nil
}

// ReadFile implements render.Files.
func (r *recorder) ReadFile(name string) ([]byte, error) {
	if err := r.note('f', name); err != nil {
		return nil, err
	}
	content, err := r.tree.ReadFile(name)
	if strings.HasPrefix(path.Base(name), ".argocd-source") && (bytes.Contains(content, []byte(revisionVariable)) || bytes.ContainsRune(content, '\\')) {
		r.mu.Lock()
		r.dynamic = true
		r.mu.Unlock()
	}
	return content, err
}

// ReadDir implements render.Files.
func (r *recorder) ReadDir(path string) ([]render.Entry, error) {
	if err := r.note('l', path); err != nil {
		return nil, err
	}
	return r.tree.ReadDir(path)
}

// Stat implements render.Files.
func (r *recorder) Stat(path string) (render.Entry, error) {
	if err := r.note('s', path); err != nil {
		return render.Entry{}, err
	}
	return r.tree.Stat(path)
}

// revisionVariable is the beginning of the names of variables by which a rendering can depend on the revision itself.
// Variables are replaced in the options of a source, which are in its manifest and in .argocd-source files.
const revisionVariable = "ARGOCD_APP_REVISION"
