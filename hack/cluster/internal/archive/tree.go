// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package archive

import (
	"archive/tar"
	"fmt"
	"path"
	"sort"
	"strings"
)

// Tree is the content of a small layer, by absolute path in the image. Parent
// directories are added by themselves.
type Tree map[string]Entry

// Entry is one file, link or directory of a Tree; exactly one of its kinds is set.
type Entry struct {
	// Data is the content of a file given in memory.
	Data []byte
	// Host is the path of a file on this machine to copy.
	Host string
	// Link is the target of a symbolic link.
	Link string
	// Dir makes a directory.
	Dir bool
	// Mode is the permission bits; 0 stands for 0755, which suits programs and directories.
	Mode int64
}

// Fill writes the tree to a layer, sorted, owned by root, without times: the
// same tree is the same layer.
func (t Tree) Fill(archive *tar.Writer) error {
	full := Tree{}
	for name, entry := range t {
		full[strings.TrimPrefix(path.Clean("/"+name), "/")] = entry
	}
	for name := range t {
		for dir := path.Dir(strings.TrimPrefix(path.Clean("/"+name), "/")); dir != "."; dir = path.Dir(dir) {
			if _, ok := full[dir]; !ok {
				full[dir] = Entry{Dir: true}
			}
		}
	}
	names := make([]string, 0, len(full))
	for name := range full {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if err := full[name].write(archive, name); err != nil {
			return err
		}
	}
	return nil
}

func (e Entry) write(archive *tar.Writer, name string) error {
	mode := e.Mode
	if mode == 0 {
		mode = 0o755
	}
	header := &tar.Header{Name: name, Mode: mode}
	switch {
	case e.Dir:
		header.Typeflag, header.Name = tar.TypeDir, name+"/"
	case e.Link != "":
		header.Typeflag, header.Linkname, header.Mode = tar.TypeSymlink, e.Link, 0o777
	case e.Host != "":
		return copyFile(archive, name, e.Host, mode)
	default:
		header.Size = int64(len(e.Data))
	}
	if err := archive.WriteHeader(header); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	if _, err := archive.Write(e.Data); err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}
