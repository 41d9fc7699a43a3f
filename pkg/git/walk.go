// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

const (
	// maxLinks is how many symbolic links one path may go through, as in Linux.
	maxLinks = 40
	// maxTarget is how long the target of a link may be, in bytes.
	maxTarget = 4096
	// maxModules is how deep submodules may be nested.
	maxModules = 8
	// maxModulesFile is how large .gitmodules may be, in bytes.
	maxModulesFile = 1 << 20
)

// node is a file, folder or submodule, and the tree whose objects hold it.
type node struct {
	in   *Tree
	mode filemode.FileMode
	hash plumbing.Hash
	// path is where it is within its own tree, without links.
	path string
}

func (n node) folder() bool { return n.mode == filemode.Dir || n.mode == filemode.Submodule }

// walk finds what is at a path, through links and submodules.
func (t *Tree) walk(name string) (node, error) {
	rest := strings.Split(name, "/")
	way := []node{{in: t, mode: filemode.Dir, hash: t.root}}
	links := 0
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		switch part {
		case "", ".":
			continue
		case "..":
			if len(way) == 1 {
				return node{}, fmt.Errorf("%s: %w", name, ErrOutside)
			}
			way = way[:len(way)-1]
			continue
		}
		at := way[len(way)-1]
		if !at.folder() {
			return node{}, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
		}
		entries, in, err := at.entries()
		if err != nil {
			return node{}, err
		}
		entry, found := entries[part]
		if !found {
			return node{}, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
		}
		if entry.Mode == filemode.Symlink {
			if links++; links > maxLinks {
				return node{}, fmt.Errorf("%s: %w", name, ErrOutside)
			}
			target, err := in.target(entry.Hash)
			if err != nil {
				return node{}, fmt.Errorf("%s: %w", name, err)
			}
			rest = slices.Concat(strings.Split(target, "/"), rest)
			continue
		}
		within := part
		if in == at.in && at.path != "" {
			within = at.path + "/" + part
		}
		way = append(way, node{in: in, mode: entry.Mode, hash: entry.Hash, path: within})
	}
	return way[len(way)-1], nil
}

// target reads where a link leads.
func (t *Tree) target(hash plumbing.Hash) (string, error) {
	_, content, err := t.held.read(hash, maxTarget)
	if err != nil {
		return "", t.lost(err)
	}
	if target := string(content); target != "" && !strings.HasPrefix(target, "/") && !strings.Contains(target, "\x00") {
		return target, nil
	}
	return "", ErrOutside
}

// entries returns what is in a folder, and the tree whose objects those are: that of the submodule if it is one.
func (n node) entries() (map[string]object.TreeEntry, *Tree, error) {
	in, hash := n.in, n.hash
	if n.mode == filemode.Submodule {
		sub, err := n.in.submodule(n.path, n.hash)
		if err != nil {
			return nil, nil, err
		}
		in, hash = sub, sub.root
	}
	entries, err := in.folder(hash)
	return entries, in, err
}

// folder reads a tree object.
func (t *Tree) folder(hash plumbing.Hash) (map[string]object.TreeEntry, error) {
	t.mu.Lock()
	entries := t.folders[hash]
	t.mu.Unlock()
	if entries != nil {
		return entries, nil
	}
	kind, content, err := t.object(hash)
	if err != nil {
		return nil, err
	}
	var decoded object.Tree
	if err := decoded.Decode(inMemory(kind, content)); err != nil {
		return nil, fmt.Errorf("%s: the folder %s cannot be read", t.repository.address, hash)
	}
	entries = make(map[string]object.TreeEntry, len(decoded.Entries))
	for _, entry := range decoded.Entries {
		if entry.Name == "" || entry.Name == "." || entry.Name == ".." || strings.ContainsAny(entry.Name, "/\x00") {
			return nil, fmt.Errorf("%s: the folder %s has a name that cannot be", t.repository.address, hash)
		}
		entries[entry.Name] = entry
	}
	t.mu.Lock()
	t.folders[hash] = entries
	t.mu.Unlock()
	return entries, nil
}

// submodule returns the files of a submodule, which it fetches when they are first read.
func (t *Tree) submodule(path string, commit plumbing.Hash) (*Tree, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := path + "@" + commit.String()
	if sub := t.subs[key]; sub != nil {
		return sub, nil
	}
	if t.submodules == nil || t.subs == nil {
		return nil, fmt.Errorf("%s: the submodule %s cannot be read here", t.repository.address, path)
	}
	if t.depth >= maxModules {
		return nil, fmt.Errorf("%s: the submodule %s is nested too deep", t.repository.address, path)
	}
	if err := t.readModules(); err != nil {
		return nil, err
	}
	at, found := t.modules[path]
	if !found {
		return nil, fmt.Errorf("%s: .gitmodules says not where the submodule %s is, or in a way that cannot be", t.repository.address, path)
	}
	repository, err := t.submodules(t.ctx, at)
	if err != nil {
		return nil, fmt.Errorf("submodule %s: %w", path, err)
	}
	sub, err := repository.Tree(t.ctx, commit.String())
	if err != nil {
		return nil, fmt.Errorf("submodule %s: %w", path, err)
	}
	sub.depth = t.depth + 1
	t.subs[key] = sub.WithSubmodules(t.ctx, t.submodules)
	return sub, nil
}

// WithSubmodules lets the tree read submodules. They are fetched under the context when they are first read. It must be
// called before the tree is used.
func (t *Tree) WithSubmodules(ctx context.Context, submodules Submodules) *Tree {
	t.ctx, t.submodules = ctx, submodules
	return t
}

// readModules reads .gitmodules of the root. Entries that cannot be are left out.
func (t *Tree) readModules() error {
	if t.modules != nil {
		return nil
	}
	t.modules = map[string]Address{}
	kind, content, err := t.object(t.root)
	if err != nil {
		return err
	}
	var root object.Tree
	if err := root.Decode(inMemory(kind, content)); err != nil {
		return fmt.Errorf("%s: the root cannot be read", t.repository.address)
	}
	for _, entry := range root.Entries {
		if entry.Name != ".gitmodules" || !entry.Mode.IsFile() || entry.Mode == filemode.Symlink {
			continue
		}
		_, text, err := t.held.read(entry.Hash, maxModulesFile)
		if err != nil {
			return t.lost(err)
		}
		t.modules = parseModules(text, t.repository.address)
	}
	return nil
}

// parseModules returns the addresses of submodules by their paths.
func parseModules(text []byte, parent Address) map[string]Address {
	found := map[string]Address{}
	modules := config.NewModules()
	if err := modules.Unmarshal(text); err != nil {
		return found
	}
	for _, module := range modules.Submodules {
		if at, err := parent.Relative(module.URL); err == nil && module.Path != "" {
			found[strings.Trim(module.Path, "/")] = at
		}
	}
	return found
}
