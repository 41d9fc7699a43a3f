// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"encoding/json"
	"errors"
	"io/fs"
)

// remote is a tree whose files are with the parent. What was read is kept for the time of one render.
type remote struct {
	name  string
	ask   func(kind byte, tree, path string) ([]byte, error)
	files map[string]answer[[]byte]
	lists map[string]answer[[]Entry]
	stats map[string]answer[Entry]
}

type answer[T any] struct {
	value T
	err   error
}

func newRemote(name string, ask func(kind byte, tree, path string) ([]byte, error)) *remote {
	return &remote{name: name, ask: ask, files: map[string]answer[[]byte]{}, lists: map[string]answer[[]Entry]{}, stats: map[string]answer[Entry]{}}
}

// ReadFile returns the content of a file.
func (r *remote) ReadFile(path string) ([]byte, error) {
	if !validPath(path) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	known, there := r.files[path]
	if !there {
		known.value, known.err = r.ask(frameRead, r.name, path)
		r.files[path] = known
	}
	return known.value, known.err
}

// ReadDir lists a folder.
func (r *remote) ReadDir(path string) ([]Entry, error) {
	if !validPath(path) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	known, there := r.lists[path]
	if !there {
		var payload []byte
		if payload, known.err = r.ask(frameList, r.name, path); known.err == nil {
			known.err = json.Unmarshal(payload, &known.value)
		}
		r.lists[path] = known
	}
	return known.value, known.err
}

// Stat says what is at a path.
func (r *remote) Stat(path string) (Entry, error) {
	if !validPath(path) {
		return Entry{}, &fs.PathError{Op: "stat", Path: path, Err: fs.ErrNotExist}
	}
	known, there := r.stats[path]
	if !there {
		var payload []byte
		if payload, known.err = r.ask(frameStat, r.name, path); known.err == nil {
			known.err = json.Unmarshal(payload, &known.value)
		}
		r.stats[path] = known
	}
	return known.value, known.err
}

// validPath tells whether a path may be asked of Files.
func validPath(path string) bool { return path == "" || path != "." && fs.ValidPath(path) }

// serveFile answers a question of a child. An error is ours, and ends the render.
func serveFile(trees Trees, kind byte, tree, path string) (reply byte, payload []byte, err error) {
	files, there := trees[tree]
	if !there || !validPath(path) {
		return frameAbsent, nil, nil
	}
	var value any
	switch kind {
	case frameRead:
		payload, err = files.ReadFile(path)
	case frameList:
		value, err = files.ReadDir(path)
	default:
		value, err = files.Stat(path)
	}
	fault := (*Error)(nil)
	switch {
	case err == nil && kind == frameRead:
		return frameOK, payload, nil
	case err == nil:
		payload, err = json.Marshal(value)
		return frameOK, payload, err
	case errors.Is(err, fs.ErrNotExist):
		return frameAbsent, nil, nil
	case errors.Is(err, ErrOutside):
		return frameBeyond, nil, nil
	case errors.As(err, &fault):
		payload, err = json.Marshal(fault)
		return frameFault, payload, err
	}
	return frameAbort, nil, err
}
