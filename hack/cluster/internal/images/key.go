// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package images

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Key identifies the content that Build gives: it changes with the recipes and
// with the programs that go into the images. A Debian root is the same as long
// as its package list is, whatever newer packages there are.
func (s Set) Key() (string, error) {
	sum := sha256.New()
	description := []any{revision, s.Name, s.Refs, debianPackages}
	for _, recipes := range [][]recipe{smallImages, debianImages} {
		for _, r := range recipes {
			description = append(description, r.refs, r.files, r.config)
		}
	}
	if err := json.NewEncoder(sum).Encode(description); err != nil {
		return "", fmt.Errorf("describing %s images: %w", s.Name, err)
	}
	for _, path := range s.inputs {
		if err := hashFile(sum, path); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil))[:16], nil
}

// FileKey identifies the content of an archive that somebody else made.
func FileKey(path string) (string, error) {
	sum := sha256.New()
	if err := hashFile(sum, path); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func hashFile(sum io.Writer, path string) (err error) {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := io.Copy(sum, file); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	return nil
}
