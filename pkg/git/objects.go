// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package git

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// stateFile is the file of a generation that says which commits are whole in it. It is written after the objects, so a
// crash between the two only fetches again.
const stateFile = "state.json"

// state says what a generation of objects has.
type state struct {
	// Shallow are commits that are there with all their files, but without their parents.
	Shallow []string `json:"shallow,omitempty"`
	// Complete are commits that are there with their whole history.
	Complete []string `json:"complete,omitempty"`
	// Packs is how many fetches have filled it.
	Packs int `json:"packs"`
}

func (s state) has(commit string) bool {
	return slices.Contains(s.Shallow, commit) || slices.Contains(s.Complete, commit)
}

// objects is one generation of objects as it was at one time. Fetches add to the generation, and then to readers as a new
// objects: go-git's storage is not for concurrent use, so each has its own storage and a mutex.
type objects struct {
	dir        string
	generation int
	state      state

	mu      sync.Mutex
	storage *filesystem.Storage

	users  sync.Mutex
	holds  int
	remove bool
}

// openObjects opens the newest generation in a directory and removes the others. It returns nil if there is none. One that
// cannot be read is removed.
func openObjects(dir string, limits Limits) (*objects, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	newest := 0
	for _, entry := range entries {
		if n, err := strconv.Atoi(entry.Name()); err == nil {
			newest = max(newest, n)
		}
	}
	for _, entry := range entries {
		if entry.Name() != strconv.Itoa(newest) {
			if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
				return nil, err
			}
		}
	}
	if newest == 0 {
		return nil, nil
	}
	o, err := openGeneration(dir, newest, limits)
	if err != nil {
		return nil, os.RemoveAll(filepath.Join(dir, strconv.Itoa(newest)))
	}
	return o, nil
}

func openGeneration(dir string, generation int, limits Limits) (*objects, error) {
	at := filepath.Join(dir, strconv.Itoa(generation))
	text, err := os.ReadFile(filepath.Join(at, stateFile))
	if err != nil {
		return nil, err
	}
	o := &objects{dir: at, generation: generation, holds: 1}
	if err := json.Unmarshal(text, &o.state); err != nil {
		return nil, err
	}
	o.storage = newStorage(at, limits)
	return o, nil
}

func newStorage(dir string, limits Limits) *filesystem.Storage {
	return filesystem.NewStorageWithOptions(osfs.New(dir), cache.NewObjectLRU(cache.FileSize(limits.Cache)),
		filesystem.Options{KeepDescriptors: true})
}

// save writes the state of a generation, whole or not at all.
func (s state) save(dir string) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	next := filepath.Join(dir, stateFile+".next")
	if err := os.WriteFile(next, text, 0o600); err != nil {
		return err
	}
	return os.Rename(next, filepath.Join(dir, stateFile))
}

func (o *objects) hold() {
	o.users.Lock()
	o.holds++
	o.users.Unlock()
}

// release gives the objects back. The last one closes the files.
func (o *objects) release() error {
	o.users.Lock()
	o.holds--
	last, remove := o.holds == 0, o.remove
	o.users.Unlock()
	if !last {
		return nil
	}
	err := o.storage.Close()
	if remove {
		err = errors.Join(err, os.RemoveAll(o.dir))
	}
	return err
}

// discard releases the objects and has them removed once nobody reads them.
func (o *objects) discard() {
	// Without its state nobody opens the generation again, also after a crash.
	_ = os.Remove(filepath.Join(o.dir, stateFile))
	o.users.Lock()
	o.remove = true
	o.users.Unlock()
	_ = o.release()
}

// read returns an object and compares it with its hash. An object that is missing or not what its hash says is ErrCorrupt.
func (o *objects) read(hash plumbing.Hash, limit int64) (plumbing.ObjectType, []byte, error) {
	kind, content, err := o.load(hash, limit)
	if err != nil {
		return 0, nil, err
	}
	if plumbing.ComputeHash(kind, content) != hash {
		return 0, nil, fmt.Errorf("%w: object %s is another", ErrCorrupt, hash)
	}
	return kind, content, nil
}

func (o *objects) load(hash plumbing.Hash, limit int64) (plumbing.ObjectType, []byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	object, err := o.storage.EncodedObject(plumbing.AnyObject, hash)
	if err != nil {
		return 0, nil, fmt.Errorf("%w: object %s: %w", ErrCorrupt, hash, err)
	}
	if object.Size() > limit {
		return 0, nil, fmt.Errorf("%w: object %s has %d bytes, the limit is %d", ErrTooLarge, hash, object.Size(), limit)
	}
	reader, err := object.Reader()
	if err != nil {
		return 0, nil, fmt.Errorf("%w: object %s: %w", ErrCorrupt, hash, err)
	}
	defer reader.Close() //nolint:errcheck // It was only read.
	var content bytes.Buffer
	content.Grow(int(object.Size()))
	if _, err := io.Copy(&content, io.LimitReader(reader, limit+1)); err != nil {
		return 0, nil, fmt.Errorf("%w: object %s: %w", ErrCorrupt, hash, err)
	}
	return object.Type(), content.Bytes(), nil
}

// size returns how many bytes an object has.
func (o *objects) size(hash plumbing.Hash) (int64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	size, err := o.storage.EncodedObjectSize(hash)
	if err != nil {
		return 0, fmt.Errorf("%w: object %s: %w", ErrCorrupt, hash, err)
	}
	return size, nil
}
