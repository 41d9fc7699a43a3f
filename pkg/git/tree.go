// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package git

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// What Hash returns where there is nothing to hash.
const (
	// Absent: there is no such path.
	Absent = "absent"
	// Outside: a symbolic link on the way leads out of the tree, or in a circle.
	Outside = "outside"
)

// maxTags is how many annotated tags may stand one upon another before a commit.
const maxTags = 8

// Entry is a file or folder of a commit.
type Entry struct {
	// Name is the last element of the path.
	Name string
	// Dir says that it is a folder, a submodule, or a link to one.
	Dir bool
	// Size of a file, in bytes.
	Size int64
	// Link says that it is a symbolic link.
	Link bool
}

// Commit is what a commit says of itself.
type Commit struct {
	// SHA names the commit.
	SHA string
	// Author is NAME <ADDRESS>.
	Author string
	// Date is when it was written.
	Date time.Time
	// Message is its text.
	Message string
}

// Submodules returns the repository of a submodule at an address. A nil one, or an error, refuses it.
type Submodules func(ctx context.Context, at Address) (*Repository, error)

// Tree are the files of a commit. Symbolic links are followed within it; those that lead out are refused. It is safe for
// concurrent use.
type Tree struct {
	repository *Repository
	held       *objects
	limit      int64
	commit     Commit
	root       plumbing.Hash

	// ctx bounds the fetches of submodules, which begin when one is read.
	ctx        context.Context
	submodules Submodules
	depth      int

	mu      sync.Mutex
	folders map[plumbing.Hash]map[string]object.TreeEntry
	modules map[string]Address
	subs    map[string]*Tree
}

func newTree(r *Repository, held *objects, sha plumbing.Hash) (*Tree, error) {
	t := &Tree{repository: r, held: held, limit: r.store.limits.Object, folders: map[plumbing.Hash]map[string]object.TreeEntry{}, subs: map[string]*Tree{}}
	for range maxTags {
		kind, content, err := t.object(sha)
		if err != nil {
			return nil, err
		}
		memory := inMemory(kind, content)
		switch kind {
		case plumbing.TagObject:
			var tag object.Tag
			if err := tag.Decode(memory); err != nil {
				return nil, fmt.Errorf("%s: %w: the tag %s cannot be read", r.address, ErrRevision, sha)
			}
			sha = tag.Target
			continue
		case plumbing.CommitObject:
			var commit object.Commit
			if err := commit.Decode(memory); err != nil {
				return nil, fmt.Errorf("%s: %w: the commit %s cannot be read", r.address, ErrRevision, sha)
			}
			t.root = commit.TreeHash
			t.commit = Commit{SHA: sha.String(), Author: commit.Author.Name + " <" + commit.Author.Email + ">", Date: commit.Author.When, Message: commit.Message}
			return t, nil
		}
		break
	}
	return nil, fmt.Errorf("%s: %w: %s is no commit", r.address, ErrRevision, sha)
}

// inMemory makes an object that go-git can decode.
func inMemory(kind plumbing.ObjectType, content []byte) plumbing.EncodedObject {
	memory := &plumbing.MemoryObject{}
	memory.SetType(kind)
	_, _ = memory.Write(content) // It only appends.
	return memory
}

// Close gives the tree's objects back. Nothing must be read afterwards.
func (t *Tree) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	errs := []error{t.held.release()}
	for _, sub := range t.subs {
		errs = append(errs, sub.Close())
	}
	t.subs = nil
	return errors.Join(errs...)
}

// Commit returns what the commit says of itself.
func (t *Tree) Commit() Commit { return t.commit }

// object reads an object. If it is lost, the repository's store is built anew by the next use.
func (t *Tree) object(hash plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	kind, content, err := t.held.read(hash, t.limit)
	if err != nil {
		return 0, nil, t.lost(err)
	}
	return kind, content, nil
}

func (t *Tree) lost(err error) error {
	if errors.Is(err, ErrCorrupt) {
		t.repository.damaged(t.held)
	}
	return fmt.Errorf("%s: %w", t.repository.address, err)
}

// ReadFile returns the content of a file. A folder is as if it were not there.
func (t *Tree) ReadFile(name string) ([]byte, error) {
	n, err := t.walk(name)
	if err != nil {
		return nil, err
	}
	if n.folder() {
		return nil, fmt.Errorf("%s is a folder and no file: %w", name, fs.ErrNotExist)
	}
	_, content, err := n.in.object(n.hash)
	return content, err
}

// Stat says what is at a path.
func (t *Tree) Stat(name string) (Entry, error) {
	n, err := t.walk(name)
	if err != nil {
		return Entry{}, err
	}
	entry := Entry{Name: path.Base(name), Dir: n.folder()}
	if name == "" {
		entry.Name = ""
	} else if parent, err := t.walk(parentOf(name)); err == nil {
		if entries, at, err := parent.entries(); err == nil {
			entry.Link = entries[path.Base(name)].Mode == filemode.Symlink && at != nil
		}
	}
	if !entry.Dir {
		if entry.Size, err = n.in.held.size(n.hash); err != nil {
			return Entry{}, n.in.lost(err)
		}
	}
	return entry, nil
}

func parentOf(name string) string {
	if dir := path.Dir(name); dir != "." {
		return dir
	}
	return ""
}

// ReadDir lists a folder, sorted by name. Links that lead nowhere are left out; those that lead out of the tree or in a
// circle are listed as files, which cannot be read.
func (t *Tree) ReadDir(name string) ([]Entry, error) { return t.list(name, true) }

// list lists a folder. Sizes have to be looked up, one by one, so those who do not need them go without.
func (t *Tree) list(name string, sizes bool) ([]Entry, error) {
	n, err := t.walk(name)
	if err != nil {
		return nil, err
	}
	if !n.folder() {
		return nil, fmt.Errorf("%s is a file and no folder: %w", name, fs.ErrNotExist)
	}
	entries, in, err := n.entries()
	if err != nil {
		return nil, err
	}
	list := make([]Entry, 0, len(entries))
	for _, entry := range entries {
		target := node{in: in, mode: entry.Mode, hash: entry.Hash}
		e := Entry{Name: entry.Name, Link: entry.Mode == filemode.Symlink}
		if e.Link {
			target, err = t.walk(path.Join(name, entry.Name))
			switch {
			case errors.Is(err, fs.ErrNotExist):
				continue
			case errors.Is(err, ErrOutside):
				list = append(list, e) // whoever reads it is told; to leave it out would hide that something is missing
				continue
			case err != nil:
				return nil, err
			}
		}
		if e.Dir = target.folder(); !e.Dir && sizes {
			if e.Size, err = target.in.held.size(target.hash); err != nil {
				return nil, target.in.lost(err)
			}
		}
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// Hash returns a text that changes if the file or the whole folder at a path does: Git's own hash with the kind of the
// object in front, or Absent or Outside.
func (t *Tree) Hash(name string) (string, error) {
	n, err := t.walk(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Absent, nil
	case errors.Is(err, ErrOutside):
		return Outside, nil
	case err != nil:
		return "", err
	case n.mode == filemode.Submodule:
		return "module:" + n.hash.String(), nil
	case n.folder():
		return "tree:" + n.hash.String(), nil
	}
	return "blob:" + n.hash.String(), nil
}

// HashList returns a text that changes if the names and kinds that ReadDir returns for a folder do. Sizes do not count: a
// reader to whom they matter reads the files, too.
func (t *Tree) HashList(name string) (string, error) {
	list, err := t.list(name, false)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Absent, nil
	case errors.Is(err, ErrOutside):
		return Outside, nil
	case err != nil:
		return "", err
	}
	sum := sha256.New()
	for _, entry := range list {
		fmt.Fprintf(sum, "%q %t %t\n", entry.Name, entry.Dir, entry.Link)
	}
	return "list:" + hex.EncodeToString(sum.Sum(nil)), nil
}
