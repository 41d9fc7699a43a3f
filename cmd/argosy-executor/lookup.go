// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	exitNotExecutable = 126 // a shell's code for a command that exists but cannot be run
	exitNotFound      = 127 // a shell's code for a command that does not exist
)

// startError is why the user's command could not be started, and the exit code a shell would give.
type startError struct {
	code int
	err  error
}

func (e *startError) Error() string { return e.err.Error() }
func (e *startError) Unwrap() error { return e.err }

// lookup finds the file to execute for name as a container runtime does: a name with a slash is a path, others are searched in path, the
// container's PATH, where an empty entry is the working directory. os/exec's LookPath is not used since it refuses relative entries,
// which images have and runtimes accept.
func lookup(name, path string) (string, *startError) {
	if strings.Contains(name, "/") {
		if err := executable(name); err != nil {
			return "", classify(name, err)
		}
		return name, nil
	}
	denied := false
	for _, dir := range strings.Split(path, ":") {
		file := filepath.Join(dir, name)
		if dir == "" || dir == "." {
			file = "./" + name
		}
		err := executable(file)
		if err == nil {
			return file, nil
		}
		denied = denied || errors.Is(err, os.ErrPermission)
	}
	if denied {
		return "", classify(name, os.ErrPermission)
	}
	return "", &startError{exitNotFound, fmt.Errorf("%q: executable file not found in PATH %q", name, path)}
}

// executable says why this process may not execute file; nil if it may.
func executable(file string) error {
	fi, err := os.Stat(file)
	if err != nil {
		return err
	}
	if fi.IsDir() {
		return &os.PathError{Op: "exec", Path: file, Err: syscall.EISDIR}
	}
	const execOK = 1 // X_OK of access(2)
	if err := syscall.Access(file, execOK); err != nil {
		return &os.PathError{Op: "exec", Path: file, Err: err}
	}
	return nil
}

// classify wraps the reason why the command name does not start.
func classify(name string, err error) *startError {
	code := exitNotExecutable
	if errors.Is(err, os.ErrNotExist) {
		code = exitNotFound
	}
	return &startError{code, fmt.Errorf("%q cannot be executed: %w", name, err)}
}
