// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// owner records which clone's cluster runs on this machine, since all clones
// use the same addresses and ports.
type owner struct {
	// Local is that clone's .local directory.
	Local string `json:"local"`
}

func (c *Cluster) ownerFile() string { return c.layout.Run + "/owner.json" }

func (c *Cluster) readOwner() (owner, error) {
	var o owner
	data, err := os.ReadFile(c.ownerFile())
	if errors.Is(err, fs.ErrNotExist) {
		return o, nil
	}
	if err != nil {
		return o, fmt.Errorf("reading owner: %w", err)
	}
	// A half-written record names nobody; the processes' records still tell
	// what has to be stopped.
	if err := json.Unmarshal(data, &o); err != nil {
		return owner{}, nil
	}
	return o, nil
}

func (c *Cluster) writeOwner(o owner) error {
	data, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("encoding owner: %w", err)
	}
	if err := os.WriteFile(c.ownerFile()+".tmp", data, 0o644); err != nil {
		return fmt.Errorf("writing owner: %w", err)
	}
	if err := os.Rename(c.ownerFile()+".tmp", c.ownerFile()); err != nil {
		return fmt.Errorf("writing owner: %w", err)
	}
	return nil
}

// lock makes sure that one command at a time changes the machine's cluster. It
// waits for the other one, having said so.
func (c *Cluster) lock() (*os.File, error) {
	path := filepath.Join(filepath.Dir(c.layout.Run), "lock", filepath.Base(c.layout.Run)+".lock")
	return flock(path, func() { c.say("waiting for another cluster command to finish") })
}

// flock holds a lock until the file is closed, with the process at the latest.
// The file stays: removing it would let two holders coexist.
func flock(path string, waiting func()) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("locking: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
		return file, nil
	}
	waiting()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("locking: %w", err), file.Close())
	}
	return file, nil
}
