// Copyright The Argosy Authors.
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// kustomizeFiles is the source's tree as kustomize wants it: paths begin with a slash, which is the root of the
// repository. It cannot be written.
type kustomizeFiles struct {
	source  *source
	helm    bool                 // --enable-helm
	over    map[string][]byte    // files that stand in for those of the tree, without the slash
	checked map[inherited][]byte // kustomization files, as kustomize gets them
	// parent are the namespaces that kustomizations inherit, by folder, as far as their charts are concerned. Kustomize reads a
	// kustomization just before those that it names, so this is that of the parent for which one is read.
	parent  map[string]string
	schemas bool    // a kustomization brings schemas of its own
	missing []Chart // charts that have to be fetched
	err     error   // the first error that kustomize would garble
}

// inherited is a kustomization file of one parent: the charts in it depend on the parent's namespace.
type inherited struct{ file, namespace string }

var errReadOnly = errors.New("operation not permitted")

// relative is a path in the tree.
func relative(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// ReadFile returns a file, and looks at kustomization files before kustomize does.
func (k *kustomizeFiles) ReadFile(name string) ([]byte, error) {
	file := relative(name)
	content, there := k.over[file]
	if !there {
		var err error
		if content, err = k.source.files.ReadFile(file); err != nil {
			return nil, k.keep(err)
		}
	}
	if !slices.Contains(konfig.RecognizedKustomizationFileNames(), path.Base(file)) {
		return content, nil
	}
	key := inherited{file, k.parent[folderOf(file)]}
	if known, there := k.checked[key]; there {
		return known, nil
	}
	content, err := k.check(file, content)
	if err != nil {
		return nil, k.keep(err)
	}
	k.checked[key] = content
	return content, nil
}

// check refuses remote resources, and puts in the charts of a kustomization.
func (k *kustomizeFiles) check(file string, content []byte) ([]byte, error) {
	parsed := &types.Kustomization{}
	if err := parsed.Unmarshal(content); err != nil {
		// Kustomize says it better.
		return content, nil
	}
	if err := checkRemote(file, parsed); err != nil {
		return nil, err
	}
	k.schemas = k.schemas || len(parsed.OpenAPI)+len(parsed.Crds) > 0
	parsed.FixKustomization()
	if !k.helm {
		return content, nil
	}
	folder := folderOf(file)
	namespace := first(parsed.Namespace, k.parent[folder])
	for _, name := range slices.Concat(parsed.Resources, parsed.Components) {
		if place, err := within(folder, name); err == nil {
			k.parent[place] = namespace
		}
	}
	if len(parsed.HelmCharts) > 0 {
		return k.inflate(file, parsed, namespace)
	}
	return content, nil
}

// keep notes errors that are not about a missing file.
func (k *kustomizeFiles) keep(err error) error {
	if k.err == nil && !errors.Is(err, fs.ErrNotExist) {
		k.err = err
		if errors.Is(err, ErrOutside) {
			k.err = invalid("%v", err)
		}
	}
	return err
}

// stat says what is at a path, as Files do.
func (k *kustomizeFiles) stat(name string) (Entry, error) {
	file := relative(name)
	if content, there := k.over[file]; there {
		return Entry{Name: path.Base(file), Size: int64(len(content))}, nil
	}
	entry, err := k.source.files.Stat(file)
	if err != nil {
		return entry, k.keep(err)
	}
	return entry, nil
}

// IsDir tells whether there is a folder.
func (k *kustomizeFiles) IsDir(name string) bool {
	entry, err := k.stat(name)
	return err == nil && entry.Dir
}

// Exists tells whether there is something.
func (k *kustomizeFiles) Exists(name string) bool {
	_, err := k.stat(name)
	return err == nil
}

// CleanedAbs splits a path into folder and file.
func (k *kustomizeFiles) CleanedAbs(name string) (filesys.ConfirmedDir, string, error) {
	clean := path.Clean("/" + name)
	entry, err := k.stat(clean)
	if err != nil {
		return "", "", &fs.PathError{Op: "open", Path: clean, Err: fs.ErrNotExist}
	}
	if entry.Dir {
		return filesys.ConfirmedDir(clean), "", nil
	}
	return filesys.ConfirmedDir(path.Dir(clean)), path.Base(clean), nil
}

// ReadDir lists the names in a folder.
func (k *kustomizeFiles) ReadDir(name string) ([]string, error) {
	entries, err := k.source.files.ReadDir(relative(name))
	if err != nil {
		return nil, k.keep(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name)
	}
	return names, nil
}

// Glob lists the files that match a pattern, as path/filepath does.
func (k *kustomizeFiles) Glob(pattern string) ([]string, error) {
	var found []string
	start := path.Clean("/" + pattern)
	if i := strings.IndexAny(start, `*?[\`); i >= 0 {
		start = path.Dir(start[:i] + "x")
	}
	err := k.Walk(start, func(name string, info fs.FileInfo, err error) error {
		if err != nil {
			return nil
		}
		matched, err := filepath.Match(path.Clean("/"+pattern), name)
		if matched && !info.IsDir() {
			found = append(found, name)
		}
		return err
	})
	return found, err
}

// Walk walks a folder without following links.
func (k *kustomizeFiles) Walk(name string, visit filepath.WalkFunc) error {
	clean := path.Clean("/" + name)
	entry, err := k.stat(clean)
	if err != nil {
		return visit(clean, nil, err)
	}
	err = k.walk(clean, entry, visit, 0)
	if errors.Is(err, filepath.SkipDir) || errors.Is(err, filepath.SkipAll) {
		return nil
	}
	return err
}

func (k *kustomizeFiles) walk(name string, entry Entry, visit filepath.WalkFunc, depth int) error {
	if depth > maxFolders {
		return invalid("%s: more than %d folders deep", name, maxFolders)
	}
	if err := visit(name, fileInfo{entry}, nil); err != nil || !entry.Dir {
		return err
	}
	entries, err := k.source.files.ReadDir(relative(name))
	if err != nil {
		return visit(name, fileInfo{entry}, k.keep(err))
	}
	for _, below := range entries {
		if below.Dir && below.Link {
			continue
		}
		err := k.walk(path.Join(name, below.Name), below, visit, depth+1)
		if err != nil && !(errors.Is(err, filepath.SkipDir) && below.Dir) {
			return err
		}
	}
	return nil
}

// Create is refused, as is all that writes.
func (*kustomizeFiles) Create(string) (filesys.File, error) { return nil, errReadOnly }

// Open is not used by builds.
func (*kustomizeFiles) Open(string) (filesys.File, error) { return nil, errReadOnly }

// Mkdir is refused.
func (*kustomizeFiles) Mkdir(string) error { return errReadOnly }

// MkdirAll is refused.
func (*kustomizeFiles) MkdirAll(string) error { return errReadOnly }

// RemoveAll is refused.
func (*kustomizeFiles) RemoveAll(string) error { return errReadOnly }

// WriteFile is refused.
func (*kustomizeFiles) WriteFile(string, []byte) error { return errReadOnly }
