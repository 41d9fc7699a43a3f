// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"

	"argosy.dev/argosy/pkg/git"
	"argosy.dev/argosy/pkg/render"
)

// hashed is a tree that can tell whether something in it is still the same without it being read.
type hashed interface {
	render.Files
	// Hash changes if what is at a path does. See git.Tree.
	Hash(path string) (string, error)
	// HashList changes if the names and kinds in a folder do.
	HashList(path string) (string, error)
}

// gitTree gives the files of a commit to the renderer, with errors as it wants them.
type gitTree struct{ *git.Tree }

// ReadFile implements render.Files.
func (t gitTree) ReadFile(path string) ([]byte, error) {
	content, err := t.Tree.ReadFile(path)
	return content, fault(err)
}

// ReadDir implements render.Files.
func (t gitTree) ReadDir(path string) ([]render.Entry, error) {
	list, err := t.Tree.ReadDir(path)
	if err != nil {
		return nil, fault(err)
	}
	entries := make([]render.Entry, len(list))
	for i, e := range list {
		entries[i] = render.Entry(e)
	}
	return entries, nil
}

// Stat implements render.Files.
func (t gitTree) Stat(path string) (render.Entry, error) {
	entry, err := t.Tree.Stat(path)
	return render.Entry(entry), fault(err)
}

// fault tells the renderer what is the fault of the repository, and what is ours.
func fault(err error) error {
	switch {
	case err == nil, errors.Is(err, fs.ErrNotExist):
		return err
	case errors.Is(err, git.ErrOutside):
		return fmt.Errorf("%w: %w", render.ErrOutside, err)
	case errors.Is(err, git.ErrTooLarge):
		return &render.Error{Kind: render.TooLarge, Message: err.Error()}
	}
	return err
}

// chartTree is an unpacked archive of a chart.
type chartTree struct {
	render.Map
	// digest is the SHA-256 of the archive, in hex.
	digest string
	size   int64
}

func newChartTree(files render.Map, digest string) *chartTree {
	t := &chartTree{Map: files, digest: digest}
	for name, content := range files {
		t.size += int64(len(name) + len(content) + 64)
	}
	return t
}

// Hash implements hashed.
func (t *chartTree) Hash(path string) (string, error) {
	if content, there := t.Map[path]; there {
		sum := sha256.Sum256([]byte(content))
		return "blob:" + hex.EncodeToString(sum[:]), nil
	}
	if _, err := t.Stat(path); err != nil {
		return git.Absent, nil //nolint:nilerr // There is no other error.
	}
	return "tree:" + t.digest, nil
}

// HashList implements hashed.
func (t *chartTree) HashList(path string) (string, error) {
	list, err := t.ReadDir(path)
	if err != nil {
		return git.Absent, nil //nolint:nilerr // There is no other error.
	}
	sum := sha256.New()
	for _, entry := range list {
		fmt.Fprintf(sum, "%q %t\n", entry.Name, entry.Dir)
	}
	return "list:" + hex.EncodeToString(sum.Sum(nil)), nil
}
