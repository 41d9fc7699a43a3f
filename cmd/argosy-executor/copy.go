// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// copySelf copies the running program to the file dst, executable by everybody: the init container and the user's container may run as
// different users, and the umask is the image's. The file appears at once and whole, so that a restarted init container is harmless.
func copySelf(dst string) (err error) {
	src, err := os.Open("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("opening this program: %w", err)
	}
	defer src.Close()
	tmp, err := os.CreateTemp(filepath.Dir(dst), ".argosy-executor-")
	if err != nil {
		return fmt.Errorf("copying this program: %w", err)
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	if _, err := io.Copy(tmp, src); err != nil {
		return fmt.Errorf("copying this program: %w", err)
	}
	if err := tmp.Chmod(0o755); err != nil {
		return fmt.Errorf("copying this program: %w", err)
	}
	if err := tmp.Close(); err != nil {
		return fmt.Errorf("copying this program: %w", err)
	}
	if err := os.Rename(tmp.Name(), dst); err != nil {
		return fmt.Errorf("copying this program: %w", err)
	}
	return nil
}
